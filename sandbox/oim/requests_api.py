"""Reading `/requests` of the Self Service API: both views, and one request in full.

REST API for OIG Self Service, "Requests".
"""

from __future__ import annotations

from flask import Response, request

from sandbox.oim.access import caller, failure, no_such, state
from sandbox.oim.envelope import Json, page, selected
from sandbox.oim.faults import stale
from sandbox.oim.finding import Track, tasks_of
from sandbox.oim.query import Predicate, compile_query
from sandbox.oim.records import Request, Task
from sandbox.oim.rendering import listed_row, pending_row, request_detail, title
from sandbox.oim.rows import STATE_NAMES
from sandbox.oim.service import BASE, paging, service

__all__ = ["BASE", "paging", "requests_api", "visible"]

requests_api = service("requests")


@requests_api.get("/requests")
def list_requests() -> Json | Response:
    """Track Requests, or the caller's own pending approvals."""
    view = request.args.get("view", "trackRequests").lower()
    if view == "pendingapprovals":
        return _pending_approvals()
    if view == "trackrequests":
        return _track_requests()
    return failure(400, f"IAM-2050003: There is no view {view!r}.")


def _track_requests() -> Json:
    offset, limit = paging()
    found = Track(state(), caller()).rows(request.args.get("q", ""), stale(request.environ))
    answer = page("requests", found, offset, limit, "/requests?view=trackRequests")
    answer["requests"] = [_narrowed(listed_row(state(), row)) for row in answer["requests"]]
    return answer


def _pending_approvals() -> Json:
    offset, limit = paging()
    answer = page("requests", _pending(), offset, limit, "/requests?view=pendingApprovals")
    answer["requests"] = [
        _narrowed(pending_row(state(), found, task)) for found, task in answer["requests"]
    ]
    return answer


def _narrowed(row: Json) -> Json:
    wanted = request.args.get("fields", "") if state().switches.fields_narrow else ""
    return selected(row, wanted)


def _pending() -> list[tuple[Request, Task]]:
    """The caller's own tasks, and nobody else's, also for an administrator.

    "Requests", view pendingApprovals: state Assigned unless any filter is given.
    """
    query, oim = request.args.get("q", ""), state()
    attributes = {
        "state": lambda pair: (pair[1].state, STATE_NAMES.get(pair[1].state, ""), "any"),
        "title": lambda pair: (title(*pair),),
        "id": lambda pair: (pair[0].id,),
    }
    asked = query or "state eq Assigned"
    if not oim.switches.default_state_dropped and "state" not in query:
        asked = " and ".join(filter(None, (query, "state eq Assigned")))
    test: Predicate[tuple[Request, Task]] = compile_query(asked, attributes, oim.grammar)
    return [pair for pair in tasks_of(oim, caller(), past=bool(query)) if test(pair)]


def visible(request_id: str) -> Request:
    """The request of this id; a 404 if there is none that the caller may see."""
    found = state().requests.get(request_id)
    if found is None or not state().may_see(caller(), found):
        no_such("request")
    return found


@requests_api.get("/requests/<request_id>")
def show_request(request_id: str) -> Json:
    """One request in full; a plain requester does not learn who decides."""
    found = visible(request_id)
    with state().lock:
        return _narrowed(request_detail(state(), found, approvers=_knows_approvers(found)))


def _knows_approvers(found: Request) -> bool:
    user, oim = caller(), state()
    if user.admin:
        return oim.switches.administrators_see_approvers
    return not oim.switches.approvers_hidden or oim.is_approver(user, found)
