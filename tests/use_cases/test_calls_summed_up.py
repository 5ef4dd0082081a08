"""Calls to other systems are summed up over all processes, once each."""

import pytest

from broker import relay
from broker.connectors.tally import calls
from broker.ports.queue import QueueName
from broker.store import connector_calls
from tests.use_cases.conftest import House

pytestmark = pytest.mark.both


def counted(house: House) -> dict[tuple[str, str], tuple[int, float]]:
    with house.broker.sessions() as session:
        rows = connector_calls.all_counts(session)
        return {(row.connection, row.outcome): (row.calls, row.seconds) for row in rows}


def test_work_stores_how_its_calls_went(house: House) -> None:
    calls.take()
    calls.add("oim", 200, 0.5)
    calls.add("oim", 0, 3)
    relay.settle_due(house.broker, QueueName.ORDERS, 1)
    assert counted(house) == {("oim", "answered"): (1, 0.5), ("oim", "silent"): (1, 3)}


def test_later_work_adds_to_it(house: House) -> None:
    calls.take()
    for _ in range(3):
        calls.add("oim", 200, 0.5)
        relay.settle_due(house.broker, QueueName.SYNC, 1)
    relay.settle_due(house.broker, QueueName.SYNC, 1)
    assert counted(house) == {("oim", "answered"): (3, 1.5)}


def test_work_without_calls_stores_nothing(house: House) -> None:
    calls.take()
    relay.settle_due(house.broker, QueueName.ORDERS, 1)
    assert counted(house) == {}
