"""When we last read what, and which system is silent since when."""

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from broker.store.base import Base, Identified

# Runs that read what concerns everybody.
GENERAL = ("changes", "everything")
# Runs whose newest good one says where the next begins.
CONTINUED = (*GENERAL, "orders")


class SyncRunRow(Identified):
    """One run: of one person, of what changed, of everything, or of the people."""

    __tablename__ = "sync_runs"
    __table_args__ = (
        Index("ix_sync_runs_fresh", "connection", "kind", "person_id", "finished_at"),
    )

    connection: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(20))
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    started_at: Mapped[datetime] = mapped_column(index=True)
    finished_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(String(1000), default="")
    counts: Mapped[str] = mapped_column(Text, default="{}")


class ConnectionRow(Base):
    """How a connection fares: `silent_since` is set while it does not answer."""

    __tablename__ = "connections"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    answered_at: Mapped[datetime | None]
    silent_since: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(1000), default="")


class SlotRow(Base):
    """One beat of the timer: whoever inserts it first does the work."""

    __tablename__ = "slots"

    job: Mapped[str] = mapped_column(String(40), primary_key=True)
    slot_at: Mapped[datetime] = mapped_column(primary_key=True)


def take_slot(session: Session, job: str, slot_at: datetime) -> bool:
    """True for exactly one caller per job and slot."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(SlotRow).values(job=job, slot_at=slot_at)
    taken = session.execute(row.on_conflict_do_nothing().returning(SlotRow.job))
    return taken.first() is not None


def start(
    session: Session, connection: str, kind: str, at: datetime, person_id: str | None = None
) -> str:
    """Begin a run; returns its id."""
    run = SyncRunRow(connection=connection, kind=kind, person_id=person_id, started_at=at)
    session.add(run)
    session.flush()
    return run.id


def finish(
    session: Session,
    run_id: str,
    at: datetime,
    counts: Mapping[str, int] | None = None,
    error: str = "",
) -> None:
    """End a run, well or with the reason why not."""
    run = session.get_one(SyncRunRow, run_id)
    run.finished_at, run.error = at, error[:1000]
    run.counts = json.dumps(counts or {})


def answered(session: Session, name: str, at: datetime) -> None:
    """Note that a connection works."""
    row = _connection(session, name)
    row.answered_at, row.silent_since, row.reason = at, None, ""


def silent(session: Session, name: str, at: datetime, reason: str) -> None:
    """Note that a connection does not; the first time counts."""
    row = _connection(session, name)
    row.silent_since, row.reason = row.silent_since or at, reason[:1000]


def _connection(session: Session, name: str) -> ConnectionRow:
    row = session.get(ConnectionRow, name) or ConnectionRow(name=name)
    session.add(row)
    return row


def last_success(
    session: Session, connection: str, person_id: str | None = None
) -> datetime | None:
    """When the requests that concern this person were last read completely: by a run of
    theirs, or by one of what changed everywhere. Times are those of the run's start.
    """
    query = (
        select(SyncRunRow.started_at)
        .where(
            SyncRunRow.connection == connection,
            SyncRunRow.finished_at.is_not(None),
            SyncRunRow.error == "",
            SyncRunRow.kind.in_(("person", *GENERAL)),
            SyncRunRow.person_id.is_(None) | (SyncRunRow.person_id == person_id),
        )
        .order_by(SyncRunRow.started_at.desc())
        .limit(1)
    )
    return session.scalar(query)


def span_of_kind(
    session: Session, connection: str, kind: str
) -> tuple[datetime, datetime] | tuple[None, None]:
    """When the first and the last good run of this kind began."""
    at = SyncRunRow.started_at
    query = select(func.min(at), func.max(at)).where(
        SyncRunRow.connection == connection,
        SyncRunRow.kind == kind,
        SyncRunRow.finished_at.is_not(None),
        SyncRunRow.error == "",
    )
    found = session.execute(query).one()
    return (found[0], found[1]) if all(found) else (None, None)


def last_of_person(session: Session, connection: str, person_id: str) -> datetime | None:
    """When what this person holds was last read: only a run of theirs reads that."""
    query = select(func.max(SyncRunRow.started_at)).where(
        SyncRunRow.connection == connection,
        SyncRunRow.finished_at.is_not(None),
        SyncRunRow.error == "",
        SyncRunRow.kind == "person",
        SyncRunRow.person_id == person_id,
    )
    return session.scalar(query)


def silent_connections(session: Session) -> list[ConnectionRow]:
    """Those that do not answer now."""
    return list(
        session.scalars(select(ConnectionRow).where(ConnectionRow.silent_since.is_not(None)))
    )
