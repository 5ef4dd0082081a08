"""What RQ calls: one Broker a process, one look at one queue."""

import os
from types import SimpleNamespace
from typing import Any

import pytest

from broker import relay
from broker.ports.queue import QueueName
from jobs import tasks


class Builder:
    """Counts how often a Broker is built, and what happened to its engine."""

    def __init__(self) -> None:
        self.built: list[Any] = []
        self.dropped: list[bool] = []

    def drop(self, close: bool) -> None:
        self.dropped.append(close)

    def __call__(self) -> SimpleNamespace:
        engine = SimpleNamespace(dispose=self.drop)
        self.built.append(SimpleNamespace(sessions=SimpleNamespace(kw={"bind": engine})))
        return self.built[-1]  # type: ignore[no-any-return]  # a stand-in


@pytest.fixture
def builder(monkeypatch: pytest.MonkeyPatch) -> Builder:
    made = Builder()
    monkeypatch.setattr(tasks, "build", made)
    monkeypatch.setattr(tasks, "_brokers", {})
    return made


@pytest.fixture
def paid(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, QueueName | None, float]]:
    """What was settled, and that the bell was rung after it."""
    calls: list[tuple[object, QueueName | None, float]] = []

    def settle_due(broker: object, queue: QueueName, seconds: float) -> int:
        calls.append((broker, queue, seconds))
        return len(calls) % 2

    monkeypatch.setattr(relay, "settle_due", settle_due)
    monkeypatch.setattr(relay, "ring_due", lambda broker: calls.append((broker, None, 0)))
    return calls


def test_settling_looks_at_the_named_queue_within_a_budget(
    builder: Builder, paid: list[tuple[object, QueueName | None, float]]
) -> None:
    assert tasks.settle("orders") == 1

    assert paid[0] == (builder.built[0], QueueName.ORDERS, tasks.BUDGET_SECONDS)


def test_after_paying_the_bell_rings_for_what_is_left(
    builder: Builder, paid: list[tuple[object, QueueName | None, float]]
) -> None:
    tasks.settle("orders")
    tasks.settle("sync")

    assert [queue for _, queue, _ in paid] == [QueueName.ORDERS, None, QueueName.SYNC, None]


def test_a_queue_that_does_not_exist_is_refused(builder: Builder) -> None:
    with pytest.raises(ValueError, match="payroll"):
        tasks.settle("payroll")

    assert builder.built == []


def test_one_process_builds_one_broker(builder: Builder) -> None:
    assert tasks.broker_of_this_process() is tasks.broker_of_this_process()

    assert len(builder.built) == 1


def test_a_fork_builds_its_own_and_leaves_the_parents_connections_open(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    parents = tasks.broker_of_this_process()
    monkeypatch.setattr(os, "getpid", lambda: -1)

    assert tasks.broker_of_this_process() is not parents
    assert builder.dropped == [False]
