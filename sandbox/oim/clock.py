"""The time of one installation: the real one, and ahead of it once a test has moved it on."""

from __future__ import annotations

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
