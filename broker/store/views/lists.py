"""Requests as lists show them: the dashboard's open ones, and the history."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, aliased, selectinload

from broker.domain.access_requests import RequestState, takes_away
from broker.domain.people import normal
from broker.domain.visibility import Viewer
from broker.store.orders import OrderLineRow, OrderRow
from broker.store.people import PersonRow
from broker.store.requests import (
    STILL_OPEN,
    ApprovalTaskRow,
    BeneficiaryRow,
    ChildRow,
    RequestedItemRow,
    RequestRow,
)
from broker.store.views import scope
from broker.store.views.names import Names, PersonView, view_of

PAGE_SIZE = 25
_MOST = 200


@dataclass(frozen=True, slots=True)
class Waiting:
    """Whose decision a request waits for, and since when. `others` may decide, too: a person's
    stand-ins, or a role's members; `instead` tells that the viewer is one of them.
    """

    name: str
    since: datetime | None
    is_viewer: bool
    is_person: bool = True
    instead: bool = False
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderMark:
    """The desk's order that a request was born from."""

    id: str
    number: str
    source: str


@dataclass(frozen=True, slots=True)
class RequestLine:
    """One request in a list. `request_id` is the IGA's, `id` ours; `parts_in_approval` are those
    of its children that wait for a decision.
    """

    id: str
    iga: str
    request_id: str
    state: str
    raw_status: str
    request_type: str
    items: tuple[str, ...]
    requester: PersonView
    beneficiaries: tuple[PersonView, ...]
    waiting: tuple[Waiting, ...]
    order: OrderMark | None
    created_at: datetime
    closed_at: datetime | None
    is_open: bool
    parts_in_approval: int = 0

    @property
    def stands(self) -> str:
        """Where it stands, for people: one whose parts wait for decisions is in approval."""
        return RequestState.AWAITING_APPROVAL if self.parts_in_approval else self.state

    @property
    def takes_away(self) -> bool:
        """Whether it takes access away."""
        return takes_away(self.request_type)

    @property
    def what(self) -> str:
        """What is asked for, in one line."""
        return ", ".join(self.items) or self.request_type


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """One page of finished requests."""

    lines: tuple[RequestLine, ...]
    page: int
    pages: int
    total: int


def open_requests(session: Session, viewer: Viewer) -> tuple[RequestLine, ...]:
    """The viewer's own requests that are not finished, newest first."""
    query = select(RequestRow).where(scope.own(viewer), STILL_OPEN)
    newest = query.order_by(RequestRow.created_at.desc(), RequestRow.id)
    rows = session.scalars(newest.limit(_MOST)).all()
    return lines_of(session, viewer, rows)


def history(
    session: Session,
    viewer: Viewer,
    text: str = "",
    state: str = "",
    everybody: bool = False,
    page: int = 1,
) -> HistoryPage:
    """Finished requests: the viewer's own, or with `everybody` all that they may see."""
    query = select(RequestRow).where(
        scope.visible(viewer) if everybody else scope.own(viewer), RequestRow.is_open.is_(False)
    )
    if state:
        query = query.where(RequestRow.state == state)
    if text:
        query = query.where(_mentions(text))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(1, page), pages)
    return HistoryPage(lines_of(session, viewer, _page(session, query, page)), page, pages, total)


def _page(session: Session, query: Select[RequestRow], page: int) -> Sequence[RequestRow]:
    newest = query.order_by(RequestRow.created_at.desc(), RequestRow.id)
    return session.scalars(newest.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)).all()


def _mentions(text: str) -> ColumnElement[bool]:
    """The text occurs in an item's, person's or order's name, or is the request's id."""
    wanted = f"%{_escaped(normal(text))}%"
    named = select(PersonRow.key).where(
        PersonRow.iga == RequestRow.iga, _like(PersonRow.display_name, wanted)
    )
    items = select(RequestedItemRow.request_row_id).where(_like(RequestedItemRow.name, wanted))
    beneficiaries = select(BeneficiaryRow.request_row_id).where(
        BeneficiaryRow.person_key.in_(named)
    )
    orders = select(OrderLineRow.iga_request_id).join(OrderRow).where(
        OrderRow.iga == RequestRow.iga, _like(OrderRow.item_number, wanted)
    )  # fmt: skip
    return or_(
        RequestRow.request_id == text.strip(),
        RequestRow.id.in_(items),
        RequestRow.id.in_(beneficiaries),
        RequestRow.requester_key.in_(named),
        RequestRow.request_id.in_(orders),
    )


def _like(column: object, wanted: str) -> ColumnElement[bool]:
    return func.lower(column).like(wanted, escape="\\")


def _escaped(text: str) -> str:
    for special in ("\\", "%", "_"):
        text = text.replace(special, "\\" + special)
    return text


def lines_of(
    session: Session, viewer: Viewer, rows: Sequence[RequestRow]
) -> tuple[RequestLine, ...]:
    """Rows as lists show them, with every name read at once."""
    marks = orders_of(session, rows)
    names = names_of(session, rows)
    parts = parts_in_approval(session, rows)
    lines = (line_of(viewer, row, names[row.iga], marks.get(row.id)) for row in rows)
    return tuple(replace(line, parts_in_approval=parts.get(line.id, 0)) for line in lines)


def parts_in_approval(session: Session, rows: Sequence[RequestRow]) -> dict[str, int]:
    """By our id of an open request: how many of its children wait for a decision."""
    divided = [row.id for row in rows if row.is_open and row.children]
    if not divided:
        return {}
    whole, part = aliased(RequestRow), aliased(RequestRow)
    query = (
        select(whole.id, func.count())
        .join(ChildRow, ChildRow.request_row_id == whole.id)
        .join(part, (part.iga == whole.iga) & (part.request_id == ChildRow.child_id))
        .where(whole.id.in_(divided), part.state == RequestState.AWAITING_APPROVAL)
        .where(part.gone_at.is_(None))
    )
    return dict(session.execute(query.group_by(whole.id)).all())


def names_of(session: Session, rows: Sequence[RequestRow]) -> dict[str, Names]:
    """The people that these requests mention, by IGA."""
    by_iga: dict[str, list[RequestRow]] = {}
    for row in rows:
        by_iga.setdefault(row.iga, []).append(row)
    return {
        iga: Names(
            session,
            iga,
            {key for row in group for key in _keys(row)},
            {task.assignee for row in group for task in row.tasks},
            {task.assignee for row in group if row.is_open for task in row.waiting},
        )
        for iga, group in by_iga.items()
    }


def _keys(row: RequestRow) -> set[str]:
    keys = {row.requester_key, *(b.person_key for b in row.beneficiaries)}
    return keys | {item.beneficiary_key for item in row.items}


def orders_of(session: Session, rows: Sequence[RequestRow]) -> dict[str, OrderRow]:
    """By our id of a request: the order it was born from."""
    if not rows:
        return {}
    query = (
        select(RequestRow.id, OrderRow)
        .join(OrderLineRow, OrderLineRow.iga_request_id == RequestRow.request_id)
        .join(OrderRow, (OrderRow.id == OrderLineRow.order_id) & (OrderRow.iga == RequestRow.iga))
        .where(RequestRow.id.in_([row.id for row in rows]))
        .options(selectinload(OrderRow.requester))
    )
    return {row_id: order for row_id, order in session.execute(query)}  # noqa: C416 - rows, not pairs


def line_of(viewer: Viewer, row: RequestRow, names: Names, order: OrderRow | None) -> RequestLine:
    """One request as lists show it. One born from an order shows who ordered it there."""
    return RequestLine(
        id=row.id,
        iga=row.iga,
        request_id=row.request_id,
        state=row.state,
        raw_status=row.raw_status,
        request_type=row.request_type,
        items=tuple(dict.fromkeys(item.name for item in row.items)),
        requester=requester_of(row, names, order),
        beneficiaries=tuple(names.of_key(b.person_key) for b in row.beneficiaries),
        waiting=_waiting(viewer, row, names) if row.is_open else (),
        order=OrderMark(order.id, order.item_number, order.source) if order else None,
        created_at=row.created_at,
        closed_at=row.closed_at,
        is_open=row.is_open,
    )


def requester_of(row: RequestRow, names: Names, order: OrderRow | None) -> PersonView:
    """Who asked. In the IGA it was our service account, when an order is behind it."""
    if order is None:
        return names.of_key(row.requester_key)
    if order.requester is None:
        return PersonView("", "", f"ordered in {order.item_number}")
    return view_of(order.requester)


def _waiting(viewer: Viewer, row: RequestRow, names: Names) -> tuple[Waiting, ...]:
    return tuple(waiting_of(viewer, row, task, names) for task in row.waiting)


def waiting_of(viewer: Viewer, row: RequestRow, task: ApprovalTaskRow, names: Names) -> Waiting:
    """For whom one task waits, and who else may decide it."""
    me = normal(viewer.login) if row.iga == viewer.iga and viewer.key else ""
    others = names.deciders(task.assignee)
    return Waiting(
        name=names.of_login(task.assignee),
        since=task.assigned_at,
        is_viewer=bool(me) and task.assignee_normal == me,
        is_person=names.is_person(task.assignee),
        instead=bool(me) and me in map(normal, others),
        others=tuple(names.of_login(login) for login in others if normal(login) != me),
    )
