"""Track Requests, and the page of one request with what its reader may do there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import render_template, request

from sandbox.oim.access import state
from sandbox.oim.console.frame import Page, console, me, refused, say, to_request, tone
from sandbox.oim.console.paging import slice_of
from sandbox.oim.console.tasks import views
from sandbox.oim.finding import Track, own_requests
from sandbox.oim.records import Oim, Request
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
    return render_template(
        "oim/request.html",
        found=found,
        tasks=tasks,
        mine=[one for one in tasks if one.actions],
        related=_related(oim, found),
        may_withdraw=_may_withdraw(found),
    )


def _seen(request_id: str) -> Request | None:
    found = state().requests.get(request_id)
    return found if found is not None and state().may_see(me(), found) else None


def _may_withdraw(found: Request) -> bool:
    """Nobody has agreed yet, and it is the reader's own."""
    return me().key == found.requester and tone(found.status) == "wait"


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
