"""Telling the desk how it ended: close the task, or leave a note where nothing is to close."""

from sqlalchemy.orm import Session

from broker.context import Broker
from broker.domain.orders import LineEvent, LineState
from broker.orders import steps
from broker.store import audit, orders
from broker.store.orders import OrderRow
from broker.store.outbox import Effect, Message


def close(broker: Broker, message: Message) -> Effect:
    """Close the desk's task: complete if every line was fulfilled, incomplete otherwise."""
    order = steps.order_of(broker, message)
    # Told already: what a line came to is no longer in its state, and would be told wrong.
    if not steps.all_final(order) or _told(order):
        return lambda _session: None
    complete = all(line.state is LineState.FULFILLED for line in order.lines)
    broker.desk(order.source).close(
        order.ref, steps.mark(order, "end"), complete, _note(order), _comment(order)
    )

    def store(session: Session) -> None:
        row, now = steps.held(session, order.id), broker.clock.now()
        how = "closed complete" if complete else "closed incomplete"
        for line in row.lines:
            if line.state is not LineState.CLOSED:
                words = f"{row.item_number} is {how} at the desk."
                steps.happen(
                    session, row, line, LineEvent.CLOSE, now, words, facts={"complete": complete}
                )

    return store


def _told(order: OrderRow) -> bool:
    return all(line.state is LineState.CLOSED for line in order.lines)


def note(broker: Broker, message: Message) -> Effect:
    """Leave one work note on an item that the desk itself rejected or cancelled."""
    order = steps.order_of(broker, message)
    sentence = order.lines[0].reason
    words = f"{sentence} Nothing was submitted to the IGA."
    broker.desk(order.source).note(order.ref, steps.mark(order, f"note/{sentence}"), words)

    def store(session: Session) -> None:
        row, now = steps.held(session, order.id), broker.clock.now()
        orders.remember_step(session, row, now, "note", f"A note was left on {row.item_number}.")
        audit.record(session, now, audit.SYSTEM, "order.note", ("order", row.id))

    return store


def _note(order: OrderRow) -> str:
    return "\n".join(
        f"{line.kind} {line.name}: {_outcome(line.state, line.reason)}"
        + (f" ({order.iga} request {line.iga_request_id})" if line.iga_request_id else "")
        for line in order.lines
    )


def _outcome(state: LineState, reason: str) -> str:
    return "granted" if state is LineState.FULFILLED else f"{state} – {reason}"


def _comment(order: OrderRow) -> str:
    granted = [line.name for line in order.lines if line.state is LineState.FULFILLED]
    refused = [line for line in order.lines if line.state is not LineState.FULFILLED]
    reasons = dict.fromkeys(line.reason for line in refused if line.reason)
    words = [f"Access granted: {', '.join(granted)}."] if granted else []
    if refused:
        words += [f"Access not granted: {', '.join(line.name for line in refused)}.", *reasons]
    return " ".join(words)
