"""What a connection says when it is tried."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Health:
    """A connection that works: one sentence, and how far its clock is ahead of ours.

    `clock_ahead` is right to a few seconds, negative for a clock that is behind, and None where
    the system does not tell the time.
    """

    says: str
    clock_ahead: timedelta | None = None
