"""The desk takes an order back: what is not submitted yet is stopped, and what is, withdrawn.

A post that says so is only a knock on the door, as with orders: the desk itself is asked.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from broker.context import Broker
from broker.domain.errors import NotFound, Postponed
from broker.domain.orders import LineEvent, LineState
from broker.orders import steps
from broker.ports.desk import DeskApproval, DeskOrder
from broker.ports.queue import QueueName
from broker.store import audit, orders, outbox
from broker.store.orders import OrderLineRow, OrderRow
from broker.store.outbox import Effect, Message

RECALL = "recall"
WANTED_AGAIN = "wanted again"
FOLLOW_TO_THE_END = "Then retry, and the order follows it to its end."
_IN_FLIGHT = (LineState.SUBMITTING, LineState.UNCERTAIN)
_FIRST_PAUSE_SECONDS = 2.0
_LONGEST_PAUSE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the desk says of the item: empty if the order stands; `firm` if it is taken back."""

    sentence: str
    firm: bool
    evidence: dict[str, object]


def announced(broker: Broker, actor: audit.Actor, source: str, number: str, item_id: str) -> None:
    """Somebody says that this item was cancelled: owe a question to the desk for each order of it.

    An item without an order that is under way leaves no trace: an order that comes later is
    verified anyway.
    """
    at = broker.clock.now()
    with broker.sessions.begin() as session:
        for order in orders.of_item(session, source, item_id):
            if order.item_number == number and not steps.all_final(order):
                steps.owe(session, f"order.{RECALL}", order, at)
                audit.record(session, at, actor, f"order.{RECALL}", ("order", order.id), "received")
    broker.bell.ring(QueueName.ORDERS)


def recall(broker: Broker, message: Message) -> Effect:
    """Ask the desk and act on its word; Postponed while a submission's outcome is open."""
    order = steps.order_of(broker, message)
    moving = [line for line in order.lines if not line.state.final]
    if not moving:
        return outbox.nothing
    if all(_in_flight(order, line) for line in moving):
        raise Postponed(_pause(message.attempts), "the submission has no outcome yet")
    return _effect(broker, order.id, verdict(broker, order), message.payload.get("rounds", 0))


def _pause(attempts: int) -> float:
    return min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 1.5 ** min(attempts, 20))


def verdict(broker: Broker, order: OrderRow) -> Verdict:
    """Ask the desk whether the order stands. Raises its Unavailable."""
    try:
        seen = broker.desk(order.source).order(order.ref)
    except NotFound as gone:
        return Verdict(f"{order.item_number} is not at the desk: it {gone.reason}.", False, {})
    return Verdict(*_over(seen), dict(seen.evidence))


def _over(seen: DeskOrder) -> tuple[str, bool]:
    number = seen.ref.item_number
    if seen.approval in (DeskApproval.CANCELLED, DeskApproval.REJECTED):
        return f"{number} was {seen.approval} at the desk.", True
    return ("", False) if seen.active else (f"{number} was closed at the desk.", False)


def _effect(broker: Broker, order_id: str, said: Verdict, rounds: int) -> Effect:
    def store(session: Session) -> None:
        order, now = steps.held(session, order_id), broker.clock.now()
        if steps.all_final(order):
            return
        if not said.sentence:
            _stands(session, order, now)
            return
        told = orders.lines_with_evidence(session, order, RECALL, WANTED_AGAIN)
        for line in order.lines:
            if line.id not in told:
                _recall(session, order, line, said, now)
        _follow_up(session, order, now, rounds)

    return store


def _stands(session: Session, order: OrderRow, now: datetime) -> None:
    words = f"{order.item_number} was said to be cancelled, but the desk says otherwise."
    orders.remember_step(session, order, now, RECALL, words)
    audit.record(session, now, audit.SYSTEM, f"order.{RECALL}", ("order", order.id), "unfounded")


def _recall(
    session: Session, order: OrderRow, line: OrderLineRow, said: Verdict, now: datetime
) -> None:
    """What the desk's word means for one line; a line in flight is left to its outcome."""
    if line.state is LineState.RECEIVED:
        # Not confirmed yet, perhaps forged: verifying it asks all questions, and this one too.
        steps.owe(session, "order.verify", order, now)
    elif _in_flight(order, line):
        return
    elif said.firm and _never_submitted(order, line):
        _move(session, order, line, LineEvent.CANCEL, said, now)
    elif line.state is LineState.VERIFIED:
        words = " Nothing was submitted to the IGA; retry only if it should be."
        _move(session, order, line, LineEvent.ASK_FOR_HELP, said, now, words)
    elif line.state is LineState.SUBMITTED:
        _recall_submitted(session, order, line, said, now)
    elif line.state is LineState.NEEDS_ATTENTION:
        _note(session, order, line, said, said.sentence, now)
        line.reason = f"{line.reason} {said.sentence}"[:1000]


def _recall_submitted(
    session: Session, order: OrderRow, line: OrderLineRow, said: Verdict, now: datetime
) -> None:
    """Its request is withdrawn, if the desk leaves no doubt; else an operator decides."""
    if not said.firm or line.iga_request_id is None:
        _move(session, order, line, LineEvent.ASK_FOR_HELP, said, now, f" {_goes_on(line)}")
        return
    words = f"{said.sentence} Request {line.iga_request_id} is to be withdrawn in the IGA."
    _note(session, order, line, said, words, now)
    steps.owe(session, "order.withdraw", order, now, line)


def _note(
    session: Session, order: OrderRow, line: OrderLineRow, said: Verdict, words: str, now: datetime
) -> None:
    """Tell what the desk said of a line that stays where it is."""
    orders.remember_step(session, order, now, RECALL, words, line)
    facts = {"evidence": _keep(session, order, line, said, now), "line": line.id}
    subject = ("order", order.id)
    audit.record(session, now, audit.SYSTEM, f"order.{RECALL}", subject, "done", facts)


def _goes_on(line: OrderLineRow) -> str:
    if line.iga_request_id is None:
        return (
            "The IGA does it directly, without a request to withdraw. If it is not wanted, undo it"
            f" there. {FOLLOW_TO_THE_END}"
        )
    return (
        f"That was after it was submitted: request {line.iga_request_id} goes on in the IGA."
        f" Withdraw it there if it is not wanted. {FOLLOW_TO_THE_END}"
    )


def _move(
    session: Session,
    order: OrderRow,
    line: OrderLineRow,
    event: LineEvent,
    said: Verdict,
    now: datetime,
    words: str = "",
) -> None:
    facts = {
        "evidence": _keep(session, order, line, said, now),
        "reason": "taken_back_at_desk",
    }
    steps.happen(session, order, line, event, now, said.sentence + words, facts=facts)


def _keep(
    session: Session, order: OrderRow, line: OrderLineRow, said: Verdict, now: datetime
) -> str:
    """What the desk said, once a line: the same word does not stop it twice."""
    return orders.keep_evidence(session, line, now, order.source, RECALL, said.evidence)


def _follow_up(session: Session, order: OrderRow, now: datetime, rounds: int) -> None:
    """Come back for what is undecided: soon, then less and less often."""
    if any(_undecided(order, line) for line in order.lines):
        at = now + timedelta(seconds=_pause(rounds))
        payload = {"order_id": order.id, "rounds": rounds + 1}
        outbox.owe(session, QueueName.ORDERS, f"order.{RECALL}", order.id, at, payload)
    elif steps.all_final(order):
        tell_the_desk(session, order, now)


def tell_the_desk(session: Session, order: OrderRow, now: datetime) -> None:
    """Owe the desk how an order ended of which at least one line was taken back there."""
    if all(line.state is LineState.CANCELLED for line in order.lines) and not _submitted(order):
        # It never carried the item out: a later post of the same is a new order.
        order.carried_item = None
        steps.owe(session, "order.note", order, now)
    else:
        steps.owe(session, "order.close", order, now)


def _undecided(order: OrderRow, line: OrderLineRow) -> bool:
    """Another step has the next word."""
    return line.state is LineState.RECEIVED or _in_flight(order, line)


def _in_flight(order: OrderRow, line: OrderLineRow) -> bool:
    """Whether the IGA may have a request that we do not know: also of a line that was submitted
    by a broker whose database was lost since. The search before its submission will tell.
    """
    restored = line.state is LineState.VERIFIED and order.heard_at is None
    return restored or line.state in _IN_FLIGHT


def _never_submitted(order: OrderRow, line: OrderLineRow) -> bool:
    """Whether it was confirmed and no more, and that in this life of the database."""
    return LineState.VERIFIED in (line.state, line.left_state) and order.heard_at is not None


def _submitted(order: OrderRow) -> bool:
    """Whether any of it may be in the IGA: what is done directly has no request."""
    return any(line.iga_request_id or line.tried_at for line in order.lines)
