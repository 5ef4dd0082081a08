"""Who works here: heads, the people of the demo, teams, those who have left or moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from sandbox.world import cast
from sandbox.world.hiring import Hiring
from sandbox.world.model import WorldPerson
from sandbox.world.organisation import SPAN, Department, Post, apportioned, departments, grow

_FIRST_USR_KEY, _FIRST_NUMBER, _NUMBER_STEP = 301, 104217, 13
_YEAR = 365
_LEAVERS, _SUCCESSORS, _MOVERS = 0.05, 0.25, 0.06
_LEFT_DAYS, _MOVED_DAYS, _LEAD_AFTER = 720, 600, 550
_TEAMS = (("ben", 7), ("finn", 6))
_CHIEF_SITE, _CHIEF_CENTRE = "marlow", "1000"


class _Company:
    """The company as it is built; `people` by key, in the order in which they were added."""

    def __init__(self, rng: Random, today: date) -> None:
        self._rng, self._today = rng, today
        self._hiring = Hiring(rng, today)
        self._departments = departments()
        self._heads: dict[str, str] = {}
        self._leads: dict[str, list[str]] = {}
        self._reports: Counter[str] = Counter()
        self.people: dict[str, WorldPerson] = {}

    def build(self, how_many: int) -> None:
        """At least the heads and the people of the demo."""
        self._found()
        for leader in cast.leaders(self._heads["Finance"], self._today):
            self._settle(leader)
        named = len(cast.others(dict.fromkeys(self._heads, ""), self._today))
        rest = max(0, how_many - len(self.people) - named)
        leaving = round(rest * _LEAVERS)
        self._staff(rest - leaving)
        for one in cast.others(self._heads, self._today):
            self._settle(one if one.manager == "ben" else self._placed(one))
        self._move()
        for _ in range(leaving):
            self._leave()

    def _add(self, person: WorldPerson, centre: str = _CHIEF_CENTRE) -> str:
        self.people[person.key] = replace(person, cost_centre=centre)
        self._reports[person.manager or ""] += 1
        return person.key

    def _found(self) -> None:
        """The managing director and the heads, who have been here longest."""
        hired, since = (self._today - timedelta(days=years * _YEAR) for years in (12, 5))
        chief = self._hiring.hire("Managing Director", "Board", None, _CHIEF_SITE)
        self._add(replace(chief, hired_on=hired, leads_since=since))
        for each in self._departments:
            head = self._hiring.hire(each.head, each.name, chief.key, _main_site(each))
            self._add(replace(head, hired_on=hired, leads_since=since), each.cost_centre)
            self._heads[each.name] = head.key

    def _settle(self, person: WorldPerson) -> None:
        """One of the demo's people, at the site of those they work with."""
        boss = self.people[person.manager or ""]
        self._add(replace(person, site=boss.site, city=boss.city, country=boss.country),
                  boss.cost_centre)  # fmt: skip

    def _staff(self, how_many: int) -> None:
        sizes = apportioned(how_many, [float(d.share) for d in self._departments])
        for department, size in zip(self._departments, sizes, strict=True):
            if department.name == "Finance":
                size -= self._small_teams(department, size)  # noqa: PLW2901 -- they are finance too
            self._department(department, size)

    def _small_teams(self, finance: Department, size: int) -> int:
        """Those who work for ben and finn; how many they are."""
        bosses = [boss for boss, most in _TEAMS for _ in range(min(most, size // 3))]
        for boss in bosses:
            title = self._rng.choice(finance.staff)
            self._add(self._hiring.hire(title, finance.name, boss, _CHIEF_SITE), "1101")
        return len(bosses)

    def _department(self, department: Department, size: int) -> None:
        keys: dict[int, str] = {}
        room = SPAN[-1] - self._reports[self._heads[department.name]]
        posts = list(grow(department, size, room))
        for number, post in enumerate(posts):
            boss = keys[id(post.above)] if post.above else self._heads[department.name]
            person = self._hiring.hire(_title(self._rng, post), department.name, boss, post.site)
            centre = str(int(department.cost_centre) + 1 + number * 9 // len(posts))
            keys[id(post)] = self._add(self._promoted(person) if post.team else person, centre)
            if post.height == 1:
                self._leads.setdefault(department.name, []).append(person.key)

    def _promoted(self, person: WorldPerson) -> WorldPerson:
        """Nobody leads a team in their first year."""
        hired = person.hired_on
        if (self._today - hired).days < _LEAD_AFTER:
            hired -= timedelta(weeks=_LEAD_AFTER // 7 + self._rng.randrange(200))
        days = (self._today - hired).days - _YEAR // 4
        since = hired + timedelta(days=int(days * self._rng.random()))
        return replace(person, hired_on=hired, leads_since=since)

    def _placed(self, person: WorldPerson) -> WorldPerson:
        """In the smallest team of their department; where there are none, under the head."""
        leads = self._leads.get(person.department) or [self._heads[person.department]]
        return replace(person, manager=min(leads, key=lambda key: self._reports[key]))

    def _move(self) -> None:
        """Some have come from another team."""
        leads = [key for keys in self._leads.values() for key in keys]
        movers = [p for p in self.people.values() if self._may_move(p)] if len(leads) > 1 else []
        for person in movers:
            former = self.people[self._rng.choice(leads)]
            on = self._today - timedelta(days=self._rng.randrange(5, _MOVED_DAYS))
            if former.key != person.manager and on > person.hired_on + timedelta(days=90):
                self.people[person.key] = replace(
                    person, moved_on=on.replace(day=1), former_manager=former.key,
                    former_department=former.department)  # fmt: skip

    def _may_move(self, person: WorldPerson) -> bool:
        named = person.key in cast.RESERVED or person.leads_since is not None
        return not named and self._rng.random() < _MOVERS

    def _leave(self) -> None:
        """Somebody who has left: the predecessor of a lead, or one of a team."""
        leads = [key for keys in self._leads.values() for key in keys]
        boss = self.people[self._rng.choice(leads or [*self._heads.values()])]
        on = self._today - timedelta(days=self._rng.randrange(2, _LEFT_DAYS))
        if self._rng.random() < _SUCCESSORS and self._took_over_lately(boss):
            self._succeeded(boss)
        else:
            title = self._rng.choice(self._of(boss.department).staff)
            self._gone(boss, title, boss.key, on)

    def _took_over_lately(self, lead: WorldPerson) -> bool:
        since = lead.leads_since
        recent = since is not None and (self._today - since).days < _LEFT_DAYS
        return recent and lead.predecessor is None

    def _succeeded(self, lead: WorldPerson) -> None:
        since = lead.leads_since or self._today
        gone = self._gone(lead, lead.title, lead.manager, since)
        self.people[gone] = replace(self.people[gone], leads_since=self.people[gone].hired_on)
        self.people[lead.key] = replace(lead, predecessor=gone)

    def _gone(self, near: WorldPerson, title: str, boss: str | None, on: date) -> str:
        new = self._hiring.hire(title, near.department, boss, self._site(near))
        hired = min(new.hired_on, on - timedelta(days=self._rng.randrange(120, 2400)))
        self._reports[boss or ""] -= 1
        return self._add(replace(new, hired_on=hired, left_on=on, active=False, iga_active=False,
                                 desk_active=False), near.cost_centre)  # fmt: skip

    def _site(self, person: WorldPerson) -> str:
        return self._hiring.site_called(person.site)

    def _of(self, department: str) -> Department:
        return next(each for each in self._departments if each.name == department)


def _main_site(department: Department) -> str:
    """The head office, for departments that are there; else where most of them are."""
    weight = dict(department.sites)
    return _CHIEF_SITE if _CHIEF_SITE in weight else max(weight, key=lambda site: weight[site])


def _title(rng: Random, post: Post) -> str:
    return (
        post.department.title_over(post.height) if post.team else rng.choice(post.department.staff)
    )


def _numbered(people: dict[str, WorldPerson]) -> Iterator[WorldPerson]:
    """Everybody with an employee number, by first day, and an OIM key, where they have one."""
    by_day = sorted(people.values(), key=lambda person: (person.hired_on, person.key))
    numbers = {person.key: _FIRST_NUMBER + _NUMBER_STEP * at for at, person in enumerate(by_day)}
    for index, person in enumerate(people.values()):
        number = str(numbers[person.key]) if person.employee_number else ""
        usr_key = str(_FIRST_USR_KEY + index) if person.usr_key else None
        yield replace(person, employee_number=number, usr_key=usr_key)


def build_people(rng: Random, how_many: int, today: date) -> dict[str, WorldPerson]:
    """At least the named people and the heads; the rest up to `how_many` work in their teams."""
    company = _Company(rng, today)
    company.build(how_many)
    return {person.key: person for person in _numbered(company.people)}
