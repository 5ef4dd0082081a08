"""Two pictures compared: every reason to read a request again, and every reason not to."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from broker.domain.access_requests import (
    AccessRequest,
    RequestedItem,
    RequestHeader,
    RequestState,
)
from broker.domain.approvals import ApprovalTask, TaskState
from broker.sync.reconcile import Known, due, print_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HEADER = RequestHeader(
    "7", RequestState.AWAITING_APPROVAL, "Awaiting", "1", ("1", "2"), "Assign Roles", NOON, "why"
)
SEEN = Known("Awaiting", "why", final=False)


@pytest.mark.parametrize(
    ("header", "known", "read"),
    [
        (HEADER, SEEN, False),
        (replace(HEADER, raw_status="awaiting"), SEEN, True),
        (replace(HEADER, justification="because"), SEEN, True),
        (replace(HEADER, justification=""), SEEN, False),
        (HEADER, replace(SEEN, justification=""), True),
        (replace(HEADER, justification=""), replace(SEEN, justification=""), False),
        (replace(HEADER, requester_key="9"), SEEN, False),
        (HEADER, replace(SEEN, followed=True), True),
        (HEADER, replace(SEEN, gone=True), True),
        (HEADER, replace(SEEN, final=True), False),
        (HEADER, replace(SEEN, final=True, followed=True), False),
        (HEADER, replace(SEEN, final=True, gone=True), True),
        (replace(HEADER, raw_status="Open again"), replace(SEEN, final=True), False),
    ],
    ids=[
        "the same", "another spelling of the status", "other words", "a list without words",
        "words that appear", "never any words", "a requester alone", "followed", "gone and back",
        "final", "final and followed", "final, gone and back", "final there, open here",
    ],
)  # fmt: skip
def test_a_listed_request_is_read(header: RequestHeader, known: Known, read: bool) -> None:
    assert due([header], {"7": known}) == (["7"] if read else [])


@pytest.mark.parametrize(
    ("known", "read"),
    [
        (SEEN, True),
        (replace(SEEN, followed=True), True),
        (replace(SEEN, gone=True), True),
        (replace(SEEN, final=True), False),
        (replace(SEEN, final=True, gone=True), False),
    ],
    ids=["open", "followed", "open and gone", "final", "final and gone"],
)
def test_a_request_that_is_not_listed_any_more_is_read(known: Known, read: bool) -> None:
    assert due([], {"7": known}) == (["7"] if read else [])


def test_everything_due_is_named_once_and_in_order() -> None:
    headers = [replace(HEADER, id=id_) for id_ in ("9", "10", "9", "8")]
    assert due(headers, {"8": SEEN, "3": SEEN}) == ["10", "3", "9"]


def test_of_a_request_listed_twice_the_last_word_counts() -> None:
    changed = replace(HEADER, raw_status="Approved")
    assert due([HEADER, changed], {"7": SEEN}) == ["7"]
    assert due([changed, HEADER], {"7": SEEN}) == []


TASK = ApprovalTask("t", "BEN", TaskState.REQUESTED, "ASSIGNED", "Manager", NOON, None, "")
ITEM = RequestedItem("role", "14", "Finance", "1", NOON, None)
WHOLE = AccessRequest(HEADER, (ITEM,), (TASK,), NOON)
LATER = NOON + timedelta(seconds=1)


def with_header(**changes: object) -> AccessRequest:
    return replace(WHOLE, header=replace(HEADER, **changes))  # type: ignore[arg-type]  # its fields


def with_item(**changes: object) -> AccessRequest:
    return replace(WHOLE, items=(replace(ITEM, **changes),))  # type: ignore[arg-type]  # its fields


def with_task(**changes: object) -> AccessRequest:
    return replace(WHOLE, tasks=(replace(TASK, **changes),))  # type: ignore[arg-type]  # its fields


CHANGES = {
    "state": with_header(state=RequestState.IN_PROGRESS),
    "status": with_header(raw_status="awaiting"),
    "requester": with_header(requester_key="2"),
    "beneficiaries": with_header(beneficiary_keys=("1",)),
    "beneficiaries' order": with_header(beneficiary_keys=("2", "1")),
    "type": with_header(request_type="Revoke Roles"),
    "creation": with_header(created_at=LATER),
    "justification": with_header(justification=""),
    "modification": replace(WHOLE, modified_at=LATER),
    "no items": replace(WHOLE, items=()),
    "an item more": replace(WHOLE, items=(ITEM, ITEM)),
    "item's kind": with_item(kind="account"),
    "item's key": with_item(key="15"),
    "item's name": with_item(name="Finances"),
    "item's person": with_item(beneficiary_key="2"),
    "item's start": with_item(start_at=None),
    "item's end": with_item(end_at=LATER),
    "no tasks": replace(WHOLE, tasks=()),
    "assignee": with_task(assignee="CHO"),
    "assignee's spelling": with_task(assignee="ben"),
    "decision": with_task(state=TaskState.APPROVED),
    "word for the decision": with_task(raw_state="REASSIGNED"),
    "stage": with_task(stage="Owner"),
    "assignment": with_task(assigned_at=LATER),
    "time of decision": with_task(decided_at=LATER),
    "comment": with_task(comment="fine"),
}


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES)
def test_a_fingerprint_changes_with(changed: AccessRequest) -> None:
    assert print_of(changed) != print_of(WHOLE)


def test_a_fingerprint_stays_when_nothing_changes() -> None:
    again = AccessRequest(replace(HEADER), [replace(ITEM)], [replace(TASK)], NOON)
    assert print_of(again) == print_of(WHOLE)
    assert len({print_of(changed) for changed in CHANGES.values()}) == len(CHANGES)
