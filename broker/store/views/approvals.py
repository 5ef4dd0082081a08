"""Decisions: those that wait for the viewer, and those the viewer has made."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from broker.domain.approvals import TaskState
from broker.domain.visibility import Viewer
from broker.store.requests import ApprovalTaskRow, RequestRow
from broker.store.views import scope
from broker.store.views.lists import RequestLine, line_of, names_of, orders_of
from broker.store.views.request_page import TaskView, task_view

_MOST = 200
_DECIDED_SHOWN = 50


@dataclass(frozen=True, slots=True)
class ApprovalLine:
    """One decision with the request it is about."""

    task: TaskView
    request: RequestLine
    justification: str


def pending(session: Session, viewer: Viewer) -> tuple[ApprovalLine, ...]:
    """What waits for the viewer, or for somebody in whose place they may decide, longest waiting
    first.
    """
    query = (
        _tasks(scope.to_decide(viewer))
        .order_by(ApprovalTaskRow.assigned_at, ApprovalTaskRow.id)
        .limit(_MOST)
    )
    return _lines(session, viewer, session.scalars(query).all())


def pending_count(session: Session, viewer: Viewer) -> int:
    """How many decisions wait for the viewer."""
    waiting = _tasks(scope.to_decide(viewer)).subquery()
    query = select(func.count()).select_from(waiting)
    return session.scalar(query) or 0


def decided(session: Session, viewer: Viewer) -> tuple[ApprovalLine, ...]:
    """What the viewer has decided, newest first."""
    query = (
        _tasks(scope.assigned(viewer))
        .where(ApprovalTaskRow.state.in_([TaskState.APPROVED, TaskState.REJECTED]))
        .order_by(ApprovalTaskRow.decided_at.desc(), ApprovalTaskRow.id)
        .limit(_DECIDED_SHOWN)
    )
    return _lines(session, viewer, session.scalars(query).all())


def approval(session: Session, viewer: Viewer, row_id: str) -> ApprovalLine | None:
    """One decision that the viewer made or may make, or None: nobody else is asked for it."""
    theirs = scope.assigned(viewer) | scope.to_decide(viewer)
    query = _tasks(theirs).where(ApprovalTaskRow.id == row_id)
    lines = _lines(session, viewer, session.scalars(query).all())
    return lines[0] if lines else None


def _tasks(whose: ColumnElement[bool]) -> Select[ApprovalTaskRow]:
    return (
        select(ApprovalTaskRow)
        .join(RequestRow, RequestRow.id == ApprovalTaskRow.request_row_id)
        .where(whose)
    )


def _lines(
    session: Session, viewer: Viewer, tasks: Sequence[ApprovalTaskRow]
) -> tuple[ApprovalLine, ...]:
    rows = list({task.request.id: task.request for task in tasks}.values())
    orders, names = orders_of(session, rows), names_of(session, rows)
    return tuple(
        ApprovalLine(
            task_view(viewer, task.request, task, names[task.request.iga]),
            line_of(viewer, task.request, names[task.request.iga], orders.get(task.request.id)),
            task.request.justification,
        )
        for task in tasks
    )
