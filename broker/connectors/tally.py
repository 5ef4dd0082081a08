"""How many calls each connection made, how they ended and how long they took.

Counted in memory, for a connector knows no database; whoever runs the work takes the counts.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus


class Outcome(StrEnum):
    """How a call ended, as far as its transport can tell."""

    ANSWERED = "answered"
    REFUSED = "refused"
    FAILED = "failed"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Count:
    """So many calls, and how long they took together."""

    calls: int = 0
    seconds: float = 0.0


Counts = Mapping[tuple[str, Outcome], Count]


def outcome(status: int) -> Outcome:
    """What an HTTP status says; 0 is no answer at all."""
    if not status:
        return Outcome.SILENT
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Outcome.FAILED
    return Outcome.REFUSED if status >= HTTPStatus.BAD_REQUEST else Outcome.ANSWERED


class Tally:
    """Counts of all threads of this process since they were taken last."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, Outcome], Count] = {}
        self._lock = threading.Lock()

    def add(self, connection: str, status: int, seconds: float) -> None:
        """Count one call."""
        key = (connection, outcome(status))
        with self._lock:
            before = self._counts.get(key, Count())
            self._counts[key] = Count(before.calls + 1, before.seconds + seconds)

    def take(self) -> Counts:
        """The counts, which begin anew."""
        with self._lock:
            taken, self._counts = self._counts, {}
        return taken


calls = Tally()
