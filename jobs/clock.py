"""The clock: beats the timer, rings for what is due, keeps house. Any number is harmless."""

import threading
from collections.abc import Callable

import structlog

from broker import relay
from broker.context import Broker
from broker.sync import timer

_log = structlog.get_logger()
EVERY_SECONDS = 1.0


def run(broker: Broker, stop: threading.Event, every: float = EVERY_SECONDS) -> None:
    """Tick until `stop` is set, every so many seconds."""
    while not stop.wait(every):
        tick(broker)


def tick(broker: Broker) -> None:
    """One round. A step that fails is logged, and tried again in the next round."""
    for step in (timer.beat, relay.ring_due, relay.housekeeping):
        _survive(step, broker)


def _survive(step: Callable[[Broker], object], broker: Broker) -> None:
    try:
        step(broker)
    except Exception:  # noqa: BLE001 - a clock that stops would stop the whole installation
        _log.exception("a step of the clock failed", step=step.__name__)
