"""The console's pages, as far as people are led to them from elsewhere.

Developer's Guide, "Using URLs": `/identity/faces/home?tf=…`. The catalogue has no documented
address; `/identity/faces/catalog` is our own.
"""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sandbox.oim import rendering
from sandbox.oim.access import state
from sandbox.oim.finding import own_requests, tasks_of
from sandbox.oim.records import Oim, Request, Target, Task, User
from sandbox.oim.resource_rows import held_of
from sandbox.oim.sign_in import Session, ask_to_sign_in, current
from sandbox.oim.workflow import NotPossible, Workflow
from sandbox.world import WorldItem

_ACCESS = {
    "my_access_roles": ("role", "Roles"),
    "my_access_accounts": ("account", "Accounts"),
    "my_access_entitlements": ("entitlement", "Entitlements"),
}
_SHOWN, _PAGE = 50, 40
KIND_NAMES = {"role": "Role", "account": "Application account", "entitlement": "Entitlement"}

console = Blueprint("oim_console", __name__, template_folder="templates")


@console.before_request
def _signed_in() -> Response | None:
    session = current()
    if session is None:
        return ask_to_sign_in()
    g.session = session
    Workflow(state()).advance()
    if request.method == "POST" and not _own_form(session):
        abort(403)
    return None


def _own_form(session: Session) -> bool:
    """The form was made for this session."""
    return secrets.compare_digest(session.csrf.encode(), request.form.get("_csrf", "").encode())


def _me() -> User:
    session: Session = g.session
    return session.user


@console.context_processor
def _words() -> dict[str, Any]:
    session: Session | None = g.get("session")
    return {"session": session, "kinds": KIND_NAMES, "access_tabs": _ACCESS,
            "waiting": len(_inbox()) if session else 0}  # fmt: skip


@console.app_template_filter("shown")
def _shown(at: Any) -> str:  # noqa: ANN401 -- a moment or nothing
    return f"{at:%d %b %Y, %H:%M} UTC" if at else "–"


@console.get("/identity/faces/home")
def home() -> Response | str | tuple[str, int]:
    """The task flow named by `tf`."""
    flow = request.args.get("tf", "home")
    if flow == "request_details":
        return _request_details(request.args.get("requestId", ""))
    if flow == "approval_details":
        return render_template("oim/inbox.html", tasks=_inbox(), name=_name)
    if flow in _ACCESS:
        return _my_access(flow)
    mine = own_requests(state(), _me())[:_SHOWN]
    return render_template("oim/home.html", requests=mine, tasks=_inbox())


def _request_details(request_id: str) -> str | tuple[str, int]:
    oim, me = state(), _me()
    found = oim.requests.get(request_id)
    if found is None or not oim.may_see(me, found):
        reason = "There is no such request, or it is not yours."
        return render_template("oim/message.html", title="Request not found", text=reason), 404
    mine = [task for task in found.open_tasks if oim.may_act(me, task)]
    return render_template("oim/request.html", found=found, tasks=_shown_tasks(oim, found),
                           mine=mine, name=_name)  # fmt: skip


def _name(key: str) -> str:
    return state().users[key].display_name


def _shown_tasks(oim: Oim, found: Request) -> list[dict[str, Any]]:
    return [
        {
            "title": rendering.title(found, task),
            "assignee": _assignee(oim, task.assignee),
            "state": task.state.capitalize(),
            "outcome": task.outcome.capitalize(),
            "assigned_at": task.assigned_at,
            "decided_at": task.decided_at,
            "decided_by": _name(task.decided_by) if task.decided_by else "",
            "comment": task.comment,
        }
        for task in found.tasks
    ]


def _assignee(oim: Oim, assignee: str) -> str:
    user = oim.users.get(assignee)
    return f"{user.display_name} ({user.login})" if user else rendering.assignee_name(oim, assignee)


def _inbox() -> list[tuple[Request, Task]]:
    """The tasks this person may decide on, the longest waiting first."""
    found = tasks_of(state(), _me(), past=False)
    waiting = [(row, task) for row, task in found if task.state == "ASSIGNED"]
    return sorted(waiting, key=lambda pair: pair[1].assigned_at)


def _my_access(flow: str) -> str:
    kind, title = _ACCESS[flow]
    held = held_of(state(), _me().key, kind)
    return render_template("oim/access.html", held=held, title=title, flow=flow)


@console.post("/identity/faces/approvals/<task_id>")
def decide(task_id: str) -> Response | tuple[str, int]:
    """Approve or reject; a task of a queue is claimed on the way."""
    oim, me = state(), _me()
    found = next((row for row, task in _inbox() if task.task_id == task_id), None)
    if found is None:
        return _failed("This task is not in your inbox, or has been completed already.", 404)
    action, comment = request.form.get("action", ""), request.form.get("comment", "")
    try:
        Workflow(oim).act(me, found, "claim", task_id, "")
        Workflow(oim).act(me, found, action, task_id, comment.strip())
    except NotPossible as error:
        return _failed(str(error), 409)
    return redirect(url_for("oim_console.home", tf="request_details", requestId=found.id), 303)


def _failed(text: str, status: int) -> tuple[str, int]:
    return render_template("oim/message.html", title="Not possible", text=text), status


def _found_items(words: str, kind: str, category: str) -> list[WorldItem]:
    """Items of this kind and category whose name or description holds all of the words."""
    wanted = words.lower().split()
    return [
        item
        for item in state().items.values()
        if kind in ("", item.kind)
        and category in ("", item.category)
        and all(word in _text(item) for word in wanted)
    ]


def _text(item: WorldItem) -> str:
    names = f"{item.display_name} {item.name} {item.application}"
    return f"{names} {item.category} {item.description}".lower()


@console.get("/identity/faces/catalog")
def catalogue() -> str:
    """Search what can be asked for, a page at a time."""
    asked = {name: request.args.get(name, "") for name in ("search", "kind", "category")}
    found = _found_items(asked["search"], asked["kind"], asked["category"])
    last = max(1, -(-len(found) // _PAGE))
    page = min(max(request.args.get("page", 1, int), 1), last)
    return render_template(
        "oim/catalogue.html",
        items=found[(page - 1) * _PAGE : page * _PAGE],
        asked=asked, total=len(found), page=page, last=last,
        held=set(state().holdings.get(_me().key, {})),
        categories=sorted({item.category for item in state().items.values()}),
        owner=_owner,
    )  # fmt: skip


def _owner(item: WorldItem) -> str:
    person = state().world.people.get(item.owner or "")
    return person.display_name if person else ""


@console.post("/identity/faces/catalog")
def ask_for_item() -> Response | tuple[str, int]:
    """Request one item for oneself."""
    kind, _, key = request.form.get("item", "").partition(":")
    item = state().items.get((kind, key))
    if item is None:
        return _failed("The catalogue has no such item.", 404)
    why = request.form.get("justification", "").strip()
    try:
        found = Workflow(state()).submit(_me(), [_me().key], [Target(item)], why)
    except NotPossible as error:
        return _failed(str(error), 409)
    return redirect(url_for("oim_console.home", tf="request_details", requestId=found.id), 303)


@console.post("/identity/faces/requests/<request_id>/withdraw")
def withdraw(request_id: str) -> Response | tuple[str, int]:
    """Take one's own request back."""
    found = state().requests.get(request_id)
    if found is None or not state().may_see(_me(), found):
        return _failed("There is no such request, or it is not yours.", 404)
    try:
        Workflow(state()).withdraw(_me(), found)
    except NotPossible as error:
        return _failed(str(error), 409)
    return redirect(url_for("oim_console.home", tf="request_details", requestId=request_id), 303)
