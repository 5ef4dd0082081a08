"""The operators of dates: on, relative, trend, and more or less than another date.

ServiceNow docs, "Operators available for filters and queries", date-time fields. What a day is
depends on the caller's time zone; `trend` counts the days of a week from Sunday.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sandbox.servicenow.calendars import (
    as_stored,
    from_stored,
    known_unit,
    seconds_in,
    start_of,
)
from sandbox.servicenow.queries.operators import ORDER, Test, never
from sandbox.servicenow.queries.scripts import BEYOND, PREFIX, Scripts

DATE_OPERATORS = frozenset(
    {"ON", "NOTON", "DATEPART"} | {f"RELATIVE{c}" for c in "GT LT GE LE EE".split()}
)
_SIGNS = {"GT": ">", "GE": ">=", "LT": "<", "LE": "<="}
_DAYS = "sunday monday tuesday wednesday thursday friday saturday".split()
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
# What the label alone means, for a client that leaves the two moments out.
_LABELS: dict[str, tuple[str, int]] = {
    "today": ("day", 0),
    "yesterday": ("day", 1),
    "tomorrow": ("day", -1),
    **{
        f"{name} {unit}": (unit, ago)
        for name, ago in (("this", 0), ("last", 1), ("next", -1))
        for unit in ("week", "month", "quarter", "year")
    },
}


def date_test(operator: str, value: str, scripts: Scripts) -> Test:
    """The test of one date column; `never` for a value that makes no sense."""
    try:
        return _date_test(operator, value, scripts)
    except BEYOND:
        return never


def _date_test(operator: str, value: str, scripts: Scripts) -> Test:
    if operator == "ON":
        return _on(value, scripts)
    if operator == "NOTON":
        inside = _on(value, scripts)
        return never if inside is never else lambda have: not inside(have)
    if operator == "DATEPART":
        return _part_test(value, scripts)
    return _relative(operator[-2:], value, scripts)


def _on(value: str, scripts: Scripts) -> Test:
    label, _, rest = value.partition("@")
    moments = rest.split("@") if rest else []
    both = 2
    if len(moments) == both:
        first, last = (scripts.value(each) for each in moments)
        return _between(first, last)
    return _on_label(label, scripts)


def _on_label(label: str, scripts: Scripts) -> Test:
    calendar = scripts.calendar
    named = _LABELS.get(label.strip().casefold())
    if named:
        return _between(as_stored(calendar.start(*named)), as_stored(calendar.end(*named)))
    day = calendar.local(label.strip()[:10])
    if day is None:
        return never
    return _between(as_stored(day), as_stored(day + timedelta(days=1, seconds=-1)))


def _between(first: str | None, last: str | None) -> Test:
    if not first or not last or from_stored(first) is None or from_stored(last) is None:
        return never
    return lambda have: first <= have <= last


def _relative(sign: str, value: str, scripts: Scripts) -> Test:
    _, name, direction, count = (*value.split("@"), "", "", "", "")[:4]
    unit = known_unit(name)
    if unit is None or direction not in ("ago", "ahead") or not count.isdigit():
        return never
    steps = int(count) if direction == "ago" else -int(count)
    calendar = scripts.calendar
    if sign == "EE":
        return _between(
            as_stored(calendar.start(unit, steps)), as_stored(calendar.end(unit, steps))
        )
    limit, holds = as_stored(calendar.back(unit, steps)), ORDER[_SIGNS[sign]]
    return lambda have: have != "" and holds(have, limit)


def _part_test(value: str, scripts: Scripts) -> Test:
    _, _, script = value.partition("@")
    call = scripts.call(script.removeprefix(PREFIX))
    three = 3
    if call is None or call[0] != "datePart" or len(call[1]) != three:
        return never
    part, wanted, sign = call[1]
    number = _part_number(part, wanted.casefold())
    holds = ORDER.get(_SIGNS.get(sign, ""), lambda have, want: bool(have == want))
    if part not in _PARTS or number is None:
        return never
    zone = scripts.calendar.zone

    def test(have: str) -> bool:
        at = from_stored(have)
        return at is not None and holds(_PARTS[part](at.astimezone(zone)), number)

    return test


_PARTS: dict[str, Callable[[datetime], int]] = {
    "dayofweek": lambda at: at.isoweekday() % 7,
    "month": lambda at: at.month - 1,
    "quarter": lambda at: (at.month - 1) // 3 + 1,
    "year": lambda at: at.year,
    "week": lambda at: int(at.strftime("%U")),
    "hour": lambda at: at.hour,
}


def _part_number(part: str, wanted: str) -> int | None:
    if part == "dayofweek" and wanted in _DAYS:
        return _DAYS.index(wanted)
    if part == "month" and wanted[:3] in _MONTHS:
        return _MONTHS.index(wanted[:3])
    return int(wanted) if wanted.isdigit() else None


def same_unit(unit: str, one: str, other: str, scripts: Scripts) -> bool:
    """Whether two stored times lie in the same day, week, month and so on."""
    left, right = from_stored(one), from_stored(other)
    if left is None or right is None:
        return one == other
    zone = scripts.calendar.zone
    return start_of(unit, left.astimezone(zone)) == start_of(unit, right.astimezone(zone))


def apart_test(operator: str, options: list[str]) -> Callable[[str, str], bool] | None:
    """MORETHAN and LESSTHAN: how far apart two times must be; None where the options are wrong.

    `options` are unit, direction (`before`, `after`, `before or after`) and count.
    """
    name, direction, count = (*options, "", "", "")[:3]
    unit = known_unit(name)
    if unit is None or direction not in _DIRECTIONS or not count.isdigit():
        return None
    reach = int(count) * seconds_in(unit)

    def test(one: str, other: str) -> bool:
        left, right = from_stored(one), from_stored(other)
        if left is None or right is None:
            return False
        seconds = _DIRECTIONS[direction]((right - left).total_seconds())
        return seconds > reach if operator == "MORETHAN" else 0 <= seconds < reach

    return test


_DIRECTIONS: dict[str, Callable[[float], float]] = {
    "before": lambda seconds: seconds,
    "after": lambda seconds: -seconds,
    "before or after": abs,
}
