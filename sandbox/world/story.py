"""What happened to the demo's people: told by hand, where everybody else's past is drawn."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.world.tables import rows
from sandbox.world.workdays import DAY, before_hours


@dataclass(frozen=True, slots=True)
class Told:
    """One line of `story.txt`; `at` in seconds since 1970, `ends` a day's number or 0."""

    at: int
    person: str
    item: tuple[str, str]
    status: str
    ending: str
    why: str
    requester: str
    ends: int


def story(now: int) -> list[Told]:
    """All of it, oldest first, in working hours."""
    return sorted((_told(row + [""] * (9 - len(row)), now) for row in rows("story")), key=_at)


def _told(row: list[str], now: int) -> Told:
    ago, person, kind, name, status, ending, why, requester, lasted = row
    at = before_hours(now - int(float(ago) * DAY))
    ends = at // DAY + int(lasted) if lasted else 0
    return Told(at, person, (kind, name), status, ending, why, requester or person, ends)


def _at(told: Told) -> int:
    return told.at
