"""Where a link could go to the wrong person: reused logins, second IGAs, and no room."""

from dataclasses import replace

import pytest
from sqlalchemy import event, select

from broker import linking
from broker.domain.errors import Unavailable
from broker.domain.people import Person, normal
from broker.store import people, requests
from broker.store.people import PersonLinkRow, PersonRow
from broker.store.requests import RequestRow
from broker.sync import engine
from tests.use_cases.conftest import ADA, BEN, EVE, House, account
from tests.use_cases.fakes import awaiting

pytestmark = pytest.mark.both


def key_of(house: House, person_id: str | None) -> str | None:
    with house.broker.sessions() as session:
        row = session.get(PersonRow, person_id) if person_id else None
        return row.key if row else None


def links(house: House) -> dict[str, str]:
    """By the account's key: the key of its person, or the reason why there is none."""
    with house.broker.sessions() as session:
        rows = session.scalars(select(PersonLinkRow))
        return {row.key: row.person.key if row.person else row.reason for row in rows}


def test_a_login_given_to_somebody_new_in_the_iga_is_not_the_old_person(house: House) -> None:
    linking.person_of(house.broker, account(ADA))
    house.iga.staff[0] = replace(ADA, key="77", display_name="Another Ada")
    found, reason = linking.person_of(house.broker, account(ADA), fresh=True)
    assert (found, reason) == (None, "ada was linked to ADA, but the rule now finds ADA")


def test_a_known_person_gone_from_the_iga_is_granted_nothing(house: House) -> None:
    linking.person_of(house.broker, account(ADA))
    house.iga.staff.remove(ADA)
    found, reason = linking.person_of(house.broker, account(ADA), fresh=True)
    assert found is None
    assert reason == "nobody in the IGA has the employee number or login or e-mail of ada"


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("changes", [{"login": "a" * 256}, {"key": "k" * 256}])
def test_an_account_without_room_is_nobodys_and_asks_nobody(
    house: House, changes: dict[str, str], fresh: bool
) -> None:
    house.iga.breaks["find_people"] = Unavailable("oim", "must not be asked")
    found, reason = linking.person_of(house.broker, account(ADA, **changes), fresh=fresh)
    assert (found, reason) == (
        None,
        "its login or id is too long to be compared with anybody's",
    )
    assert links(house) == {}


def test_an_account_whose_login_just_fits_is_linked(house: House) -> None:
    found, _ = linking.person_of(house.broker, account(ADA, login="a" * 255))
    assert key_of(house, found) == ADA.key


def test_the_same_key_at_two_systems_is_two_accounts(house: House) -> None:
    first, _ = linking.person_of(house.broker, account(ADA, key="1"))
    second, _ = linking.person_of(house.broker, replace(account(EVE, key="1"), system="saml"))
    assert (key_of(house, first), key_of(house, second)) == (ADA.key, EVE.key)


def test_people_of_another_iga_are_nobody_here(house: House) -> None:
    with house.broker.sessions.begin() as session:
        people.remember(session, "other", [replace(EVE, key="500")], house.clock.now())
    house.iga.staff.remove(EVE)
    assert linking.link_everybody(house.broker, [account(EVE)]) == 1
    found, _ = linking.person_of(house.broker, account(EVE))
    assert found is None


def test_somebody_stored_is_linked_without_asking_the_iga(house: House) -> None:
    with house.broker.sessions.begin() as session:
        people.remember(session, "oim", [ADA], house.clock.now())
    house.iga.breaks["find_people"] = Unavailable("oim", "must not be asked")
    found, reason = linking.person_of(house.broker, account(ADA))
    assert (key_of(house, found), reason) == (ADA.key, "")


def test_before_access_is_granted_a_stored_stranger_is_asked_about(house: House) -> None:
    with house.broker.sessions.begin() as session:
        people.remember(session, "oim", [ADA], house.clock.now())
    house.iga.staff.remove(ADA)
    assert linking.person_of(house.broker, account(ADA), fresh=True)[0] is None


def test_a_link_that_ends_keeps_no_person(house: House) -> None:
    linking.person_of(house.broker, account(ADA))
    linking.person_of(house.broker, account(ADA, active=False))
    assert links(house) == {"sys-1": "ada is disabled in servicenow"}


def test_a_link_made_again_forgets_why_it_was_lost(house: House) -> None:
    first, _ = linking.person_of(house.broker, account(ADA))
    linking.person_of(house.broker, account(ADA, active=False))
    assert linking.person_of(house.broker, account(ADA)) == (first, "")
    with house.broker.sessions() as session:
        (link,) = session.scalars(select(PersonLinkRow))
    assert (link.reason, link.person_id) == ("", first)


def test_a_renamed_account_is_listed_under_its_new_names(house: House) -> None:
    linking.person_of(house.broker, account(ADA))
    renamed = account(ADA, login="Lovelace", display_name="Ada Lovelace")
    linking.person_of(house.broker, renamed)
    with house.broker.sessions() as session:
        (link,) = people.links_named(session, "servicenow", "LOVELACE")
        assert not people.links_named(session, "servicenow", "ada")
        assert not people.links_named(session, "saml", "lovelace")
    assert (link.login, link.display_name) == ("Lovelace", "Ada Lovelace")


def test_linking_everybody_counts_each_account_once(house: House) -> None:
    engine.sync_people(house.broker)
    nobody = account(EVE, key="sys-9", login="gina", email="", employee_number="")
    long = account(EVE, key="k" * 300)
    left = account(replace(EVE, key="8", login="HUGO", email="", employee_number=""), active=False)
    everybody = [account(ADA), nobody, long, left, account(BEN)]
    assert linking.link_everybody(house.broker, everybody) == 2
    assert links(house) == {
        "sys-1": ADA.key,
        "sys-2": BEN.key,
        "sys-3": EVE.key,
        "sys-9": "nobody in the IGA has the employee number or login or e-mail of gina",
    }


def test_a_disabled_account_of_somebody_active_is_listed(house: House) -> None:
    engine.sync_people(house.broker)
    assert linking.link_everybody(house.broker, [account(EVE, key="old", active=False)]) == 1
    assert links(house)["old"] == "eve is disabled in servicenow"


@pytest.mark.parametrize(
    ("request_", "renders"),
    [
        (awaiting("7", ADA.key, "nobody"), True),
        (awaiting("7", "99", "Ada"), True),
        (awaiting("7", BEN.key, "BEN"), False),
    ],
    ids=["theirs", "waiting for them", "somebody else's"],
)
def test_a_new_link_renders_anew_what_names_the_person(
    house: House, request_: object, renders: bool
) -> None:
    house.iga.requests["7"] = request_  # type: ignore[assignment]  # an AccessRequest
    with house.broker.sessions.begin() as session:
        people.remember(session, "oim", [ADA, BEN, EVE], house.clock.now())
    engine.sync_changes(house.broker)
    house.work()
    linking.person_of(house.broker, account(ADA))
    with house.broker.sessions() as session:
        row = requests.by_request_id(session, "oim", "7")
        assert row is not None
        assert row.mirror_due is renders


def test_a_link_that_stays_renders_nothing_anew(house: House) -> None:
    house.iga.requests["7"] = awaiting("7", ADA.key, "BEN")
    engine.sync_people(house.broker)
    engine.sync_changes(house.broker)
    house.work()
    linking.person_of(house.broker, account(ADA))
    with house.broker.sessions() as session:
        assert not session.scalars(select(RequestRow).where(RequestRow.mirror_due)).all()


@pytest.mark.parametrize(
    "facts",
    [
        {"key": "k" * 65},
        {"login": "l" * 256},
        {"email": "e" * 256},
        {"employee_number": "n" * 65},
        {"manager_key": "m" * 65},
    ],
    ids=lambda facts: next(iter(facts)),
)
def test_a_person_without_room_is_left_out_alone(house: House, facts: dict[str, str]) -> None:
    long = replace(EVE, **facts)  # type: ignore[arg-type]  # fields of Person
    with house.broker.sessions.begin() as session:
        kept = people.remember(session, "oim", [ADA, long, BEN], house.clock.now())
    assert [row.key for row in kept] == [ADA.key, BEN.key]


def test_a_person_found_but_without_room_is_not_linked(house: House) -> None:
    long = Person("k" * 65, "GINA", "Gina", "gina@example.com", "1099")
    house.iga.staff.append(long)
    found, reason = linking.person_of(house.broker, account(replace(long, key="9")))
    assert (found, reason) == (None, "GINA could not be stored here")


def test_a_long_name_is_no_change_each_time(house: House) -> None:
    long = replace(ADA, display_name="A" * 300)
    with house.broker.sessions.begin() as session:
        assert people.remember(session, "oim", [long], house.clock.now())
    with house.broker.sessions.begin() as session:
        assert people.remember(session, "oim", [long], house.clock.now()) == []
        row = people.by_key(session, "oim", ADA.key)
        assert row is not None
        assert row.display_name == "A" * 255


@pytest.mark.parametrize("attribute", ["login", "email", "employee_number"])
def test_people_are_found_by_each_attribute_in_any_case(house: House, attribute: str) -> None:
    with house.broker.sessions.begin() as session:
        people.remember(session, "oim", [ADA, BEN], house.clock.now())
        people.remember(session, "other", [ADA], house.clock.now())
    shouted = f" {getattr(ADA, attribute).upper()} "
    with house.broker.sessions() as session:
        (row,) = people.find(session, "oim", attribute, shouted)
    assert (row.iga, row.key) == ("oim", ADA.key)
    assert row.login_normal == normal(ADA.login)


def test_a_person_who_changed_is_told_apart_from_one_who_did_not(house: House) -> None:
    with house.broker.sessions.begin() as session:
        people.remember(session, "oim", [ADA, BEN, EVE], house.clock.now())
    house.clock.forward(hours=1)
    moved = replace(BEN, manager_key=EVE.key)
    with house.broker.sessions.begin() as session:
        (changed,) = people.remember(session, "oim", [ADA, moved, EVE], house.clock.now())
    assert (changed.key, changed.manager_key) == (BEN.key, EVE.key)
    with house.broker.sessions() as session:
        assert {row.seen_at for row in people.all_of(session, "oim")} == {house.clock.now()}


def test_somebody_who_leaves_loses_the_link_they_had(house: House) -> None:
    engine.sync_people(house.broker)
    house.iga.staff[2] = replace(EVE, active=False)
    house.desk.users[2] = account(EVE, active=False)
    assert engine.sync_people(house.broker)["unmatched"] == 1
    assert links(house)["sys-3"] == "eve is disabled in servicenow"


def test_linking_everybody_keeps_somebody_renamed_at_the_desk(house: House) -> None:
    engine.sync_people(house.broker)
    renamed = account(ADA, login="lovelace", email="l@example.com", employee_number="")
    assert linking.link_everybody(house.broker, [renamed]) == 0
    assert links(house)["sys-1"] == ADA.key


def test_an_account_listed_twice_is_linked_once(house: House) -> None:
    engine.sync_people(house.broker)
    before = len(house.audit("link.set"))
    twice = account(ADA, key="twice")
    assert linking.link_everybody(house.broker, [twice, twice]) == 0
    assert (links(house)["twice"], len(house.audit("link.set"))) == (ADA.key, before + 1)


def test_what_is_linked_as_before_costs_no_query_of_its_own(house: House) -> None:
    crowd = [replace(ADA, key=str(n), login=f"P{n}", employee_number=str(n)) for n in range(90)]
    house.iga.staff.extend(crowd)
    engine.sync_people(house.broker)
    accounts = [account(person, key=f"crowd-{person.key}") for person in crowd]
    linking.link_everybody(house.broker, accounts)
    asked: list[str] = []
    bind = house.broker.sessions.kw["bind"]

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(bind, "before_cursor_execute", count)
    assert linking.link_everybody(house.broker, accounts) == 0
    event.remove(bind, "before_cursor_execute", count)
    assert len(asked) < len(accounts) / 4
