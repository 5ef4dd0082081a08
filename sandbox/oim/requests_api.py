"""`/requests` of the Self Service API: track, submit, decide, withdraw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from sandbox.oim.access import caller, failure, guard, no_such, state
from sandbox.oim.faults import stale
from sandbox.oim.finding import Track, tasks_of
from sandbox.oim.query import BadQuery, Predicate, compile_query
from sandbox.oim.records import Request, Target, Task
from sandbox.oim.rendering import (
    Json,
    links,
    page,
    pending_row,
    present,
    request_detail,
    request_row,
    selected,
    title,
)
from sandbox.oim.workflow import NotPossible, Workflow

BASE = "/iam/governance/selfservice/api/v1"
_KINDS = {"role": "role", "appinstance": "account", "applicationinstance": "account",
          "entitlement": "entitlement"}  # fmt: skip

requests_api = Blueprint("oim_requests", __name__, url_prefix=BASE)
requests_api.before_request(guard)


@requests_api.before_request
def _catch_up() -> None:
    Workflow(state()).advance()


def paging() -> tuple[int, int]:
    """Offset from 1 and page size, 10 by default; nonsense is a 400."""
    try:
        offset, limit = (int(request.args.get(n, d)) for n, d in (("offset", 1), ("limit", 10)))
    except ValueError:
        abort(400)
    if offset < 1 or limit < 1:
        abort(400)
    return offset, limit


@requests_api.errorhandler(BadQuery)
def _bad_query(error: BadQuery) -> Response:
    return failure(400, f"IAM-2050002: {error}")


@requests_api.get("/requests")
def list_requests() -> Json:
    """Track Requests, or the caller's own pending approvals."""
    offset, limit = paging()
    if request.args.get("view", "trackRequests").lower() == "pendingapprovals":
        rows = [pending_row(state(), found, task) for found, task in _pending()]
        return page("requests", rows, offset, limit, "/requests")
    found = Track(state(), caller()).rows(request.args.get("q", ""), stale(request.environ))
    answer = page("requests", found, offset, limit, "/requests")
    fields = request.args.get("fields", "")
    answer["requests"] = [selected(request_row(row), fields) for row in answer["requests"]]
    return answer


def _pending() -> list[tuple[Request, Task]]:
    """The caller's own tasks, and nobody else's, also for an administrator.

    "Requests", view pendingApprovals: state Assigned unless any filter is given.
    """
    query = request.args.get("q", "")
    attributes = {
        "state": lambda pair: (pair[1].state, "any"),
        "title": lambda pair: (title(*pair),),
        "id": lambda pair: (pair[0].id,),
    }
    test: Predicate[tuple[Request, Task]] = compile_query(query or "state eq Assigned", attributes)
    return [pair for pair in tasks_of(state(), caller(), past=bool(query)) if test(pair)]


def _visible(request_id: str) -> Request:
    found = state().requests.get(request_id)
    if found is None or not state().may_see(caller(), found):
        no_such("request")
    return found


@requests_api.get("/requests/<request_id>")
def show_request(request_id: str) -> Json:
    """One request in full; a plain requester does not learn who decides."""
    found, user = _visible(request_id), caller()
    knows = user.admin or state().is_approver(user, found)
    with state().lock:
        detail = request_detail(state(), found, approvers=knows)
    return selected(detail, request.args.get("fields", ""))


def _entries() -> list[Mapping[str, Any]]:
    body = request.get_json(silent=True)
    entries = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        abort(400)
    return entries


@requests_api.post("/requests")
def submit_requests() -> Response:
    """Raise requests: always 200, with a result for each. There is no idempotency key."""
    results = [_submitted(entry) for entry in _entries()]
    return jsonify(links=links("/requests"), requests=results)


def _submitted(entry: Mapping[str, Any]) -> Json:
    echo = entry.get("requestId")
    try:
        found = Workflow(state()).submit(
            caller(),
            [str(b.get("id")) for b in entry.get("reqBeneficiaryList") or []],
            [_target(target) for target in entry.get("reqTargetEntities") or []],
            str(entry.get("reqJustification") or ""),
        )
    except NotPossible as error:
        return present(requestId=echo, status="FAILURE", errorMessage=str(error))
    self_link = links(f"/requests/{found.id}")
    return present(
        links=self_link, id=found.id, requestId=echo, reqStatus=found.status, status="SUCCESS"
    )


def _target(entry: Mapping[str, Any]) -> Target:
    kind = _KINDS.get(str(entry.get("entityType")).lower())
    item = state().items.get((kind or "", str(entry.get("entityId"))))
    if item is None:
        wanted = f"{entry.get('entityType')} {entry.get('entityId')}"
        raise NotPossible(f"IAM-2050014: The entity {wanted} does not exist.")
    return Target(item, entry.get("startDate"), entry.get("endDate"))


@requests_api.put("/requests")
def act_on_requests() -> Response:
    """Approval actions in bulk: 200 with a result for each."""
    results = [_acted(str(entry.get("id")), entry) for entry in _entries()]
    return jsonify(links=links("/requests"), requests=results)


@requests_api.put("/requests/<request_id>")
def act_on_request(request_id: str) -> Response:
    """One approval action."""
    entry = request.get_json(silent=True)
    if not isinstance(entry, dict):
        abort(400)
    result = _acted(request_id, entry)
    if result["status"] == "SUCCESS":
        return jsonify(result)
    return failure(500, result["errorMessage"])


def _acted(request_id: str, entry: Mapping[str, Any]) -> Json:
    action, comment = str(entry.get("action", "")).lower(), str(entry.get("actionComment") or "")
    user, found = caller(), state().requests.get(request_id)
    base = present(id=request_id, requestId=entry.get("requestId"))
    try:
        if found is None or not state().may_see(user, found):
            raise NotPossible(f"IAM-2050020: Request {request_id} does not exist.")  # noqa: TRY301
        Workflow(state()).act(user, found, action, str(entry.get("taskId") or ""), comment)
    except NotPossible as error:
        return base | {"status": "FAILURE", "errorMessage": str(error)}
    return base | {"links": links(f"/requests/{request_id}"), "status": "SUCCESS"}


@requests_api.delete("/requests/<request_id>")
def withdraw_request(request_id: str) -> Response:
    """Withdraw one; the single form says `withdrawn`, the bulk form `SUCCESS`."""
    try:
        Workflow(state()).withdraw(caller(), _visible(request_id))
    except NotPossible as error:
        return failure(500, str(error))
    return jsonify(links=links(f"/requests/{request_id}"), id=request_id, status="withdrawn")


@requests_api.delete("/requests")
def withdraw_requests() -> Response:
    """Withdraw several: 200 with a result for each."""
    return jsonify(links=links("/requests"), requests=[_withdrawn(entry) for entry in _entries()])


def _withdrawn(entry: Mapping[str, Any]) -> Json:
    base = present(id=entry.get("id"), requestId=entry.get("requestId"))
    found = state().requests.get(str(entry.get("id")))
    try:
        if found is None or not state().may_see(caller(), found):
            raise NotPossible("IAM-2050020: The request does not exist.")  # noqa: TRY301
        Workflow(state()).withdraw(caller(), found)
    except NotPossible as error:
        return base | {"status": "FAILURE", "errorMessage": str(error)}
    return base | {"status": "SUCCESS"}
