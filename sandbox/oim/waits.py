"""How long faults take, and how far a search may lag behind."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Waits:
    """In seconds; a test may be less patient. The lag is by the installation's clock."""

    slow_seconds: float = 0.6
    retry_after_seconds: int = 1
    stale_seconds: float = 60.0
