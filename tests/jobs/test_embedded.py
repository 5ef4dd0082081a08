"""The queue without Redis: threads that listen, survive faults, and stop."""

import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from broker import relay
from broker.ports.queue import QueueName
from broker.queue.embedded import EmbeddedBell
from jobs import clock
from jobs.embedded import EmbeddedJobs
from tools.servers import wait_until


class Work:
    """Settles nothing, but counts the looks at each queue."""

    def __init__(self) -> None:
        self.looks: dict[QueueName, int] = dict.fromkeys(QueueName, 0)
        self.broken = False

    def __call__(self, _broker: object, queue: QueueName, _seconds: float) -> int:
        self.looks[queue] += 1
        if self.broken:
            raise ConnectionError("the database is away")
        return 0


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    made = Work()
    monkeypatch.setattr(relay, "settle_due", made)
    monkeypatch.setattr(clock, "tick", lambda _broker: None)
    return made


@pytest.fixture
def bell() -> EmbeddedBell:
    return EmbeddedBell()


@pytest.fixture
def jobs(bell: EmbeddedBell, work: Work) -> Iterator[EmbeddedJobs]:
    made = EmbeddedJobs(SimpleNamespace(), bell, every=0.01)  # type: ignore[arg-type]  # nothing looks at it
    made.start()
    yield made
    made.stop()


def test_what_was_owed_before_the_start_is_looked_at_first(jobs: EmbeddedJobs, work: Work) -> None:
    wait_until(lambda: all(work.looks.values()), "a look at every queue", 2)


def test_a_ring_wakes_the_listener_of_its_queue(
    jobs: EmbeddedJobs, work: Work, bell: EmbeddedBell
) -> None:
    wait_until(lambda: all(work.looks.values()), "a look at every queue", 2)
    before = work.looks[QueueName.ORDERS]

    bell.ring(QueueName.ORDERS)

    wait_until(lambda: work.looks[QueueName.ORDERS] > before, "a look at the orders", 0.5)


def test_a_listener_survives_a_fault(jobs: EmbeddedJobs, work: Work, bell: EmbeddedBell) -> None:
    work.broken = True
    bell.ring(QueueName.SYNC)
    wait_until(lambda: work.looks[QueueName.SYNC] > 0, "a look at the syncs", 2)
    seen = work.looks[QueueName.SYNC]

    bell.ring(QueueName.SYNC)

    wait_until(lambda: work.looks[QueueName.SYNC] > seen, "another look", 2)


def test_stopping_leaves_no_thread(bell: EmbeddedBell, work: Work) -> None:
    made = EmbeddedJobs(SimpleNamespace(), bell, every=0.01)  # type: ignore[arg-type]  # nothing looks at it
    before = threading.active_count()
    made.start()

    made.stop()

    assert threading.active_count() == before
