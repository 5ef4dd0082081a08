"""The desk's item learns which request carries it out."""

from sqlalchemy.orm import Session

from broker.context import Broker
from broker.orders import steps
from broker.store import audit, orders
from broker.store.orders import BackReferenceRow, OrderRow
from broker.store.outbox import Effect, Message


def give_up(session: Session, message: Message, why: str, broker: Broker) -> None:
    """The item keeps no reference; the order itself goes on, and an operator can retry this."""
    order = steps.held(session, message.payload["order_id"])
    words = f"{order.item_number} could not be given its reference: {why}"
    orders.remember_step(session, order, broker.clock.now(), "refer back", words)


def untold(session: Session, order: OrderRow) -> bool:
    """Whether some request of the order is not named on the item yet."""
    pairs = [session.get(BackReferenceRow, line.id) for line in order.lines]
    return any(pair is not None and pair.desk_told_at is None for pair in pairs)


def refer_back(broker: Broker, message: Message) -> Effect:
    """Write the IGA's name and all request ids known so far onto the item. Repeatable."""
    order = steps.order_of(broker, message)
    ids = [line.iga_request_id for line in order.lines if line.iga_request_id]
    broker.desk(order.source).refer_back(order.ref, steps.mark(order, "ref"), order.iga, ids)

    def store(session: Session) -> None:
        row, now = steps.held(session, order.id), broker.clock.now()
        for line in row.lines:
            pair = session.get(BackReferenceRow, line.id)
            if pair is not None:
                pair.desk_told_at = now
        words = f"{row.item_number} now names request {', '.join(ids)}."
        orders.remember_step(session, row, now, "refer back", words)
        facts = {"iga_requests": ids}
        audit.record(
            session, now, audit.SYSTEM, "order.refer back", ("order", row.id), "done", facts
        )

    return store
