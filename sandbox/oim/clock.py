"""The time of one installation: the real one, and ahead of it once a test has moved it on."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta


class Clock:
    """Tells the time; it can be moved on, never back."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """The present of this installation, in whole microseconds, UTC."""
        return datetime.now(UTC) + self._ahead

    def forward(self, seconds: float) -> None:
        """Let that many seconds pass at once. Raises ValueError for less than none."""
        if seconds < 0:
            msg = f"time does not run backwards: {seconds}"
            raise ValueError(msg)
        self._ahead += timedelta(seconds=seconds)


class Agenda:
    """Which requests have a step to take, and when; what is due is found without the others."""

    def __init__(self) -> None:
        self._entries: list[tuple[datetime, int]] = []

    def note(self, at: datetime, number: int) -> None:
        """The request of this number has something to do at that moment."""
        heapq.heappush(self._entries, (at, number))

    def due(self, by: datetime) -> Iterator[tuple[datetime, int]]:
        """Takes out what is due, earliest first, with what is noted meanwhile; entries that were
        overtaken by another event are among them.
        """
        while self._entries and self._entries[0][0] <= by:
            yield heapq.heappop(self._entries)
