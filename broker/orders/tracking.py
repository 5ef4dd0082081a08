"""Watching a submitted request until the IGA has granted the access, or will not."""

from datetime import datetime

from sqlalchemy.orm import Session

from broker.context import Broker
from broker.domain.access_requests import AccessRequest, RequestState
from broker.domain.errors import Postponed
from broker.domain.orders import LineEvent, LineState
from broker.orders import steps
from broker.ports.queue import QueueName
from broker.store import orders, outbox
from broker.store.outbox import Effect, Message

_FIRST_LOOK_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 300.0

_ENDS = {
    RequestState.COMPLETED: (LineEvent.FULFIL, "The IGA has granted the access."),
    RequestState.REJECTED: (LineEvent.REFUSE, "The request was rejected in the IGA."),
    RequestState.FAILED: (LineEvent.FAIL, "The IGA could not grant the access."),
    RequestState.WITHDRAWN: (LineEvent.CANCEL, "The request was withdrawn in the IGA."),
    RequestState.CLOSED: (LineEvent.CANCEL, "The request was closed in the IGA."),
}


def track(broker: Broker, message: Message) -> Effect:
    """Look at the request; Postponed, less and less often, while it is under way."""
    order = steps.order_of(broker, message)
    line = steps.line_of(order, message)
    if line.state is not LineState.SUBMITTED or line.iga_request_id is None:
        return lambda _session: None
    seen = broker.iga(order.iga).request(line.iga_request_id)
    end = _ENDS.get(seen.header.state)
    if end is None:
        pause = min(_LONGEST_PAUSE_SECONDS, _FIRST_LOOK_SECONDS * 1.3 ** min(message.attempts, 30))
        raise Postponed(pause, f"the IGA says “{seen.header.raw_status}”")
    return _ended(broker, order.id, line.id, seen, *end)


def _ended(
    broker: Broker, order_id: str, line_id: str, seen: AccessRequest, event: LineEvent, words: str
) -> Effect:
    def store(session: Session) -> None:
        order, line = steps.held_line(session, order_id, line_id)
        if line.state is not LineState.SUBMITTED:
            return
        now = broker.clock.now()
        said = {
            "request": seen.header.id,
            "status": seen.header.raw_status,
            "modified": seen.modified_at,
        }
        sha256 = orders.keep_evidence(session, line, now, order.iga, "outcome", said)
        steps.happen(session, order, line, event, now, words, facts={"evidence": sha256})
        outbox.owe_look(session, order.iga, seen.header.id, now)
        if event is LineEvent.FULFIL and order.beneficiary_id:
            _owe_person(session, order.beneficiary_id, now)
        if steps.all_final(order):
            steps.owe(session, "order.close", order, now)

    return store


def _owe_person(session: Session, person_id: str, at: datetime) -> None:
    """What somebody holds has changed just now: it is on their page before they look."""
    payload = {"person_id": person_id}
    outbox.owe(session, QueueName.INTERACTIVE, "sync.person", person_id, at, payload)
