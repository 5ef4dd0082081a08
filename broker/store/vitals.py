"""A few figures that tell whether the work is being done."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from broker.domain.orders import LineState
from broker.store.orders import OrderLineRow
from broker.store.outbox import GIVEN_UP, OutboxRow
from broker.store.sync_runs import SlotRow


@dataclass(frozen=True, slots=True)
class Vitals:
    """How much is owed and since when the oldest of it has been due and left alone; how much was
    given up; how many orders wait for an operator; when the timer beat last.
    """

    owed: int
    neglected_since: datetime | None
    given_up: int
    stuck_orders: int
    beat_at: datetime | None


def vitals(session: Session, now: datetime) -> Vitals:
    """The figures of this moment."""
    is_open = OutboxRow.settled_at.is_(None), OutboxRow.given_up_at.is_(None)
    nobody_at_it = OutboxRow.lease_until.is_(None) | (OutboxRow.lease_until < now)
    oldest = select(OutboxRow.due_at).where(*is_open, nobody_at_it, OutboxRow.due_at <= now)
    stuck = select(func.count(OrderLineRow.order_id.distinct()))
    return Vitals(
        owed=_count(session, *is_open),
        neglected_since=session.scalar(oldest.order_by(OutboxRow.due_at).limit(1)),
        given_up=_count(session, *GIVEN_UP),
        stuck_orders=session.scalar(stuck.where(OrderLineRow.state == LineState.NEEDS_ATTENTION))
        or 0,
        beat_at=session.scalar(select(func.max(SlotRow.slot_at)).where(SlotRow.job == "sync")),
    )


def _count(session: Session, *conditions: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(OutboxRow).where(*conditions)) or 0
