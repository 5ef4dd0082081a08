"""What people of the company ordered in the past: numbers, people, items, and what became of it.

The world numbers three orders for ten requests of the IGA; some of them somebody typed into the
IGA by hand, and of those the order says what that request says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random
from typing import NamedTuple

from sandbox.servicenow.demo_data.words import sections
from sandbox.world import History, World, WorldPerson, WorldRequest
from sandbox.world.cast import RESERVED
from sandbox.world.model import DeskItem
from sandbox.world.service_desk import ANALYST, order_numbers
from sandbox.world.states import COMPLETED, FORGOTTEN, OPEN

_RECENT = timedelta(days=25)
_SECOND_APPROVER, _FOR_REPORT = 0.08, 0.12
_IT = "Information Technology"  # helps out where there is no service desk
_STILL_OPEN = frozenset(state.word for state in (*OPEN, *FORGOTTEN))
_ACCESS = {"role": ("business_role", "role"), "account": ("application_account", "application")}
_OTHER_ACCESS = ("software_install", "software")


class Fate(StrEnum):
    """What became of an order."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    SKIPPED = "skipped"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    WAITING = "waiting"  # for its approval
    WORKING = "working"  # on its task


_OLD = {Fate.COMPLETE: 82, Fate.REJECTED: 8, Fate.CANCELLED: 5, Fate.INCOMPLETE: 3, Fate.SKIPPED: 2}
_NEW = {Fate.WAITING: 35, Fate.WORKING: 40, Fate.COMPLETE: 20, Fate.REJECTED: 5}
APPROVED = frozenset({Fate.COMPLETE, Fate.INCOMPLETE, Fate.SKIPPED, Fate.WORKING})


class PastOrder(NamedTuple):
    """One order. Times grow from `opened` over `decided` to `ended`; `typed` is the IGA's id."""

    number: int
    opened: datetime
    decided: datetime
    ended: datetime
    person: WorldPerson
    opener: WorldPerson
    item: DeskItem
    answers: dict[str, str]
    fate: Fate
    approver: WorldPerson | None
    second: WorldPerson | None
    analyst: WorldPerson | None
    typed: str = ""


def past_orders(world: World) -> Iterator[PastOrder]:
    """All of them, in the order of their numbers."""
    times, typed = _told(world.history)
    numbers, drawing = order_numbers(len(world.history)), _Drawing(world)
    for place, number in enumerate(numbers):
        request = typed.get(number)
        if request is not None:
            yield drawing.typed(number, request)
        else:
            yield drawing.drawn(number, times[place * len(times) // len(numbers)])


def _told(history: History) -> tuple[list[datetime], dict[int, WorldRequest]]:
    """When something was asked for, and the requests that were orders before."""
    times, typed = [], {}
    for request in history:
        times.append(request.created_at)
        if request.order:
            typed[request.order] = request
    return times, typed


class _Drawing:
    """Draws orders one after the other."""

    def __init__(self, world: World) -> None:
        self._world, self._rng = world, Random(f"{world.seed}:orders")
        people = [p for p in world.people.values() if p.desk_user_name and p.desk_active]
        self._people = [p for p in people if p.key not in RESERVED]
        self._analysts = [p for p in people if p.title == ANALYST] or [
            p for p in people if p.department == _IT
        ]
        self._items = [item for item in world.desk_items.values() if item.category != "Access"]

    def drawn(self, number: int, at: datetime) -> PastOrder:
        """Something ordinary that somebody needed."""
        person, item = self._rng.choice(self._people), self._rng.choice(self._items)
        fate = self._fate(_NEW if self._world.now - at < _RECENT else _OLD)
        if fate is Fate.WAITING and self._is_told(person):
            fate = Fate.WORKING
        if fate is Fate.REJECTED and self._boss(person) is None:
            fate = Fate.COMPLETE
        answers = {v.name: self._answer(v.name, v.choices) for v in item.variables}
        return self._order(number, at, person, item, answers, fate)

    def typed(self, number: int, request: WorldRequest) -> PastOrder:
        """What somebody of the service desk typed into the IGA after it was approved."""
        person = self._world.people[request.beneficiary]
        kind, name = request.items[0]
        key, variable = _ACCESS.get(kind, _OTHER_ACCESS)
        item, answers = self._world.desk_items[key], {variable: self._shown(kind, name)}
        if key == _OTHER_ACCESS[0]:
            answers["reason"] = request.justification
        at = request.created_at - timedelta(hours=20 + self._rng.random() * 30)
        order = self._order(number, at, person, item, answers, _ending(request))
        desk = self._world.people[request.requester]
        return order._replace(
            decided=request.created_at - timedelta(hours=1), ended=request.modified_at,
            analyst=desk if desk.desk_user_name else order.analyst, typed=request.request_id,
        )  # fmt: skip

    def _order(
        self, number: int, at: datetime, person: WorldPerson, item: DeskItem,
        answers: dict[str, str], fate: Fate,
    ) -> PastOrder:  # fmt: skip
        rng, boss = self._rng, self._boss(person)
        decided = self._later(at, 40)
        above = self._boss(boss) if boss and rng.random() < _SECOND_APPROVER else None
        opener = (
            boss if boss and rng.random() < _FOR_REPORT and fate is not Fate.WAITING else person
        )
        return PastOrder(
            number, at, decided, self._later(decided, 120), person, opener, item, answers, fate,
            boss, above, rng.choice(self._analysts) if self._analysts else None,
        )  # fmt: skip

    def _boss(self, person: WorldPerson) -> WorldPerson | None:
        boss = self._world.people.get(person.manager or "")
        return boss if boss and boss.desk_user_name and boss.desk_active else None

    def _is_told(self, person: WorldPerson) -> bool:
        """Whether it would wait for one of the demo's people, whose pages tell a story."""
        boss = self._boss(person)
        return boss is None or boss.key in RESERVED

    def _later(self, at: datetime, hours: float) -> datetime:
        later = at + timedelta(hours=0.5 + self._rng.random() * hours)
        return min(later, self._world.now - timedelta(minutes=1))

    def _fate(self, shares: dict[Fate, int]) -> Fate:
        return self._rng.choices(tuple(shares), tuple(shares.values()))[0]

    def _answer(self, name: str, choices: Sequence[str]) -> str:
        return self._rng.choice(choices or sections("orders").get(name, ("Yes",)))

    def _shown(self, kind: str, name: str) -> str:
        return name if kind in _ACCESS else self._world.items[kind, name].display_name


def _ending(request: WorldRequest) -> Fate:
    """Such an order was approved here: what the IGA then said decides how its task ended."""
    if request.status == COMPLETED:
        return Fate.COMPLETE
    return Fate.WORKING if request.status in _STILL_OPEN else Fate.INCOMPLETE
