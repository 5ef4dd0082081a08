"""Who an account belongs to: known links, live answers, and never a guess."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest

from broker import linking
from broker.domain.errors import Unavailable
from broker.domain.people import Person
from broker.store import people
from broker.sync import engine
from tests.use_cases.conftest import ADA, BEN, EVE, House, account

pytestmark = pytest.mark.both


def login_of(house: House, person_id: str | None) -> str | None:
    with house.broker.sessions() as session:
        row = session.get(people.PersonRow, person_id) if person_id else None
        return row.login if row else None


def test_a_stranger_is_looked_up_in_the_iga_and_remembered(house: House) -> None:
    person_id, reason = linking.person_of(house.broker, account(ADA))
    assert (login_of(house, person_id), reason) == ("ADA", "")
    house.iga.breaks["find_people"] = Unavailable("oim", "is down")
    assert linking.person_of(house.broker, account(ADA))[0] == person_id


def test_a_renamed_desk_user_stays_the_same_person(house: House) -> None:
    first, _ = linking.person_of(house.broker, account(ADA))
    renamed = account(ADA, login="ada.lovelace", employee_number="")
    assert linking.person_of(house.broker, renamed) == (first, "")


def test_a_user_who_takes_over_an_old_login_is_somebody_else(house: House) -> None:
    linking.person_of(house.broker, account(ADA))
    newcomer = account(EVE, key="sys-new", login="ada")
    person_id, _ = linking.person_of(house.broker, newcomer)
    assert login_of(house, person_id) == "EVE"


def test_before_access_is_granted_the_iga_is_asked_again(house: House) -> None:
    linking.person_of(house.broker, account(ADA))
    house.iga.staff[0] = replace(ADA, active=False)
    assert linking.person_of(house.broker, account(ADA))[0] is not None
    found, reason = linking.person_of(house.broker, account(ADA), fresh=True)
    assert (found, reason) == (None, "ADA is disabled in the IGA")


def test_a_link_that_the_rule_contradicts_is_not_used_to_grant_access(house: House) -> None:
    linking.person_of(house.broker, account(ADA))
    house.iga.staff = [BEN, Person("77", "OTHER", "Other", "o@example.com", ADA.employee_number)]
    found, reason = linking.person_of(house.broker, account(ADA), fresh=True)
    assert found is None
    assert reason == "ada was linked to ADA, but the rule now finds OTHER"


def test_a_person_renamed_in_the_iga_is_still_found_by_number(house: House) -> None:
    first, _ = linking.person_of(house.broker, account(ADA))
    house.iga.staff[0] = replace(ADA, login="AMORENO")
    assert linking.person_of(house.broker, account(ADA), fresh=True)[0] == first


def test_everybody_without_a_person_is_listed_with_the_reason(house: House) -> None:
    house.desk.users.append(
        account(replace(ADA, key="8", login="GINA", employee_number="", email=""))
    )
    house.desk.users.append(account(BEN, key="sys-x", active=False))
    counts = engine.sync_people(house.broker)
    with house.broker.sessions() as session:
        listed = {row.key: row.reason for row in people.unmatched(session)}
    assert counts == {"people": 3, "unmatched": 2, "assignees": 0}
    assert listed["sys-x"] == "ben is disabled in servicenow"
    assert listed["sys-8"].startswith("nobody in the IGA has the employee number or login")


def test_somebody_linked_later_leaves_the_list(house: House) -> None:
    house.iga.staff.remove(EVE)
    engine.sync_people(house.broker)
    house.iga.staff.append(EVE)
    engine.sync_people(house.broker)
    with house.broker.sessions() as session:
        assert people.unmatched(session) == []


def test_somebody_who_left_on_both_sides_is_no_riddle_for_the_operator(house: House) -> None:
    house.iga.staff[2] = replace(EVE, active=False)
    house.desk.users[2] = account(EVE, active=False)
    engine.sync_people(house.broker)
    with house.broker.sessions() as session:
        assert people.unmatched(session) == []


def test_two_sign_ins_of_a_stranger_at_once_make_one_person(house: House) -> None:
    def second() -> tuple[str | None, str]:
        return linking.person_of(house.broker, account(ADA))

    with ThreadPoolExecutor() as pool, house.broker.sessions.begin() as session:
        (row,) = people.remember(session, "oim", [ADA], house.clock.now())
        other = pool.submit(second)
        with suppress(TimeoutError):
            other.result(0.2)
        session.commit()
        assert other.result(5) == (row.id, "")


JOHN = replace(ADA, key="50", login="J.DOE", employee_number="5000", email="john@example.com")


@pytest.mark.parametrize("fresh", [False, True])
def test_a_newcomer_with_an_old_login_does_not_become_its_former_owner(
    house: House, fresh: bool
) -> None:
    house.iga.staff.append(JOHN)
    subject = account(JOHN, key="J.DOE")
    linking.person_of(house.broker, subject)
    jane = replace(subject, display_name="Jane Doe", employee_number="6000", email="jane@x.com")
    found, reason = linking.person_of(house.broker, jane, fresh=fresh)
    assert found is None
    assert reason == "j.doe was linked to J.DOE, who has another employee number"
    with house.broker.sessions() as session:
        assert [row.reason for row in people.unmatched(session)] == [reason]


def test_linking_everybody_compares_known_links_with_the_rule(house: House) -> None:
    engine.sync_people(house.broker)
    house.desk.users[0] = account(ADA, employee_number="6000")
    assert engine.sync_people(house.broker)["unmatched"] == 1


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("number", ["", ADA.employee_number])
def test_another_login_and_mail_under_the_same_number_are_a_rename(
    house: House, number: str, fresh: bool
) -> None:
    first, _ = linking.person_of(house.broker, account(ADA))
    renamed = account(ADA, login="lovelace", email="l@example.com", employee_number=number)
    assert linking.person_of(house.broker, renamed, fresh=fresh) == (first, "")


def test_forty_people_with_one_mail_are_no_poison(house: House) -> None:
    house.iga.staff += [
        Person(str(n), f"{n}-{'X' * 200}", "One of many", "all@example.com")
        for n in range(100, 140)
    ]
    house.desk.users.append(
        account(EVE, key="sys-all", login="all", email="all@example.com", employee_number="")
    )
    assert engine.sync_people(house.broker) == {
        "people": 43,
        "unmatched": 1,
        "assignees": 0,
    }
    with house.broker.sessions() as session:
        (row,) = people.unmatched(session)
    assert row.reason.startswith("40 people share the e-mail of all: 100-")
    assert len(row.reason) == 500


def test_an_account_with_a_key_too_long_is_left_out_alone(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.desk.users.insert(0, account(ADA, key="k" * 256))
    assert engine.sync_people(house.broker) == {"people": 3, "unmatched": 1, "assignees": 0}
    assert "an account of servicenow is left out: its key is too long" in caplog.text


def test_who_an_account_belongs_to_is_audited_when_it_changes(house: House) -> None:
    first, _ = linking.person_of(house.broker, account(ADA))
    linking.person_of(house.broker, account(ADA))
    (given,) = house.audit("link.set")
    assert given.subject_id == first
    assert json.loads(given.details).keys() == {"link", "system"}
    linking.person_of(house.broker, account(ADA, active=False))
    linking.person_of(house.broker, account(ADA, active=False))
    (lost,) = house.audit("link.lost")
    assert (lost.subject_id, lost.details) == (first, given.details)
