"""Days, weeks and quarters as somebody in a time zone sees them, and times as the platform stores
them: UTC, whole seconds."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

STORED = "%Y-%m-%d %H:%M:%S"
_DATE = len("YYYY-MM-DD")
_SHAPE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)
DEFAULT_ZONE = "America/Los_Angeles"
# For a machine without time zone data.
_FALLBACK = timezone(timedelta(hours=-8), "PST")
_FIXED = {"minute": 60, "hour": 3600, "day": 86_400, "week": 7 * 86_400}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
# The names that queries use (ServiceNow docs, "Operators available for filters and queries").
_UNITS = {"dayofweek": "day", "weekofyear": "week"}


def zone_named(name: str) -> tzinfo:
    """The time zone of that name; the usual one of a fresh instance where there is none such."""
    for each in filter(None, (name, DEFAULT_ZONE)):
        with suppress(ZoneInfoNotFoundError, ValueError, OSError):
            return ZoneInfo(each)
    return _FALLBACK


def as_stored(at: datetime) -> str:
    """A time as the platform stores it."""
    return at.astimezone(UTC).strftime(STORED)


def from_stored(text: str) -> datetime | None:
    """The time that a stored value stands for; None for text that is no time.

    The first and the last year are no times either: in another zone they would lie beyond them.
    """
    whole = text if len(text) > _DATE else f"{text} 00:00:00"
    if not _SHAPE.fullmatch(whole):
        return None
    try:
        at = datetime.fromisoformat(whole).replace(tzinfo=UTC)
    except ValueError:
        return None
    return at if MINYEAR < at.year < MAXYEAR else None


class Calendar:
    """What a moment is near to, for somebody in a time zone. Weeks begin on Monday.

    All raise ValueError or OverflowError for a moment that no calendar reaches.
    """

    def __init__(self, now: datetime, zone: tzinfo) -> None:
        self.zone = zone
        self.now = now.astimezone(zone)

    def start(self, unit: str, ago: int = 0) -> datetime:
        """When the unit began that lies so many units back."""
        return start_of(unit, self.back(unit, ago))

    def end(self, unit: str, ago: int = 0) -> datetime:
        """The last second of the unit that lies so many units back."""
        return start_of(unit, _moved(self.start(unit, ago), unit, 1)) - timedelta(seconds=1)

    def back(self, unit: str, count: int) -> datetime:
        """The moment so many units before now; after now when the count is negative."""
        return _moved(self.now, unit, -count)

    def local(self, text: str) -> datetime | None:
        """A date and time that somebody wrote in this zone."""
        at = from_stored(text)
        return at.replace(tzinfo=self.zone) if at else None


def known_unit(name: str) -> str | None:
    """The unit that a query's word means; None for a word that is none."""
    unit = _UNITS.get(name, name)
    return unit if unit in _FIXED or unit in _MONTHS else None


def seconds_in(unit: str) -> int:
    """How long a unit is, a month counting 30 days."""
    return _FIXED.get(unit) or _MONTHS[unit] * 30 * _FIXED["day"]


_STARTS: dict[str, Callable[[datetime], datetime]] = {
    "minute": lambda at: at,
    "hour": lambda at: at.replace(minute=0),
    "day": lambda at: at.replace(hour=0, minute=0),
    "week": lambda at: at.replace(hour=0, minute=0) - timedelta(days=at.weekday()),
    "month": lambda at: at.replace(day=1, hour=0, minute=0),
    "quarter": lambda at: at.replace(month=(at.month - 1) // 3 * 3 + 1, day=1, hour=0, minute=0),
    "year": lambda at: at.replace(month=1, day=1, hour=0, minute=0),
}


def start_of(unit: str, at: datetime) -> datetime:
    """When the unit began in which this moment lies."""
    return _STARTS[unit](at.replace(second=0, microsecond=0))


def _moved(at: datetime, unit: str, count: int) -> datetime:
    if unit in ("minute", "hour"):
        moved = at.astimezone(UTC) + timedelta(seconds=_FIXED[unit] * count)
        return moved.astimezone(at.tzinfo)
    if unit in _FIXED:
        return at + timedelta(seconds=_FIXED[unit] * count)
    months = at.year * 12 + at.month - 1 + _MONTHS[unit] * count
    first = at.replace(year=months // 12, month=months % 12 + 1, day=1)
    longest = start_of("month", first + timedelta(days=32)) - timedelta(days=1)
    return first.replace(day=min(at.day, longest.day))
