"""A rate budget: so many calls a second, with a little room for bursts."""

import threading
import time


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
