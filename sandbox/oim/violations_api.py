"""`/policyviolations`; REST API for OIG Self Service, "Action Pending Violations".

These are about access that somebody has already. What a request would violate shows nowhere but in
its status.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from flask import Response, jsonify

from sandbox.oim.access import caller, no_such, state
from sandbox.oim.envelope import Json, links, moment, selected
from sandbox.oim.resource_rows import chosen_pairs, pairs
from sandbox.oim.resources import listing, resource_api, wanted
from sandbox.oim.rows import Remedy
from sandbox.oim.service import body, objects
from sandbox.oim.violations import ACTIONS, ACTIVE, Violation, Violations
from sandbox.oim.workflow import NotPossible

violations_api = resource_api("violations")


def _seen(violation: Violation) -> bool:
    """An administrator sees all, a remediator those that wait for them."""
    return caller().admin or violation.remediator == caller().key


@violations_api.get("/policyviolations")
def list_violations() -> Json:
    """The pending ones."""
    found = [_row(each) for each in Violations(state()).pending() if _seen(each)]
    return listing("policyviolations", found, "/policyviolations")


def _row(violation: Violation) -> Json:
    fields = {
        "policyName": violation.policy.name,
        "status": Violations(state()).status(violation),
        "severity": "High",
        "detectionCount": 1,
    }
    whole = {
        "links": links(_path(violation)),
        "id": violation.id,
        "remediatorUser": _person(violation.remediator),
        "targetUser": _person(violation.user),
        "taskId": str(uuid5(NAMESPACE_URL, violation.id)),
        "fields": pairs(fields),
    }
    return selected(whole, wanted())


def _path(violation: Violation) -> str:
    return f"/policyviolations/{violation.id}"


def _person(key: str) -> Json:
    return {"links": links(f"/users/{key}"), "displayName": state().users[key].display_name}


def _known(violation_id: str) -> Violation:
    found = next((one for one in Violations(state()).all() if one.id == violation_id.upper()), None)
    if found is None or not _seen(found):
        no_such("policy violation")
    return found


@violations_api.get("/policyviolations/<violation_id>")
def show_violation(violation_id: str) -> Json:
    """One, pending or not."""
    return _row(_known(violation_id))


@violations_api.get("/policyviolations/<violation_id>/causes")
def list_causes(violation_id: str) -> Json:
    """Why it is one; the list has a name of its own."""
    violation = _known(violation_id)
    path = f"{_path(violation)}/causes"
    return listing("policyViolationCauseList", [_cause(violation)], path)


def _cause(violation: Violation) -> Json:
    remedy = state().remedies.get(violation.cause)
    fields = {
        "ruleName": violation.policy.name,
        "ruleDescription": violation.policy.text,
        "entityType": "User",
        "severity": "High",
        "comment": remedy.comment if remedy else "",
        "update": int(remedy.at.timestamp() * 1000) if remedy else None,
    }
    said = {name: value for name, value in fields.items() if value is not None}
    return {
        "links": links(f"{_path(violation)}/causes/{violation.cause}"),
        "id": violation.cause,
        "status": Violations(state()).status(violation),
        "fields": chosen_pairs(said, wanted()),
    }


def _known_cause(violation_id: str, cause_id: str) -> Violation:
    violation = _known(violation_id)
    if violation.cause != cause_id.upper():
        no_such("cause")
    return violation


@violations_api.get("/policyviolations/<violation_id>/causes/<cause_id>")
def show_cause(violation_id: str, cause_id: str) -> Json:
    """One cause."""
    return _cause(_known_cause(violation_id, cause_id))


@violations_api.put("/policyviolations/<violation_id>/causes/<cause_id>")
def act_on_cause(violation_id: str, cause_id: str) -> Response:
    """Say that it is fixed, or that the risk is accepted."""
    violation, sent = _known_cause(violation_id, cause_id), body()
    _remedy(violation, sent)
    place = links(f"{_path(violation)}/causes/{violation.cause}")
    echo = str(sent.get("requestId") or "")
    return jsonify(links=place, requestId=echo, policyViolationId=violation.id)


@violations_api.put("/policyviolations/<violation_id>/causes")
def act_on_causes(violation_id: str) -> Response:
    """Several causes at once, each with its result."""
    violation = _known(violation_id)
    found = [_result(violation, entry) for entry in objects(body().get("policyviolationcause"))]
    return jsonify(links=links(f"{_path(violation)}/causes"), policyviolationcause=found)


def _result(violation: Violation, entry: Mapping[str, Any]) -> Json:
    cause = str(entry.get("causeId") or "")
    base = {"requestId": entry.get("requestId"), "causeId": cause}
    try:
        if cause.upper() != violation.cause:
            raise NotPossible(f"IAM-5050001: There is no cause {cause}.")  # noqa: TRY301
        _remedy(violation, entry)
    except NotPossible as error:
        return base | {"status": "FAILURE", "errorMessage": str(error)}
    return base | {"status": "SUCCESS"}


def _remedy(violation: Violation, entry: Mapping[str, Any]) -> None:
    oim = state()
    status = ACTIONS.get(str(entry.get("action", "")).upper())
    if status is None:
        raise NotPossible(f"IAM-5050002: There is no action {entry.get('action')}.")
    if Violations(oim).status(violation) != ACTIVE:
        raise NotPossible("IAM-5050003: The cause is completed already.")
    comment = str(entry.get("comment") or "")
    made = Remedy(status, comment, caller().key, oim.clock.now())
    oim.remedies[violation.cause] = made


@violations_api.get("/policyviolations/<violation_id>/history")
def list_history(violation_id: str) -> Json:
    """What was done about it, by whom and when."""
    violation = _known(violation_id)
    remedy = state().remedies.get(violation.cause)
    rows = [
        {
            "action": remedy.status,
            "comment": remedy.comment,
            "updatedBy": state().users[remedy.by].login,
            "updatedOn": moment(remedy.at),
        }
    ] if remedy else []  # fmt: skip
    return listing("policyviolationhistory", rows, f"{_path(violation)}/history")
