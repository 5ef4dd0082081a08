"""The relay pays what is owed, gives up visibly, and survives its own faults."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from broker import relay
from broker.domain.errors import Refused, Unavailable
from broker.ports.queue import QueueName
from broker.store import audit, outbox
from broker.store.outbox import OutboxRow
from tests.use_cases.conftest import House

pytestmark = pytest.mark.both


def owe_person(house: House) -> None:
    with house.broker.sessions.begin() as session:
        outbox.owe(session, QueueName.SYNC, "sync.changes", "oim", house.clock.now())


def the_row(house: House) -> OutboxRow:
    with house.broker.sessions() as session:
        return session.scalars(select(OutboxRow)).one()


def test_retry_after_is_honoured(house: House) -> None:
    house.iga.breaks["open_requests"] = Unavailable("oim", "is busy", retry_after=120)
    owe_person(house)
    house.work()
    assert the_row(house).due_at >= house.clock.now() + timedelta(seconds=120)


def test_an_absurd_retry_after_is_capped(house: House) -> None:
    house.iga.breaks["open_requests"] = Unavailable("oim", "is busy", retry_after=1e9)
    owe_person(house)
    house.work()
    assert the_row(house).due_at <= house.clock.now() + timedelta(minutes=30)


def test_a_refusal_is_given_up_at_once_and_visibly(house: House) -> None:
    house.iga.breaks["open_requests"] = Refused("oim", "no such view")
    owe_person(house)
    house.work()
    row = the_row(house)
    assert (row.given_up_at, row.last_error) == (house.clock.now(), "no such view")
    assert len(house.audit("outbox.give_up")) == 1


def test_a_fault_of_ours_is_tried_five_times(house: House) -> None:
    owe_person(house)
    for _ in range(5):
        house.iga.breaks["open_requests"] = ZeroDivisionError("a bug")
        house.wait(hours=1)
    assert the_row(house).given_up_at is not None


def test_a_fault_in_one_message_does_not_stop_the_next(house: House) -> None:
    house.iga.breaks["open_requests"] = ZeroDivisionError("a bug")
    owe_person(house)
    with house.broker.sessions.begin() as session:
        outbox.owe(session, QueueName.SYNC, "sync.people", "oim", house.clock.now())
    assert relay.settle_due(house.broker, QueueName.SYNC, 30) == 2


def test_the_time_budget_ends_a_round(house: House) -> None:
    owe_person(house)
    assert relay.settle_due(house.broker, QueueName.SYNC, 0) == 0


def test_only_queues_with_due_work_are_rung(house: House) -> None:
    owe_person(house)
    relay.ring_due(house.broker)
    assert house.bell.rung == [QueueName.SYNC]


def test_housekeeping_seals_what_happened(house: House) -> None:
    house.post(house.item())
    relay.housekeeping(house.broker)
    with house.broker.sessions() as session:
        verdict = audit.verify(session, house.broker.audit_key)
    assert (verdict.sealed, verdict.unsealed, verdict.intact) == (1, 0, True)
