"""What the desk's mirror says of a request and its decisions, field by field, and when again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from broker.domain.access_requests import AccessRequest, RequestState
from broker.domain.approvals import ApprovalTask, TaskState
from broker.domain.people import Person
from broker.domain.references import ExternalRef, mirror_id
from broker.ports.desk import MirrorFault, MirrorRow
from broker.ports.queue import QueueName
from broker.store import outbox, requests
from broker.store.people import PersonRow
from broker.store.requests import RequestRow
from broker.sync import engine, timer, wanted
from broker.sync.apply import Reading, apply
from tests.use_cases.conftest import ADA, BEN, EVE, House, account
from tests.use_cases.fakes import NOON, FakeDesk, awaiting

pytestmark = pytest.mark.both


def sync(house: House, request: AccessRequest) -> dict[str, str]:
    """The desk's row of the request after a reading and all that it owes."""
    house.iga.requests[request.header.id] = request
    engine.sync_changes(house.broker)
    house.work()
    return fields_of(house, "request", request.header.id)


def fields_of(house: House, kind: str, name: str) -> dict[str, str]:
    return dict(house.desk.mirrored[mirror_id(ExternalRef("oim", kind, name))].fields)


def task(assignee: str, minute: int = 0, **changes: object) -> ApprovalTask:
    at = NOON + timedelta(minutes=minute)
    made = ApprovalTask(f"t-{assignee}", assignee, TaskState.REQUESTED, "ASSIGNED", "", at)
    return replace(made, **changes)  # type: ignore[arg-type]  # fields of a task


def test_a_request_is_mirrored_with_everything_its_table_has(known: House) -> None:
    assert sync(known, awaiting("7", ADA.key, "BEN")) == {
        "iga": "oim",
        "request_id": "7",
        "request_type": "Assign Roles",
        "state": "awaiting approval",
        "iga_status": "Request Awaiting Approval",
        "requested_for": "sys-1",
        "requested_by": "sys-1",
        "items": "Budget Approver",
        "justification": "month end",
        "waiting_for": "Ben Okafor",
        "waiting_since": "2026-03-02 12:00:00",
        "opened_at": "2026-03-02 12:00:00",
        "closed_at": "",
        "ritm": "",
        "link": "https://iga.example/request/7",
        "active": "true",
    }


def test_a_decision_is_mirrored_with_everything_its_table_has(known: House) -> None:
    sync(known, awaiting("7", ADA.key, "BEN"))
    request_id = mirror_id(ExternalRef("oim", "request", "7"))
    assert fields_of(known, "approval", "7/task-7/ben") == {
        "iga": "oim",
        "task_id": "task-7",
        "request": request_id,
        "approver": "sys-2",
        "approver_name": "Ben Okafor",
        "state": "requested",
        "assigned_at": "2026-03-02 12:00:00",
        "decided_at": "",
        "comment": "",
        "link": "https://iga.example/inbox",
        "active": "true",
    }


def test_a_request_waits_for_all_who_have_to_decide_since_the_first(known: House) -> None:
    tasks = (
        task("Owners", 9),
        task("BEN", 5),
        task("EVE", 1, state=TaskState.APPROVED, decided_at=NOON),
        task("ADA", assigned_at=None),
    )
    row = sync(known, replace(awaiting("7", ADA.key, "x"), tasks=tasks))
    assert row["waiting_for"] == "Owners, Ben Okafor, Ada Moreno"
    assert row["waiting_since"] == "2026-03-02 12:05:00"
    assert fields_of(known, "approval", "7/t-Owners/owners")["approver"] == ""
    assert fields_of(known, "approval", "7/t-Owners/owners")["approver_name"] == "Owners"
    assert fields_of(known, "approval", "7/t-EVE/eve")["active"] == "false"


def test_a_login_that_two_people_have_names_neither(known: House) -> None:
    known.iga.staff.append(Person("77", "ben", "Another Ben", "b@example.com", "1077"))
    engine.sync_people(known.broker)
    row = sync(known, awaiting("7", ADA.key, "BEN"))
    decision = fields_of(known, "approval", "7/task-7/ben")
    assert (row["waiting_for"], decision["approver"]) == ("BEN", "")


@pytest.mark.parametrize(
    "end", [RequestState.COMPLETED, RequestState.REJECTED, RequestState.WITHDRAWN]
)
def test_an_ended_request_waits_for_nobody_whatever_its_tasks_say(
    known: House, end: RequestState
) -> None:
    sync(known, awaiting("7", ADA.key, "BEN"))
    known.iga.finish("7", end)
    row = sync(known, known.iga.requests["7"])
    assert (row["active"], row["state"]) == ("false", end.value)
    assert (row["waiting_for"], row["waiting_since"]) == ("", "")
    assert row["closed_at"] != ""
    assert fields_of(known, "approval", "7/task-7/ben")["active"] == "false"


def test_a_request_that_is_gone_is_active_nowhere(known: House) -> None:
    sync(known, awaiting("7", ADA.key, "BEN"))
    known.iga.hidden.add("7")
    engine.sync_changes(known.broker)
    known.work()
    assert fields_of(known, "request", "7")["active"] == "false"
    assert fields_of(known, "approval", "7/task-7/ben")["active"] == "false"


def test_long_words_are_cut_to_the_desks_columns(known: House) -> None:
    request = awaiting("7", ADA.key, "x")
    header = replace(request.header, justification="j" * 2000)
    items = [replace(request.items[0], name="i" * 200, key=str(n)) for n in range(9)]
    tasks = [task("a" * 150, id="t"), task("b" * 150, id="t" * 128, comment="c" * 2000)]
    row = sync(known, replace(request, header=header, items=items, tasks=tasks))
    assert (len(row["justification"]), len(row["items"]), len(row["waiting_for"])) == (
        1000,
        1000,
        255,
    )
    decision = fields_of(known, "approval", f"7/{'t' * 128}/{'b' * 150}")
    assert (len(decision["approver_name"]), len(decision["comment"])) == (100, 1000)
    assert len(decision["task_id"]) == 64


def test_somebody_the_desk_does_not_know_is_left_empty(known: House) -> None:
    row = sync(known, awaiting("7", "99", "nobody"))
    assert (row["requested_for"], row["requested_by"]) == ("", "")
    assert row["waiting_for"] == "nobody"


def test_a_request_for_nobody_named_is_for_nobody(known: House) -> None:
    request = awaiting("7", ADA.key, "BEN")
    row = sync(known, replace(request, header=replace(request.header, beneficiary_keys=())))
    assert (row["requested_for"], row["requested_by"]) == ("", "sys-1")


def test_a_new_name_is_mirrored_and_nothing_else_is(known: House) -> None:
    sync(known, awaiting("7", ADA.key, "BEN"))
    sync(known, awaiting("8", EVE.key, "Owners"))
    written = known.desk.writes
    known.iga.staff[1] = replace(BEN, display_name="Ben Okafor-Lind")
    engine.sync_people(known.broker)
    engine.sync_changes(known.broker)
    known.work()
    assert known.desk.writes == written + 2
    assert fields_of(known, "request", "7")["waiting_for"] == "Ben Okafor-Lind"


def test_only_the_decision_that_changed_is_written_again(known: House) -> None:
    tasks = (task("BEN"), task("EVE", comment=""))
    request = replace(awaiting("7", ADA.key, "x"), tasks=tasks)
    sync(known, request)
    written = known.desk.writes
    sync(known, replace(request, tasks=(tasks[0], replace(tasks[1], comment="wait"))))
    assert known.desk.writes == written + 1
    assert fields_of(known, "approval", "7/t-EVE/eve")["comment"] == "wait"


@pytest.mark.parametrize("count", [49, 50, 51, 101])
def test_however_many_rows_are_due_all_are_written_once(known: House, count: int) -> None:
    for number in range(count):
        known.iga.requests[str(number)] = awaiting(str(number), ADA.key, "BEN")
    engine.sync_changes(known.broker)
    known.work()
    assert len(known.desk.mirrored) == known.desk.writes == 2 * count


class Counting(FakeDesk):
    """Counts the calls of the mirror."""

    def mirror(self, rows: Sequence[MirrorRow]) -> Sequence[MirrorFault]:
        self.asked.append("mirror")
        return super().mirror(rows)


def test_nothing_to_write_is_no_call(known: House) -> None:
    sync(known, awaiting("7", ADA.key, "BEN"))
    desk = Counting(users=known.desk.users, mirrored=known.desk.mirrored)
    known.broker.desks["servicenow"] = desk  # type: ignore[index]  # a dict here
    with known.broker.sessions.begin() as session:
        row = requests.by_request_id(session, "oim", "7")
        assert row is not None
        row.mirror_due = True
    engine.sync_changes(known.broker)
    known.work()
    assert desk.asked == []


def mirror_due(house: House, request_id: str) -> bool:
    with house.broker.sessions() as session:
        row = requests.by_request_id(session, "oim", request_id)
        assert row is not None
        return row.mirror_due


def test_a_refused_decision_is_offered_again_with_the_next_reading(known: House) -> None:
    known.desk.refuse = mirror_id(ExternalRef("oim", "approval", "7/task-7/ben"))
    sync(known, awaiting("7", ADA.key, "BEN"))
    assert not mirror_due(known, "7")
    assert {row.table for row in known.desk.mirrored.values()} == {"request"}
    known.desk.refuse = ""
    known.iga.requests["7"] = replace(known.iga.requests["7"], modified_at=NOON)
    engine.sync_changes(known.broker)
    known.work()
    assert {row.table for row in known.desk.mirrored.values()} == {"request", "approval"}


# ---- timer, logins and looks ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "taken"), [(0, False), (29, False), (30, True), (31, True), (3000, True)]
)
def test_a_slot_of_the_timer_is_taken_once(house: House, minutes: int, taken: bool) -> None:
    assert timer.beat(house.broker)
    house.clock.forward(minutes=minutes)
    assert timer.beat(house.broker) is taken
    assert not timer.beat(house.broker)


def topics(house: House) -> list[tuple[str, str, str]]:
    with house.broker.sessions() as session:
        return sorted(
            (row.queue, row.topic, row.key) for row in session.query(outbox.OutboxRow).all()
        )


def test_a_beat_owes_people_changes_and_a_sweep_and_rings_for_them(house: House) -> None:
    timer.beat(house.broker)
    assert topics(house) == [
        ("sync", "orders.sweep", "servicenow"),
        ("sync", "sync.changes", "oim"),
        ("sync", "sync.people", "oim"),
    ]
    assert house.bell.rung == [QueueName.SYNC]
    timer.beat(house.broker)
    assert house.bell.rung == [QueueName.SYNC]


@pytest.mark.parametrize("name", ["ada", "ADA", "Ada"])
def test_a_login_in_any_spelling_is_one_wish(house: House, name: str) -> None:
    wanted.login_seen(house.broker, "servicenow", "ada")
    wanted.login_seen(house.broker, "servicenow", name)
    assert topics(house) == [("interactive", "sync.login", "servicenow/ada")]
    assert house.bell.rung == [QueueName.INTERACTIVE] * 2


def test_an_endless_login_is_noted_as_far_as_there_is_room(house: House) -> None:
    wanted.login_seen(house.broker, "servicenow", "a" * 255)
    ((_, _, key),) = topics(house)
    assert key == f"servicenow/{'a' * 244}"


def test_a_login_of_somebody_linked_asks_no_desk(known: House) -> None:
    known.desk.users.clear()
    wanted.login_seen(known.broker, "servicenow", "ADA")
    known.work()
    assert ("interactive", "sync.person") in {entry[:2] for entry in topics(known)}


def test_a_login_that_two_accounts_have_is_asked_about_at_the_desk(known: House) -> None:
    known.desk.users.append(account(EVE, key="sys-9", login="ada"))
    engine.sync_people(known.broker)
    known.desk.users = [user for user in known.desk.users if user.key != "sys-1"]
    wanted.login_seen(known.broker, "servicenow", "ada")
    known.work()
    with known.broker.sessions() as session:
        eve = session.query(outbox.OutboxRow).filter_by(topic="sync.person").one().key
        row = session.get_one(PersonRow, eve)
    assert row.key == EVE.key


def test_a_request_just_raised_is_looked_at_again_a_moment_later(known: House) -> None:
    raised = awaiting("7", ADA.key, "BEN")
    header = replace(raised.header, state=RequestState.REQUESTED, raw_status="Request Created")
    known.iga.requests["7"] = replace(raised, header=header, tasks=[])
    known.iga.requests["8"] = awaiting("8", ADA.key, "BEN")
    engine.sync_changes(known.broker)
    looks = {entry for entry in topics(known) if entry[1] == "sync.request"}
    assert looks == {("interactive", "sync.request", "oim/7")}
    with known.broker.sessions() as session:
        due_at = session.query(outbox.OutboxRow).filter_by(topic="sync.request").one().due_at
    assert due_at == known.clock.now() + timedelta(seconds=2)


@pytest.mark.parametrize("what", ["new", "changed", "gone", "same"])
def test_only_what_changed_is_owed_to_the_mirror_of_each_desk(known: House, what: str) -> None:
    request = awaiting("7", ADA.key, "BEN")
    if what != "new":
        sync(known, request)
    known.clock.forward(minutes=1)
    changed = replace(request, modified_at=NOON) if what == "changed" else request
    reading = Reading(
        seen=[] if what == "gone" else [changed],
        gone=["7"] if what == "gone" else [],
        began_at={"7": known.clock.now()},
    )
    with known.broker.sessions.begin() as session:
        for row in session.query(outbox.OutboxRow).all():
            session.delete(row)
        session.flush()
        counts = apply(session, known.broker, "oim", reading)
    assert counts == dict.fromkeys(("new", "changed", "same", "gone"), 0) | {what: 1}
    owed = [entry for entry in topics(known) if entry[1] == "mirror"]
    assert owed == ([] if what == "same" else [("interactive", "mirror", "servicenow")])


def test_each_change_of_a_request_is_audited_and_a_second_look_is_not(known: House) -> None:
    request = awaiting("7", ADA.key, "BEN")
    sync(known, request)
    sync(known, request)
    sync(known, replace(request, modified_at=NOON))
    known.iga.hidden.add("7")
    for _ in range(2):
        known.clock.forward(minutes=1)
        engine.sync_changes(known.broker)
    told = [len(known.audit(f"request.{what}")) for what in ("new", "changed", "gone")]
    assert told == [1, 1, 1]
    (new,) = known.audit("request.new")
    with known.broker.sessions() as session:
        row = session.get_one(RequestRow, new.subject_id)
    assert (row.request_id, new.outcome, new.actor_kind) == ("7", "awaiting approval", "system")


def test_a_mirrored_row_is_what_the_port_promises(known: House) -> None:
    sync(known, awaiting("7", ADA.key, "BEN"))
    rows = known.desk.mirrored.values()
    assert all(isinstance(row, MirrorRow) for row in rows)
    assert all(isinstance(value, str) for row in rows for value in row.fields.values())
