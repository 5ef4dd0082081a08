"""The bell of a single process: wakes threads of our own. For the demo and first looks."""

import threading

from broker.ports.queue import QueueName


class EmbeddedBell:
    """One event a queue; a listener waits for it and clears it."""

    def __init__(self) -> None:
        self._events = {queue: threading.Event() for queue in QueueName}

    def ring(self, queue: QueueName) -> None:
        """Wake the listener of `queue`."""
        self._events[queue].set()

    def wait(self, queue: QueueName, seconds: float) -> bool:
        """Until somebody rings, or the time is over; True if somebody rang."""
        rang = self._events[queue].wait(seconds)
        self._events[queue].clear()
        return rang
