"""Watching a submitted line until the IGA has done what was asked, or will not."""

from datetime import timedelta

from sqlalchemy.orm import Session

from broker.context import Broker
from broker.domain.access_requests import AccessRequest, RequestState
from broker.domain.approvals import TaskState
from broker.domain.errors import NotFound, Postponed, Refused
from broker.domain.orders import Action, LineEvent, LineState
from broker.orders import steps
from broker.orders.asking import Facts, is_given, is_taken
from broker.ports.iga import Iga
from broker.store import orders, outbox
from broker.store.orders import OrderLineRow, OrderRow
from broker.store.outbox import Effect, Message

_FIRST_LOOK_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 300.0
# What is done directly is there at once, but for what people do by hand.
_DIRECTLY_WITHIN = timedelta(hours=24)

_EVENTS = {
    RequestState.COMPLETED: LineEvent.FULFIL,
    RequestState.REJECTED: LineEvent.REFUSE,
    RequestState.FAILED: LineEvent.FAIL,
    RequestState.WITHDRAWN: LineEvent.CANCEL,
    RequestState.CLOSED: LineEvent.CANCEL,
}
_DONE = {
    Action.GRANT: "The IGA has granted the access.",
    Action.REVOKE: "The IGA has taken the access away.",
}
_NOT_DONE = {
    Action.GRANT: "The IGA could not grant the access.",
    Action.REVOKE: "The IGA could not take the access away.",
}


def track(broker: Broker, message: Message) -> Effect:
    """Look at the request; Postponed, less and less often, while it is under way."""
    order = steps.order_of(broker, message)
    line = steps.line_of(order, message)
    if line.state is not LineState.SUBMITTED:
        return outbox.nothing
    if line.iga_request_id is None:
        return _track_directly(broker, order, line, message)
    seen = own_part(broker.iga(order.iga), order, line, line.iga_request_id)
    event = _EVENTS.get(seen.header.state)
    if event is None:
        raise Postponed(_pause(message), f"the IGA says “{seen.header.raw_status}”")
    said: Facts = {
        "request": seen.header.id,
        "status": seen.header.raw_status,
        "modified": seen.modified_at,
    }
    return _ended(broker, line, event, _words(order, seen), said)


def _pause(message: Message) -> float:
    return min(_LONGEST_PAUSE_SECONDS, _FIRST_LOOK_SECONDS * 1.3 ** min(message.attempts, 30))


def own_part(iga: Iga, order: OrderRow, line: OrderLineRow, request_id: str) -> AccessRequest:
    """The request, or of one for several people or items the part that is this line's own."""
    seen = iga.request(request_id)
    assert order.beneficiary is not None, "a submitted order has a beneficiary"
    wanted = (line.kind, line.item_key, order.beneficiary.key)
    for child_id in seen.children if seen.header.state not in _ALL_OVER else ():
        try:
            child = iga.request(child_id)
        except NotFound:
            continue
        if wanted in [(item.kind, item.key, item.beneficiary_key) for item in child.items]:
            return child
    return seen


# These are told of every part alike.
_ALL_OVER = (RequestState.COMPLETED, RequestState.REJECTED, RequestState.WITHDRAWN)


def _words(order: OrderRow, seen: AccessRequest) -> str:
    match seen.header.state:
        case RequestState.COMPLETED:
            return _DONE[Action(order.action)]
        case RequestState.FAILED:
            return _NOT_DONE[Action(order.action)]
        case RequestState.REJECTED:
            said = [t.comment for t in seen.tasks if t.state is TaskState.REJECTED and t.comment]
            why = f": “{said[-1]}”" if said else ""
            return f"The request was rejected in the IGA{why}."
    return f"The request was {seen.header.state} in the IGA."


def _track_directly(
    broker: Broker, order: OrderRow, line: OrderLineRow, message: Message
) -> Effect:
    """Without a request, what the person holds is the only word that the IGA has for us."""
    look = is_taken if order.action == Action.REVOKE else is_given
    if look(broker, order, line):
        said: Facts = {"held": order.action != Action.REVOKE, "request": ""}
        words = _DONE[Action(order.action)]
        return _ended(broker, line, LineEvent.FULFIL, words, said)
    if broker.clock.now() > line.changed_at + _DIRECTLY_WITHIN:
        hours = _DIRECTLY_WITHIN // timedelta(hours=1)
        reason = f"said that it does this at once, without a request, and has not in {hours} hours"
        raise Refused(order.iga, reason)
    raise Postponed(_pause(message), "the IGA does it directly, and has not yet")


def _ended(broker: Broker, seen: OrderLineRow, event: LineEvent, words: str, said: Facts) -> Effect:
    """Nothing, where an operator has let the line follow another request meanwhile."""
    followed = seen.iga_request_id or ""

    def store(session: Session) -> None:
        order, line = steps.held_line(session, seen.order_id, seen.id)
        if line.state is not LineState.SUBMITTED or (line.iga_request_id or "") != followed:
            return
        now = broker.clock.now()
        sha256 = orders.keep_evidence(session, line, now, order.iga, "outcome", said)
        steps.happen(session, order, line, event, now, words, facts={"evidence": sha256})
        if line.iga_request_id:
            outbox.owe_look(session, order.iga, line.iga_request_id, now)
        if event is LineEvent.FULFIL and order.beneficiary_id:
            # what they hold has changed just now: it is on their page before they look
            outbox.owe_person(session, order.beneficiary_id, now)
        if steps.all_final(order):
            steps.owe(session, "order.close", order, now)

    return store
