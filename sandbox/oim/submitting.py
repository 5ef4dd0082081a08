"""`POST /requests`: always 200, with a result for each entry. There is no idempotency key.

REST API for OIG Self Service, "Requests". How a failed entry is told is our own reading: the
samples show success and failure together, and the failure was never seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify

from sandbox.oim import forms
from sandbox.oim.access import caller, failure, state
from sandbox.oim.envelope import Json, links, present
from sandbox.oim.records import Request, Target
from sandbox.oim.service import entries, objects, service
from sandbox.oim.workflow import NotPossible, Workflow

_KINDS = {"role": "role", "appinstance": "account", "applicationinstance": "account",
          "entitlement": "entitlement"}  # fmt: skip

submitting = service("submitting")


@submitting.post("/requests")
def submit_requests() -> Response:
    """Raise requests. Entries that fail do not keep others from being taken."""
    results = [_submitted(entry) for entry in entries()]
    failed = [result for result in results if result["status"] != "SUCCESS"]
    if failed and not state().switches.failures_inside_200:
        return failure(400, failed[0]["errorMessage"])
    answer = jsonify(links=links("/requests"), requests=results)
    answer.status_code = 200 if state().switches.accepted_with_200 else 201
    return answer


def _submitted(entry: Mapping[str, Any]) -> Json:
    """`requestId` is the caller's: it comes back, and is neither kept nor searchable."""
    echo = entry.get("requestId") if state().switches.caller_ids_echoed else None
    try:
        found = _known_already(entry) or _raised(entry)
    except NotPossible as error:
        return present(requestId=echo, status="FAILURE", errorMessage=str(error))
    if not found.id:  # a rule let it be carried out at once, without any request
        return present(requestId=echo, status="SUCCESS")
    return present(
        links=links(f"/requests/{found.id}"),
        id=found.id if state().switches.ids_are_text else int(found.id),
        requestId=echo,
        reqStatus=found.status,
        status="SUCCESS",
    )


def _raised(entry: Mapping[str, Any]) -> Request:
    """Its id is empty where a rule let it be carried out at once, without any request."""
    raised = Workflow(state()).submit(
        caller(),
        [str(each.get("id")) for each in objects(entry.get("reqBeneficiaryList"))],
        [_target(each) for each in objects(entry.get("reqTargetEntities"))],
        str(entry.get("reqJustification") or ""),
    )
    if raised.id and entry.get("requestId"):
        state().callers_ids[caller().key, str(entry["requestId"])] = raised.id
    return raised


def _known_already(entry: Mapping[str, Any]) -> Request | None:
    if state().switches.no_idempotency:
        return None
    known = state().callers_ids.get((caller().key, str(entry.get("requestId"))))
    return state().requests.get(known) if known else None


def _target(entry: Mapping[str, Any]) -> Target:
    kind = _KINDS.get(str(entry.get("entityType")).lower())
    item = state().items.get((kind or "", str(entry.get("entityId"))))
    wanted = f"{entry.get('entityType')} {entry.get('entityId')}"
    if item is None:
        raise NotPossible(f"IAM-2050014: The entity {wanted} does not exist.")
    if not state().requestable(item):
        raise NotPossible(f"IAM-2050017: The entity {wanted} is not requestable.")
    account = str(entry.get("parentAccountId") or "")
    start, end = (str(entry.get(name) or "") for name in ("startDate", "endDate"))
    return Target(item, start or None, end or None, account, forms.read(entry))
