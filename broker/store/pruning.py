"""What is removed after a while, in small batches, so that nobody waits for it.

Never what is open; never orders, evidence or audit events.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, inspect, select, tuple_
from sqlalchemy.orm import Session

from broker.store.base import Base, Sessions, changed
from broker.store.outbox import OutboxRow
from broker.store.receipts import ReceiptRow
from broker.store.sync_runs import CONTINUED, SlotRow, SyncRunRow, take_slot

BATCH = 500
_BATCHES = 20
_EVERY_MINUTES = 10

Condition = Callable[[datetime], tuple[ColumnElement[bool], ...]]


@dataclass(frozen=True, slots=True)
class Rule:
    """What is removed, how many days after it was done with, and which rows that are."""

    what: str
    days: int
    row: type[Base]
    done_before: Condition


def _settled(before: datetime) -> tuple[ColumnElement[bool], ...]:
    return (OutboxRow.settled_at < before,)


def _given_up(before: datetime) -> tuple[ColumnElement[bool], ...]:
    return (OutboxRow.given_up_at < before,)


def _received(before: datetime) -> tuple[ColumnElement[bool], ...]:
    return (ReceiptRow.received_at < before,)


def _run(before: datetime) -> tuple[ColumnElement[bool], ...]:
    """But for the newest good reading of everything: screens say how old they are by it. And but
    for the first sweep of a desk: what was approved before is not the broker's business.
    """
    good = (SyncRunRow.finished_at.is_not(None), SyncRunRow.error == "")
    newest = select(func.max(SyncRunRow.started_at)).where(*good, SyncRunRow.kind.in_(CONTINUED))
    first = select(func.min(SyncRunRow.started_at)).where(*good, SyncRunRow.kind == "orders")
    return (
        SyncRunRow.started_at < before,
        SyncRunRow.started_at.not_in(newest.group_by(SyncRunRow.connection)),
        SyncRunRow.started_at.not_in(first.group_by(SyncRunRow.connection)),
    )


def _beaten(before: datetime) -> tuple[ColumnElement[bool], ...]:
    """But for the newest of each job: it must not be taken again."""
    newest = select(SlotRow.job, func.max(SlotRow.slot_at)).group_by(SlotRow.job)
    return (SlotRow.slot_at < before, tuple_(SlotRow.job, SlotRow.slot_at).not_in(newest))


RULES = (
    Rule("messages that were settled", 14, OutboxRow, _settled),
    Rule("messages that were given up", 90, OutboxRow, _given_up),
    Rule("receipts of signed posts", 30, ReceiptRow, _received),
    Rule("sync runs", 30, SyncRunRow, _run),
    Rule("beats of the timer", 30, SlotRow, _beaten),
)


def prune(sessions: Sessions, now: datetime) -> int:
    """Remove what is old enough, if nobody has in these ten minutes; returns how many rows.

    Each batch is a transaction of its own. What is too much for one turn is left to the next.
    """
    with sessions.begin() as session:
        if not take_slot(session, "prune", _turn(now)):
            return 0
    return sum(_apply(sessions, rule, now) for rule in RULES)


def _turn(now: datetime) -> datetime:
    minute = now.minute // _EVERY_MINUTES * _EVERY_MINUTES
    return now.replace(minute=minute, second=0, microsecond=0)


def _apply(sessions: Sessions, rule: Rule, now: datetime) -> int:
    total = 0
    for _ in range(_BATCHES):
        with sessions.begin() as session:
            removed = remove(session, rule, now)
        total += removed
        if removed < BATCH:
            break
    return total


def remove(session: Session, rule: Rule, now: datetime) -> int:
    """One batch; rows that somebody holds are left for later.

    The keys are read first: as a subquery, PostgreSQL may run `SKIP LOCKED` more than once, and
    each run takes the next rows.
    """
    keys = inspect(rule.row).primary_key
    old = select(*keys).where(*rule.done_before(now - timedelta(days=rule.days)))
    batch = session.execute(old.limit(BATCH).with_for_update(skip_locked=True)).all()
    return changed(session, delete(rule.row).where(tuple_(*keys).in_(batch))) if batch else 0
