"""What an account may burden a system with: so many calls a second, so many at once."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Pace:
    """Lets calls through at `per_second` on average (0: no limit), `burst` at once. For threads."""

    def __init__(self, per_second: float = 0.0, burst: int = 10) -> None:
        self._gap = 1.0 / per_second if per_second > 0 else 0.0
        self._room = self._gap * (burst - 1)
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when the next call may start."""
        delay = self._book(time.monotonic()) if self._gap else 0.0
        if delay > 0:
            time.sleep(delay)

    def _book(self, now: float) -> float:
        with self._lock:
            turn = max(self._next, now - self._room)
            self._next = turn + self._gap
            return turn - now


class Crowded(Exception):
    """No lane became free in time."""


class Lanes:
    """Lets so many calls at once through (0: any number). For threads, which it makes wait."""

    def __init__(self, number: int = 0) -> None:
        self._free = threading.BoundedSemaphore(number) if number else None

    @contextmanager
    def one(self, deadline: float) -> Iterator[None]:
        """Hold a lane; Crowded if none is free before `deadline`, by the monotonic clock."""
        if self._free is None:
            yield
            return
        if not self._free.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise Crowded
        try:
            yield
        finally:
            self._free.release()
