"""Is an order still wanted? Asked again before its request is sent, where the desk's word is old.

A confirmed order may wait for hours while the IGA is down, and a database restored from a
back-up does not know what the desk has said since.
"""

from datetime import timedelta

from sqlalchemy.orm import Session

from broker.context import Broker
from broker.domain.errors import NotFound
from broker.domain.orders import LineEvent, LineState
from broker.orders import cancellation, steps, verification
from broker.orders import help as attention
from broker.orders.verification import Declined, Differs, Finding, Genuine, Unclear
from broker.ports.desk import DeskOrder
from broker.store import orders
from broker.store.orders import OrderLineRow, OrderRow
from broker.store.outbox import Effect, Message

# How long the desk's word is believed without asking: a submission follows within seconds.
_BELIEVED = timedelta(minutes=5)


def doubt(broker: Broker, message: Message, order: OrderRow, line: OrderLineRow) -> Effect | None:
    """None while the desk stands by the order; otherwise what becomes of the line instead.

    Raises the desk's Unavailable, and Postponed if its approval has been taken back.
    """
    if order.heard_at is not None and broker.clock.now() < order.heard_at + _BELIEVED:
        return None
    seen, finding = _ask(broker, order, message.attempts)
    if isinstance(finding, Genuine) and _same(order, line, finding):
        _remember(broker, order.id, seen)
        return None
    return _stopped(broker, order.id, line.id, seen, finding)


def _ask(broker: Broker, order: OrderRow, attempts: int) -> tuple[DeskOrder | None, Finding]:
    try:
        seen = broker.desk(order.source).order(order.ref)
    except NotFound as gone:
        return None, Unclear(f"{order.item_number}: {gone.reason}")
    return seen, verification.examine(broker, order, seen, attempts)


def _same(order: OrderRow, line: OrderLineRow, now: Genuine) -> bool:
    wanted = {(item.kind, item.key) for item in now.items}
    return now.beneficiary_id == order.beneficiary_id and (line.kind, line.item_key) in wanted


def _remember(broker: Broker, order_id: str, seen: DeskOrder | None) -> None:
    assert seen is not None, "what was not seen cannot be true"
    with broker.sessions.begin() as session:
        order, now = steps.held(session, order_id), broker.clock.now()
        order.heard_at = now
        for line in order.lines:
            orders.keep_evidence(
                session, line, now, order.source, "confirmation", dict(seen.evidence)
            )
        orders.remember_step(session, order, now, "confirm", "The desk still wants it.")


def _stopped(
    broker: Broker, order_id: str, line_id: str, seen: DeskOrder | None, finding: Finding
) -> Effect:
    def store(session: Session) -> None:
        order, line = steps.held_line(session, order_id, line_id)
        now, facts = broker.clock.now(), {"reason": "no_longer_confirmed"}
        if seen is not None:
            facts["evidence"] = orders.keep_evidence(
                session, line, now, order.source, "confirmation", dict(seen.evidence)
            )
        if not isinstance(finding, Declined) or line.state is not LineState.VERIFIED:
            return attention.park(session, order, line, _words(order, finding), broker)
        steps.happen(session, order, line, LineEvent.CANCEL, now, finding.sentence, facts=facts)
        if steps.all_final(order):
            cancellation.tell_the_desk(session, order, now)
        return None

    return store


def _words(order: OrderRow, finding: Finding) -> str:
    """Why nobody goes on by himself."""
    if isinstance(finding, Genuine):
        return f"At the desk {order.item_number} means something else than when it was confirmed."
    if isinstance(finding, Differs):
        return f"The desk's record was changed after it was confirmed. {finding.sentence}"
    return finding.sentence
