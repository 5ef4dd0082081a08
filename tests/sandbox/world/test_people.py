"""The organisation: spans, levels, sites, names, joiners, leavers, and who led whom when."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest

from sandbox.world import World, manager_on
from sandbox.world.cast import RESERVED
from sandbox.world.names import Names, plain
from sandbox.world.organisation import SPAN, apportioned, branches
from sandbox.world.people import build_people

TODAY = date(2026, 3, 11)


@pytest.mark.parametrize("people", [*range(5, 200), 313, 700, 1800, 2499])
def test_a_team_of_any_size_is_split_into_sensible_spans(people: int) -> None:
    below = branches(people)
    assert sum(below) == people
    assert len(below) in SPAN
    assert all(branch == 1 or branch - 1 >= SPAN[0] for branch in below)


def test_parts_add_up_to_the_whole() -> None:
    for total in (0, 1, 7, 100, 12_345):
        parts = apportioned(total, [3.0, 0.0, 1.5, 0.2])
        assert sum(parts) == total
        assert parts[1] == 0
        assert min(parts) >= 0


def test_nobody_leads_too_few_or_too_many(company: World) -> None:
    spans = Counter(p.manager for p in company.people.values() if p.active and p.manager)
    assert {spans[key] for key in spans} <= set(SPAN), spans.most_common(3)


def test_there_are_as_many_levels_as_a_company_of_that_size_has(company: World) -> None:
    def level(key: str | None) -> int:
        return 0 if key is None else 1 + level(company.people[key].manager)

    depths = Counter(level(key) for key in company.people)
    assert 4 <= max(depths) <= 6
    assert depths[1] == 1
    assert depths[2] in SPAN


def test_whoever_leads_a_team_has_a_title_that_says_so(company: World) -> None:
    leads = {p.manager for p in company.people.values()} - {None}
    leading = Counter(company.people[key or ""].title for key in leads)
    following = Counter(p.title for key, p in company.people.items() if key not in leads)
    words = ("Head", "Director", "Manager", "Lead", "Chief", "Counsel", "Supervisor", "Controller",
             "in Charge", "Senior")  # fmt: skip
    assert all(any(word in title for word in words) for title in leading)
    assert not set(leading) & {title for title in following if following[title] > 40}


def test_departments_have_their_share_and_sites_of_their_own(company: World) -> None:
    sizes = Counter(p.department for p in company.people.values())
    assert sizes["Warehouse"] > sizes["Transport"] > sizes["Finance"] > sizes["Legal"] > 0
    sites = {(p.site, p.city, p.country) for p in company.people.values()}
    assert len(sites) > 8
    assert {country for _, _, country in sites} >= {"GB", "DE", "PL", "NL"}
    drivers = {p.site for p in company.people.values() if p.title == "Forklift Driver"}
    assert "Marlow Head Office" not in drivers


def test_a_team_works_at_one_site(company: World) -> None:
    for person in company.people.values():
        boss = company.people.get(person.manager or "")
        if person.active and person.title in ("Order Picker", "Forklift Driver") and boss:
            assert person.site == boss.site


def test_names_differ_within_a_department_and_are_rarely_the_same(company: World) -> None:
    names = Counter(p.display_name for p in company.people.values())
    assert max(names.values()) <= 2
    within = Counter((p.display_name, p.department) for p in company.people.values())
    assert set(within.values()) == {1}
    assert all(p.first_name != p.last_name for p in company.people.values())


def test_homonyms_have_logins_and_addresses_of_their_own(company: World) -> None:
    logins = [p.desk_user_name for p in company.people.values() if p.desk_user_name]
    assert len(logins) == len(set(logins))
    assert all(login.isascii() and login.islower() for login in logins)
    numbered = [login for login in logins if login[-1].isdigit()]
    assert 10 < len(numbered) < len(logins) / 3
    assert all(p.email.endswith("@example.com") for p in company.people.values())
    assert all(p.email.isascii() for p in company.people.values())


@pytest.mark.parametrize(
    ("name", "land", "wanted"),
    [
        ("Jürgen", "de", "juergen"),
        ("Weiß", "de", "weiss"),
        ("Björk", "se", "bjork"),
        ("Łukasz", "pl", "lukasz"),
        ("O'Sullivan", "ie", "osullivan"),
        ("Çelik", "tr", "celik"),
        ("Yıldız", "tr", "yildiz"),
        ("Muñoz", "es", "munoz"),
    ],
)
def test_logins_are_written_as_the_language_writes_them(name: str, land: str, wanted: str) -> None:
    assert plain(name, land) == wanted


def test_family_names_that_change_with_the_bearer_do() -> None:
    names = Names(Random(1))
    drawn = [names.new("pl", str(number)) for number in range(60)]
    assert not [n for n in drawn if n[1].endswith("ska") and n[0] in ("Piotr", "Krzysztof")]
    assert any(last.endswith("ska") for _, last in drawn)


def test_people_join_and_leave(company: World) -> None:
    people = company.people.values()
    today = company.now.date()
    gone = [p for p in people if p.left_on]
    assert 0.03 < len(gone) / len(people) < 0.07
    for person in gone:
        assert person.hired_on < (person.left_on or today) < today
        assert {person.active, person.iga_active, person.desk_active} == {False}
    assert all(p.hired_on <= today for p in people)
    assert sum(p.hired_on > today - timedelta(days=90) for p in people) > 10
    assert sum(p.hired_on.day == 1 for p in people) > len(people) / 3


def test_older_employees_have_lower_numbers(company: World) -> None:
    numbered = [p for p in company.people.values() if p.employee_number]
    by_day = sorted(numbered, key=lambda p: int(p.employee_number))
    assert [p.hired_on for p in by_day] == sorted(p.hired_on for p in numbered)


def test_before_a_lead_took_over_it_was_the_predecessor(company: World) -> None:
    people = company.people
    lead = next(p for p in people.values() if p.predecessor and p.leads_since)
    report = next(p for p in people.values() if p.manager == lead.key and not p.moved_on)
    before = people[lead.predecessor or ""]
    since = lead.leads_since
    assert since is not None
    assert manager_on(people, report.key, since) == lead
    assert manager_on(people, report.key, since - timedelta(days=1)) == before


def test_where_there_was_no_predecessor_it_was_the_next_above(company: World) -> None:
    people = {
        "boss": replace(company.people["ben"], key="boss", manager=None, leads_since=None),
        "lead": replace(company.people["ben"], key="lead", manager="boss", leads_since=TODAY),
        "one": replace(company.people["ada"], key="one", manager="lead"),
    }
    assert manager_on(people, "one", TODAY) is people["lead"]
    assert manager_on(people, "one", TODAY - timedelta(days=1)) is people["boss"]


def test_whoever_moved_was_led_by_the_former_manager(company: World) -> None:
    person = next(p for p in company.people.values() if p.moved_on)
    assert person.former_manager
    moved = person.moved_on
    assert moved is not None
    assert person.former_manager != person.manager
    lead = company.people[person.former_manager]
    if (lead.leads_since or date.min) < moved:
        assert manager_on(company.people, person.key, moved - timedelta(days=1)) == lead


@pytest.mark.parametrize("how_many", [0, 20, 27, 60, 333])
def test_a_company_has_the_named_people_and_the_heads_at_least(how_many: int) -> None:
    people = build_people(Random(3), how_many, TODAY)
    assert len(people) == max(27, how_many)
    named = {"ada", "ben", "cho", "dee", "eve", "finn", "gina", "hugo", "ivan", "ivana", "jill",
             "june", "karl", "lena"}  # fmt: skip
    assert named <= set(people)
    assert named < RESERVED


def test_ben_leads_a_team_with_ada_in_it_and_eve_is_elsewhere(company: World) -> None:
    people = company.people
    team = [p for p in people.values() if p.manager == "ben" and p.active]
    assert len(team) in SPAN
    assert people["ada"] in team
    chain, key = set(), people["eve"].manager
    while key and people[key].manager:
        chain.add(key)
        key = people[key].manager
    assert chain.isdisjoint({"ben", "ada", people["ben"].manager})
