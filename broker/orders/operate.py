"""What an operator may do with an order that needs attention. Each act has a reason."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from broker.context import Broker
from broker.domain.errors import ConnectorError
from broker.domain.orders import Action, LineEvent, LineState
from broker.orders import back_reference, steps
from broker.orders.submission import follow
from broker.ports.queue import QueueName
from broker.store import orders, outbox
from broker.store.audit import Actor
from broker.store.orders import OrderLineRow, OrderRow
from broker.store.outbox import OutboxRow

# Where a line resumes decides which step is owed; nothing skips verification.
_NEXT_STEP = {
    LineState.RECEIVED: "order.verify",
    LineState.VERIFIED: "order.submit",
    LineState.UNCERTAIN: "order.submit",
    LineState.SUBMITTED: "order.track",
}


class NotPossible(Exception):
    """The act does not fit the order's state; the message is a sentence for the operator."""


def retry(broker: Broker, order_id: str, actor: Actor, reason: str) -> None:
    """Let every waiting line go on from where it stopped, and write a reference that is missing."""

    def act(session: Session, order: OrderRow, line: OrderLineRow) -> None:
        now = broker.clock.now()
        steps.happen(
            session, order, line, LineEvent.RESUME, now, f"Tried again: {reason}", actor=actor
        )
        topic = _NEXT_STEP.get(line.state)
        if topic == "order.verify":
            steps.owe(session, topic, order, now)
        elif topic:
            steps.owe(session, topic, order, now, line)
        else:
            steps.owe(session, "order.close", order, now)
        if back_reference.untold(session, order):
            steps.owe(session, "order.refer_back", order, now)

    _each_waiting(broker, order_id, reason, act)


def adopt(broker: Broker, order_id: str, request_id: str, actor: Actor, reason: str) -> None:
    """Follow a request that exists in the IGA already, for an order with one waiting line."""
    _demand_reason(reason)
    with broker.sessions() as session:
        order = _order(session, order_id)
        beneficiary = order.beneficiary
    if beneficiary is None:
        raise NotPossible(
            "The desk has not confirmed this order yet: only a confirmed order can adopt."
        )
    request_id = _checked(broker, order, beneficiary.key, request_id)

    def act(session: Session, order: OrderRow, line: OrderLineRow) -> None:
        _demand_free(session, order, line, request_id)
        words = f"Adopted request {request_id}: {reason}"
        follow(session, order, line, LineEvent.ADOPT, request_id, words, broker, actor=actor)

    _each_waiting(broker, order_id, reason, act, only_one=True)


def cancel(broker: Broker, order_id: str, actor: Actor, reason: str) -> None:
    """Give the order up. A confirmed one is closed at the desk as incomplete; one that the
    desk never confirmed touches nothing there.
    """

    def act(session: Session, order: OrderRow, line: OrderLineRow) -> None:
        now = broker.clock.now()
        steps.happen(
            session, order, line, LineEvent.CANCEL, now, f"Cancelled: {reason}", actor=actor
        )
        if order.carried_item and steps.all_final(order):
            steps.owe(session, "order.close", order, now)

    _each_waiting(broker, order_id, reason, act)


def _checked(broker: Broker, order: OrderRow, key: str, request_id: str) -> str:
    """The id as the IGA writes it. An order that ends with somebody else's request would tell the
    desk what is not true.
    """
    try:
        seen = broker.iga(order.iga).request(request_id)
    except ConnectorError as error:
        raise NotPossible(f"Request {request_id} cannot be read: {error.reason}") from error
    if key not in seen.header.beneficiary_keys:
        raise NotPossible(f"Request {request_id} is for somebody else.")
    if seen.header.takes_away is not (order.action == Action.REVOKE):
        does = "takes access away" if seen.header.takes_away else "gives access"
        raise NotPossible(f"Request {request_id} {does}, and the order is there to {order.action}.")
    asked = {(item.kind, item.key) for item in seen.items if item.beneficiary_key == key}
    for line in order.lines:
        if line.state is LineState.NEEDS_ATTENTION and (line.kind, line.item_key) not in asked:
            raise NotPossible(f"Request {request_id} is not for {line.name}.")
    return seen.header.id or request_id


def _demand_free(session: Session, order: OrderRow, line: OrderLineRow, request_id: str) -> None:
    """One request carries out one order: a second would be told done without anything done."""
    other = orders.line_of_request(session, order.iga, request_id)
    if other is not None and other.id != line.id:
        raise NotPossible(f"Request {request_id} belongs to {other.order.item_number} already.")


def _demand_reason(reason: str) -> None:
    if not reason.strip():
        raise NotPossible("Say why: the reason is kept in the audit trail.")


def _order(session: Session, order_id: str) -> OrderRow:
    order = orders.locked(session, order_id)
    if order is None:
        raise NotPossible("There is no such order.")
    _ = (order.beneficiary, order.lines)
    return order


def _each_waiting(
    broker: Broker,
    order_id: str,
    reason: str,
    act: Callable[[Session, OrderRow, OrderLineRow], None],
    only_one: bool = False,
) -> None:
    _demand_reason(reason)
    with broker.sessions.begin() as session:
        order = _order(session, order_id)
        waiting = [line for line in order.lines if line.state is LineState.NEEDS_ATTENTION]
        if not waiting or (only_one and len(waiting) > 1):
            raise NotPossible(
                f"The order is {order.state}: only one in need of attention can be changed."
            )
        keys = [order.id, *(line.id for line in order.lines)]
        outbox.see_to(session, keys, broker.clock.now(), OutboxRow.queue == QueueName.ORDERS)
        for line in waiting:
            act(session, order, line)
    broker.bell.ring(QueueName.ORDERS)
