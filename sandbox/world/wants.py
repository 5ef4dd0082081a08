"""What people ask for: what fits their department and what they have, and no thing twice."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from sandbox.world.holdings import EVERYBODY
from sandbox.world.model import WorldItem, WorldPerson

_OWN, _GENERAL, _POPULAR, _TRIES = 0.7, 0.27, 1.3, 8
_ACCOUNT_FIRST = 0.85
FOREVER = 1 << 40


class Wants:
    """Who has, or has asked for, what, until which day."""

    def __init__(self, rng: Random, items: Mapping[tuple[str, str], WorldItem]) -> None:
        self._rng = rng
        wanted = [item for place, item in items.items() if place not in EVERYBODY]
        rng.shuffle(wanted)
        self._all = wanted
        self._accounts = {item.name: item for item in wanted if item.kind == "account"}
        self._by_department: dict[str, list[WorldItem]] = {}
        for item in wanted:
            self._by_department.setdefault(item.department, []).append(item)
        self._had: dict[str, dict[tuple[str, str], int]] = {}
        self.items = items

    def has(self, person: str, item: WorldItem, day: int) -> bool:
        """Whether they have it on that day, or have asked for it."""
        return self._had.get(person, {}).get((item.kind, item.name), -1) >= day

    def remember(self, person: str, item: WorldItem, until: int = FOREVER) -> None:
        """They have asked for it, to keep it until that day."""
        self._had.setdefault(person, {})[item.kind, item.name] = until

    def forget(self, person: str, item: WorldItem) -> None:
        """They did not get it, or have it no more."""
        self._had.get(person, {}).pop((item.kind, item.name), None)

    def held(self, person: str, day: int) -> list[WorldItem]:
        """All that they have."""
        return [self.items[place] for place, until in self._had.get(person, {}).items()
                if until >= day]  # fmt: skip

    def next(self, person: WorldPerson, day: int) -> WorldItem | None:
        """Something that they do not have; None if nothing comes to mind."""
        for _ in range(_TRIES):
            item = self._one(person.department)
            account = self._accounts.get(item.application)
            missing = account is not None and not self.has(person.key, account, day)
            if missing and account and self._rng.random() < _ACCOUNT_FIRST:
                item = account
            if not self.has(person.key, item, day):
                return item
        return None

    def any(self) -> WorldItem:
        """Anything at all."""
        return self._rng.choice(self._all)

    def besides(self, person: WorldPerson, first: WorldItem, day: int) -> list[WorldItem]:
        """One or two more that go with it into one request."""
        found: list[WorldItem] = []
        for _ in range(3):
            item = self._one(person.department)
            if item not in (first, *found) and not self.has(person.key, item, day):
                found.append(item)
        return found[: 1 + int(self._rng.random() * 2)]

    def _one(self, department: str) -> WorldItem:
        dice = self._rng.random()
        choice = self._all
        if dice < _OWN:
            choice = self._by_department.get(department, choice)
        elif dice < _OWN + _GENERAL:
            choice = self._by_department["General"]
        return choice[int(len(choice) * self._rng.random() ** _POPULAR)]
