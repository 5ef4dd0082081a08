"""Approval actions and withdrawals, one by one and in bulk.

REST API for OIG Self Service, "Requests": a bulk call is a 200 with a result for each entry. That
a single one that is refused is a 500 with a sentence is our own reading.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, jsonify

from sandbox.oim import forms
from sandbox.oim.access import caller, failure, state
from sandbox.oim.envelope import Json, links, present
from sandbox.oim.records import Request
from sandbox.oim.requests_api import visible
from sandbox.oim.service import body, entries, service
from sandbox.oim.workflow import NotPossible, Workflow

_Deed = Callable[[Request, Mapping[str, Any]], None]

acting = service("acting")


@acting.put("/requests")
def act_on_requests() -> Response:
    """Actions in bulk."""
    results = [_bulk_result(entry, _acted) for entry in entries()]
    return jsonify(links=links("/requests"), requests=results)


@acting.put("/requests/<request_id>")
def act_on_request(request_id: str) -> Response:
    """One action."""
    found, entry = visible(request_id), body()
    try:
        _acted(found, entry)
    except NotPossible as error:
        return failure(500, str(error))
    answer = present(id=request_id, requestId=entry.get("requestId"), status="SUCCESS")
    return jsonify({"links": links(f"/requests/{request_id}")} | answer)


@acting.delete("/requests")
def withdraw_requests() -> Response:
    """Withdraw several: says `SUCCESS`, where the single form says `withdrawn`."""
    results = [_bulk_result(entry, _withdrawn) for entry in entries()]
    return jsonify(links=links("/requests"), requests=results)


@acting.delete("/requests/<request_id>")
def withdraw_request(request_id: str) -> Response:
    """Withdraw one."""
    found = visible(request_id)
    try:
        _withdrawn(found, {})
    except NotPossible as error:
        return failure(500, str(error))
    own_word = state().switches.single_withdrawal_has_own_word
    word = "withdrawn" if own_word else "SUCCESS"
    return jsonify(links=links(f"/requests/{request_id}"), id=request_id, status=word)


def _bulk_result(entry: Mapping[str, Any], do: _Deed) -> Json:
    request_id = str(entry.get("id"))
    base = present(id=request_id, requestId=entry.get("requestId"))
    found = state().requests.get(request_id)
    try:
        if found is None or not state().may_see(caller(), found):
            raise NotPossible(f"IAM-2050020: Request {request_id} does not exist.")  # noqa: TRY301
        do(found, entry)
    except NotPossible as error:
        return base | {"status": "FAILURE", "errorMessage": str(error)}
    return base | {"links": links(f"/requests/{request_id}"), "status": "SUCCESS"}


def _acted(found: Request, entry: Mapping[str, Any]) -> None:
    with state().lock:
        Workflow(state()).act(
            caller(),
            found,
            str(entry.get("action", "")),
            str(entry.get("taskId") or ""),
            str(entry.get("actionComment") or ""),
            _names(entry.get("assignees")),
        )
        forms.change(found, entry)


def _names(assignees: object) -> list[str]:
    """The manual names the list and not what is in it: a name, or an object that has one."""
    listed = assignees if isinstance(assignees, list) else [assignees]
    named = [next(iter(each.values()), "") if isinstance(each, dict) else each for each in listed]
    return [str(name) for name in named if name]


def _withdrawn(found: Request, _: Mapping[str, Any]) -> None:
    Workflow(state()).withdraw(caller(), found)
