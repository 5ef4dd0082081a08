"""A verified line becomes a request in the IGA: exactly one, whatever breaks on the way.

Before anything is sent the IGA is searched for our word: we may not be the first to submit
this line. An earlier try may have been cut short, or this database may be an older one that was
restored from a back-up. The intent is stored before the call, so that whoever comes after a
crash knows that the search has to be given time.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from broker.context import Broker
from broker.domain.errors import Postponed, Refused, UnknownOutcome
from broker.domain.orders import LineEvent, LineState
from broker.orders import confirmation, steps
from broker.orders.asking import HELD, Ask, Facts, ask_of
from broker.ports.iga import Receipt
from broker.store import audit, installation, orders, outbox
from broker.store.orders import BackReferenceRow, OrderLineRow, OrderRow
from broker.store.outbox import Effect, Message

# In place of a request's id: it was carried out, and no request was made of it.
_DIRECTLY = ""
# From where a line may be sent: what that is called, and what the timeline says of it.
_SENDING = {
    LineState.VERIFIED: (LineEvent.START, "Submitting to the IGA."),
    LineState.UNCERTAIN: (LineEvent.LOOK_IN_VAIN, "The IGA has no such request yet."),
}


def submit(broker: Broker, message: Message) -> Effect:
    """Submit the line, or find that it was submitted before."""
    order, line = _begin(broker, message)
    if line.state not in _SENDING:
        return outbox.nothing
    _wait_for_the_search(broker, order, line)
    ask = ask_of(broker, order, line, _tried_since(broker, order, line))
    found = _look(ask)
    if found is not None:
        return _found(broker, order.id, line.id, found)
    doubt = confirmation.doubt(broker, message, order, line)
    if doubt is not None:
        return doubt
    return _send(broker, message, order, line, ask)


def _begin(broker: Broker, message: Message) -> tuple[OrderRow, OrderLineRow]:
    """The line as it is now; an intent found here means that an earlier try was cut short."""
    now = broker.clock.now()
    with broker.sessions.begin() as session:
        order, line = _claimed_line(session, broker, message)
        _ = (order.beneficiary, order.requester)
        if line.state is LineState.SUBMITTING:
            words = "An earlier try was cut short; looking whether the IGA took it."
            steps.happen(session, order, line, LineEvent.LOSE_SIGHT, now, words)
            line.tried_at = now
    return order, line


def _claimed_line(
    session: Session, broker: Broker, message: Message
) -> tuple[OrderRow, OrderLineRow]:
    """The line, held for change, if the claim is still ours; LostClaim if we were too slow."""
    outbox.renew(session, message, broker.clock.now(), broker.lease)
    return steps.held_line(session, message.payload["order_id"], message.payload["line_id"])


def _look(ask: Ask) -> str | None:
    """Look for what an earlier try may have made."""
    try:
        found = ask.find()
    except UnknownOutcome as several:
        # More than one request carries our word: only a person can say which one counts.
        raise Refused(several.system, several.reason) from several
    return _DIRECTLY if found is None and ask.is_done() else found


def _tried_since(broker: Broker, order: OrderRow, line: OrderLineRow) -> datetime | None:
    """From when on this line may have been sent; None if that has certainly not happened.

    A restore has undone a life in which it may have been sent too, perhaps for another post.
    """
    with broker.sessions() as session:
        lost_at = installation.restored_at(session)
    if line.state is LineState.UNCERTAIN or (lost_at and order.received_at <= lost_at):
        return order.received_at
    if lost_at is None:
        return None
    ordered_at = broker.desk(order.source).order(order.ref).opened_at or lost_at
    return ordered_at if ordered_at <= lost_at else None


def _wait_for_the_search(broker: Broker, order: OrderRow, line: OrderLineRow) -> None:
    tried_at = _last_tried_at(broker, line)
    if tried_at is None:
        return
    delay = broker.iga(order.iga).capabilities.search_delay_seconds
    trusted_at = tried_at + timedelta(seconds=delay)
    remaining = (trusted_at - broker.clock.now()).total_seconds()
    if remaining > 0:
        why = "the IGA's search may not show a new request yet"
        raise Postponed(remaining, why, forgives=False)


def _last_tried_at(broker: Broker, line: OrderLineRow) -> datetime | None:
    """When the line may have been tried last: here, or in a life that a restore has undone."""
    with broker.sessions() as session:
        lost_at = installation.restored_at(session)
    here = (line.tried_at or line.changed_at) if line.state is LineState.UNCERTAIN else None
    return max(filter(None, (lost_at, here)), default=None)


def _send(
    broker: Broker, message: Message, order: OrderRow, line: OrderLineRow, ask: Ask
) -> Effect:
    _pass_gate(broker, message, line.state, ask.before())
    try:
        receipt = ask.send()
    except Refused as refused:
        if line.state is LineState.UNCERTAIN and _look(ask) is not None:
            # it refuses what the try before has done: seen only now
            _lose_sight(broker, message)
            raise UnknownOutcome(refused.system, refused.reason) from refused
        return _refused(broker, order.id, line.id, refused)
    except UnknownOutcome:
        _lose_sight(broker, message)
        raise
    return _submitted(broker, order.id, line.id, receipt)


def _pass_gate(broker: Broker, message: Message, was: LineState, before: Facts | None) -> None:
    """Store the intent, if it is still our claim, and still the line that we have looked for.

    What remains is the moment between this commit and the call: without an idempotency key in
    the IGA, a worker that stops exactly there for longer than its lease can be too late.
    """
    event, words = _SENDING[was]
    with broker.sessions.begin() as session:
        order, line = _claimed_line(session, broker, message)
        if line.state is not was:
            raise outbox.LostClaim(f"the line is {line.state} by now")
        now = line.tried_at = broker.clock.now()
        facts: Facts = {}
        if before is not None:
            facts["evidence"] = orders.keep_evidence(session, line, now, order.iga, HELD, before)
        steps.happen(session, order, line, event, now, words, facts=facts)


def _lose_sight(broker: Broker, message: Message) -> None:
    """Note that the answer was lost. The IGA's search is trusted only some time from now on."""
    words = "The IGA's answer was lost; looking before trying again."
    with broker.sessions.begin() as session:
        order, line = _claimed_line(session, broker, message)
        steps.happen(session, order, line, LineEvent.LOSE_SIGHT, broker.clock.now(), words)
        line.tried_at = broker.clock.now()


def _submitted(broker: Broker, order_id: str, line_id: str, receipt: Receipt) -> Effect:
    def store(session: Session) -> None:
        order, line = steps.held_line(session, order_id, line_id)
        now = broker.clock.now()
        sha256 = orders.keep_evidence(session, line, now, order.iga, "submission", receipt.answer)
        words = (
            f"The IGA made request {receipt.request_id} of it."
            if receipt.request_id
            else "The IGA carries it out directly, without a request."
        )
        follow(
            session,
            order,
            line,
            LineEvent.SUBMIT,
            receipt.request_id,
            words,
            broker,
            evidence=sha256,
        )

    return store


def _found(broker: Broker, order_id: str, line_id: str, request_id: str) -> Effect:
    def store(session: Session) -> None:
        order, line = steps.held_line(session, order_id, line_id)
        other = orders.line_of_request(session, order.iga, request_id) if request_id else None
        if other is not None and other.id != line.id:
            reason = f"shows request {request_id}, which {other.order.item_number} follows already"
            raise Refused(order.iga, reason)
        words = (
            f"Found in the IGA as request {request_id}; not submitted again."
            if request_id
            else "The IGA has carried it out already, without a request; nothing was submitted."
        )
        follow(session, order, line, LineEvent.FIND, request_id, words, broker)

    return store


def follow(
    session: Session,
    order: OrderRow,
    line: OrderLineRow,
    event: LineEvent,
    request_id: str,
    words: str,
    broker: Broker,
    *,
    evidence: str = "",
    actor: audit.Actor = audit.SYSTEM,
) -> None:
    """The line has its request: remember the pair, and owe all that follows from it.

    Without a request there is no pair, and only what the person holds can be followed.
    """
    now = broker.clock.now()
    line.iga_request_id = request_id or None
    facts = {"iga_request": request_id, "evidence": evidence}
    steps.happen(session, order, line, event, now, words, actor=actor, facts=facts)
    steps.owe(session, "order.track", order, now, line)
    if not request_id:
        return
    session.merge(
        BackReferenceRow(
            line_id=line.id,
            source=order.source,
            item_id=order.item_id,
            iga=order.iga,
            iga_request_id=request_id,
            iga_told_at=now,
        )
    )
    steps.owe(session, "order.refer_back", order, now)
    outbox.owe_look(session, order.iga, request_id, now)


def _refused(broker: Broker, order_id: str, line_id: str, refused: Refused) -> Effect:
    def store(session: Session) -> None:
        order, line = steps.held_line(session, order_id, line_id)
        now = broker.clock.now()
        steps.happen(session, order, line, LineEvent.REFUSE, now, f"The IGA {refused.reason}")
        if steps.all_final(order):
            steps.owe(session, "order.close", order, now)

    return store
