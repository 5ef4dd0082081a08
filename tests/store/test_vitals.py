"""The figures that tell whether the work is being done."""

from datetime import UTC, datetime, timedelta

import pytest

from broker.domain.orders import LineState
from broker.ports.queue import QueueName
from broker.store import outbox, sync_runs
from broker.store.base import Sessions
from broker.store.orders import OrderLineRow, OrderRow
from broker.store.vitals import Vitals, vitals

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
EARLIER = NOW - timedelta(hours=1)

pytestmark = pytest.mark.both


def order(number: str, *states: LineState) -> OrderRow:
    return OrderRow(
        source="servicenow", client="servicenow", item_id=f"sys-{number}", item_number=number,
        action="grant", claims=number, posted="{}", iga="oim", received_at=EARLIER,
        lines=[
            OrderLineRow(position=position, kind="role", name="Budget Approver", state=state,
                         reference=f"{number}-{position}", changed_at=NOW)
            for position, state in enumerate(states)
        ],
    )  # fmt: skip


def test_an_installation_at_rest_owes_nothing(sessions: Sessions) -> None:
    with sessions() as session:
        assert vitals(session, NOW) == Vitals(0, None, 0, 0, None)


def test_what_is_late_is_told_from_what_is_owed_for_later_and_what_somebody_is_at(
    sessions: Sessions,
) -> None:
    with sessions.begin() as session:
        outbox.owe(session, QueueName.SYNC, "sync.changes", "oim", EARLIER - timedelta(hours=1))
        outbox.owe(session, QueueName.ORDERS, "orders.verify", "1", EARLIER)
        outbox.owe(session, QueueName.ORDERS, "orders.verify", "2", NOW + timedelta(hours=1))
    with sessions.begin() as session:
        assert outbox.claim(session, QueueName.SYNC, NOW, timedelta(minutes=1)) is not None
    with sessions() as session:
        found = vitals(session, NOW)
    assert (found.owed, found.neglected_since) == (3, EARLIER)


def test_an_order_counts_once_however_many_of_its_lines_are_stuck(sessions: Sessions) -> None:
    stuck, done = LineState.NEEDS_ATTENTION, LineState.CLOSED
    with sessions.begin() as session:
        session.add_all([order("A", stuck, stuck), order("B", done), order("C", done, stuck)])
    with sessions() as session:
        assert vitals(session, NOW).stuck_orders == 2


def test_the_latest_beat_counts(sessions: Sessions) -> None:
    with sessions.begin() as session:
        for at in (NOW, EARLIER):
            sync_runs.take_slot(session, "sync", at)
    with sessions() as session:
        assert vitals(session, NOW).beat_at == NOW
