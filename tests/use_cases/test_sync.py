"""What the IGA knows reaches our rows and the desk; nothing is written twice."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest
from sqlalchemy import select

from broker.domain.access_requests import AccessRequest, RequestHeader, RequestState
from broker.domain.approvals import TaskState
from broker.domain.errors import Unavailable
from broker.domain.people import Person
from broker.ports.desk import MirrorFault, MirrorRow
from broker.store import outbox, people, requests, sync_runs
from broker.store.access import holdings_of
from broker.store.people import PersonRow
from broker.sync import engine, timer, wanted
from tests.use_cases.conftest import ADA, BEN, EVE, House, account, id_of, stored
from tests.use_cases.fakes import awaiting

pytestmark = pytest.mark.both


def test_a_login_brings_the_persons_requests_and_mirrors_them(known: House) -> None:
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    wanted.login_seen(known.broker, "servicenow", "ada")
    known.work()
    mirrored = {row.table: row.fields for row in known.desk.mirrored.values()}
    assert mirrored["request"]["requested_for"] == "sys-1"
    assert mirrored["request"]["waiting_for"] == "Ben Okafor"
    assert mirrored["approval"]["approver"] == "sys-2"
    assert mirrored["approval"]["active"] == "true"


def test_a_login_of_the_approver_brings_what_waits_for_them(known: House) -> None:
    known.iga.requests["1"] = awaiting("1", ADA.key, "ben")
    wanted.login_seen(known.broker, "servicenow", "BEN")
    known.work()
    assert stored(known, "1").waiting[0].assignee_normal == "ben"


def test_ten_logins_in_a_row_make_one_run(known: House) -> None:
    for _ in range(10):
        wanted.login_seen(known.broker, "servicenow", "ada")
    known.work()
    with known.broker.sessions() as session:
        runs = session.scalars(select(sync_runs.SyncRunRow).filter_by(kind="person")).all()
    assert len(runs) == 1


def test_a_login_of_a_stranger_is_listed_and_refreshes_nobody(house: House) -> None:
    house.desk.users.append(
        account(replace(EVE, key="9", login="GINA", employee_number="", email=""))
    )
    wanted.login_seen(house.broker, "servicenow", "gina")
    house.work()
    with house.broker.sessions() as session:
        (row,) = people.unmatched(session)
    assert (row.login, row.reason.startswith("nobody in the IGA")) == ("gina", True)


def test_a_decision_in_the_iga_clears_both_lists(known: House) -> None:
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    engine.sync_changes(known.broker)
    decided = known.iga.requests["1"]
    task = replace(decided.tasks[0], state=TaskState.APPROVED)
    known.iga.requests["1"] = replace(decided, tasks=[task])
    known.iga.finish("1")
    engine.sync_person(known.broker, id_of(known, BEN))
    known.work()
    assert not stored(known, "1").is_open
    assert {row.fields["active"] for row in known.desk.mirrored.values()} == {"false"}


def test_a_second_run_writes_nothing(known: House) -> None:
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    engine.sync_changes(known.broker)
    known.work()
    written = known.desk.writes
    counts = engine.sync_changes(known.broker)
    known.work()
    assert (counts["same"], counts["new"], counts["changed"]) == (1, 0, 0)
    assert known.desk.writes == written


def test_a_request_without_changes_is_not_mirrored_again_after_a_refresh(known: House) -> None:
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    engine.sync_person(known.broker, id_of(known, ADA))
    known.work()
    written = known.desk.writes
    engine.sync_person(known.broker, id_of(known, ADA))
    known.work()
    assert known.desk.writes == written


def test_final_requests_are_never_read_again(known: House) -> None:
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    known.iga.finish("1")
    engine.sync_person(known.broker, id_of(known, ADA))
    known.iga.reads.clear()
    engine.sync_person(known.broker, id_of(known, ADA))
    assert known.iga.reads == []


def test_a_request_that_vanishes_leaves_the_open_lists_but_is_not_called_done(known: House) -> None:
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    engine.sync_changes(known.broker)
    known.iga.hidden = {"1"}
    counts = engine.sync_changes(known.broker)
    assert counts["gone"] == 1
    row = stored(known, "1")
    assert (row.gone_at is not None, row.state.final) == (True, False)


def test_a_scan_that_breaks_half_way_changes_nothing(known: House) -> None:
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    engine.sync_changes(known.broker)
    known.iga.breaks["open_requests"] = Unavailable("oim", "broke off")
    with pytest.raises(Unavailable):
        engine.sync_changes(known.broker)
    assert stored(known, "1").is_open


def test_a_silent_iga_is_named_with_the_time_and_forgotten_when_it_answers(known: House) -> None:
    known.iga.breaks["open_requests"] = Unavailable("oim", "is down")
    since = known.clock.now()
    with pytest.raises(Unavailable):
        engine.sync_changes(known.broker)
    known.clock.forward(minutes=5)
    with known.broker.sessions() as session:
        (silent,) = sync_runs.silent_connections(session)
        assert (silent.name, silent.silent_since) == ("oim", since)
    engine.sync_changes(known.broker)
    with known.broker.sessions() as session:
        assert sync_runs.silent_connections(session) == []


def test_somebody_who_never_signs_in_is_refreshed_by_the_timer(known: House) -> None:
    known.iga.requests["1"] = awaiting("1", EVE.key, "BEN")
    assert timer.beat(known.broker)
    known.work()
    assert stored(known, "1").is_open
    assert not timer.beat(known.broker), "the slot is taken"
    known.clock.forward(minutes=30)
    assert timer.beat(known.broker)


def test_three_clocks_take_one_slot(known: House) -> None:
    assert [timer.beat(known.broker) for _ in range(3)] == [True, False, False]
    with known.broker.sessions() as session:
        assert len(session.scalars(select(sync_runs.SlotRow)).all()) == 1


def test_a_refresh_brings_what_the_person_holds(known: House) -> None:
    known.post(known.item())
    known.work()
    known.iga.finish("9001")
    engine.sync_person(known.broker, id_of(known, ADA))
    with known.broker.sessions() as session:
        held = holdings_of(session, id_of(known, ADA))
    assert [row.name for row in held] == ["Finance Reporting"]


def test_a_request_born_from_an_order_is_mirrored_with_its_human_requester(known: House) -> None:
    ref = known.item()
    known.post(ref)
    known.work()
    (row,) = [row.fields for row in known.desk.mirrored.values() if row.table == "request"]
    assert (row["requested_by"], row["ritm"]) == ("sys-1", ref.item_number)


def test_a_row_the_desk_refuses_does_not_hold_up_the_others(known: House) -> None:
    known.iga.requests |= {"1": awaiting("1", ADA.key, "BEN"), "2": awaiting("2", EVE.key, "BEN")}
    engine.sync_changes(known.broker)
    known.work()
    ids = {
        row.fields["request_id"]: id_
        for id_, row in known.desk.mirrored.items()
        if row.table == "request"
    }
    known.desk.refuse = ids["1"]
    known.iga.finish("1")
    known.iga.finish("2")
    engine.sync_changes(known.broker)
    known.work()
    assert known.desk.mirrored[ids["2"]].fields["active"] == "false"


def test_everything_brings_the_history_of_people_who_never_sign_in(house: House) -> None:
    house.iga.requests["1"] = awaiting("1", EVE.key, "BEN")
    house.iga.finish("1")
    engine.sync_everything(house.broker)
    assert not stored(house, "1").is_open
    with house.broker.sessions() as session:
        assert len(session.scalars(select(PersonRow)).all()) == 3


def test_rows_mirrored_before_people_were_known_are_written_again(house: House) -> None:
    house.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    engine.sync_changes(house.broker)
    house.work()
    before = {row.table: row.fields for row in house.desk.mirrored.values()}
    assert (before["request"]["waiting_for"], before["approval"]["approver"]) == ("BEN", "")
    engine.sync_people(house.broker)
    house.work()
    after = {row.table: row.fields for row in house.desk.mirrored.values()}
    assert (after["request"]["waiting_for"], after["approval"]["approver"]) == (
        "Ben Okafor",
        "sys-2",
    )
    assert after["request"]["requested_for"] == "sys-1"


def test_a_change_that_comes_while_the_mirror_is_written_is_mirrored_too(
    known: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    write = known.desk.mirror

    def mirror(rows: Sequence[MirrorRow]) -> Sequence[MirrorFault]:
        faults = write(rows)
        if known.iga.requests["1"].header.state is RequestState.AWAITING_APPROVAL:
            decided = replace(known.iga.requests["1"].header, state=RequestState.IN_PROGRESS)
            known.iga.requests["1"] = replace(known.iga.requests["1"], header=decided)
            known.clock.forward(minutes=1)
            engine.sync_person(known.broker, id_of(known, ADA))
        return faults

    monkeypatch.setattr(known.desk, "mirror", mirror)
    wanted.login_seen(known.broker, "servicenow", "ada")

    known.work()

    states = [r.fields["state"] for r in known.desk.mirrored.values() if r.table == "request"]
    assert states == [RequestState.IN_PROGRESS]


def test_two_who_touch_the_same_requests_wait_for_each_other_instead_of_failing(
    known: House,
) -> None:
    for number, person in (("1", ADA), ("2", EVE)):
        known.iga.requests[number] = awaiting(number, person.key, "BEN")
    engine.sync_changes(known.broker)
    ada, eve = (_row(known, person) for person in (ADA, EVE))

    def both_people() -> None:
        with known.broker.sessions.begin() as session:
            requests.mirror_people(session, "oim", [ada, eve])

    with ThreadPoolExecutor() as pool, known.broker.sessions.begin() as session:
        requests.mirror_people(session, "oim", [eve])
        other = pool.submit(both_people)
        with suppress(TimeoutError):
            other.result(0.2)
        requests.mirror_people(session, "oim", [ada])
        session.commit()
        other.result(5)


def _row(house: House, person: Person) -> PersonRow:
    with house.broker.sessions() as session:
        return session.get_one(PersonRow, id_of(house, person))


def test_a_request_read_before_its_approval_started_is_looked_at_again(known: House) -> None:
    waiting = awaiting("1", ADA.key, "BEN")
    raised = replace(waiting.header, state=RequestState.REQUESTED, raw_status="Request Created")
    known.iga.requests["1"] = replace(waiting, header=raised, tasks=[])
    engine.sync_person(known.broker, id_of(known, ADA))
    known.wait(rounds=2, seconds=3)
    assert stored(known, "1").state is RequestState.REQUESTED
    known.iga.requests["1"] = waiting
    known.wait(rounds=2, seconds=5)
    assert stored(known, "1").waiting[0].assignee == "BEN"


def test_a_request_whose_approval_never_starts_is_left_to_the_timer(known: House) -> None:
    waiting = awaiting("1", ADA.key, "BEN")
    raised = replace(waiting.header, state=RequestState.REQUESTED, raw_status="Request Created")
    known.iga.requests["1"] = replace(waiting, header=raised, tasks=[])
    engine.sync_person(known.broker, id_of(known, ADA))
    known.wait(rounds=40, minutes=5)
    known.iga.reads.clear()
    known.wait(rounds=5, minutes=5)
    assert known.iga.reads == []


def test_one_unreadable_request_does_not_hold_up_the_others(
    known: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    known.iga.requests |= {n: awaiting(n, ADA.key, "BEN") for n in ("1", "2", "3")}
    unreadable = {"2"}
    _spoil(known, monkeypatch, unreadable)
    counts = engine.sync_changes(known.broker)
    assert (counts["new"], _errors(known)) == (
        2,
        ["1 of 3 requests could not be read: 2 (answered 500)"],
    )
    unreadable.clear()
    engine.sync_changes(known.broker)
    assert stored(known, "2").is_open


def test_a_run_that_missed_a_request_does_not_count_as_fresh(
    known: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    _spoil(known, monkeypatch, {"1"})
    ada = id_of(known, ADA)
    engine.sync_person(known.broker, ada)
    with known.broker.sessions() as session:
        assert sync_runs.last_success(session, "oim", ada) is None
        assert sync_runs.silent_connections(session) == []


def test_a_failure_without_words_does_not_count_as_fresh(known: House) -> None:
    known.iga.breaks["open_requests"] = RuntimeError()
    with pytest.raises(RuntimeError):
        engine.sync_changes(known.broker)
    with known.broker.sessions() as session:
        assert sync_runs.last_success(session, "oim") is None


def test_three_failures_in_a_row_and_no_list_mean_that_the_system_is_down(
    known: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    known.iga.requests |= {n: awaiting(n, ADA.key, "BEN") for n in ("1", "2", "3", "4", "5")}
    engine.sync_changes(known.broker)
    known.iga.reads.clear()
    _spoil(known, monkeypatch, {"2", "3", "4"})
    with monkeypatch.context() as patch:
        patch.setattr(known.iga, "open_requests", _until_it_is_down(known))
        with pytest.raises(Unavailable):
            engine.sync_changes(known.broker)
    assert known.iga.reads == ["1"]
    assert stored(known, "1").is_open, "what was read is kept"


def test_odd_requests_in_a_row_do_not_hold_up_those_after_them(
    known: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    known.iga.requests |= {str(n): awaiting(str(n), ADA.key, "BEN") for n in range(1, 9)}
    _spoil(known, monkeypatch, {"2", "3", "4", "5", "6", "7"})
    counts = engine.sync_changes(known.broker)
    assert (counts["new"], known.iga.reads) == (2, ["1", "8"])
    assert _errors(known)[0].startswith("6 of 8 requests could not be read: 2 (answered 500)")


def test_no_more_than_thirty_in_a_row_are_tried(
    known: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [str(n) for n in range(100, 140)]
    known.iga.requests |= {n: awaiting(n, ADA.key, "BEN") for n in ids}
    _spoil(known, monkeypatch, set(ids[:30]))
    with pytest.raises(Unavailable):
        engine.sync_changes(known.broker)
    assert known.iga.reads == []


@pytest.mark.parametrize("said", ["", "2", "9"])
def test_a_detail_that_is_about_another_request_holds_nothing_up(
    known: House, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    known.iga.requests |= {n: awaiting(n, ADA.key, "BEN") for n in ("1", "2")}
    read = known.iga.request

    def request(request_id: str) -> AccessRequest:
        found = read(request_id)
        odd = replace(found, header=replace(found.header, id=said))
        return odd if request_id == "1" else found

    monkeypatch.setattr(known.iga, "request", request)
    counts = engine.sync_changes(known.broker)
    assert (counts["new"], stored(known, "2").is_open) == (1, True)
    assert _errors(known) == [
        "1 of 2 requests could not be read: 1 (answered about another request)"
    ]


def test_a_single_request_that_cannot_be_read_is_tried_again(
    known: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    unreadable = {"1"}
    _spoil(known, monkeypatch, unreadable)
    with known.broker.sessions.begin() as session:
        outbox.owe_look(session, "oim", "1", known.clock.now())
    known.work()
    unreadable.clear()
    known.wait(rounds=3, minutes=5)
    assert stored(known, "1").is_open


def _spoil(house: House, monkeypatch: pytest.MonkeyPatch, unreadable: set[str]) -> None:
    read = house.iga.request

    def request(request_id: str) -> AccessRequest:
        if request_id in unreadable:
            raise Unavailable("oim", "answered 500")
        return read(request_id)

    monkeypatch.setattr(house.iga, "request", request)


def _until_it_is_down(house: House) -> Callable[[], Iterator[RequestHeader]]:
    """The list is told once."""
    headers = [list(house.iga.open_requests())]

    def open_requests() -> Iterator[RequestHeader]:
        if not headers:
            raise Unavailable("oim", "is down")
        return iter(headers.pop())

    return open_requests


def _errors(house: House) -> list[str]:
    with house.broker.sessions() as session:
        runs = session.scalars(select(sync_runs.SyncRunRow).filter_by(kind="changes"))
        return [run.error for run in runs]


def test_people_read_before_a_break_are_kept(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def people_until_it_breaks() -> Iterator[Person]:
        yield from (Person(str(n), f"P{n}", f"Person {n}") for n in range(250))
        raise Unavailable("oim", "broke off")

    monkeypatch.setattr(house.iga, "people", people_until_it_breaks)
    with pytest.raises(Unavailable):
        engine.sync_people(house.broker)
    with house.broker.sessions() as session:
        assert len(people.all_of(session, "oim")) == 200


def test_an_older_picture_never_replaces_a_newer_one(
    known: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    read = known.iga.request

    def slow(request_id: str) -> AccessRequest:
        old = read(request_id)
        monkeypatch.setattr(known.iga, "request", read)
        known.clock.forward(seconds=1)
        known.iga.finish(request_id)
        engine.sync_person(known.broker, id_of(known, ADA))
        return old

    monkeypatch.setattr(known.iga, "request", slow)
    engine.sync_changes(known.broker)
    assert not stored(known, "1").is_open


def test_a_request_missing_once_is_read_again_when_it_is_listed_again(known: House) -> None:
    known.iga.requests["1"] = replace(awaiting("1", ADA.key, "BEN"))
    in_progress = replace(known.iga.requests["1"].header, state=RequestState.IN_PROGRESS)
    known.iga.requests["1"] = replace(known.iga.requests["1"], header=in_progress)
    engine.sync_changes(known.broker)
    known.iga.hidden = {"1"}
    engine.sync_changes(known.broker)
    known.iga.hidden = set()
    engine.sync_changes(known.broker)
    assert stored(known, "1").gone_at is None


def test_an_approver_named_twice_in_a_task_has_one_decision(known: House) -> None:
    twice = awaiting("1", ADA.key, "BEN")
    (task,) = twice.tasks
    done = replace(task, assignee="ben", state=TaskState.APPROVED)
    known.iga.requests["1"] = replace(twice, tasks=[done, task, done])
    engine.sync_changes(known.broker)
    assert [row.state for row in stored(known, "1").tasks] == [TaskState.REQUESTED]


def test_long_words_of_a_vendor_are_clipped(known: House) -> None:
    request = awaiting("1", ADA.key, "BEN")
    header = replace(request.header, raw_status="w" * 300, request_type="t" * 300)
    items = [replace(request.items[0], name="n" * 300)]
    known.iga.requests["1"] = replace(request, header=header, items=items)
    engine.sync_changes(known.broker)
    row = stored(known, "1")
    assert (row.raw_status, row.items[0].name) == ("w" * 255, "n" * 255)


def test_a_request_with_an_id_too_long_is_left_out_alone(
    known: House, caplog: pytest.LogCaptureFixture
) -> None:
    odd = awaiting("1", ADA.key, "BEN")
    known.iga.requests["1"] = replace(odd, items=[replace(odd.items[0], key="k" * 65)])
    known.iga.requests["2"] = awaiting("2", ADA.key, "BEN")
    engine.sync_changes(known.broker)
    assert stored(known, "2").is_open
    assert "request 1 of oim is left out: its key is too long" in caplog.text


def test_a_person_with_a_login_too_long_is_left_out_alone(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.iga.staff += [Person("8", "L" * 256, "Long"), Person("9", "NAME", "N" * 300)]
    engine.sync_people(house.broker)
    with house.broker.sessions() as session:
        stored_people = {row.key: row.display_name for row in people.all_of(session, "oim")}
    assert sorted(stored_people) == ["1", "2", "3", "9"]
    assert stored_people["9"] == "N" * 255
    assert "person 8 of oim is left out: its login_normal is too long" in caplog.text


def test_somebody_with_a_clipped_name_has_not_changed_the_next_time(house: House) -> None:
    long = Person("9", "NAME", "N" * 300)
    for expected in (1, 0):
        with house.broker.sessions.begin() as session:
            changed = people.remember(session, "oim", [long], house.clock.now())
            assert len(changed) == expected
