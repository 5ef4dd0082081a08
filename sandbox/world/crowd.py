"""Who asks: people who worked here at that moment, newcomers and movers more than others."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from random import Random

from sandbox.world.cast import TOLD
from sandbox.world.model import WorldPerson
from sandbox.world.workdays import day_of

_NEWCOMERS, _NEW_DAYS = 0.16, 35
_MOVERS, _MOVED_DAYS = 0.05, 30
_TRIES = 40
# how keen a department's people are to ask; those at terminals ask little
_KEEN = {"Warehouse": 0.35, "Fleet Maintenance": 0.4, "Transport": 0.8, "Board": 0.1}


class Crowd:
    """Everybody who can be asked for, by first day."""

    def __init__(self, rng: Random, people: Mapping[str, WorldPerson]) -> None:
        self._rng = rng
        self._people = sorted(
            (p for p in people.values() if p.iga_login and p.key not in TOLD
             and (p.iga_active or p.left_on)),
            key=lambda person: (person.hired_on, person.key),
        )  # fmt: skip
        self._hired = [day_of(person.hired_on) for person in self._people]
        self._movers = sorted((p for p in self._people if p.moved_on), key=_moved)
        self._moved = [_moved(person)[0] for person in self._movers]
        self._left = {p.key: day_of(p.left_on) for p in self._people if p.left_on}

    def somebody(self, day: int) -> tuple[WorldPerson, str]:
        """A person for whom access is asked on this day, and the occasion, if there is one."""
        dice = self._rng.random()
        if dice < _NEWCOMERS:
            found = self._between(self._people, self._hired, day - _NEW_DAYS, day)
            occasion = "joiner"
        elif dice < _NEWCOMERS + _MOVERS:
            found = self._between(self._movers, self._moved, day - _MOVED_DAYS, day)
            occasion = "mover"
        else:
            found, occasion = None, ""
        return (found, occasion) if found else (self._anybody(day), "")

    def _between(
        self, people: list[WorldPerson], days: list[int], first: int, last: int
    ) -> WorldPerson | None:
        low, high = bisect_left(days, first), bisect_right(days, last)
        if low == high:
            return None
        person = people[low + int(self._rng.random() * (high - low))]
        return person if self._left.get(person.key, last + 1) > last else None

    def _anybody(self, day: int) -> WorldPerson:
        here = max(1, bisect_right(self._hired, day))
        for _ in range(_TRIES):
            person = self._people[int(self._rng.random() * here)]
            keen = _KEEN.get(person.department, 1.0)
            if self._left.get(person.key, day + 1) > day and self._rng.random() < keen:
                return person
        return self._people[0]


def _moved(person: WorldPerson) -> tuple[int, str]:
    return day_of(person.moved_on or person.hired_on), person.key
