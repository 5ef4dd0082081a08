"""Writes requests one after the other: an occasion, a person, an item, and what became of it."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import count
from random import Random
from typing import NamedTuple, Protocol

from sandbox.world.cast import TOLD
from sandbox.world.crowd import Crowd
from sandbox.world.decisions import APPROVED, NONE, REJECTED, Decisions, moment
from sandbox.world.model import WorldItem, WorldPerson, WorldRequest
from sandbox.world.reasons import Reasons
from sandbox.world.route import manager_on
from sandbox.world.service_desk import ServiceDesk
from sandbox.world.slots import Slot
from sandbox.world.states import (
    AWAITING_CHILDREN,
    CLOSED,
    COMPLETED,
    FORGOTTEN,
    FORGOTTEN_DAYS,
    OPEN,
    WITH_ERRORS,
    States,
)
from sandbox.world.story import Told
from sandbox.world.wants import FOREVER, Wants
from sandbox.world.workdays import DAY, date_of, day_of

FIRST_ID = 1001
# how often what happens, of 1
_REPORT, _PROJECT, _UNNEEDED, _BUNDLE, _AGAIN = 0.2, 0.07, 0.05, 0.03, 0.35
_PROJECT_DAYS = (25, 240)
_GIVES = {
    "role": "Assign Roles",
    "account": "Provision ApplicationInstance",
    "entitlement": "Provision Entitlement",
}
_TAKES = {
    "role": "Remove from Roles",
    "account": "Revoke Account",
    "entitlement": "Revoke Entitlement",
}
_MIXED = "Heterogeneous Request"
_NEVER = date.max
_BY_HAND = 0.3
_AWAITED = OPEN[0]
_STILL_OPEN = frozenset(state.word for state in (*OPEN, *FORGOTTEN))


def request_type(items: tuple[tuple[str, str], ...]) -> str:
    """The product's name for a request that gives these items."""
    kinds = {kind for kind, _ in items}
    return _GIVES[kinds.pop()] if len(kinds) == 1 else _MIXED


class Past(Protocol):
    """What a writer has to know of a company."""

    @property
    def people(self) -> Mapping[str, WorldPerson]:
        """By key."""
        ...

    @property
    def items(self) -> Mapping[tuple[str, str], WorldItem]:
        """By kind and name."""
        ...

    @property
    def queues(self) -> Mapping[str, Sequence[str]]:
        """The keys of those who act for a queue, by its name."""
        ...


class Case(NamedTuple):
    """What is about to be asked: `takes` takes the access away, `ends` is a day's number or 0."""

    person: WorldPerson
    item: WorldItem
    occasion: str
    requester: str
    takes: bool = False
    ends: int = 0
    why: str | None = None
    order: int | None = None


class Plan:
    """What will have to be asked later: again after a refusal, or to take access from leavers."""

    def __init__(self, rng: Random, people: Mapping[str, WorldPerson], wants: Wants) -> None:
        self._rng, self._wants = rng, wants
        self._due: list[tuple[int, int, Case]] = []
        self._number = count()
        left = (p for p in people.values() if p.left_on and p.iga_login)
        self._leavers = sorted(left, key=lambda p: (p.left_on, p.key), reverse=True)

    def again(self, at: int, case: Case) -> None:
        """Some ask a second time, a few days after a refusal."""
        if self._rng.random() < _AGAIN and case.occasion != "again":
            later = at + int((1 + 8 * self._rng.random()) * DAY)
            own = case._replace(occasion="again", requester=case.person.key, order=None, why=None)
            self._add(later, own)

    def next(self, at: int) -> Case | None:
        """What is due by then."""
        while self._leavers and day_of(self._leavers[-1].left_on or _NEVER) < at // DAY:
            self._take_from(self._leavers.pop(), at)
        return heapq.heappop(self._due)[2] if self._due and self._due[0][0] <= at else None

    def _take_from(self, person: WorldPerson, at: int) -> None:
        for item in self._wants.held(person.key, at // DAY):
            case = Case(person, item, "leaver", person.manager or person.key, takes=True)
            self._add(at + int(self._rng.random() * DAY), case)

    def _add(self, at: int, case: Case) -> None:
        heapq.heappush(self._due, (at, next(self._number), case))


class Writer:
    """Writes the requests of one pass."""

    def __init__(self, rng: Random, past: Past, now: int, opened: int, closed: int) -> None:
        self._rng, self._past, self._now = rng, past, now
        teams: dict[str, list[str]] = {}
        for person in past.people.values():
            teams.setdefault(person.manager or "", []).append(person.key)
        self._reasons = Reasons(rng, past.people, teams)
        self._decisions = Decisions(rng, past.people, past.queues, self._reasons, now)
        self._crowd, self._wants = Crowd(rng, past.people), Wants(rng, past.items)
        self._plan = Plan(rng, past.people, self._wants)
        self._desk = ServiceDesk(rng, past.people, opened + closed)
        self._states = {kind: States(rng, words) for kind, words in
                        (("closed", CLOSED), ("open", OPEN), ("forgotten", FORGOTTEN))}  # fmt: skip
        self._left, self._owed = {True: opened, False: closed}, {True: 0, False: 0}
        self._ids = count(FIRST_ID)

    def told(self, told: Told) -> Iterator[WorldRequest]:
        """A request of the demo's people."""
        item = self._past.items[told.item]
        case = Case(self._past.people[told.person], item, "", told.requester, ends=told.ends,
                    why=told.why)  # fmt: skip
        yield self._request(told.at, case, told.status, told.ending)

    def drawn(self, slot: Slot) -> Iterator[WorldRequest]:
        """A request of somebody; or several as one, of which the next moments have the less."""
        self._left[slot.is_open] -= 1
        self._desk.turn()
        if self._owed[slot.is_open]:
            self._owed[slot.is_open] -= 1
            return
        case = self._case(slot)
        more = self._more(slot, case)
        if more:
            yield from self._bundle(slot, case, more)
        else:
            yield self._plain(slot.at, case, is_open=slot.is_open)

    def _case(self, slot: Slot) -> Case:
        planned = None if slot.is_open else self._plan.next(slot.at)
        if planned is not None:
            return planned
        day = slot.at // DAY
        person, occasion = self._crowd.somebody(day)
        item = None if self._rng.random() < _UNNEEDED else self._wants.next(person, day)
        if item is None:
            return self._no_longer(person, day)
        if not occasion and self._rng.random() < _PROJECT:
            low, high = _PROJECT_DAYS
            ends = day + low + int(self._rng.random() * (high - low))
            return Case(person, item, "project", person.key, ends=ends)
        return self._asked_by(Case(person, item, occasion, person.key), day)

    def _no_longer(self, person: WorldPerson, day: int) -> Case:
        held = self._wants.held(person.key, day)
        if held:
            return Case(person, self._rng.choice(held), "unneeded", person.key, takes=True)
        return Case(person, self._wants.any(), "", person.key)

    def _asked_by(self, case: Case, day: int) -> Case:
        """Oneself, the manager, or the service desk, which types what ServiceNow has approved."""
        number, analyst = self._desk.order(day)
        if analyst and case.person.desk_user_name and not case.occasion:
            return case._replace(occasion="hand", requester=analyst, order=number)
        boss = manager_on(self._past.people, case.person.key, date_of(day))
        if boss is None or boss.iga_login is None or self._rng.random() >= _REPORT:
            return case
        return case._replace(occasion=case.occasion or "report", requester=boss.key)

    def _more(self, slot: Slot, case: Case) -> list[WorldItem]:
        """Further items of the same request, if there is room for them in what is to come."""
        if case.takes or case.ends or case.order or self._rng.random() >= _BUNDLE:
            return []
        more = self._wants.besides(case.person, case.item, slot.at // DAY)
        room = self._left[False] - self._owed[False] >= 1 + len(more)
        waits = not slot.is_open or self._left[True] > self._owed[True]
        return more if more and room and waits else []

    def _bundle(self, slot: Slot, case: Case, more: list[WorldItem]) -> Iterator[WorldRequest]:
        """A parent, and a child for each item; what is open waits for its first child."""
        items = [case.item, *more]
        own = str(next(self._ids))
        children = [
            self._plain(slot.at, case._replace(item=item), is_open=slot.is_open and not place,
                        parent=own)
            for place, item in enumerate(items)
        ]  # fmt: skip
        self._owed[True] += slot.is_open
        self._owed[False] += len(items) - slot.is_open
        yield self._parent(own, children)
        yield from children

    def _parent(self, own: str, children: list[WorldRequest]) -> WorldRequest:
        ends = {child.status for child in children}
        open_ = any(task.state == "ASSIGNED" for child in children for task in child.tasks)
        final = COMPLETED if ends == {COMPLETED} else WITH_ERRORS
        items = tuple(child.items[0] for child in children)
        first = children[0]
        return WorldRequest(
            request_id=own, request_type=_MIXED,
            status=AWAITING_CHILDREN if open_ else final, requester=first.requester,
            beneficiary=first.beneficiary, items=items, justification=first.justification,
            created_at=first.created_at,
            modified_at=first.created_at if open_ else max(c.modified_at for c in children),
            children=tuple(child.request_id for child in children),
        )  # fmt: skip

    def _plain(
        self, at: int, case: Case, *, is_open: bool, parent: str | None = None
    ) -> WorldRequest:
        age = (self._now - at) / DAY
        kind = "closed" if not is_open else "open" if age < FORGOTTEN_DAYS else "forgotten"
        state = _AWAITED if parent and is_open else self._states[kind].draw(age)
        if case.takes and not is_open:
            ending = NONE if case.occasion == "leaver" else APPROVED
            return self._request(at, case, COMPLETED, ending)
        return self._request(at, case, state.word, state.ending, parent)

    def _request(
        self, at: int, case: Case, status: str, ending: str, parent: str | None = None
    ) -> WorldRequest:
        person, item, place = case.person, case.item, (case.item.kind, case.item.name)
        own = str(next(self._ids))
        tasks, last = self._decisions.tasks(at, case.requester, person.key, item, ending)
        if ending == APPROVED:
            last = min(last + self._fulfilment(item), self._now)
        self._settle(last, case, status, ending)
        return WorldRequest(
            request_id=own, request_type=(_TAKES if case.takes else _GIVES)[item.kind],
            status=status, requester=case.requester, beneficiary=person.key, items=(place,),
            justification=self._why(at, case), created_at=moment(at), modified_at=moment(last),
            tasks=tasks, parent=parent, ends_on=date_of(case.ends) if case.ends else None,
            order=case.order,
        )  # fmt: skip

    def _why(self, at: int, case: Case) -> str:
        if case.why is not None:
            return case.why
        more = {"ritm": f"RITM{case.order:07d}"} if case.order else {}
        return self._reasons.why(case.occasion, case.person, case.item, date_of(at // DAY), **more)

    def _fulfilment(self, item: WorldItem) -> int:
        """Roles take minutes; an account that somebody makes by hand takes until the next day."""
        by_hand = item.kind == "account" and self._rng.random() < _BY_HAND
        return int((40 + self._rng.random() * 600) * (60 if by_hand else 1))

    def _settle(self, at: int, case: Case, status: str, ending: str) -> None:
        """Remember what they have now."""
        person, item = case.person.key, case.item
        if case.takes and status == COMPLETED:
            self._wants.forget(person, item)
        elif not case.takes and (status == COMPLETED or status in _STILL_OPEN):
            self._wants.remember(person, item, case.ends or FOREVER)
        elif ending == REJECTED and person not in TOLD:
            self._plan.again(at, case)
