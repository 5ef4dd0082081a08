"""How old a screen is, and which systems have fallen silent."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker.store import sync_runs
from broker.store.outbox import OutboxRow


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
        refreshing=bool(person_id) and _owed(session, person_id or ""),
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


def _owed(session: Session, person_id: str) -> bool:
    query = select(OutboxRow.id).where(
        OutboxRow.topic == "sync.person",
        OutboxRow.key == person_id,
        OutboxRow.settled_at.is_(None),
        OutboxRow.given_up_at.is_(None),
    )
    return session.scalar(query.limit(1)) is not None
