"""What we still owe the outside world. The row is the truth; a bell only hurries it."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Index,
    Select,
    String,
    Text,
    case,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from broker.ports.queue import QueueName
from broker.store.base import Identified, changed, new_id


class OutboxRow(Identified):
    """One thing to do. `open_key` is set until claimed: the same thing is not owed twice."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_due", "queue", "settled_at", "due_at"),
        Index("ix_outbox_key", "topic", "key", "lease_until"),
    )

    queue: Mapped[str] = mapped_column(String(20))
    topic: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(255))
    open_key: Mapped[str | None] = mapped_column(String(300), unique=True)
    payload: Mapped[str] = mapped_column(Text, default="{}")
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0)
    settled_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
    crashes: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(String(1000), default="")


@dataclass(frozen=True, slots=True)
class Message:
    """A claimed row. Whoever holds the newest `fence` may settle it.

    `crashes` counts the workers in a row that claimed it and were never heard of again.
    """

    id: str
    queue: QueueName
    topic: str
    key: str
    payload: Mapping[str, Any]
    attempts: int
    fence: int
    crashes: int
    failures: int
    failing_since: datetime | None


_OPEN = (OutboxRow.settled_at.is_(None), OutboxRow.given_up_at.is_(None))
# Given up, and nobody has seen to it yet.
GIVEN_UP = (OutboxRow.settled_at.is_(None), OutboxRow.given_up_at.is_not(None))

# What a finished step wants stored, in the transaction that settles its message.
Effect = Callable[[Session], None]


def nothing(_session: Session) -> None:
    """The effect of a step that stores nothing: all is done, or somebody was faster."""


class LostClaim(Exception):
    """Somebody else claimed the message meanwhile; our effect must not be stored."""


def owe(
    session: Session,
    queue: QueueName,
    topic: str,
    key: str,
    at: datetime,
    payload: Mapping[str, object] | None = None,
) -> None:
    """Add to what is owed, due `at`; if the same is owed already, it only becomes due earlier."""
    open_key = f"{topic}:{key}"
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(OutboxRow).values(
        id=new_id(), queue=queue, topic=topic, key=key, open_key=open_key, created_at=at, due_at=at,
        payload=json.dumps(payload or {}), attempts=0, fence=0, crashes=0, failures=0,
        last_error="",
    )  # fmt: skip
    session.execute(
        row.on_conflict_do_update(
            index_elements=[OutboxRow.open_key],
            set_={"due_at": row.excluded.due_at},
            where=OutboxRow.due_at > row.excluded.due_at,
        )
    )


def owe_look(session: Session, iga: str, request_id: str, at: datetime) -> None:
    """Owe a fresh look at one request of an IGA: something has happened to it, or is about to."""
    payload = {"iga": iga, "request_id": request_id}
    owe(session, QueueName.INTERACTIVE, "sync.request", f"{iga}/{request_id}", at, payload)


def owe_person(session: Session, person_id: str, at: datetime) -> None:
    """Owe a refresh of one person; two wishes make one run."""
    owe(session, QueueName.INTERACTIVE, "sync.person", person_id, at, {"person_id": person_id})


def claim(session: Session, queue: QueueName, now: datetime, lease: timedelta) -> Message | None:
    """Take the message that has been due longest, for the length of the lease.

    Never one whose twin (same topic and key) somebody is at: twins run one after the other.
    """
    due = (
        select(OutboxRow.id)
        .where(*_due(queue, now))
        .order_by(OutboxRow.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    taken = session.execute(
        update(OutboxRow)
        .where(OutboxRow.id == due)
        .values(
            lease_until=now + lease,
            fence=OutboxRow.fence + 1,
            attempts=OutboxRow.attempts + 1,
            crashes=OutboxRow.crashes + case((OutboxRow.lease_until.is_not(None), 1), else_=0),
            open_key=None,
        )
        .returning(OutboxRow)
    ).scalar_one_or_none()
    return _message(taken) if taken else None


def _due(queue: QueueName, now: datetime) -> tuple[Any, ...]:
    twin = aliased(OutboxRow)
    at_work = select(twin.id).where(
        twin.topic == OutboxRow.topic,
        twin.key == OutboxRow.key,
        twin.id != OutboxRow.id,
        twin.lease_until >= now,
        twin.settled_at.is_(None),
        twin.given_up_at.is_(None),
    )
    return (
        ~at_work.exists(),
        OutboxRow.queue == queue,
        OutboxRow.settled_at.is_(None),
        OutboxRow.given_up_at.is_(None),
        OutboxRow.due_at <= now,
        or_(OutboxRow.lease_until.is_(None), OutboxRow.lease_until < now),
    )


def _message(row: OutboxRow) -> Message:
    return Message(
        row.id, QueueName(row.queue), row.topic, row.key, json.loads(row.payload),
        row.attempts, row.fence, row.crashes, row.failures, row.failing_since,
    )  # fmt: skip


def renew(session: Session, message: Message, now: datetime, lease: timedelta) -> None:
    """Keep a claim that is still ours for another lease; LostClaim if it is not."""
    _change(session, message, OutboxRow.lease_until > now, lease_until=now + lease)


def settle(session: Session, message: Message, now: datetime) -> None:
    """Done. Raises LostClaim if the lease ran out and somebody else took over."""
    _change(session, message, settled_at=now, last_error="")
    see_to(session, [message.key], now, OutboxRow.topic == message.topic)


def see_to(
    session: Session, keys: Collection[str], now: datetime, *more: ColumnElement[bool]
) -> None:
    """What was given up about these keys is no longer open: it was done after all, or an
    operator has decided.
    """
    about = (OutboxRow.key.in_(keys), *GIVEN_UP, *more)
    session.execute(update(OutboxRow).where(*about).values(settled_at=now))


def postpone(
    session: Session, message: Message, until: datetime, why: str, *, forgives: bool = True
) -> None:
    """Too early, and no failure; due again `until`. Earlier failures are forgiven, or kept."""
    forgiven: dict[str, object] = {"failures": 0, "failing_since": None} if forgives else {}
    _again(session, message, until, why, **forgiven)


def fail(session: Session, message: Message, now: datetime, until: datetime, why: str) -> None:
    """It went wrong; due again `until`."""
    since = message.failing_since or now
    _again(session, message, until, why, failures=message.failures + 1, failing_since=since)


def _again(session: Session, message: Message, until: datetime, why: str, **values: object) -> None:
    open_key = f"{message.topic}:{message.key}"
    values |= {"due_at": until, "lease_until": None, "crashes": 0, "last_error": why[:1000]}
    try:
        with session.begin_nested():
            _change(session, message, open_key=open_key, **values)
    except IntegrityError:
        # The same thing is owed anew meanwhile; one of the two is enough.
        _change(session, message, settled_at=until, last_error="owed anew")


def give_up(session: Session, message: Message, now: datetime, why: str) -> None:
    """Not done and not tried again, until an operator says so."""
    _change(session, message, given_up_at=now, last_error=why[:1000])


def _change(
    session: Session, message: Message, *conditions: ColumnElement[bool], **values: object
) -> None:
    result = session.execute(
        update(OutboxRow)
        .where(
            *conditions,
            OutboxRow.id == message.id,
            OutboxRow.fence == message.fence,
            OutboxRow.settled_at.is_(None),
            OutboxRow.given_up_at.is_(None),
        )
        .values(**values)
    )
    assert isinstance(result, CursorResult)
    if result.rowcount != 1:
        raise LostClaim(f"{message.topic} {message.key} was taken over")


def release_lost(session: Session, now: datetime) -> int:
    """Free what was claimed by workers that are no more, without counting it as their crash.

    Claims that have not run out are left alone: their worker may be alive.
    """
    lost = (OutboxRow.lease_until < now, *_OPEN)
    return changed(session, update(OutboxRow).where(*lost).values(lease_until=None))


def hold_back(session: Session, topic: str, until: datetime) -> None:
    """Let nothing of this topic be due before `until`."""
    early = (OutboxRow.topic == topic, OutboxRow.due_at < until, *_OPEN)
    session.execute(update(OutboxRow).where(*early).values(due_at=until))


def due_queues(session: Session, now: datetime) -> list[QueueName]:
    """The queues in which something is due."""
    return [queue for queue in QueueName if session.scalar(_any_due(queue, now))]


def _any_due(queue: QueueName, now: datetime) -> Select[str]:
    return select(OutboxRow.id).where(*_due(queue, now)).limit(1)


def waiting(session: Session) -> int:
    """How many messages are still owed."""
    query = select(func.count()).where(
        OutboxRow.settled_at.is_(None), OutboxRow.given_up_at.is_(None)
    )
    return session.scalar(query) or 0
