"""Finding requests without looking at each: the past by its indexes, the present by reading it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import overload

from sandbox.oim.archive import Index
from sandbox.oim.query import Condition, Predicate, compile_query, parse, searchable
from sandbox.oim.records import Oim, Request, Task, User

_KEPT = 64


class Found(Sequence[Request]):
    """Requests by their numbers, read when they are asked for."""

    def __init__(self, oim: Oim, numbers: Sequence[int]) -> None:
        self._requests, self._numbers = oim.requests, numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, at: int) -> Request: ...
    @overload
    def __getitem__(self, at: slice) -> list[Request]: ...
    def __getitem__(self, at: int | slice) -> Request | list[Request]:
        if isinstance(at, int):
            return self._requests[str(self._numbers[at])]
        return [self._requests[str(number)] for number in self._numbers[at]]


class Track:
    """The Track Requests view of one user. A query's result is kept while nothing changes."""

    def __init__(self, oim: Oim, user: User) -> None:
        self._oim, self._user = oim, user
        past = oim.requests.past
        self._past: dict[str, Callable[[Condition], Iterable[int]]] = {
            "id": lambda asked: (n for n in past.numbers if asked.met_by(str(n))),
            "reqstatus": lambda asked: _any(past.by_status, asked.met_by),
            "requesterid": lambda asked: _any(past.by_requester, asked.met_by),
            "requester": lambda asked: _any(past.by_requester, self._named(asked)),
            "beneficiary": lambda asked: _any(past.by_beneficiary, self._named(asked)),
        }
        self._live = {
            "id": lambda row: (row.id,),
            "reqstatus": lambda row: (row.status,),
            "requesterid": lambda row: (row.requester,),
            "requester": lambda row: self._names(row.requester),
            "beneficiary": lambda row: tuple(n for k in row.beneficiaries for n in self._names(k)),
        }
        if not oim.switches.justification_unsearchable:
            self._live["reqjustification"] = lambda row: (row.justification,)
            self._past["reqjustification"] = self._past_justified

    def _past_justified(self, asked: Condition) -> Iterator[int]:
        numbers = self._oim.requests.past.numbers
        return (n for n in numbers if asked.met_by(self._oim.requests[str(n)].justification))

    def _names(self, key: str) -> tuple[str, str]:
        return key, self._oim.users[key].login

    def _named(self, asked: Condition) -> Callable[[str], bool]:
        return lambda key: asked.met_by(*self._names(key))

    def rows(self, query: str, left_out: list[int] | None = None) -> Found:
        """The requests in the user's sight that match, newest first. Raises BadQuery.

        A search that lags behind gives `left_out`, to which what it does not know yet is added.
        """
        kept, place = self._oim.kept_queries, (self._user.key, query)
        with self._oim.lock:
            version, numbers = kept.get(place, (-1, ()))
            if version != self._oim.version:
                numbers = self._numbers(query)
                if len(kept) >= _KEPT:
                    kept.clear()
                kept[place] = self._oim.version, numbers
            if left_out is not None:
                left_out += itertools.takewhile(self._unknown_yet, numbers)
        known = numbers[len(left_out) :] if left_out else numbers
        return Found(self._oim, known if self._oim.switches.newest_first else known[::-1])

    def _unknown_yet(self, number: int) -> bool:
        lag = timedelta(seconds=self._oim.waits.stale_seconds)
        return self._oim.requests[str(number)].created_at > self._oim.clock.now() - lag

    def _numbers(self, query: str) -> list[int]:
        if self._oim.sees_all(self._user) and not query.strip():
            return self._oim.requests.numbers()[::-1]
        return sorted({*self._old(query), *self._new(query)}, reverse=True)

    def _new(self, query: str) -> Iterator[int]:
        test: Predicate[Request] = compile_query(query, self._live, self._oim.grammar)
        return (
            int(row.id)
            for row in self._oim.requests.live.values()
            if test(row) and self._oim.may_see(self._user, row)
        )

    def _old(self, query: str) -> Iterable[int]:
        grammar = self._oim.grammar
        groups = searchable(parse(query, grammar), self._past, grammar)
        numbers: set[int] = set()
        for group in groups:
            numbers.update(self._all_of(group))
        everything = self._oim.sees_all(self._user)
        return numbers if everything else numbers.intersection(self._seen())

    def _all_of(self, group: list[Condition]) -> Iterable[int]:
        if not group:
            return self._oim.requests.past.numbers
        first, *others = (self._past[condition.name](condition) for condition in group)
        return set(first).intersection(*others) if others else first

    def _seen(self) -> Iterator[int]:
        """What this user raised, received, decided, or whose report did."""
        past, me = self._oim.requests.past, self._user
        reports = self._oim.reports(me) if self._oim.switches.reports_seen else []
        for key in (me.key, *(report.key for report in reports)):
            yield from past.by_requester[key]
            yield from past.by_beneficiary[key]
        for name in self._oim.acts_for(me):
            yield from past.by_approver[name]


def _any(index: Index, wanted: Callable[[str], bool]) -> Iterator[int]:
    for word in index:
        if wanted(word):
            yield from index[word]


def own_requests(oim: Oim, user: User) -> Found:
    """Those a user raised or benefits from, newest first."""
    past, key = oim.requests.past, user.key
    with oim.lock:
        live = [int(r.id) for r in oim.requests.live.values()
                if key in (r.requester, *r.beneficiaries)]  # fmt: skip
        numbers = {*past.by_requester[key], *past.by_beneficiary[key], *live}
    return Found(oim, sorted(numbers, reverse=True))


def tasks_of(oim: Oim, user: User, *, past: bool) -> list[tuple[Request, Task]]:
    """Every task that is the user's now, and if `past` is asked for those that were, newest
    request first.
    """
    with oim.lock:
        numbers = {int(row.id) for row in oim.requests.live.values() if row.tasks}
        if past:
            numbers.update(
                n for name in oim.acts_for(user) for n in oim.requests.past.by_approver[name]
            )
        rows = Found(oim, sorted(numbers, reverse=True))
        everything = user.admin and not oim.switches.inbox_is_own
        return [
            (row, task)
            for row in rows
            for task in row.tasks
            if everything or oim.may_act(user, task)
        ]
