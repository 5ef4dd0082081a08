"""Who may decide besides whoever is named: asked once, kept, renewed, and told to the desk."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from broker.domain.approvals import TaskState
from broker.domain.errors import Misconfigured, NotFound, Unavailable
from broker.domain.people import Account, Person
from broker.domain.visibility import Viewer
from broker.store import deciders
from broker.store.views import approvals
from broker.sync import engine, wanted
from tests.use_cases.conftest import ADA, BEN, EVE, House, account, id_of
from tests.use_cases.fakes import awaiting

pytestmark = pytest.mark.both
FINN = Person("4", "FINN", "Finn Baker", "finn@example.com", "1004")


@pytest.fixture
def known(house: House) -> House:
    """finn is known, too."""
    house.iga.staff.append(FINN)
    house.desk.users.append(account(FINN))
    engine.sync_people(house.broker)
    return house


def pending(house: House, person: Person) -> list[str]:
    """The requests that the person finds waiting for their decision."""
    viewer = Viewer(id_of(house, person), person.key, person.login, iga="oim")
    with house.broker.sessions() as session:
        lines = approvals.pending(session, viewer)
        assert approvals.pending_count(session, viewer) == len(lines)
        return [line.request.request_id for line in lines]


def active(house: House) -> list[tuple[str, str]]:
    """Who is asked at the desk, and under what name."""
    fields = [row.fields for row in house.desk.mirrored.values() if row.table == "approval"]
    found = [(f["approver"], f["approver_name"]) for f in fields if f["active"] == "true"]
    return sorted(found)


def test_a_stand_in_sees_what_waits_and_nobody_else_does(known: House) -> None:
    known.iga.standing["ben"] = ["FINN"]
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    engine.sync_changes(known.broker)
    seen = {person.login: pending(known, person) for person in (ADA, BEN, EVE, FINN)}
    assert seen == {"ADA": [], "BEN": ["1"], "EVE": [], "FINN": ["1"]}


def test_the_members_of_a_role_see_what_waits_for_it(known: House) -> None:
    known.iga.standing["it security"] = ["finn", "EVE", "somebody unknown", " "]
    known.iga.requests["1"] = awaiting("1", ADA.key, "IT SECURITY")
    engine.sync_changes(known.broker)
    assert [pending(known, person) for person in (FINN, EVE, BEN)] == [["1"], ["1"], []]


def test_an_idle_run_asks_about_nobody(known: House) -> None:
    known.iga.requests |= {n: awaiting(n, ADA.key, who) for n, who in (("1", "BEN"), ("2", "ben"))}
    engine.sync_changes(known.broker)
    assert known.iga.asked_deciders == ["ben"]
    known.clock.forward(minutes=30)
    engine.sync_changes(known.broker)
    assert known.iga.asked_deciders == ["ben"]


def test_the_reading_of_the_people_asks_about_whom_something_waits_for(known: House) -> None:
    known.iga.requests |= {"1": awaiting("1", ADA.key, "BEN"), "2": awaiting("2", ADA.key, "EVE")}
    engine.sync_changes(known.broker)
    known.iga.finish("2")
    engine.sync_changes(known.broker)
    known.clock.forward(minutes=30)
    known.iga.asked_deciders.clear()
    known.iga.standing["ben"] = ["FINN"]
    counts = engine.sync_people(known.broker)
    assert (known.iga.asked_deciders, counts["assignees"]) == (["BEN"], 1)
    assert pending(known, FINN) == ["1"]
    with known.broker.sessions() as session:
        assert deciders.unasked(session, "oim", ["ben", "eve"]) == ["eve"], "it is forgotten"


def test_who_no_longer_stands_in_loses_sight_and_their_row_at_the_desk(known: House) -> None:
    known.iga.standing["ben"] = ["FINN", "EVE"]
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    engine.sync_changes(known.broker)
    known.work()
    assert active(known) == [
        ("sys-2", "Ben Okafor"),
        ("sys-3", "Eve Lindqvist for Ben Okafor"),
        ("sys-4", "Finn Baker for Ben Okafor"),
    ]
    known.iga.standing["ben"] = ["EVE"]
    engine.sync_people(known.broker)
    known.work()
    assert pending(known, FINN) == []
    assert [who for who, _ in active(known)] == ["sys-2", "sys-3"]


def test_at_a_sign_in_those_they_decide_for_are_asked_about(known: House) -> None:
    known.iga.standing["ben"] = ["FINN"]
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    engine.sync_changes(known.broker)
    known.iga.asked_deciders.clear()
    known.iga.standing["ben"] = []
    known.clock.forward(minutes=5)
    wanted.login_seen(known.broker, "servicenow", "finn")
    known.work()
    assert known.iga.asked_deciders == ["BEN"]
    assert pending(known, FINN) == []


def test_at_their_own_sign_in_they_find_their_new_stand_in_told(known: House) -> None:
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    engine.sync_changes(known.broker)
    known.iga.standing["ben"] = ["FINN"]
    known.clock.forward(minutes=5)
    wanted.login_seen(known.broker, "servicenow", "ben")
    known.work()
    assert pending(known, FINN) == ["1"]


def test_what_one_may_decide_is_read_again_at_their_sign_in(known: House) -> None:
    known.iga.standing["it security"] = ["FINN"]
    known.iga.requests["1"] = awaiting("1", ADA.key, "IT SECURITY")
    engine.sync_changes(known.broker)
    known.iga.finish("1")
    engine.sync_person(known.broker, id_of(known, FINN))
    assert pending(known, FINN) == []


def test_a_decided_task_ends_the_rows_of_all_who_were_asked(known: House) -> None:
    known.iga.standing["it security"] = ["FINN", "EVE"]
    known.iga.requests["1"] = awaiting("1", ADA.key, "IT SECURITY")
    engine.sync_changes(known.broker)
    known.work()
    assert [who for who, _ in active(known)] == ["", "sys-3", "sys-4"]
    task = replace(known.iga.requests["1"].tasks[0], state=TaskState.APPROVED, assignee="EVE")
    known.iga.requests["1"] = replace(known.iga.requests["1"], tasks=[task])
    engine.sync_changes(known.broker)
    known.work()
    assert active(known) == []


def test_a_reassigned_task_waits_for_one_person_only_at_the_desk(known: House) -> None:
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    engine.sync_changes(known.broker)
    known.work()
    task = replace(known.iga.requests["1"].tasks[0], assignee="EVE")
    known.iga.requests["1"] = replace(known.iga.requests["1"], tasks=[task])
    engine.sync_changes(known.broker)
    known.work()
    assert active(known) == [("sys-3", "Eve Lindqvist")]
    written = known.desk.writes
    engine.sync_person(known.broker, id_of(known, ADA))
    known.work()
    assert known.desk.writes == written, "the desk was told once that it is over"


def test_a_member_without_an_account_at_the_desk_has_no_row_there(known: House) -> None:
    known.iga.standing["it security"] = ["NOBODY"]
    known.iga.requests["1"] = awaiting("1", ADA.key, "IT SECURITY")
    engine.sync_changes(known.broker)
    known.work()
    assert active(known) == [("", "IT SECURITY")]


def test_a_desk_that_refuses_the_end_of_a_row_is_told_again(known: House) -> None:
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    engine.sync_changes(known.broker)
    known.work()
    (bens,) = [id_ for id_, row in known.desk.mirrored.items() if row.table == "approval"]
    known.desk.refuse = bens
    task = replace(known.iga.requests["1"].tasks[0], assignee="EVE")
    known.iga.requests["1"] = replace(known.iga.requests["1"], tasks=[task])
    engine.sync_changes(known.broker)
    known.work()
    assert known.desk.mirrored[bens].fields["active"] == "true"
    known.desk.refuse = ""
    task = replace(task, comment="a word")
    known.iga.requests["1"] = replace(known.iga.requests["1"], tasks=[task])
    engine.sync_changes(known.broker)
    known.work()
    assert known.desk.mirrored[bens].fields["active"] == "false"


def test_who_lost_sight_loses_their_row_though_the_desk_refused_that_at_first(
    known: House,
) -> None:
    known.iga.standing["ben"] = ["FINN"]
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    engine.sync_changes(known.broker)
    known.work()
    rows = known.desk.mirrored.items()
    (finns,) = [id_ for id_, row in rows if row.fields.get("approver") == "sys-4"]
    known.desk.refuse, known.iga.standing["ben"] = finns, []
    engine.sync_people(known.broker)
    known.work()
    assert known.desk.mirrored[finns].fields["active"] == "true"
    known.desk.refuse = ""
    engine.sync_changes(known.broker)
    known.work()
    ended = known.desk.mirrored[finns].fields
    assert (ended["active"], ended["approver"]) == ("false", "")


@pytest.mark.parametrize(
    "error", [Unavailable("oim", "is down"), Misconfigured("oim", "may not read roles")]
)
def test_whom_the_iga_does_not_tell_holds_nothing_up(
    known: House, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    known.iga.standing["ben"] = ["FINN"]
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    known.iga.breaks["deciders"] = error
    engine.sync_changes(known.broker)
    assert (pending(known, BEN), pending(known, FINN)) == (["1"], [])
    assert "who else may decide could not be read of oim: BEN" in caplog.text
    engine.sync_changes(known.broker)
    assert pending(known, FINN) == ["1"]


def test_a_name_that_the_iga_does_not_know_stands_for_nobody(known: House) -> None:
    known.iga.requests["1"] = awaiting("1", ADA.key, "A QUEUE")
    known.iga.breaks["deciders"] = NotFound("oim", "has no such name")
    engine.sync_changes(known.broker)
    engine.sync_changes(known.broker)
    assert known.iga.asked_deciders == []


def test_an_iga_that_is_down_is_not_asked_about_everybody(known: House) -> None:
    names = [f"P{number}" for number in range(9)]
    known.iga.requests |= {n: awaiting(n, ADA.key, n) for n in names}
    asked: list[str] = []

    def down(assignee: str) -> list[str]:
        asked.append(assignee)
        known.iga.breaks["open_requests"] = Unavailable("oim", "is down")
        raise Unavailable("oim", "is down")

    known.iga.deciders = down  # type: ignore[method-assign]  # of this one
    engine.sync_changes(known.broker)
    assert asked == ["P0", "P1", "P2"]


def test_names_that_cannot_be_read_do_not_keep_others_in_their_place(known: House) -> None:
    known.iga.standing["it security"] = ["FINN"]
    names = ["A1", "A2", "A3", "IT SECURITY"]
    known.iga.requests |= {n: awaiting(n, ADA.key, n) for n in names}
    engine.sync_changes(known.broker)
    known.iga.standing["it security"] = []
    ask = known.iga.deciders

    def odd(assignee: str) -> Sequence[str]:
        if assignee != "IT SECURITY":
            raise Unavailable("oim", "answered 500")
        return ask(assignee)

    known.iga.deciders = odd  # type: ignore[method-assign]  # of this one
    engine.sync_people(known.broker)
    assert pending(known, FINN) == []


def test_a_desk_that_is_down_keeps_nobody_in_sight(
    known: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    known.iga.standing["ben"] = ["FINN"]
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    engine.sync_changes(known.broker)
    known.iga.standing["ben"] = []

    def accounts() -> Iterator[Account]:
        raise Unavailable("servicenow", "is down")

    monkeypatch.setattr(known.desk, "accounts", accounts)
    with pytest.raises(Unavailable):
        engine.sync_people(known.broker)
    assert pending(known, FINN) == []


def test_many_members_who_sign_in_ask_about_their_role_once_a_minute(known: House) -> None:
    known.iga.standing["it security"] = ["FINN", "EVE"]
    known.iga.requests["1"] = awaiting("1", ADA.key, "IT SECURITY")
    engine.sync_changes(known.broker)
    known.iga.asked_deciders.clear()
    for _ in range(2):
        known.clock.forward(minutes=2)
        engine.sync_person(known.broker, id_of(known, FINN))
        engine.sync_person(known.broker, id_of(known, EVE))
    assert known.iga.asked_deciders == ["IT SECURITY"] * 2


def test_an_older_answer_brings_nobody_back(known: House, monkeypatch: pytest.MonkeyPatch) -> None:
    known.iga.standing["ben"] = ["FINN"]
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    engine.sync_changes(known.broker)
    known.clock.forward(minutes=5)
    ask = known.iga.deciders

    def slow(assignee: str) -> Sequence[str]:
        old = ask(assignee)
        monkeypatch.setattr(known.iga, "deciders", ask)
        known.iga.standing["ben"] = []
        known.clock.forward(seconds=1)
        engine.sync_people(known.broker)
        return old

    monkeypatch.setattr(known.iga, "deciders", slow)
    engine.sync_person(known.broker, id_of(known, FINN))
    assert pending(known, FINN) == []


def test_a_name_asked_about_a_moment_ago_is_not_forgotten(known: House) -> None:
    with known.broker.sessions.begin() as session:
        deciders.remember(session, "oim", "IT SECURITY", ["FINN"], known.clock.now())
    engine.sync_people(known.broker)
    with known.broker.sessions() as session:
        assert deciders.is_known(session, "oim", "it security"), "its request is being written"
    known.clock.forward(minutes=30)
    engine.sync_people(known.broker)
    with known.broker.sessions() as session:
        assert not deciders.is_known(session, "oim", "it security")


def test_a_login_without_room_is_left_out_alone(known: House) -> None:
    known.iga.standing["ben"] = ["L" * 256, "FINN", "BEN"]
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    engine.sync_changes(known.broker)
    with known.broker.sessions() as session:
        assert deciders.deciders_of(session, "oim", ["Ben"]) == {"ben": ("FINN",)}


def test_a_member_who_gets_an_account_is_asked_at_the_desk(known: House) -> None:
    known.iga.standing["ben"] = ["GINA"]
    known.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
    engine.sync_changes(known.broker)
    known.work()
    gina = Person("5", "GINA", "Gina Ito", "gina@example.com", "1005")
    known.iga.staff.append(gina)
    known.desk.users.append(account(gina))
    engine.sync_people(known.broker)
    known.work()
    assert ("sys-5", "Gina Ito for Ben Okafor") in active(known)
