"""Through whose eyes values are shown: time zone and formats of the session's user."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import tzinfo

from sandbox.servicenow.calendars import DEFAULT_ZONE, from_stored, zone_named
from sandbox.servicenow.records import Records

# The letters of the platform's format settings (`glide.sys.date_format`) and Python's for them.
_LETTERS = {
    "yyyy": "%Y", "yy": "%y", "MM": "%m", "dd": "%d", "HH": "%H", "hh": "%I", "mm": "%M",
    "ss": "%S", "a": "%p",
}  # fmt: skip
_LETTER = re.compile("|".join(_LETTERS))


@dataclass(frozen=True)
class Viewer:
    """One user's zone and formats; formats are Python's."""

    zone: tzinfo
    date_format: str = "%Y-%m-%d"
    time_format: str = "%H:%M:%S"

    def moment(self, text: str) -> str:
        """A stored time as this user sees it; text that is no time is shown as it is."""
        at = from_stored(text)
        if at is None:
            return text
        return at.astimezone(self.zone).strftime(f"{self.date_format} {self.time_format}")

    def day(self, text: str) -> str:
        """A stored date as this user sees it: no zone moves it."""
        at = from_stored(text[:10])
        return at.strftime(self.date_format) if at else text


def instance_viewer(zone: str = DEFAULT_ZONE) -> Viewer:
    """Whoever has no settings of their own."""
    return Viewer(zone_named(zone))


def viewer_of(records: Records, user_id: str, zone: str = DEFAULT_ZONE) -> Viewer:
    """A user by the settings of their record, or the instance's where that leaves them empty."""
    user = records.find("sys_user", user_id) or {}
    return Viewer(
        zone_named(user.get("time_zone", "") or zone),
        _format(user.get("date_format", "")) or Viewer.date_format,
        _format(user.get("time_format", "")) or Viewer.time_format,
    )


def _format(pattern: str) -> str:
    return _LETTER.sub(lambda match: _LETTERS[match[0]], pattern)
