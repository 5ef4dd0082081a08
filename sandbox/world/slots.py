"""When requests are made: day by day, as busy as the day is, and which are still open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp
from random import Random

from sandbox.world.organisation import apportioned
from sandbox.world.states import FORGOTTEN_DAYS
from sandbox.world.workdays import DAY, busy, elapsed, moments

YEARS = 4
_YEAR = 365
# of the requests per day of the last year, in each year before it
_GROWTH = (1.0, 0.3, 0.12, 0.06, 0.05)
_LIFE_DAYS, _LONG_LIFE_DAYS, _LONG_SHARE, _DECIDED = 13.0, 60.0, 0.04, 0.75
_FORGOTTEN, _FORGOTTEN_LEAST, _SOME = 0.02, 9, 30
_NOISE = 0.15


@dataclass(frozen=True, slots=True)
class Slot:
    """A moment, in seconds since 1970, at which a request is made."""

    at: int
    is_open: bool


def slots(seed: str, how_many: int, open_share: float, now: int) -> Iterator[Slot]:
    """`how_many` of them, oldest first, a share of them open; a day's worth is kept at a time."""
    rng = Random(seed)
    today = now // DAY
    days = range(today - YEARS * _YEAR, today + 1)
    part = elapsed(now % DAY)
    load = [_load(rng, day, today) * (part if day == today else 1.0) for day in days]
    opened = round(how_many * open_share)
    still_open = _open(rng, days, load, opened)
    closed = apportioned(how_many - opened, [
        weight * (1 - _DECIDED * exp(day - today)) for day, weight in zip(days, load, strict=True)
    ])  # fmt: skip
    for day, first, second in zip(days, still_open, closed, strict=True):
        yield from _day(rng, day, first, second, now)


def _load(rng: Random, day: int, today: int) -> float:
    noise = 1 - _NOISE + 2 * _NOISE * rng.random()
    return busy(day) * _GROWTH[(today - day) // _YEAR] * noise


def _open(rng: Random, days: range, load: list[float], how_many: int) -> list[int]:
    """How many of each day's are open: most are young, some old, a few forgotten for years."""
    forgotten = max(_FORGOTTEN_LEAST, round(how_many * _FORGOTTEN)) if how_many > _SOME else 0
    today = days[-1]
    result = apportioned(how_many - forgotten, [
        weight * _alive(today - day) for day, weight in zip(days, load, strict=True)
    ])  # fmt: skip
    for _ in range(forgotten):
        result[rng.randrange(len(days) - 3 * _YEAR, len(days) - FORGOTTEN_DAYS - 5)] += 1
    return result


def _alive(age: int) -> float:
    if age >= FORGOTTEN_DAYS - 5:
        return 0.0
    return exp(-age / _LIFE_DAYS) + _LONG_SHARE * exp(-age / _LONG_LIFE_DAYS)


def _day(rng: Random, day: int, opened: int, closed: int, now: int) -> Iterator[Slot]:
    count = opened + closed
    if not count:
        return
    until = min(DAY, now - day * DAY)
    chosen = set(rng.sample(range(count), opened))
    for place, second in enumerate(moments(rng, count, max(1, until))):
        yield Slot(day * DAY + second, place in chosen)
