"""The queue without Redis: threads of one process. For the demo and for first looks."""

import threading

import structlog

from broker import relay
from broker.context import Broker
from broker.ports.queue import QueueName
from broker.queue.embedded import EmbeddedBell
from jobs import clock

_log = structlog.get_logger()
_LOOK_ANYWAY_SECONDS = 1.0
_BUDGET_SECONDS = 5.0
_PATIENCE_SECONDS = 5.0


class EmbeddedJobs:
    """One listener a queue, and a clock. `broker` must have been built with `bell`."""

    def __init__(
        self, broker: Broker, bell: EmbeddedBell, every: float = clock.EVERY_SECONDS
    ) -> None:
        self._broker, self._bell, self._stop = broker, bell, threading.Event()
        self._threads = [
            threading.Thread(target=self._listen, args=(queue,), name=queue, daemon=True)
            for queue in QueueName
        ]
        self._threads.append(
            threading.Thread(
                target=clock.run, args=(broker, self._stop, every), name="clock", daemon=True
            )
        )

    def start(self) -> None:
        """Begin to work. What was owed before is looked at first."""
        for thread in self._threads:
            thread.start()
        for queue in QueueName:
            self._bell.ring(queue)

    def stop(self) -> None:
        """End after the step at hand. What is left stays owed, in the database."""
        self._stop.set()
        for queue in QueueName:
            self._bell.ring(queue)
        for thread in self._threads:
            thread.join(_PATIENCE_SECONDS)

    def _listen(self, queue: QueueName) -> None:
        while not self._stop.is_set():
            self._bell.wait(queue, _LOOK_ANYWAY_SECONDS)
            self._settle(queue)

    def _settle(self, queue: QueueName) -> None:
        if self._stop.is_set():
            return
        try:
            relay.settle_due(self._broker, queue, _BUDGET_SECONDS)
        except Exception:  # noqa: BLE001 - a listener that stops would leave its queue unheard
            _log.exception("a queue could not be settled", queue=queue)
