"""Sessions: of browsers, whose forms carry a token, and of API callers that keep their cookies.

The requests of one session wait for each other, two at a time (ServiceNow support, KB0755706);
when more than ten wait, the platform answers 202 and does nothing (KB3047080). Sessions of API
callers end when idle (`glide.integration.session_timeout`, minutes).
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

COOKIE = "glide_session_store"
AT_A_TIME = 2
LONGEST_QUEUE = 10
# What one node gives integrations (the pool API_INT), and how many calls wait for that.
SEMAPHORES = 4
LONGEST_LINE = 50
# From this many on the idle ones are forgotten now and then.
_MANY = 2_000


class Gate:
    """Lets a few requests in at a time and keeps the others waiting, up to a number of them."""

    def __init__(self, at_a_time: int, longest_queue: int) -> None:
        self._at_a_time = at_a_time
        self._longest_queue = longest_queue
        self._free = threading.Condition()
        self._inside = 0
        self.waiting = 0

    def enter(self) -> bool:
        """Wait for a place; False at once when too many wait already."""
        with self._free:
            if self._inside >= self._at_a_time and self.waiting >= self._longest_queue:
                return False
            self.waiting += 1
            self._free.wait_for(lambda: self._inside < self._at_a_time)
            self.waiting -= 1
            self._inside += 1
            return True

    def leave(self) -> None:
        """Make room for the next."""
        with self._free:
            self._inside -= 1
            self._free.notify()


@dataclass
class Session:
    """One signed-in browser or API caller. `form_token` is the platform's `sysparm_ck`."""

    user_name: str
    used: float
    idle_seconds: float | None = None
    form_token: str = field(default_factory=lambda: secrets.token_hex(32))
    gate: Gate = field(default_factory=lambda: Gate(AT_A_TIME, LONGEST_QUEUE))


class Sessions:
    """Sessions by the value of their cookie; `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.started = 0
        self._open: dict[str, Session] = {}
        self._sweep_at = _MANY

    def start(self, user_name: str, idle_seconds: float | None = None) -> str:
        """A new session, of an API caller when it may be idle so long; gives the cookie's value."""
        self.started += 1
        if len(self._open) >= self._sweep_at:
            self._forget_idle()
        key = secrets.token_hex(16).upper()
        self._open[key] = Session(user_name, self.clock(), idle_seconds)
        return key

    def find(self, cookie: str | None) -> Session | None:
        """The session of that cookie, unless it has been idle for too long."""
        session = self._open.get(cookie or "")
        if session is None or self._is_over(session):
            return None
        session.used = self.clock()
        return session

    def end(self, cookie: str | None) -> None:
        """Sign out."""
        self._open.pop(cookie or "", None)

    def _is_over(self, session: Session) -> bool:
        idle = session.idle_seconds
        return idle is not None and self.clock() - session.used > idle

    def _forget_idle(self) -> None:
        for key, session in list(self._open.items()):
            if self._is_over(session):
                self.end(key)
        self._sweep_at = max(_MANY, 2 * len(self._open))
