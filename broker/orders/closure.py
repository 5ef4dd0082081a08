"""Telling the desk how it ended: close the task, or leave a note where nothing is to close."""

from collections.abc import Collection, Sequence

from sqlalchemy.orm import Session

from broker.context import Broker
from broker.domain.orders import Action, LineEvent, LineState
from broker.orders import steps
from broker.orders.cancellation import RECALL, WANTED_AGAIN
from broker.store import audit, orders
from broker.store.orders import OrderLineRow, OrderRow
from broker.store.outbox import Effect, Message, nothing


def close(broker: Broker, message: Message) -> Effect:
    """Close the desk's task: complete if every line was fulfilled, incomplete otherwise."""
    order = steps.order_of(broker, message)
    # Told already: what a line came to is no longer in its state, and would be told wrong.
    if not steps.all_final(order) or _told(order):
        return nothing
    complete = all(line.state is LineState.FULFILLED for line in order.lines)
    with broker.sessions() as session:
        recalled = orders.lines_with_evidence(session, order, RECALL, WANTED_AGAIN)
    note, comment = _note(order, recalled), _comment(order, recalled)
    broker.desk(order.source).close(order.ref, steps.mark(order, "end"), complete, note, comment)

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


def _note(order: OrderRow, recalled: Collection[str]) -> str:
    return "\n".join(
        f"{line.kind} {line.name}: {_outcome(order, line, recalled)}{_by(order, line)}"
        for line in order.lines
    )


def _by(order: OrderRow, line: OrderLineRow) -> str:
    if line.iga_request_id:
        return f" ({order.iga} request {line.iga_request_id})"
    fulfilled = line.state is LineState.FULFILLED
    return f" ({order.iga} did it directly, without a request)" if fulfilled else ""


def _outcome(order: OrderRow, line: OrderLineRow, recalled: Collection[str]) -> str:
    if line.state is not LineState.FULFILLED:
        return f"{line.state} – {line.reason}"
    late = f", though {order.item_number} was cancelled: too late to stop it"
    return f"{_DONE[Action(order.action)]}{late if line.id in recalled else ''}"


_DONE = {Action.GRANT: "granted", Action.REVOKE: "removed"}


def _comment(order: OrderRow, recalled: Collection[str]) -> str:
    done = [line for line in order.lines if line.state is LineState.FULFILLED]
    others = [line for line in order.lines if line.state is not LineState.FULFILLED]
    reasons = dict.fromkeys(line.reason for line in others if line.reason)
    what = _DONE[Action(order.action)]
    words = [f"Access {what}: {_names(done)}."] if done else []
    if any(line.id in recalled for line in done):
        words.append("It was too late to cancel that.")
    if others:
        words += [f"Access not {what}: {_names(others)}.", *reasons]
    return " ".join(words)


def _names(lines: Sequence[OrderLineRow]) -> str:
    return ", ".join(line.name for line in lines)
