"""What RQ may call: one function, which looks at one queue and pays what is due there."""

import os

from broker import relay
from broker.bootstrap import build
from broker.context import Broker
from broker.ports.queue import QueueName

# Long enough to serve a burst with one fork, short enough for a warm shutdown to end soon.
BUDGET_SECONDS = 20.0

_brokers: dict[int, Broker] = {}


def settle(queue: str) -> int:
    """Pay what `queue` owes until nothing is due or the time budget ends; returns how many.

    If work is left when the budget ends, the bell is rung again. Raises ValueError for a queue
    that does not exist.
    """
    name = QueueName(queue)
    broker = broker_of_this_process()
    paid = relay.settle_due(broker, name, BUDGET_SECONDS)
    if paid:
        relay.ring_due(broker)
    return paid


def broker_of_this_process() -> Broker:
    """The Broker of this very process: a fork makes its own, with connections of its own."""
    pid = os.getpid()
    if pid not in _brokers:
        _forget_the_parents()
        _brokers[pid] = build()
    return _brokers[pid]


def _forget_the_parents() -> None:
    """Drop inherited connections without closing them: the parent still speaks through them."""
    for broker in _brokers.values():
        broker.sessions.kw["bind"].dispose(close=False)
    _brokers.clear()
