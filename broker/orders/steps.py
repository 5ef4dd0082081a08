"""What the steps of an order share: reading the order, and owing the next step."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from broker.context import Broker
from broker.domain.orders import LineEvent
from broker.domain.references import desk_mark
from broker.ports.queue import QueueName
from broker.store import audit, orders, outbox
from broker.store.orders import OrderLineRow, OrderRow
from broker.store.outbox import Message


def order_of(broker: Broker, message: Message) -> OrderRow:
    """The order that a message is about, to be read only."""
    with broker.sessions() as session:
        order = session.get_one(OrderRow, message.payload["order_id"])
        # Touched while the session is open, for steps read people after it has closed.
        _ = (order.lines, order.beneficiary, order.requester)
        return order


def line_of(order: OrderRow, message: Message) -> OrderLineRow:
    """The line that a message is about."""
    return next(line for line in order.lines if line.id == message.payload["line_id"])


def held(session: Session, order_id: str) -> OrderRow:
    """The order, held for change."""
    order = orders.locked(session, order_id)
    assert order is not None, f"order {order_id} vanished"
    return order


def held_line(session: Session, order_id: str, line_id: str) -> tuple[OrderRow, OrderLineRow]:
    """The order and one of its lines, held for change."""
    order = held(session, order_id)
    return order, next(line for line in order.lines if line.id == line_id)


def owe(
    session: Session,
    topic: str,
    order: OrderRow,
    at: datetime,
    line: OrderLineRow | None = None,
) -> None:
    """Owe the next step of an order, or of one line."""
    payload = {"order_id": order.id} | ({"line_id": line.id} if line else {})
    key = line.id if line else order.id
    outbox.owe(session, QueueName.ORDERS, topic, key, at, payload)


def happen(
    session: Session,
    order: OrderRow,
    line: OrderLineRow,
    event: LineEvent,
    at: datetime,
    sentence: str,
    *,
    actor: audit.Actor = audit.SYSTEM,
    facts: Mapping[str, object] | None = None,
) -> None:
    """Move a line, and tell it to the timeline and the audit trail in the same breath."""
    orders.move(line, event, at, sentence if _needs_words(event) else "")
    orders.remember_step(session, order, at, event.value, sentence, line)
    told = {"event": event.value, "line": line.id, **(facts or {})}
    audit.record(session, at, actor, f"order.{event.value}", ("order", order.id), line.state, told)


def _needs_words(event: LineEvent) -> bool:
    return event in (
        LineEvent.REJECT,
        LineEvent.CANCEL,
        LineEvent.REFUSE,
        LineEvent.FAIL,
        LineEvent.ASK_FOR_HELP,
    )


def mark(order: OrderRow, what: str) -> str:
    """What tells our own entry on the desk's item, so that it is written once, whoever writes it:
    also by an order that was posted again after the first was lost with the database.
    """
    return desk_mark(order.source, order.item_id, what)


def all_final(order: OrderRow) -> bool:
    """Whether the IGA's part is over for every line."""
    return all(line.state.final for line in order.lines)
