"""What an operator needs to see: runs, freshness, debts, and people without a link."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broker.domain.visibility import Viewer
from broker.store import people
from broker.store.outbox import GIVEN_UP, OutboxRow
from broker.store.people import PersonLinkRow, PersonRow
from broker.store.requests import STILL_OPEN
from broker.store.sync_runs import ConnectionRow, SyncRunRow
from broker.store.views.names import PersonView, view_of
from broker.store.views.orders import OrderLine, needing_attention

_RUNS_SHOWN = 20
_GIVEN_UP_SHOWN = 50
_UNMATCHED_SHOWN = 200


@dataclass(frozen=True, slots=True)
class RunView:
    """One reading of the IGA."""

    id: str
    connection: str
    kind: str
    person: PersonView | None
    started_at: datetime
    finished_at: datetime | None
    error: str
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class ConnectionView:
    """How a connection fares."""

    name: str
    answered_at: datetime | None
    silent_since: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class QueueView:
    """What is owed in one queue."""

    name: str
    waiting: int
    postponed: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class GivenUpView:
    """A debt that is not tried again by itself."""

    id: str
    queue: str
    topic: str
    key: str
    attempts: int
    given_up_at: datetime
    last_error: str


@dataclass(frozen=True, slots=True)
class UnmatchedView:
    """An account that belongs to nobody, and why."""

    system: str
    login: str
    display_name: str
    reason: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class OperationsPage:
    """Everything on the operations page."""

    connections: tuple[ConnectionView, ...]
    queues: tuple[QueueView, ...]
    attention: tuple[OrderLine, ...]
    given_up: tuple[GivenUpView, ...]
    unmatched: tuple[UnmatchedView, ...]
    runs: tuple[RunView, ...]
    people: int
    open_requests: int


def operations_page(session: Session, viewer: Viewer, names: tuple[str, ...]) -> OperationsPage:
    """The state of the installation; `names` are its connections, met before or not."""
    open_requests = select(func.count()).where(STILL_OPEN)
    return OperationsPage(
        connections=tuple(_connection(session, name) for name in names),
        queues=_queues(session),
        attention=needing_attention(session, viewer),
        given_up=_given_up(session),
        unmatched=tuple(_unmatched(link) for link in people.unmatched(session, _UNMATCHED_SHOWN)),
        runs=_runs(session),
        people=session.scalar(select(func.count()).select_from(PersonRow)) or 0,
        open_requests=session.scalar(open_requests) or 0,
    )


def _connection(session: Session, name: str) -> ConnectionView:
    row = session.get(ConnectionRow, name)
    if row is None:
        return ConnectionView(name, None, None, "")
    return ConnectionView(name, row.answered_at, row.silent_since, row.reason)


def _queues(session: Session) -> tuple[QueueView, ...]:
    query = (
        select(
            OutboxRow.queue,
            func.count(),
            func.count().filter(OutboxRow.last_error != ""),
            func.min(OutboxRow.created_at),
        )
        .where(OutboxRow.settled_at.is_(None), OutboxRow.given_up_at.is_(None))
        .group_by(OutboxRow.queue)
        .order_by(OutboxRow.queue)
    )
    return tuple(QueueView(*row) for row in session.execute(query))


def _given_up(session: Session) -> tuple[GivenUpView, ...]:
    query = select(OutboxRow).where(*GIVEN_UP)
    newest = query.order_by(OutboxRow.given_up_at.desc(), OutboxRow.id).limit(_GIVEN_UP_SHOWN)
    return tuple(
        GivenUpView(
            row.id, row.queue, row.topic, row.key, row.attempts, row.given_up_at, row.last_error
        )
        for row in session.scalars(newest)
        if row.given_up_at
    )


def _unmatched(link: PersonLinkRow) -> UnmatchedView:
    return UnmatchedView(link.system, link.login, link.display_name, link.reason, link.seen_at)


def _runs(session: Session) -> tuple[RunView, ...]:
    query = (
        select(SyncRunRow, PersonRow)
        .outerjoin(PersonRow, PersonRow.id == SyncRunRow.person_id)
        .order_by(SyncRunRow.started_at.desc(), SyncRunRow.id)
        .limit(_RUNS_SHOWN)
    )
    return tuple(_run(run, person) for run, person in session.execute(query))


def _run(run: SyncRunRow, person: PersonRow | None) -> RunView:
    return RunView(
        id=run.id,
        connection=run.connection,
        kind=run.kind,
        person=view_of(person) if person else None,
        started_at=run.started_at,
        finished_at=run.finished_at,
        error=run.error,
        counts=tuple(sorted(json.loads(run.counts).items())),
    )
