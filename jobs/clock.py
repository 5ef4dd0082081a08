"""The clock: beats the timer, rings for what is due, keeps house. Any number is harmless."""

import threading
from collections.abc import Callable

import structlog

from broker import relay, restored
from broker.context import Broker
from broker.sync import timer

_log = structlog.get_logger()
EVERY_SECONDS = 1.0


def _nobody_looks() -> None:
    """Where nobody asks whether the clock does its work."""


def run(
    broker: Broker,
    stop: threading.Event,
    every: float = EVERY_SECONDS,
    pulse: Callable[[], object] = _nobody_looks,
) -> None:
    """Tick until `stop` is set, every so many seconds; `pulse` follows each good round."""
    while not stop.wait(every):
        if tick(broker):
            _survive(lambda _: pulse(), broker)


def tick(broker: Broker) -> bool:
    """One round; whether all went well. A step that fails is logged, and the next one follows."""
    steps = (restored.notice, timer.beat, relay.ring_due, relay.housekeeping)
    went_well = [_survive(step, broker) for step in steps]
    return all(went_well)


def _survive(step: Callable[[Broker], object], broker: Broker) -> bool:
    try:
        step(broker)
    except Exception:  # noqa: BLE001 - a clock that stops would stop the whole installation
        _log.exception("a step of the clock failed", step=step.__name__)
        return False
    return True
