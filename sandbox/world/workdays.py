"""When people work: days without weekends and holidays, hours, and how busy a day is.

Times are whole seconds since 1970, UTC, for a million of them are counted with; days likewise.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from random import Random

DAY = 86_400
HOUR = 3_600
_EPOCH = date(1970, 1, 1)
_OPENS, _CLOSES = 7 * HOUR, 18 * HOUR
# Monday to Sunday; the weekend is the depots' and the systems' own.
_WEEKDAYS = (1.15, 1.08, 1.04, 1.0, 0.82, 0.05, 0.03)
_HOLIDAY = 0.04
_FIXED = frozenset({(1, 1), (5, 1), (12, 24), (12, 25), (12, 26), (12, 31)})
_MONTH_END, _MONTH_TURN = 1.3, (28, 3)
_SEASONS = {1: 1.1, 7: 0.9, 8: 0.72, 9: 1.15, 10: 1.1}
_YULE, _QUIET = ((12, 20), (1, 3)), 0.4
# each hour's share of a working day, UTC; somebody is always awake
_HOURS = (2, 1, 1, 1, 2, 6, 18, 48, 92, 110, 104, 84, 62, 88, 98, 82, 58, 30, 14, 9, 8, 7, 5, 3)
_SATURDAY = 5


def day_of(on: date) -> int:
    """The number of a day."""
    return (on - _EPOCH).days


def date_of(day: int) -> date:
    """The date of a day's number."""
    return _EPOCH + timedelta(days=day)


@cache
def _easter(year: int) -> date:
    """Easter Sunday (the anonymous Gregorian algorithm)."""
    a, (b, c) = year % 19, divmod(year, 100)
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    rest = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * rest) // 451
    month, day = divmod(h + rest - 7 * m + 114, 31)
    return date(year, month, day + 1)


@cache
def is_holiday(day: int) -> bool:
    """Good Friday, Easter Monday and the fixed ones."""
    on = date_of(day)
    moving = (on - _easter(on.year)).days
    return (on.month, on.day) in _FIXED or moving in (-2, 1)


@cache
def is_workday(day: int) -> bool:
    """Neither weekend nor holiday. 1 January 1970 was a Thursday."""
    return (day + 3) % 7 < _SATURDAY and not is_holiday(day)


@cache
def busy(day: int) -> float:
    """How many requests this day sees, against an ordinary Thursday."""
    on = date_of(day)
    weight = _HOLIDAY if is_holiday(day) else _WEEKDAYS[on.weekday()]
    if on.day >= _MONTH_TURN[0] or on.day <= _MONTH_TURN[1]:
        weight *= _MONTH_END
    if (on.month, on.day) >= _YULE[0] or (on.month, on.day) <= _YULE[1]:
        weight *= _QUIET
    return weight * _SEASONS.get(on.month, 1.0)


def elapsed(second: int) -> float:
    """Which part of a day's requests has been made by this second of it."""
    whole, rest = divmod(second, HOUR)
    return (sum(_HOURS[:whole]) + _HOURS[min(whole, 23)] * rest / HOUR) / sum(_HOURS)


def moments(rng: Random, how_many: int, until: int = DAY) -> list[int]:
    """Seconds of a day, in order, all before `until`."""
    share = elapsed(until)
    return sorted(_second(rng.random() * share, until) for _ in range(how_many))


@cache
def _edges() -> tuple[float, ...]:
    return tuple(elapsed(hour * HOUR) for hour in range(25))


def _second(share: float, until: int) -> int:
    edges, hour = _edges(), 9
    while edges[hour] > share:
        hour -= 1
    while edges[hour + 1] <= share and hour < 23:  # noqa: PLR2004 -- the last hour
        hour += 1
    part = (share - edges[hour]) / (edges[hour + 1] - edges[hour])
    return max(0, min(int((hour + part) * HOUR), until - 1))


def in_hours(rng: Random, at: int) -> int:
    """`at`, or a moment of the next working morning if nobody works then."""
    day, second = divmod(at, DAY)
    if is_workday(day) and _OPENS <= second < _CLOSES:
        return at
    if not is_workday(day) or second >= _CLOSES:
        day += 1
    while not is_workday(day):
        day += 1
    return day * DAY + _OPENS + int(rng.random() ** 2 * 4 * HOUR)


def before_hours(at: int) -> int:
    """The same time of the last working day up to then, moved into working hours."""
    day, second = divmod(at, DAY)
    while not is_workday(day):
        day -= 1
    span = _CLOSES - _OPENS
    return day * DAY + (second if _OPENS <= second < _CLOSES else _OPENS + second % span)
