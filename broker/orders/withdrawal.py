"""The desk has taken an order back whose request is in the IGA: it is withdrawn there too.

Withdrawing may be repeated, so that nothing has to be looked for after a lost answer. What comes
of it, tracking sees, as it sees everything else that becomes of the request.
"""

from sqlalchemy.orm import Session

from broker.context import Broker
from broker.domain.access_requests import AccessRequest
from broker.domain.errors import Refused
from broker.domain.orders import LineState
from broker.orders import steps
from broker.orders.cancellation import FOLLOW_TO_THE_END, WANTED_AGAIN, Verdict, verdict
from broker.orders.help import park
from broker.orders.tracking import own_part
from broker.store import audit, orders
from broker.store.orders import OrderLineRow, OrderRow
from broker.store.outbox import Effect, Message, nothing

WITHDRAW = "withdraw"
_NEEDS_SOMEBODY = ("shared", "not ours", "refused")
_UNWANTED = f"Undo it there, if it is not wanted. {FOLLOW_TO_THE_END}"


def withdraw(broker: Broker, message: Message) -> Effect:
    """Withdraw the line's request; where that cannot be, an operator has to know of access that
    comes though the desk has taken it back.
    """
    order = steps.order_of(broker, message)
    line = steps.line_of(order, message)
    if line.state is not LineState.SUBMITTED or line.iga_request_id is None:
        return nothing
    request, said = f"Request {line.iga_request_id}", verdict(broker, order)
    if not said.firm:
        # Some time has passed, perhaps: whoever approves again wants the access after all.
        words = said.sentence or f"{order.item_number} is wanted at the desk again."
        words = f"{words} {request} goes on in the IGA."
        return _told(broker, order.id, line.id, words, "kept", said)
    part = own_part(broker.iga(order.iga), order, line, line.iga_request_id)
    outcome, became = _withdrawn(broker, order, line, part)
    why = f"{said.sentence} " if outcome in _NEEDS_SOMEBODY else ""
    return _told(broker, order.id, line.id, f"{why}{request} {became}", outcome)


def _withdrawn(
    broker: Broker, order: OrderRow, line: OrderLineRow, part: AccessRequest
) -> tuple[str, str]:
    """The outcome, and what became of the request."""
    if _is_shared(order, part):
        return "shared", "is for others too: it was not withdrawn, and goes on in the IGA."
    if _is_anothers(broker, line, part):
        return "not ours", "was adopted, and does not name this order: it was not withdrawn."
    try:
        broker.iga(order.iga).withdraw(part.header.id)
    except Refused as late:
        return "refused", f"goes on in the IGA, which {late.reason}."
    return "done", "was withdrawn in the IGA."


def _is_shared(order: OrderRow, part: AccessRequest) -> bool:
    """An operator may have let the order follow a request for several people or items."""
    assert order.beneficiary is not None, "a submitted order has a beneficiary"
    others = set(part.header.beneficiary_keys) - {order.beneficiary.key}
    return bool(others) or len(part.items) > 1


def _is_anothers(broker: Broker, line: OrderLineRow, part: AccessRequest) -> bool:
    """Somebody may want what an operator let the order follow, whatever becomes of the order."""
    with broker.sessions() as session:
        adopted = orders.was_adopted(session, line)
    return adopted and line.reference not in part.header.justification.split()


def _told(
    broker: Broker,
    order_id: str,
    line_id: str,
    words: str,
    outcome: str,
    again: Verdict | None = None,
) -> Effect:
    def store(session: Session) -> None:
        order, line = steps.held_line(session, order_id, line_id)
        now = broker.clock.now()
        if again is not None:
            # whoever cancels it once more is heard once more
            orders.keep_evidence(session, line, now, order.source, WANTED_AGAIN, again.evidence)
        facts = {"iga_request": line.iga_request_id, "line": line.id}
        subject = ("order", order.id)
        audit.record(session, now, audit.SYSTEM, f"order.{WITHDRAW}", subject, outcome, facts)
        if outcome in _NEEDS_SOMEBODY and line.state is LineState.SUBMITTED:
            park(session, order, line, f"{words} {_UNWANTED}", broker)
            return
        orders.remember_step(session, order, now, WITHDRAW, words, line)
        if line.state is LineState.SUBMITTED:
            steps.owe(session, "order.track", order, now, line)

    return store
