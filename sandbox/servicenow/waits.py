"""How long faults take, and how far a wrong clock is ahead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

SKEWED, CLOCK_SKEW = "clock-skew", timedelta(minutes=5)


@dataclass
class Waits:
    """How long faults take, in seconds: as recorded; a test may be less patient."""

    slow_seconds: float = 0.6
    quota_seconds: float = 60.0
    retry_after_seconds: int = 1
