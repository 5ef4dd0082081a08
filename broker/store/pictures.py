"""What decides which requests are read again, and about which names the IGA is asked."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from broker.domain.access_requests import RequestState
from broker.domain.approvals import TaskState
from broker.store.base import portions
from broker.store.requests import (
    STILL_OPEN,
    ApprovalTaskRow,
    ChildRow,
    RequestedItemRow,
    RequestRow,
)


@dataclass(frozen=True, slots=True)
class Picture:
    """As much of a request as tells whether it has to be read again."""

    request_id: str
    raw_status: str
    justification: str
    is_open: bool
    gone_at: datetime | None


_PICTURE = [getattr(RequestRow, field.name) for field in fields(Picture)]


def known(session: Session, iga: str, request_ids: Iterable[str]) -> dict[str, Picture]:
    """By the IGA's id, for those of `request_ids` that were seen before."""
    found: dict[str, Picture] = {}
    for ids in portions(request_ids):
        query = select(*_PICTURE).where(RequestRow.iga == iga, RequestRow.request_id.in_(ids))
        found |= {row.request_id: Picture(*row) for row in session.execute(query)}
    return found


def still_open(session: Session, iga: str) -> dict[str, Picture]:
    """Every request that was not final, and not gone, when last seen, by the IGA's id."""
    query = select(*_PICTURE).where(_open(iga))
    return {row.request_id: Picture(*row) for row in session.execute(query)}


def _open(iga: str) -> ColumnElement[bool]:
    return (RequestRow.iga == iga) & STILL_OPEN


def waiting_for(session: Session, iga: str, names: Iterable[str]) -> set[str]:
    """The IGA's ids of the open requests that wait for one of these names, as compared."""
    query = (
        select(RequestRow.request_id)
        .join(ApprovalTaskRow, ApprovalTaskRow.request_row_id == RequestRow.id)
        .where(
            _open(iga),
            ApprovalTaskRow.state == TaskState.REQUESTED,
            ApprovalTaskRow.assignee_normal.in_(list(names)),
        )
    )
    return set(session.scalars(query))


def undecided(session: Session, iga: str) -> set[str]:
    """The IGA's ids of the open requests that await a decision, whatever the IGA calls that."""
    return set(session.scalars(select(RequestRow.request_id).where(_open(iga), _waits())))


def _waits() -> ColumnElement[bool]:
    tasks = select(ApprovalTaskRow.request_row_id)
    asked = RequestRow.id.in_(tasks.where(ApprovalTaskRow.state == TaskState.REQUESTED))
    return or_(RequestRow.state == RequestState.AWAITING_APPROVAL, asked)


def awaiting(session: Session, iga: str, seen_before: datetime, most: int) -> list[str]:
    """The IGA's ids of requests that await a decision and were last seen before that moment, at
    most so many, those seen longest ago first.
    """
    query = select(RequestRow.request_id).where(
        _open(iga), _waits(), RequestRow.seen_at < seen_before
    )
    return list(session.scalars(query.order_by(RequestRow.seen_at, RequestRow.id).limit(most)))


def undivided(session: Session, iga: str) -> set[str]:
    """The IGA's ids of open requests under way that ask for several things, and of which we know
    no children yet: those may come later than the approval.
    """
    divided = select(ChildRow.request_row_id)
    query = (
        select(RequestRow.request_id)
        .join(RequestedItemRow, RequestedItemRow.request_row_id == RequestRow.id)
        .where(_open(iga), RequestRow.state == RequestState.IN_PROGRESS)
        .where(RequestRow.id.not_in(divided))
        .group_by(RequestRow.request_id)
        .having(func.count() > 1)
    )
    return set(session.scalars(query))


def item_names(session: Session, iga: str) -> dict[tuple[str, str], str]:
    """What the items of open requests are called, by kind and key."""
    item = RequestedItemRow
    query = select(item.kind, item.key, item.name).join(
        RequestRow, RequestRow.id == item.request_row_id
    )
    named = query.where(_open(iga)).distinct().order_by(item.name)
    return {(kind, key): name for kind, key, name in session.execute(named)}


def awaited(session: Session, iga: str) -> list[str]:
    """Every name, as the IGA spells it, for which a decision of this IGA waits."""
    query = (
        select(ApprovalTaskRow.assignee_normal, ApprovalTaskRow.assignee)
        .join(RequestRow, RequestRow.id == ApprovalTaskRow.request_row_id)
        .where(_open(iga), ApprovalTaskRow.state == TaskState.REQUESTED)
        .distinct()
        .order_by(ApprovalTaskRow.assignee_normal, ApprovalTaskRow.assignee)
    )
    found = dict(session.execute(query).all())
    return [found[name] for name in sorted(found)]
