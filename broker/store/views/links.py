"""What a permanent link means for the person who follows it."""

from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from broker.domain.visibility import Viewer
from broker.ports.desk import OrderRef
from broker.store.orders import OrderRow
from broker.store.requests import RequestRow
from broker.store.views import scope
from broker.store.views.lists import RequestLine, lines_of

_ENOUGH = 2


@dataclass(frozen=True, slots=True)
class OrderTarget:
    """An order, and where it lives at the desk."""

    id: str
    ref: OrderRef


def request_named(session: Session, viewer: Viewer, name: str) -> RequestLine | None:
    """The request with our id or the IGA's, if the viewer may see it and no other is meant."""
    query = select(RequestRow).where(
        scope.visible(viewer), or_(RequestRow.id == name, RequestRow.request_id == name)
    )
    rows = session.scalars(query.limit(_ENOUGH)).all()
    return lines_of(session, viewer, rows)[0] if len(rows) == 1 else None


def order_named(session: Session, viewer: Viewer, name: str) -> OrderTarget | None:
    """The order with our id or the desk's number; of several for one item, the newest."""
    query = select(OrderRow).where(
        scope.visible_orders(viewer), or_(OrderRow.id == name, OrderRow.item_number == name.upper())
    )
    row = session.scalar(query.order_by(OrderRow.received_at.desc(), OrderRow.id).limit(1))
    return OrderTarget(row.id, row.ref) if row else None
