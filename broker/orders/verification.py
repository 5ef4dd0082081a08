"""Is the order true? What the desk says counts, never the post.

A post that differs from the desk's own record is rejected and touches nothing there: the
real item behind it may be somebody's honest order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from broker import linking
from broker.context import Broker
from broker.domain.access import CatalogueItem, ItemName, UnmappedItem
from broker.domain.errors import NotFound, Postponed
from broker.domain.orders import LineEvent, LineState
from broker.domain.people import Account, normal
from broker.domain.references import submission_word
from broker.orders import help as attention
from broker.orders import steps
from broker.ports.desk import DeskApproval, DeskOrder
from broker.store import access, orders
from broker.store.orders import OrderLineRow, OrderRow
from broker.store.outbox import Effect, Message, nothing

_FIRST_WAIT_SECONDS = 2.0
_LONGEST_WAIT_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Differs:
    """The post is not what the desk says."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Declined:
    """The desk itself said no: REJECT or CANCEL."""

    event: LineEvent
    sentence: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """An operator has to look."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Groundless:
    """True, and no business of the IGA: the item stands for no access."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Closed(Unclear):
    """Approved, and closed since: perhaps because it has been carried out already."""


@dataclass(frozen=True, slots=True)
class Genuine:
    """The order is true: for whom, asked by whom, and what."""

    beneficiary_id: str
    requester_id: str | None
    items: Sequence[CatalogueItem]


Finding = Differs | Declined | Unclear | Groundless | Genuine


def verify(broker: Broker, message: Message) -> Effect:
    """Ask the desk and decide. Waits (Postponed) while the desk has not approved."""
    order = steps.order_of(broker, message)
    if not _unverified(order):
        return nothing
    try:
        seen = broker.desk(order.source).order(order.ref)
    except NotFound as error:
        return _effect(broker, order, None, Unclear(f"{order.item_number}: {error.reason}"))
    finding = examine(broker, order, seen, message.attempts)
    if isinstance(finding, Closed):
        # The search in the IGA will tell; nothing is sent for it before the desk opens it again.
        finding = _resolve(broker, seen)
    return _effect(broker, order, seen, finding)


def _unverified(order: OrderRow) -> bool:
    """Verifying can be owed anew while it runs; the second time there is nothing left to do."""
    return all(line.state is LineState.RECEIVED for line in order.lines)


def examine(broker: Broker, order: OrderRow, seen: DeskOrder, attempts: int) -> Finding:
    """Compare what was posted with what the desk says; raises Postponed if it is too early."""
    posted = orders.posted(order)
    return (
        _other_person(posted, seen)
        or _other_items(broker, posted, seen)
        or _other_action(broker, posted, seen)
        or _other_dates(posted, seen)
        or _other_task(posted, seen)
        or _not_approved(broker, order, seen, attempts)
        or _resolve(broker, seen)
    )


def _other_person(posted: Mapping[str, Any], seen: DeskOrder) -> Differs | None:
    told = posted["beneficiary"]["user_name"]
    real = seen.requested_for
    if real and normal(real.login) == normal(told):
        return None
    return Differs(
        f"The post asks for {told}, but at the desk {seen.ref.item_number} is for"
        f" {real.login if real else 'nobody'}."
    )


def _other_items(broker: Broker, posted: Mapping[str, Any], seen: DeskOrder) -> Differs | None:
    told = {ItemName(item["type"], item["name"]) for item in posted.get("items") or ()}
    real = _meant(broker, seen)
    if not told or isinstance(real, Unclear) or told == set(real):
        return None
    return Differs(
        f"The post asks for {_list(told)}, but at the desk {seen.ref.item_number}"
        f" (“{seen.catalogue_label}”) stands for {_list(real) or 'no access at all'}."
    )


def _other_action(broker: Broker, posted: Mapping[str, Any], seen: DeskOrder) -> Differs | None:
    """The mapping says whether an item gives or takes away; one without access does neither."""
    entry = broker.catalogue.entries.get((seen.ref.source, seen.catalogue_item))
    if entry is None or not entry.grants or entry.action == posted["action"]:
        return None
    return Differs(
        f"The post asks to {posted['action']} access, but {seen.ref.item_number}"
        f" (“{seen.catalogue_label}”) is there to {entry.action} it."
    )


def _meant(broker: Broker, seen: DeskOrder) -> Sequence[ItemName] | Unclear:
    try:
        return broker.catalogue.resolve(
            seen.ref.source, seen.catalogue_item, seen.catalogue_label, seen.variables
        )
    except UnmappedItem as unmapped:
        return Unclear(str(unmapped))


def _list(items: Sequence[ItemName] | set[ItemName]) -> str:
    return ", ".join(str(item) for item in sorted(items))


def _other_dates(posted: Mapping[str, Any], seen: DeskOrder) -> Differs | None:
    """The post must not decide how long; what cannot be read at the desk is for an operator."""
    if seen.unclear:
        return None
    for word, field, real in (
        ("from", "start_date", seen.start_at),
        ("until", "end_date", seen.end_at),
    ):
        told = datetime.fromisoformat(posted[field]) if posted.get(field) else None
        if told != real:
            return Differs(
                f"The post asks for access {word} {_when(told)}, but at the desk"
                f" {seen.ref.item_number} says {word} {_when(real)}."
            )
    return None


def _when(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "no date"


def _other_task(posted: Mapping[str, Any], seen: DeskOrder) -> Differs | None:
    told = posted.get("task")
    if not told or told["sys_id"] in seen.task_ids:
        return None
    return Differs(
        f"The post names task {told['number']}, but at the desk {seen.ref.item_number} has no"
        " such task."
    )


def _not_approved(
    broker: Broker, order: OrderRow, seen: DeskOrder, attempts: int
) -> Declined | Unclear | None:
    number = seen.ref.item_number
    if seen.approval is DeskApproval.REJECTED:
        return Declined(LineEvent.REJECT, f"{number} was rejected at the desk.")
    if seen.approval is DeskApproval.CANCELLED:
        return Declined(LineEvent.CANCEL, f"{number} was cancelled at the desk.")
    if seen.approval is DeskApproval.APPROVED:
        return (
            None if seen.active else Closed(f"{number} is approved but already closed at the desk.")
        )
    return _wait(broker, order, seen, attempts)


def _wait(broker: Broker, order: OrderRow, seen: DeskOrder, attempts: int) -> Unclear:
    hours = broker.settings.approval_wait_hours
    if broker.clock.now() >= order.received_at + timedelta(hours=hours):
        return Unclear(
            f"{seen.ref.item_number} was not approved at the desk within {hours:g} hours."
        )
    delay = min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 1.5 ** min(attempts, 20))
    raise Postponed(delay, f"{seen.ref.item_number} is not approved at the desk yet")


def _resolve(broker: Broker, seen: DeskOrder) -> Finding:
    if seen.unclear:
        return Unclear(seen.unclear)
    names = _meant(broker, seen)
    if isinstance(names, Unclear):
        return names
    if not names:
        return Groundless(
            f"“{seen.catalogue_label}” stands for no access: nothing to submit."
            f" {seen.ref.item_number} stays as it is."
        )
    return _people_and_items(broker, seen, names)


def _people_and_items(broker: Broker, seen: DeskOrder, names: Sequence[ItemName]) -> Finding:
    assert seen.requested_for is not None
    beneficiary, why = linking.person_of(broker, seen.requested_for, fresh=True)
    if beneficiary is None:
        return Unclear(f"The beneficiary cannot be told for certain: {why}.")
    items = [(name, broker.iga().find_item(name)) for name in dict.fromkeys(names)]
    missing = [name for name, item in items if item is None]
    if missing:
        return Unclear(f"The IGA's catalogue has no requestable {_list(missing)}.")
    return Genuine(
        beneficiary, _requester(broker, seen.opened_by), [item for _, item in items if item]
    )


def _requester(broker: Broker, opened_by: Account | None) -> str | None:
    return linking.person_of(broker, opened_by)[0] if opened_by else None


def _effect(broker: Broker, order: OrderRow, seen: DeskOrder | None, finding: Finding) -> Effect:
    def store(session: Session) -> None:
        row = steps.held(session, order.id)
        if not _unverified(row):
            return
        sha256 = _keep(session, row, seen, broker)
        if isinstance(finding, Genuine):
            _carry(session, row, seen, finding, sha256, broker)
            return
        for line in row.lines:
            _decline(session, row, line, finding, sha256, broker)
        if isinstance(finding, Declined):
            steps.owe(session, "order.note", row, broker.clock.now())

    return store


def _keep(session: Session, order: OrderRow, seen: DeskOrder | None, broker: Broker) -> str:
    """Evidence of what the desk said, with every line; the desk names the task, not the post."""
    if seen is None:
        return ""
    order.task_id, order.task_number = seen.ref.task_id, seen.ref.task_number
    order.desk_request_id, order.desk_request_number = seen.ref.request_id, seen.ref.request_number
    at = broker.clock.now()
    hashes = [
        orders.keep_evidence(session, line, at, order.source, "verification", seen.evidence)
        for line in order.lines
    ]
    return hashes[0]


def _decline(
    session: Session,
    order: OrderRow,
    line: OrderLineRow,
    finding: Finding,
    sha256: str,
    broker: Broker,
) -> None:
    assert not isinstance(finding, Genuine)
    if isinstance(finding, Unclear):
        return attention.park(session, order, line, finding.sentence, broker)
    event, reason = _ending(finding)
    facts = {"evidence": sha256, "reason": reason}
    steps.happen(session, order, line, event, broker.clock.now(), finding.sentence, facts=facts)
    return None


def _ending(finding: Differs | Declined | Groundless) -> tuple[LineEvent, str]:
    if isinstance(finding, Declined):
        return finding.event, "declined_at_desk"
    if isinstance(finding, Groundless):
        return LineEvent.CANCEL, "stands_for_no_access"
    return LineEvent.REJECT, "differs_from_desk"


def _carry(
    session: Session,
    order: OrderRow,
    seen: DeskOrder | None,
    true: Genuine,
    sha256: str,
    broker: Broker,
) -> None:
    """From here this order, and no other, carries the item out."""
    at = broker.clock.now()
    first = orders.carrying(session, order.source, order.item_id)
    if first is not None and first.id != order.id:
        twin = Differs(f"{order.item_number} is carried out already, as order {first.id}.")
        for line in order.lines:
            _decline(session, order, line, twin, sha256, broker)
        return
    order.carried_item = orders.carried(order.source, order.item_id)
    order.beneficiary_id, order.requester_id = (
        true.beneficiary_id,
        true.requester_id or true.beneficiary_id,
    )
    if seen is not None:
        # how long, and what for, is the desk's word too
        order.start_at, order.end_at = seen.start_at, seen.end_at
        order.justification = seen.justification
        order.heard_at = at if seen.active else None
    for line, item in zip(_lines(session, order, len(true.items), broker), true.items, strict=True):
        line.kind, line.name, line.item_key = item.kind, item.name, item.key
        wish = f"{order.action}/{item.kind}/{item.key}"
        orders.give_word(session, line, submission_word(order.source, order.item_id, wish))
        access.remember_item(session, order.iga, item, at)
        words = _confirmed(order, seen)
        steps.happen(session, order, line, LineEvent.VERIFY, at, words, facts={"evidence": sha256})
        steps.owe(session, "order.submit", order, at, line)


def _confirmed(order: OrderRow, seen: DeskOrder | None) -> str:
    decisions = seen.decisions if seen else ()
    approved = [each.name or each.approver for each in decisions if each.decision == "approved"]
    words = f"Confirmed by the desk{', approved by ' + ', '.join(approved) if approved else ''}."
    return words if order.heard_at else f"{words} The item is closed there already."


def _lines(
    session: Session, order: OrderRow, wanted: int, broker: Broker
) -> Sequence[OrderLineRow]:
    for position in range(len(order.lines), wanted):
        line = OrderLineRow(position=position, changed_at=broker.clock.now())
        order.lines.append(line)
    session.flush()
    return order.lines
