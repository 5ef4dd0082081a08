"""The bell that wakes a worker. It carries no work: the outbox does."""

from enum import StrEnum
from typing import Protocol

# What RQ imports and runs when a bell rings; a test resolves it.
CALLABLE = "jobs.tasks.settle"


class QueueName(StrEnum):
    """One queue a worker, so that a flood in one cannot delay another."""

    INTERACTIVE = "interactive"
    ORDERS = "orders"
    SYNC = "sync"


class Bell(Protocol):
    """Wakes whoever works on a queue."""

    def ring(self, queue: QueueName) -> None:
        """Say "look at this queue". Best effort: never raises, never blocks for long."""
        ...
