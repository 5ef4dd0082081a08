"""How old a screen is, and which systems have fallen silent."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker.store import sync_runs
from broker.store.outbox import OutboxRow

_JUST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SilentView:
    """A system that does not answer, since when, and why (for the operator)."""

    name: str
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Freshness:
    """When the IGA was last read for somebody; `refreshing` while a new reading is owed."""

    iga: str
    as_of: datetime | None
    refreshing: bool
    silent: tuple[SilentView, ...]

    @property
    def iga_silent(self) -> SilentView | None:
        """The IGA itself, if it is silent: then nothing here is newer than `as_of`."""
        return next((system for system in self.silent if system.name == self.iga), None)


def freshness(session: Session, iga: str, person_id: str | None) -> Freshness:
    """How fresh the rows about one person are."""
    return Freshness(
        iga=iga,
        as_of=sync_runs.last_success(session, iga, person_id),
        refreshing=bool(person_id) and _owed(session, iga, person_id or ""),
        silent=silent_systems(session),
    )


def access_freshness(session: Session, iga: str, person_id: str | None) -> Freshness:
    """How fresh the rows about what one person holds are."""
    as_of = sync_runs.last_of_person(session, iga, person_id) if person_id else None
    return replace(freshness(session, iga, person_id), as_of=as_of)


def silent_systems(session: Session) -> tuple[SilentView, ...]:
    """Every connection that does not answer now."""
    rows = sync_runs.silent_connections(session)
    return tuple(SilentView(r.name, r.silent_since, r.reason) for r in rows if r.silent_since)


def _owed(session: Session, iga: str, person_id: str) -> bool:
    if _since(session, "sync.person", person_id):
        return True
    # what is looked at for whoever has just signed in
    others = _since(session, "sync.awaiting", iga)
    last = sync_runs.last_of_person(session, iga, person_id) if others else None
    return others is not None and last is not None and last + _JUST >= others


def _since(session: Session, topic: str, key: str) -> datetime | None:
    """Since when this is owed, if it is."""
    query = select(OutboxRow.created_at).where(
        OutboxRow.topic == topic,
        OutboxRow.key == key,
        OutboxRow.settled_at.is_(None),
        OutboxRow.given_up_at.is_(None),
    )
    return session.scalar(query.order_by(OutboxRow.created_at, OutboxRow.id).limit(1))
