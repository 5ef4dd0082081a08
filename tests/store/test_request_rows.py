"""Requests in rows: what is kept through changes, what leaves with them, and whom a name meets."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from broker.domain.access_requests import (
    AccessRequest,
    RequestedItem,
    RequestHeader,
    RequestState,
)
from broker.domain.approvals import ApprovalTask, TaskState
from broker.store import pictures, requests
from broker.store.base import Sessions
from broker.store.people import PersonRow
from broker.store.requests import (
    ApprovalTaskRow,
    BeneficiaryRow,
    MirroredApprovalRow,
    RequestedItemRow,
    RequestRow,
)
from tests.store.conftest import NOON
from tests.store.rows import ADA, BEN, EVE, request_of, task_of

pytestmark = pytest.mark.both
LATER = NOON + timedelta(hours=1)
HEADER = RequestHeader(
    "7", RequestState.AWAITING_APPROVAL, "Awaiting", ADA, (ADA, BEN), "Assign Roles", NOON, "why"
)
BENS = ApprovalTask("t1", "BEN", TaskState.REQUESTED, "ASSIGNED", "Manager", NOON)
CHOS = ApprovalTask("t2", "CHO", TaskState.REQUESTED, "ASSIGNED", "Owner", NOON)
ITEMS = (RequestedItem("role", "2", "Beta", ADA), RequestedItem("role", "1", "Alpha", BEN))
SEEN = AccessRequest(HEADER, ITEMS, (BENS, CHOS), NOON)


def write(sessions: Sessions, seen: AccessRequest, at: datetime = NOON) -> RequestRow:
    """Store what was seen; gives the row as it is then."""
    with sessions.begin() as session:
        row = requests.by_request_id(session, "oim", seen.header.id)
        row = row or RequestRow(iga="oim", request_id=seen.header.id, seen_at=at)
        requests.write(row, seen, "print", at)
        session.add(row)
    with sessions() as session:
        row = session.get_one(RequestRow, row.id)
        _ = (row.items, row.tasks, row.beneficiaries)
        return row


def count(sessions: Sessions, row: type) -> int:
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(row)) or 0


def test_a_request_is_stored_as_it_was_seen(sessions: Sessions) -> None:
    row = write(sessions, SEEN)
    assert (row.state, row.raw_status, row.is_open) == (HEADER.state, "Awaiting", True)
    assert (row.requester_key, row.request_type, row.justification) == (ADA, "Assign Roles", "why")
    assert (row.created_at, row.modified_at, row.changed_at) == (NOON, NOON, NOON)
    assert (row.fingerprint, row.mirror_due, row.closed_at, row.gone_at) == (
        "print",
        True,
        None,
        None,
    )
    assert [(item.name, item.beneficiary_key) for item in row.items] == [
        ("Beta", ADA),
        ("Alpha", BEN),
    ]
    assert [(task.task_id, task.assignee, task.assignee_normal) for task in row.tasks] == [
        ("t1", "BEN", "ben"),
        ("t2", "CHO", "cho"),
    ]
    assert {one.person_key for one in row.beneficiaries} == {ADA, BEN}


def test_a_decision_keeps_its_id_whatever_becomes_of_it(sessions: Sessions) -> None:
    before = write(sessions, SEEN).tasks
    decided = replace(
        BENS, assignee="Ben", state=TaskState.APPROVED, raw_state="APPROVE", stage="",
        decided_at=LATER, comment="fine",
    )  # fmt: skip
    after = write(sessions, replace(SEEN, tasks=(CHOS, decided)), LATER).tasks
    assert [task.id for task in after] == [before[1].id, before[0].id]
    bens = after[1]
    assert (bens.assignee, bens.state, bens.raw_state) == ("Ben", TaskState.APPROVED, "APPROVE")
    assert (bens.stage, bens.assigned_at, bens.decided_at) == ("", NOON, LATER)
    assert bens.comment == "fine"


def test_what_is_no_longer_told_of_leaves_no_rows(sessions: Sessions) -> None:
    write(sessions, SEEN)
    bare = replace(SEEN, header=replace(HEADER, beneficiary_keys=(BEN,)), items=(), tasks=())
    row = write(sessions, bare, LATER)
    assert (row.items, row.tasks) == ([], [])
    assert [one.person_key for one in row.beneficiaries] == [BEN]
    assert [count(sessions, kind) for kind in (RequestedItemRow, ApprovalTaskRow)] == [0, 0]
    assert count(sessions, BeneficiaryRow) == 1


def test_somebody_named_twice_benefits_once(sessions: Sessions) -> None:
    row = write(sessions, replace(SEEN, header=replace(HEADER, beneficiary_keys=(ADA, ADA))))
    assert [one.person_key for one in row.beneficiaries] == [ADA]


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (TaskState.REQUESTED, TaskState.APPROVED, TaskState.REQUESTED),
        (TaskState.APPROVED, TaskState.REQUESTED, TaskState.REQUESTED),
        (TaskState.APPROVED, TaskState.REJECTED, TaskState.REJECTED),
    ],
    ids=["the one that waits, first", "the one that waits, last", "else the last"],
)
def test_of_two_decisions_of_one_person_in_a_task(
    sessions: Sessions, first: TaskState, second: TaskState, kept: TaskState
) -> None:
    tasks = (replace(BENS, state=first), replace(BENS, assignee=" ben ", state=second))
    (task,) = write(sessions, replace(SEEN, tasks=tasks)).tasks
    assert task.state is kept


def test_of_two_that_wait_for_one_person_the_last_counts(sessions: Sessions) -> None:
    tasks = (replace(BENS, stage="one"), replace(BENS, stage="two"))
    (task,) = write(sessions, replace(SEEN, tasks=tasks)).tasks
    assert task.stage == "two"


def ended(modified_at: datetime | None) -> AccessRequest:
    header = replace(HEADER, state=RequestState.COMPLETED)
    return replace(SEEN, header=header, modified_at=modified_at)


def test_a_request_is_closed_when_the_iga_says_so_or_when_we_saw_it(sessions: Sessions) -> None:
    assert write(sessions, ended(NOON), LATER).closed_at == NOON
    later = replace(ended(None), header=replace(ended(None).header, id="8"))
    assert write(sessions, later, LATER).closed_at == LATER


def test_a_closing_time_once_known_stays_until_the_request_is_open_again(
    sessions: Sessions,
) -> None:
    write(sessions, ended(NOON), NOON)
    assert write(sessions, ended(LATER), LATER).closed_at == NOON
    reopened = write(sessions, SEEN, LATER)
    assert (reopened.closed_at, reopened.is_open) == (None, True)


def test_a_request_seen_again_is_gone_no_more(sessions: Sessions) -> None:
    write(sessions, SEEN)
    with sessions.begin() as session:
        for row in session.scalars(select(RequestRow)):
            row.gone_at, row.mirror_due = NOON, False
    row = write(sessions, SEEN, LATER)
    assert (row.gone_at, row.mirror_due, row.changed_at) == (None, True, LATER)


def test_requests_are_known_by_number_in_their_own_iga(staff: Sessions) -> None:
    with staff.begin() as session:
        session.add_all([request_of("1"), request_of("2"), request_of("1", iga="other")])
    with staff() as session:
        known = requests.known(session, "oim", ["1", "1", "9"])
        assert {key: row.id for key, row in known.items()} == {"1": "row-oim-1"}
        assert requests.known(session, "oim", []) == {}
        other = requests.by_request_id(session, "other", "1")
        assert other is not None
        assert other.id == "row-other-1"
        assert requests.by_request_id(session, "other", "2") is None


@pytest.mark.parametrize("size", [500, 501, 1001])
def test_however_many_are_asked_for_all_are_found(sessions: Sessions, size: int) -> None:
    asked = [f"{number:04}" for number in range(size)]
    wanted = {asked[0], asked[499], asked[-1]}
    with sessions.begin() as session:
        session.add_all(request_of(number) for number in wanted)
    with sessions() as session:
        assert sorted(requests.known(session, "oim", asked)) == sorted(wanted)


def test_open_are_those_that_are_not_final_and_not_gone(staff: Sessions) -> None:
    with staff.begin() as session:
        session.add_all(
            [
                request_of("1"),
                request_of("2", state=RequestState.IN_PROGRESS),
                request_of("3", state=RequestState.REJECTED),
                request_of("4", gone_at=NOON),
                request_of("5", iga="other"),
            ]
        )
    with staff() as session:
        assert set(pictures.still_open(session, "oim")) == {"1", "2"}


def due(sessions: Sessions) -> set[str]:
    with sessions() as session:
        query = select(RequestRow.iga + "/" + RequestRow.request_id).where(RequestRow.mirror_due)
        return set(session.scalars(query))


def nothing_due(sessions: Sessions, *rows: RequestRow) -> None:
    """Store these requests, all of them as the desk has them."""
    for row in rows:
        row.mirror_due, row.mirrored_fingerprint = False, "f"
    with sessions.begin() as session:
        session.add_all(rows)


def test_a_person_who_changed_makes_due_what_names_them_in_their_iga(staff: Sessions) -> None:
    nothing_due(
        staff,
        request_of("1", requester=ADA),
        request_of("2", beneficiaries=(BEN, ADA)),
        request_of("3", tasks=(task_of("OIM-11"),)),
        request_of("4", requester=BEN, beneficiaries=(BEN,), tasks=(task_of("oim-12"),)),
        request_of("1", iga="other", requester=ADA, tasks=(task_of("oim-11"),)),
    )
    with staff.begin() as session:
        requests.mirror_people(session, "oim", [session.get_one(PersonRow, "id-oim-11")])
    assert due(staff) == {"oim/1", "oim/2", "oim/3"}


def test_several_people_make_due_what_names_any_of_them(staff: Sessions) -> None:
    nothing_due(staff, request_of("1", requester=ADA), request_of("2", beneficiaries=(EVE,)))
    with staff.begin() as session:
        people = [session.get_one(PersonRow, f"id-oim-{key}") for key in (ADA, EVE)]
        requests.mirror_people(session, "oim", people)
    assert due(staff) == {"oim/1", "oim/2"}


def test_nobody_makes_nothing_due(staff: Sessions) -> None:
    nothing_due(staff, request_of("1", requester=ADA))
    with staff.begin() as session:
        requests.mirror_people(session, "oim", [])
    assert due(staff) == set()


def test_what_a_desk_never_took_is_offered_once_more(sessions: Sessions) -> None:
    refused = request_of("2")
    nothing_due(sessions, request_of("1"), refused)
    with sessions.begin() as session:
        session.get_one(RequestRow, refused.id).mirrored_fingerprint = ""
    with sessions.begin() as session:
        requests.mirror_again(session)
    assert due(sessions) == {"oim/2"}


def test_a_decision_that_a_desk_never_took_is_offered_once_more(sessions: Sessions) -> None:
    refused, taken = request_of("2"), request_of("3")
    nothing_due(sessions, request_of("1"), refused, taken)
    with sessions.begin() as session:
        for row_id, print_ in ((refused.id, ""), (taken.id, "known")):
            row = session.get_one(RequestRow, row_id)
            row.mirrored.append(MirroredApprovalRow(row_id="a", fingerprint=print_))
    with sessions.begin() as session:
        requests.mirror_again(session)
    assert due(sessions) == {"oim/2"}


LONG = "x" * 65
OVERLONG = {
    "request_id": replace(SEEN, header=replace(HEADER, id=LONG)),
    "requester_key": replace(SEEN, header=replace(HEADER, requester_key=LONG)),
    "person_key": replace(SEEN, header=replace(HEADER, beneficiary_keys=(ADA, LONG))),
    "kind": replace(SEEN, items=(ITEMS[0], replace(ITEMS[1], kind="k" * 41))),
    "key": replace(SEEN, items=(replace(ITEMS[0], key=LONG),)),
    "beneficiary_key": replace(SEEN, items=(replace(ITEMS[0], beneficiary_key=LONG),)),
    "task_id": replace(SEEN, tasks=(BENS, replace(CHOS, id="t" * 129))),
    "assignee_normal": replace(SEEN, tasks=(replace(BENS, assignee="a" * 256),)),
}


@pytest.mark.parametrize(("column", "seen"), OVERLONG.items(), ids=OVERLONG)
def test_a_name_without_room_is_told_by_its_column(column: str, seen: AccessRequest) -> None:
    assert requests.overlong(seen) == column


def test_names_that_just_fit_have_room(sessions: Sessions) -> None:
    header = replace(HEADER, id="x" * 64, requester_key="y" * 64, beneficiary_keys=("z" * 64,))
    tasks = (replace(BENS, id="t" * 128, assignee=f" {'A' * 255} "),)
    seen = AccessRequest(header, (replace(ITEMS[0], kind="k" * 40, key="w" * 64),), tasks)
    assert requests.overlong(seen) == ""
    assert write(sessions, seen).tasks[0].assignee_normal == "a" * 255
