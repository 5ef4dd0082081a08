"""When a step cannot go on by itself: the line waits for an operator, with a sentence."""

from sqlalchemy.orm import Session

from broker.context import Broker
from broker.domain.orders import LineEvent, LineState
from broker.orders import steps
from broker.store.orders import OrderLineRow, OrderRow
from broker.store.outbox import Message


def ask_for_help(session: Session, message: Message, why: str, broker: Broker) -> None:
    """Mark what the message was about as in need of attention."""
    order = steps.held(session, message.payload["order_id"])
    wanted = message.payload.get("line_id")
    for line in order.lines:
        if wanted in (None, line.id):
            park(session, order, line, why, broker)


def park(session: Session, order: OrderRow, line: OrderLineRow, why: str, broker: Broker) -> None:
    """Let one line wait for an operator; `why` is what they will read."""
    if line.state not in (LineState.CLOSED, LineState.NEEDS_ATTENTION):
        steps.happen(session, order, line, LineEvent.ASK_FOR_HELP, broker.clock.now(), why)
