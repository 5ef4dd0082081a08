"""One request with everything that the IGA's own tracking page shows."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from broker.domain.approvals import TaskState
from broker.domain.people import normal
from broker.domain.visibility import Viewer, may_see
from broker.store.orders import OrderRow
from broker.store.requests import ApprovalTaskRow, ChildRow, RequestRow
from broker.store.views import scope
from broker.store.views.lists import (
    RequestLine,
    Waiting,
    line_of,
    lines_of,
    names_of,
    orders_of,
    parts_in_approval,
    waiting_of,
)
from broker.store.views.names import Names, PersonView

_MOST = 200


@dataclass(frozen=True, slots=True)
class ItemView:
    """One thing asked for, for one person."""

    kind: str
    name: str
    beneficiary: PersonView
    start_at: datetime | None
    end_at: datetime | None


@dataclass(frozen=True, slots=True)
class TaskView:
    """One decision: waiting for, or made by, somebody. `waits` tells who else may decide one
    that waits still.
    """

    id: str
    task_id: str
    assignee: str
    is_viewer: bool
    state: str
    raw_state: str
    stage: str
    assigned_at: datetime | None
    decided_at: datetime | None
    comment: str
    waits: Waiting | None = None


@dataclass(frozen=True, slots=True)
class RequestPage:
    """A whole request. `gone_at` is set when the IGA does not show it any more; `parents` and
    `children` are the requests it was split off from or into, as far as the viewer may see them.
    """

    line: RequestLine
    justification: str
    items: tuple[ItemView, ...]
    tasks: tuple[TaskView, ...]
    modified_at: datetime | None
    seen_at: datetime
    gone_at: datetime | None
    order_visible: bool
    parents: tuple[RequestLine, ...] = ()
    children: tuple[RequestLine, ...] = ()


def request_page(session: Session, viewer: Viewer, row_id: str) -> RequestPage | None:
    """The request of our id, or None if there is none that this viewer may see."""
    row = session.get(RequestRow, row_id)
    if row is None:
        return None
    order = orders_of(session, [row]).get(row.id)
    if not may_see(viewer, scope.parties_of(session, row)):
        return None
    names = names_of(session, [row])[row.iga]
    page = _page(viewer, row, order, names)
    parts = parts_in_approval(session, [row]).get(row.id, 0)
    places = {child.child_id: child.position for child in row.children}
    children = _visible(session, viewer, _children(row))
    return replace(
        page,
        line=replace(page.line, parts_in_approval=parts),
        parents=_visible(session, viewer, _parents(row)),
        children=tuple(sorted(children, key=lambda line: places[line.request_id])),
    )


def _parents(row: RequestRow) -> Select[RequestRow]:
    split = select(ChildRow.request_row_id).where(ChildRow.child_id == row.request_id)
    return select(RequestRow).where(RequestRow.iga == row.iga, RequestRow.id.in_(split))


def _children(row: RequestRow) -> Select[RequestRow]:
    ids = [child.child_id for child in row.children]
    return select(RequestRow).where(RequestRow.iga == row.iga, RequestRow.request_id.in_(ids))


def _visible(
    session: Session, viewer: Viewer, query: Select[RequestRow]
) -> tuple[RequestLine, ...]:
    oldest = query.where(scope.visible(viewer)).order_by(RequestRow.created_at, RequestRow.id)
    return lines_of(session, viewer, session.scalars(oldest.limit(_MOST)).all())


def _page(viewer: Viewer, row: RequestRow, order: OrderRow | None, names: Names) -> RequestPage:
    mine = order and viewer.person_id in (order.requester_id, order.beneficiary_id)
    return RequestPage(
        line=line_of(viewer, row, names, order),
        justification=row.justification,
        items=tuple(
            ItemView(i.kind, i.name, names.of_key(i.beneficiary_key), i.start_at, i.end_at)
            for i in row.items
        ),
        tasks=tuple(task_view(viewer, row, task, names) for task in row.tasks),
        modified_at=row.modified_at,
        seen_at=row.seen_at,
        gone_at=row.gone_at,
        order_visible=viewer.sees_all or bool(mine),
    )


def task_view(viewer: Viewer, row: RequestRow, task: ApprovalTaskRow, names: Names) -> TaskView:
    """One approval task as screens show it."""
    mine = row.iga == viewer.iga and task.assignee_normal == normal(viewer.login)
    waits = row.is_open and task.state == TaskState.REQUESTED
    return TaskView(
        id=task.id,
        task_id=task.task_id,
        assignee=names.of_login(task.assignee),
        is_viewer=mine,
        state=task.state,
        raw_state=task.raw_state,
        stage=task.stage,
        assigned_at=task.assigned_at,
        decided_at=task.decided_at,
        comment=task.comment,
        waits=waiting_of(viewer, row, task, names) if waits else None,
    )
