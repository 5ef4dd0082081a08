"""Values that are script: `javascript:gs.beginningOfLastMonth()`.

ServiceNow docs, "Guarded script": one call from an allow-list is evaluated, nothing else. Date
functions look at the caller's time zone and give UTC.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from sandbox.servicenow.calendars import Calendar, as_stored

PREFIX = "javascript:"
# What Python raises for a moment that no calendar reaches.
BEYOND = (ValueError, OverflowError)
_CALL = re.compile(r"\s*(?:return\s+)?gs\.(\w+)\(([^()]*)\)\s*;?\s*")
_CALLER_ID = re.compile(r"\s*gs\.getUser\(\)\.getID\(\)\s*;?\s*")
_ARGUMENT = re.compile(r"\s*(?:'([^']*)'|\"([^\"]*)\"|(-?\d+))\s*")
_NAMED = re.compile(r"(beginning|end)Of(This|Last|Next)(Week|Month|Quarter|Year)")
_AGO = re.compile(r"(minute|hour|day|week|month|quarter|year)sAgo(Start|End)?")
_BACK = {"This": 0, "Last": 1, "Next": -1}


class Scripts:
    """The functions that one caller's queries may call."""

    def __init__(self, calendar: Calendar, user_id: str = "", user_name: str = "") -> None:
        self.calendar = calendar
        self._plain: dict[str, Callable[[], str]] = {
            "getUserID": lambda: user_id,
            "getUserName": lambda: user_name,
            "now": lambda: calendar.now.strftime("%Y-%m-%d"),
            "nowDateTime": lambda: as_stored(calendar.now),
            "nowNoTZ": lambda: as_stored(calendar.now),
            "yesterday": lambda: as_stored(calendar.back("day", 1)),
        }

    def value(self, text: str) -> str | None:
        """A condition's value, evaluated where it is script; None where the script is refused."""
        if not text.casefold().startswith(PREFIX):
            return text
        try:
            return self._called(text[len(PREFIX) :])
        except BEYOND:
            return None

    def call(self, expression: str) -> tuple[str, list[str]] | None:
        """The function's name and its arguments, if the expression is one plain call."""
        match = _CALL.fullmatch(expression)
        if match is None:
            return None
        found = [_ARGUMENT.fullmatch(part) for part in match[2].split(",") if part.strip()]
        arguments = ["".join(filter(None, each.groups())) for each in found if each]
        return (match[1], arguments) if len(arguments) == len(found) else None

    def _called(self, expression: str) -> str | None:
        if _CALLER_ID.fullmatch(expression):
            return self._plain["getUserID"]()
        call = self.call(expression)
        if call is None:
            return None
        name, arguments = call
        if name in self._plain:
            return self._plain[name]()
        at = self._moment(name, arguments)
        return as_stored(at) if at else None

    def _moment(self, name: str, arguments: list[str]) -> datetime | None:
        named, ago = _NAMED.fullmatch(name), _AGO.fullmatch(name)
        if named:
            ends = self.calendar.start if named[1] == "beginning" else self.calendar.end
            return ends(named[3].lower(), _BACK[named[2]])
        if ago and arguments and arguments[0].lstrip("-").isdigit():
            return self._ago(ago[1], ago[2], int(arguments[0]))
        return self._generated(arguments) if name == "dateGenerate" else None

    def _ago(self, unit: str, end: str | None, count: int) -> datetime:
        if end is None:
            return self.calendar.back(unit, count)
        return (self.calendar.start if end == "Start" else self.calendar.end)(unit, count)

    def _generated(self, arguments: list[str]) -> datetime | None:
        date, time = (*arguments, "", "")[:2]
        if time in ("start", "end", ""):
            day = self.calendar.local(date)
            last = timedelta(days=1, seconds=-1)
            return day + last if day and time == "end" else day
        return self.calendar.local(f"{date} {time}")
