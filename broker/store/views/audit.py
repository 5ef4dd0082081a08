"""The audit trail as an auditor reads it: names beside the opaque ids, exports without them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from broker.domain.people import normal
from broker.store.audit import AuditEventRow, AuditSealRow
from broker.store.orders import OrderRow
from broker.store.people import PersonRow
from broker.store.requests import RequestRow

SHOWN = 100
_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class EventView:
    """One event. `actor` and `subject` are names for people where we have them."""

    id: int
    at: datetime
    actor_kind: str
    actor: str
    actor_id: str
    action: str
    subject_kind: str
    subject: str
    subject_id: str
    outcome: str
    details: tuple[tuple[str, str], ...]
    sealed: bool


def events(session: Session, text: str = "") -> tuple[EventView, ...]:
    """The newest events about `text`: an id, a login, an item's number, an action or outcome."""
    query = select(AuditEventRow, AuditSealRow.seq).outerjoin(
        AuditSealRow, AuditSealRow.event_id == AuditEventRow.id
    )
    if text.strip():
        ids = _ids(session, text.strip())
        query = query.where(
            or_(
                AuditEventRow.subject_id.in_(ids),
                AuditEventRow.actor_id.in_(ids),
                AuditEventRow.action == text.strip(),
                AuditEventRow.outcome == text.strip(),
            )
        )
    found = session.execute(query.order_by(AuditEventRow.id.desc()).limit(SHOWN)).all()
    names = _names(session, [event for event, _ in found])
    return tuple(_view(event, names, seq is not None) for event, seq in found)


def sealed_count(session: Session) -> int:
    """How many events are sealed: what a verification will have to walk."""
    return session.scalar(select(func.count()).select_from(AuditSealRow)) or 0


def export(session: Session, after: int) -> list[dict[str, object]]:
    """The next thousand events after the id `after`, with their seals, exactly as kept."""
    query = (
        select(AuditEventRow, AuditSealRow)
        .outerjoin(AuditSealRow, AuditSealRow.event_id == AuditEventRow.id)
        .where(AuditEventRow.id > after)
        .order_by(AuditEventRow.id)
        .limit(_CHUNK)
    )
    return [_exported(event, seal) for event, seal in session.execute(query)]


def _exported(event: AuditEventRow, seal: AuditSealRow | None) -> dict[str, object]:
    return {
        "id": event.id,
        "at": event.at.isoformat(),
        "actor_kind": event.actor_kind,
        "actor_id": event.actor_id,
        "action": event.action,
        "subject_kind": event.subject_kind,
        "subject_id": event.subject_id,
        "outcome": event.outcome,
        "details": event.details,
        "seal": seal.seq if seal is not None else None,
        "hash": seal.hash if seal is not None else None,
    }


def _ids(session: Session, text: str) -> list[str]:
    """The opaque ids that people may mean by a number or a login."""
    queries = (
        select(PersonRow.id).where(PersonRow.login_normal == normal(text)),
        select(OrderRow.id).where(OrderRow.item_number == text.upper()),
        select(RequestRow.id).where(RequestRow.request_id == text),
    )
    return [text, *(found for query in queries for found in session.scalars(query))]


def _names(session: Session, rows: Sequence[AuditEventRow]) -> dict[str, str]:
    ids = sorted({row.actor_id for row in rows} | {row.subject_id for row in rows})
    people = select(PersonRow.id, PersonRow.display_name).where(PersonRow.id.in_(ids))
    orders = select(OrderRow.id, OrderRow.item_number).where(OrderRow.id.in_(ids))
    requests = select(RequestRow.id, RequestRow.request_id).where(RequestRow.id.in_(ids))
    named = (people, orders, requests)
    return {key: name for query in named for key, name in session.execute(query)}


def _view(event: AuditEventRow, names: dict[str, str], sealed: bool) -> EventView:
    details = json.loads(event.details)
    return EventView(
        id=event.id,
        at=event.at,
        actor_kind=event.actor_kind,
        actor=names.get(event.actor_id, event.actor_id),
        actor_id=event.actor_id,
        action=event.action,
        subject_kind=event.subject_kind,
        subject=names.get(event.subject_id, event.subject_id),
        subject_id=event.subject_id,
        outcome=event.outcome,
        details=tuple((str(name), _text(value)) for name, value in sorted(details.items())),
        sealed=sealed,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
