"""How fast one client may call: a bucket of calls that fills again as time passes.

It stops a script that has gone wild, not a busy morning, and needs nothing that could be down:
each process counts for itself. What strangers send is for the proxy in front to limit.
"""

import math
import threading
from dataclasses import dataclass
from datetime import datetime

_BURST_SECONDS = 20


@dataclass(slots=True)
class _Bucket:
    calls: float
    filled_at: datetime


class Pace:
    """At most `per_second` calls of each client in the long run; 0 is no limit."""

    def __init__(self, per_second: float) -> None:
        self._per_second, self._most = per_second, per_second * _BURST_SECONDS
        self._buckets: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def wait(self, client: str, now: datetime) -> int:
        """0 if the client may call now, which is then counted; else how many seconds to wait."""
        if not self._per_second:
            return 0
        with self._lock:
            bucket = self._buckets.setdefault(client, _Bucket(self._most, now))
            self._fill(bucket, now)
            if bucket.calls < 1:
                return math.ceil((1 - bucket.calls) / self._per_second)
            bucket.calls -= 1
            return 0

    def _fill(self, bucket: _Bucket, now: datetime) -> None:
        # A clock that was set back fills nothing.
        passed = max(0.0, (now - bucket.filled_at).total_seconds())
        bucket.calls = min(self._most, bucket.calls + passed * self._per_second)
        bucket.filled_at = now
