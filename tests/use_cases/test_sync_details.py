"""What only a detail tells: who is asked now, what a request was split into; read by several."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from broker.domain.access_requests import AccessRequest, RequestHeader, RequestState
from broker.domain.errors import Unavailable
from broker.domain.people import Person
from broker.ports.queue import QueueName
from broker.store import outbox, requests, sync_runs
from broker.store.views.freshness import freshness
from broker.sync import engine, wanted
from broker.sync.reading import Readers
from tests.use_cases.conftest import ADA, BEN, EVE, House, id_of, stored
from tests.use_cases.fakes import CAPABILITIES, awaiting

pytestmark = pytest.mark.both


def reassign(house: House, request_id: str, to: str) -> None:
    request = house.iga.requests[request_id]
    house.iga.requests[request_id] = replace(
        request, tasks=[replace(request.tasks[0], assignee=to)]
    )


def runs(house: House, kind: str) -> int:
    with house.broker.sessions() as session:
        return len(session.scalars(select(sync_runs.SyncRunRow).filter_by(kind=kind)).all())


# ---- changes that no list shows ------------------------------------------------------------------


def test_another_approver_is_known_after_the_next_run(known: House) -> None:
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    engine.sync_changes(known.broker)
    reassign(known, "1", "EVE")
    engine.sync_changes(known.broker)
    assert [task.assignee for task in stored(known, "1").waiting] == ["EVE"]


def test_a_comment_is_known_after_the_next_run(known: House) -> None:
    request = known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    engine.sync_changes(known.broker)
    said = replace(request.tasks[0], comment="BEN: which month?")
    known.iga.requests["1"] = replace(request, tasks=[said])
    engine.sync_changes(known.broker)
    assert stored(known, "1").tasks[0].comment == "BEN: which month?"


@pytest.mark.parametrize("by", ["the timer", "a sign-in"])
def test_a_decision_is_followed_whatever_the_iga_calls_the_state(known: House, by: str) -> None:
    request = awaiting("1", ADA.key, "BEN")
    header = replace(request.header, state=RequestState.IN_PROGRESS, raw_status="Waits for CAB")
    known.iga.requests["1"] = replace(request, header=header)
    engine.sync_changes(known.broker)
    known.clock.forward(minutes=5)
    reassign(known, "1", "EVE")
    if by == "the timer":
        engine.sync_changes(known.broker)
    else:
        engine.sync_person(known.broker, id_of(known, EVE))
        known.work()
    assert [task.assignee for task in stored(known, "1").waiting] == ["EVE"]
    assert stored(known, "1").raw_status == "Waits for CAB"


def test_whoever_has_become_an_approver_sees_it_at_their_sign_in(known: House) -> None:
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    engine.sync_changes(known.broker)
    known.clock.forward(minutes=5)
    reassign(known, "1", "EVE")
    wanted.login_seen(known.broker, "servicenow", "eve")
    known.work()
    assert [task.assignee for task in stored(known, "1").waiting] == ["EVE"]


def test_one_look_at_the_others_serves_all_who_sign_in(known: House) -> None:
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    engine.sync_changes(known.broker)
    known.clock.forward(minutes=5)
    known.iga.reads.clear()
    for _ in range(5):
        engine.sync_person(known.broker, id_of(known, EVE))
    known.work()
    assert (known.iga.reads, runs(known, "awaiting")) == (["1"], 1)


def test_what_was_read_a_moment_ago_is_not_looked_at_again(known: House) -> None:
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    engine.sync_changes(known.broker)
    known.iga.reads.clear()
    engine.sync_person(known.broker, id_of(known, EVE))
    known.work()
    assert (known.iga.reads, runs(known, "awaiting")) == ([], 0)


def seen_long_ago(house: House, *numbers: str) -> None:
    """Requests that await ben, the first of them seen longest ago."""
    for number in numbers:
        house.iga.requests[number] = awaiting(number, ADA.key, "BEN")
    engine.sync_changes(house.broker)
    with house.broker.sessions.begin() as session:
        for place, number in enumerate(numbers):
            row = requests.by_request_id(session, "oim", number)
            assert row is not None
            row.seen_at = house.clock.now() - timedelta(minutes=10 - place)
    house.iga.reads.clear()


def test_all_of_many_others_are_looked_at_those_seen_longest_ago_first(
    known: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_MOST_OTHERS", 2)
    seen_long_ago(known, "1", "5", "2", "4", "3")
    engine.sync_person(known.broker, id_of(known, EVE))
    known.work()
    assert (known.iga.reads, runs(known, "awaiting")) == (["1", "5", "2", "4", "3"], 3)


def test_one_of_many_others_that_cannot_be_read_is_not_tried_for_ever(
    known: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_MOST_OTHERS", 2)
    seen_long_ago(known, "1", "2", "3")
    read: list[str] = []

    def request(request_id: str) -> AccessRequest:
        read.append(request_id)
        if request_id == "1":
            raise Unavailable("oim", "answered 500")
        return known.iga.requests[request_id]

    monkeypatch.setattr(known.iga, "request", request)
    engine.sync_person(known.broker, id_of(known, EVE))
    known.work()
    assert read == ["1", "2", "1", "3", "1"]


def test_who_has_just_signed_in_is_told_that_reading_goes_on(known: House) -> None:
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    engine.sync_changes(known.broker)
    known.clock.forward(minutes=5)
    eve, ada = id_of(known, EVE), id_of(known, ADA)
    engine.sync_person(known.broker, ada)
    known.work()
    known.clock.forward(minutes=5)
    engine.sync_person(known.broker, eve)
    with known.broker.sessions() as session:
        told = [freshness(session, "oim", person).refreshing for person in (eve, ada)]
    assert told == [True, False]
    known.work()
    with known.broker.sessions() as session:
        assert not freshness(session, "oim", eve).refreshing


# ---- requests that were split --------------------------------------------------------------------


def split(house: House, *children: str, state: RequestState = RequestState.IN_PROGRESS) -> None:
    """Request 1 asks for two things, and was split into these."""
    one = awaiting("1", ADA.key, "BEN")
    header = replace(one.header, state=state, raw_status="Request Awaiting Child Requests")
    items = [one.items[0], replace(one.items[0], key="15")]
    house.iga.requests["1"] = AccessRequest(header, items, (), children=children)


def test_children_are_read_with_their_parent_though_no_list_names_them(known: House) -> None:
    split(known, "2", "3")
    for number in ("2", "3"):
        known.iga.requests[number] = awaiting(number, ADA.key, "BEN")
    known.iga.finish("3")
    counts = engine.sync_changes(known.broker)
    assert (stored(known, "3").is_open, counts["read"]) == (False, 3)
    assert [child.child_id for child in stored(known, "1").children] == ["2", "3"]


def test_a_final_child_is_not_read_again(known: House) -> None:
    split(known, "2")
    known.iga.requests["2"] = awaiting("2", ADA.key, "BEN")
    known.iga.finish("2")
    engine.sync_changes(known.broker)
    known.iga.reads.clear()
    engine.sync_person(known.broker, id_of(known, ADA))
    assert known.iga.reads == ["1"]


def test_children_that_come_late_are_found_a_moment_later(known: House) -> None:
    split(known)
    engine.sync_changes(known.broker)
    split(known, "2")
    known.iga.requests["2"] = awaiting("2", ADA.key, "BEN")
    known.wait(rounds=3, seconds=3)
    assert [child.child_id for child in stored(known, "1").children] == ["2"]
    assert stored(known, "2").is_open


def test_children_that_come_very_late_are_found_by_the_timer(known: House) -> None:
    split(known)
    engine.sync_changes(known.broker)
    known.wait(rounds=40, minutes=5)
    split(known, "2")
    known.iga.requests["2"] = awaiting("2", ADA.key, "BEN")
    engine.sync_changes(known.broker)
    assert [child.child_id for child in stored(known, "1").children] == ["2"]
    known.iga.reads.clear()
    engine.sync_changes(known.broker)
    assert known.iga.reads == ["2"], "a parent whose children are known waits for its status"


def test_a_child_that_nobody_finds_holds_nothing_up(known: House) -> None:
    split(known, "9")
    counts = engine.sync_changes(known.broker)
    assert (counts["new"], stored(known, "1").is_open) == (1, True)


# ---- several readers -----------------------------------------------------------------------------


def several(house: House, number: int) -> None:
    house.iga.capabilities = replace(CAPABILITIES, readers=number)


def test_as_many_read_at_once_as_the_iga_bears(
    known: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    several(known, 3)
    meeting, read = threading.Barrier(3), known.iga.request

    def together(request_id: str) -> AccessRequest:
        meeting.wait(60)
        return read(request_id)

    monkeypatch.setattr(known.iga, "request", together)
    known.iga.requests |= {str(n): awaiting(str(n), ADA.key, "BEN") for n in range(6)}
    assert engine.sync_changes(known.broker)["new"] == 6


def test_readers_answer_in_the_order_they_were_asked() -> None:
    with Readers(4) as readers:
        assert list(readers.map(lambda n: n * 2, range(100))) == [n * 2 for n in range(100)]
        assert list(readers.map(str, [])) == []


def test_several_readers_stop_soon_when_the_system_is_down(
    known: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    several(known, 3)
    asked: list[str] = []

    def down(request_id: str) -> AccessRequest:
        asked.append(request_id)
        known.iga.breaks["open_requests"] = Unavailable("oim", "is down")
        raise Unavailable("oim", "is down")

    monkeypatch.setattr(known.iga, "request", down)
    known.iga.requests |= {str(n): awaiting(str(n), ADA.key, "BEN") for n in range(100)}
    with pytest.raises(Unavailable):
        engine.sync_changes(known.broker)
    assert len(asked) < 20


def test_a_fault_of_ours_in_a_reader_is_not_swallowed(
    known: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    several(known, 3)

    def fault(request_id: str) -> AccessRequest:
        raise RuntimeError(request_id)

    monkeypatch.setattr(known.iga, "request", fault)
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    with pytest.raises(RuntimeError):
        engine.sync_changes(known.broker)


# ---- what some other system can do ---------------------------------------------------------------


def test_an_iga_that_tells_changes_is_not_asked_for_everything(
    known: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    known.iga.capabilities = replace(CAPABILITIES, delta_reads=True)
    asked_since: list[datetime] = []
    changed: list[RequestHeader] = []

    def changes(since: datetime) -> Iterator[RequestHeader]:
        asked_since.append(since)
        return iter(changed)

    monkeypatch.setattr(known.iga, "changes", changes)
    known.iga.requests |= {n: awaiting(n, ADA.key, "BEN") for n in ("1", "2")}
    first = known.clock.now()
    engine.sync_changes(known.broker)
    assert (asked_since, known.iga.reads) == ([], ["1", "2"]), "all, the first time"
    known.iga.reads.clear()
    known.clock.forward(minutes=30)
    known.iga.finish("2")
    changed.append(known.iga.requests["2"].header)
    engine.sync_changes(known.broker)
    assert known.iga.reads == ["2"]
    assert stored(known, "1").gone_at is None
    assert not stored(known, "2").is_open
    assert asked_since[0] < first, "what happened at the edge is asked for twice"


def test_an_iga_that_says_what_waits_for_somebody_is_believed(
    known: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    known.iga.requests |= {n: awaiting(n, ADA.key, "BEN") for n in ("1", "2")}
    engine.sync_changes(known.broker)
    known.clock.forward(minutes=5)
    known.iga.reads.clear()

    def pending_for(person: Person) -> Sequence[str]:
        return ["2"] if person.key == EVE.key else []

    known.iga.capabilities = replace(CAPABILITIES, acts_as_user=True)
    monkeypatch.setattr(known.iga, "pending_for", pending_for)
    reassign(known, "2", "EVE")
    engine.sync_person(known.broker, id_of(known, EVE))
    known.work()
    assert known.iga.reads == ["2"]


def test_a_look_at_the_others_is_no_hurry(known: House) -> None:
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    engine.sync_changes(known.broker)
    known.clock.forward(minutes=5)
    engine.sync_person(known.broker, id_of(known, BEN))
    engine.sync_person(known.broker, id_of(known, EVE))
    known.clock.forward(minutes=5)
    engine.sync_person(known.broker, id_of(known, EVE))
    with known.broker.sessions() as session:
        owed = session.query(outbox.OutboxRow).filter_by(topic="sync.awaiting").all()
    assert [row.queue for row in owed] == [QueueName.SYNC]
