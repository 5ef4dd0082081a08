"""What happened, written once, sealed into a chain, never changed.

Events are written in the transaction of the change they tell of and name people by our
opaque id only. Seals follow in batches, each holding the hash of the one before, keyed so
that whoever can write to the database alone cannot rewrite history.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Index, Select, String, Text, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from broker.domain.references import canonical
from broker.store.base import Base, Serial

GENESIS = "0" * 64
# One sealer at a time: the number is arbitrary, but must not change.
_SEAL_LOCK = 0x5EA1


class AuditEventRow(Base):
    """One thing that happened: who (kind and opaque id), what, to which record, how it ended."""

    __tablename__ = "audit_events"
    __table_args__ = (Index("ix_audit_events_subject", "subject_kind", "subject_id"),)

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(60))
    subject_kind: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(String(40))
    details: Mapped[str] = mapped_column(Text, default="{}")

    @property
    def content(self) -> str:
        """What the seal vouches for, as canonical JSON."""
        return canonical(
            {
                "id": self.id,
                "at": self.at.isoformat(),
                "actor": [self.actor_kind, self.actor_id],
                "action": self.action,
                "subject": [self.subject_kind, self.subject_id],
                "outcome": self.outcome,
                "details": self.details,
            }
        )


class AuditSealRow(Base):
    """One link of the chain."""

    __tablename__ = "audit_seals"

    seq: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=False)
    event_id: Mapped[int] = mapped_column(Serial, unique=True)
    hash: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: `person`, `client`, `system`; people by our opaque id."""

    kind: str
    id: str


SYSTEM = Actor("system", "broker")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The chain's state: how many events are sealed and not yet, and the first fault if any."""

    sealed: int
    unsealed: int
    fault: str = ""

    @property
    def intact(self) -> bool:
        """No sealed event changed or vanished."""
        return not self.fault


def record(
    session: Session,
    at: datetime,
    actor: Actor,
    action: str,
    subject: tuple[str, str],
    outcome: str = "done",
    details: Mapping[str, object] | None = None,
) -> None:
    """Add an event to this transaction. `details` holds ids, states and hashes, never names."""
    session.add(
        AuditEventRow(
            at=at,
            actor_kind=actor.kind,
            actor_id=actor.id,
            action=action,
            subject_kind=subject[0],
            subject_id=subject[1],
            outcome=outcome,
            details=canonical(details or {}),
        )
    )


def seal(session: Session, key: bytes, at: datetime, limit: int = 1000) -> int:
    """Seal up to `limit` events that are not sealed yet; returns how many. One caller at a time."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_SEAL_LOCK)))
    last = session.scalar(select(AuditSealRow).order_by(AuditSealRow.seq.desc()).limit(1))
    seq, head = (last.seq, last.hash) if last else (0, GENESIS)
    events = session.scalars(_unsealed().order_by(AuditEventRow.id).limit(limit)).all()
    for number, event in enumerate(events, start=seq + 1):
        head = _link(key, head, number, event)
        session.add(AuditSealRow(seq=number, event_id=event.id, hash=head, sealed_at=at))
    return len(events)


def _unsealed() -> Select[AuditEventRow]:
    return (
        select(AuditEventRow)
        .outerjoin(AuditSealRow, AuditSealRow.event_id == AuditEventRow.id)
        .where(AuditSealRow.seq.is_(None))
    )


def _link(key: bytes, head: str, seq: int, event: AuditEventRow) -> str:
    return hmac.new(key, f"{head}|{seq}|{event.content}".encode(), hashlib.sha256).hexdigest()


def verify(session: Session, *keys: bytes) -> Verdict:
    """Walk the chain from its start; names the first sealed event that changed or vanished.

    `keys` are all that were ever used, oldest first. Once a newer one has sealed, an older one
    counts no more: whoever learns it can change nothing before a newer seal that still stands.
    That the end of the trail was cut off, and written anew, no chain tells by itself: whoever owns
    the tables can do it. The number of seals, and an export kept elsewhere, show it.
    """
    unsealed = session.scalar(select(func.count()).select_from(_unsealed().subquery())) or 0
    query = (
        select(AuditSealRow, AuditEventRow)
        .outerjoin(AuditEventRow, AuditEventRow.id == AuditSealRow.event_id)
        .order_by(AuditSealRow.seq)
        .execution_options(yield_per=1000)
    )
    head, sealed, ring = GENESIS, 0, list(keys)
    with session.execute(query) as chain:
        for link, event in chain:
            fault = _fault(ring, head, sealed + 1, link, event)
            if fault:
                return Verdict(sealed, unsealed, fault)
            head, sealed = link.hash, link.seq
    return Verdict(sealed, unsealed)


def _fault(
    ring: list[bytes], head: str, expected: int, link: AuditSealRow, event: AuditEventRow | None
) -> str:
    """What is wrong with this link, or "". Keys that have been replaced leave the ring."""
    if link.seq != expected:
        return f"seal {expected} is missing"
    if event is None:
        return f"event {link.event_id} vanished"
    while ring and not hmac.compare_digest(link.hash, _link(ring[0], head, link.seq, event)):
        ring.pop(0)
    return "" if ring else f"event {event.id} or its seal was changed"


def search(session: Session, text: str = "", limit: int = 200) -> Sequence[AuditEventRow]:
    """The newest events whose record, action or actor is `text`; all of them if empty."""
    query = select(AuditEventRow).order_by(AuditEventRow.id.desc()).limit(limit)
    if text:
        query = query.where(
            or_(
                AuditEventRow.subject_id == text,
                AuditEventRow.action == text,
                AuditEventRow.actor_id == text,
            )
        )
    return session.scalars(query).all()
