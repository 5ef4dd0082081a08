"""Track Requests, and the page of one request with what its reader may do there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import render_template, request

from sandbox.oim.access import state
from sandbox.oim.console.frame import Page, console, me, refused, say, to_request
from sandbox.oim.console.paging import slice_of
from sandbox.oim.console.tasks import assignee_names, views
from sandbox.oim.finding import Track, own_requests
from sandbox.oim.provisioning_tasks import PENDING
from sandbox.oim.records import Oim, Request, Task
from sandbox.oim.rows import FINAL
from sandbox.oim.workflow import NotPossible, Workflow

_NOT_FOUND = "There is no such request, or it is not yours."
SCOPES = {
    "mine": "Raised by or for me",
    "raised": "Raised by me for others",
    "all": "All that I may see",
}
_STATES: dict[str, tuple[str, Callable[[Request], bool]]] = {
    "": ("All", lambda _: True),
    "open": ("Open", lambda row: row.status not in FINAL),
    "completed": ("Completed", lambda row: row.status == "Request Completed"),
    "rejected": ("Rejected", lambda row: "Rejected" in row.status),
    "withdrawn": ("Withdrawn or closed", lambda row: row.status.endswith(("Withdrawn", "Closed"))),
    "failed": ("Failed", lambda row: "Fail" in row.status or "Errors" in row.status),
}


def request_details() -> Page:
    """One request, to those who may see it; `requestId` says which."""
    oim, found = state(), _seen(request.args.get("requestId", ""))
    if found is None:
        return refused(_NOT_FOUND, 404, "Request not found")
    tasks = views(oim, me(), [(found, task) for task in found.tasks])
    said = sorted((one for task in tasks for one in task.said), key=lambda one: one.at)
    return render_template(
        "oim/request.html",
        found=found,
        tasks=tasks,
        mine=[one for one in tasks if one.actions],
        ahead=_ahead(oim, found),
        waits_for=_waits_for(oim, found),
        said=said,
        related=_related(oim, found),
        may_withdraw=me().key == found.requester and Workflow(oim).withdrawable(found),
        may_comment=bool(tasks) and found.status not in FINAL,
    )


def _seen(request_id: str) -> Request | None:
    found = state().requests.get(request_id)
    return found if found is not None and state().may_see(me(), found) else None


def _ahead(oim: Oim, found: Request) -> list[tuple[int, str]]:
    """Stages that nobody was asked in yet, with who will be."""
    if not found.open_tasks:
        return []
    return [(number, assignee_names(oim, who)) for number, who in Workflow(oim).ahead(found)]


def _waits_for(oim: Oim, found: Request) -> str:
    """Who has to do something next; empty where that is no person."""
    people = [_holders(task) for task in found.open_tasks]
    people += [
        (task.assignee,)
        for task in oim.provisioning.tasks.values()
        if task.request is found and task.status == PENDING
    ]
    return ", ".join(assignee_names(oim, names) for names in people)


def _holders(task: Task) -> tuple[str, ...]:
    holder = task.asked or task.acquired_by
    return (holder,) if holder else task.assignees


def _related(oim: Oim, found: Request) -> list[Request]:
    """The parent and its other children, or the children; those that the reader may see."""
    parent = oim.requests.get(found.parent or "")
    ids = [parent.id, *parent.children] if parent else found.children
    rows = (oim.requests[key] for key in ids if key != found.id)
    return [row for row in rows if oim.may_see(me(), row)]


def track_requests() -> Page:
    """Requests by scope, state and words; newest first."""
    asked = {"search": "", "scope": "mine", "state": ""} | request.args.to_dict()
    wanted = _STATES.get(asked["state"], _STATES[""])[1]
    words = asked["search"].lower().split()
    rows = [row for row in _in_scope(asked["scope"]) if wanted(row) and _has(row, words)]
    return render_template(
        "oim/track.html", rows=slice_of(rows), asked=asked, scopes=SCOPES,
        states={key: label for key, (label, _) in _STATES.items()},
    )  # fmt: skip


console.add_url_rule("/identity/faces/track-requests", view_func=track_requests)


def _in_scope(scope: str) -> Sequence[Request]:
    if scope == "all":
        return Track(state(), me()).rows("")
    mine = own_requests(state(), me())
    if scope == "raised":
        return [row for row in mine if me().key not in row.beneficiaries]
    return mine


def _has(row: Request, words: list[str]) -> bool:
    if not words:
        return True
    names = [state().users[key].display_name for key in (row.requester, *row.beneficiaries)]
    items = [target.item.display_name for target in row.targets]
    text = " ".join([row.id, row.type, row.status, row.justification, *names, *items]).lower()
    return all(word in text for word in words)


@console.post("/identity/faces/requests/<request_id>/withdraw")
def withdraw(request_id: str) -> Page:
    """Take one's own request back."""
    found = _seen(request_id)
    if found is None:
        return refused(_NOT_FOUND, 404)
    try:
        Workflow(state()).withdraw(me(), found)
    except NotPossible as error:
        return refused(str(error), 409)
    say("The request has been withdrawn.")
    return to_request(request_id)


@console.post("/identity/faces/requests/<request_id>/comments")
def add_comment(request_id: str) -> Page:
    """Say something beside the last task of a request."""
    found, text = _seen(request_id), request.form.get("text", "").strip()
    if found is None:
        return refused(_NOT_FOUND, 404)
    if not text or found.status in FINAL:
        return refused("There is nothing to add, or the request is over.", 409)
    try:
        Workflow(state()).comment(me(), found, text)
    except NotPossible as error:
        return refused(str(error), 409)
    say("Your comment has been added.")
    return to_request(request_id, "comments")
