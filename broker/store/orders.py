"""Orders of a desk, their lines, and all that was seen and done about them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from broker.domain.orders import LineEvent, LineState, advance, order_state
from broker.domain.references import canonical, fingerprint
from broker.ports.desk import OrderRef
from broker.store.base import Base, Identified, Serial, changed, word
from broker.store.people import PersonRow


class OrderRow(Identified):
    """One post about one item of a desk. Only one order at a time may carry an item out:
    `carried_item` is unique and set when the desk has confirmed the post. `heard_at` is when
    the desk last said that the item is to be carried out; None if that has to be asked anew.
    """

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("source", "item_id", "claims"),
        Index("ix_orders_item_number", "source", "item_number"),
    )

    source: Mapped[str] = mapped_column(String(40))
    client: Mapped[str] = mapped_column(String(100))
    item_id: Mapped[str] = mapped_column(String(64))
    item_number: Mapped[str] = mapped_column(String(64))
    task_id: Mapped[str | None] = mapped_column(String(64))
    task_number: Mapped[str | None] = mapped_column(String(64))
    desk_request_id: Mapped[str | None] = mapped_column(String(64))
    desk_request_number: Mapped[str | None] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(10))
    claims: Mapped[str] = mapped_column(String(64))
    posted: Mapped[str] = mapped_column(Text)
    carried_item: Mapped[str | None] = mapped_column(String(120), unique=True)
    iga: Mapped[str] = mapped_column(String(40))
    justification: Mapped[str] = mapped_column(Text, default="")
    start_at: Mapped[datetime | None]
    end_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    heard_at: Mapped[datetime | None]
    beneficiary_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"), index=True)
    requester_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"), index=True)
    beneficiary: Mapped[PersonRow | None] = relationship(foreign_keys=[beneficiary_id])
    requester: Mapped[PersonRow | None] = relationship(foreign_keys=[requester_id])
    lines: Mapped[list["OrderLineRow"]] = relationship(
        order_by="OrderLineRow.position", lazy="selectin", back_populates="order"
    )
    history: Mapped[list["OrderHistoryRow"]] = relationship(order_by="OrderHistoryRow.id")

    @property
    def ref(self) -> OrderRef:
        """Where the item lives at the desk."""
        return OrderRef(
            self.source, self.item_id, self.item_number, self.task_id, self.task_number,
            self.desk_request_id, self.desk_request_number,
        )  # fmt: skip

    @property
    def state(self) -> LineState:
        """Derived from the lines."""
        return order_state(line.state for line in self.lines)


class OrderLineRow(Identified):
    """One catalogue item of an order. `reference` is the word we leave in the IGA; a line has
    it from the moment at which its order carries the item out.
    """

    __tablename__ = "order_lines"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        Index("ix_order_lines_request", "iga_request_id"),
        Index("ix_order_lines_state", "state"),
    )

    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), index=True)
    order: Mapped[OrderRow] = relationship(back_populates="lines")
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(40), default="")
    name: Mapped[str] = mapped_column(String(255), default="")
    item_key: Mapped[str] = mapped_column(String(64), default="")
    state: Mapped[LineState] = mapped_column(word(LineState), default=LineState.RECEIVED)
    left_state: Mapped[LineState | None] = mapped_column(word(LineState))
    reason: Mapped[str] = mapped_column(String(1000), default="")
    reference: Mapped[str | None] = mapped_column(String(64), unique=True)
    iga_request_id: Mapped[str | None] = mapped_column(String(64))
    tried_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]


class OrderHistoryRow(Base):
    """One step of an order's timeline, in a sentence for people; ids follow the order of events."""

    __tablename__ = "order_history"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), index=True)
    line_id: Mapped[str | None] = mapped_column(ForeignKey("order_lines.id"))
    at: Mapped[datetime]
    event: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(20), default="")
    sentence: Mapped[str] = mapped_column(String(1000))


class EvidenceRow(Identified):
    """What another system said, word for word, at a moment that mattered."""

    __tablename__ = "order_evidence"

    line_id: Mapped[str] = mapped_column(ForeignKey("order_lines.id"), index=True)
    at: Mapped[datetime]
    system: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(40))
    content: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))


class BackReferenceRow(Base):
    """The pair "desk item ↔ IGA request", and when each side was told."""

    __tablename__ = "back_references"

    line_id: Mapped[str] = mapped_column(ForeignKey("order_lines.id"), primary_key=True)
    source: Mapped[str] = mapped_column(String(40))
    item_id: Mapped[str] = mapped_column(String(64))
    iga: Mapped[str] = mapped_column(String(40))
    iga_request_id: Mapped[str] = mapped_column(String(64))
    iga_told_at: Mapped[datetime | None]
    desk_told_at: Mapped[datetime | None]


def move(line: OrderLineRow, event: LineEvent, at: datetime, reason: str = "") -> None:
    """Let `event` happen to the line, by the one transition table."""
    before = line.state
    line.state = advance(before, event, line.left_state)
    line.left_state = before if line.state is LineState.NEEDS_ATTENTION else None
    line.reason, line.changed_at = reason[:1000], at


def remember_step(
    session: Session,
    order: OrderRow,
    at: datetime,
    event: str,
    sentence: str,
    line: OrderLineRow | None = None,
) -> None:
    """Add a step to the order's timeline."""
    session.add(
        OrderHistoryRow(
            order_id=order.id,
            line_id=line.id if line else None,
            at=at,
            event=event,
            state=line.state if line else order.state,
            sentence=sentence[:1000],
        )
    )


def keep_evidence(
    session: Session,
    line: OrderLineRow,
    at: datetime,
    system: str,
    kind: str,
    content: Mapping[str, object],
) -> str:
    """Keep what a system said with the line; returns the SHA-256 for the audit event."""
    sha256 = fingerprint(content)
    session.add(
        EvidenceRow(
            line_id=line.id,
            at=at,
            system=system,
            kind=kind,
            content=canonical(content),
            sha256=sha256,
        )
    )
    return sha256


def evidence_of(session: Session, line: OrderLineRow, kind: str) -> dict[str, Any] | None:
    """What was kept last of this kind with the line."""
    kept = select(EvidenceRow).where(EvidenceRow.line_id == line.id, EvidenceRow.kind == kind)
    row = session.scalars(kept.order_by(EvidenceRow.at.desc(), EvidenceRow.id).limit(1)).first()
    content: dict[str, Any] | None = json.loads(row.content) if row else None
    return content


def doubt_what_was_heard(session: Session) -> int:
    """Let the desk be asked anew about every order that has not ended; returns how many."""
    under_way = select(OrderLineRow.order_id).where(OrderLineRow.state != LineState.CLOSED)
    old = (OrderRow.heard_at.is_not(None), OrderRow.id.in_(under_way))
    return changed(session, update(OrderRow).where(*old).values(heard_at=None))


def give_word(session: Session, line: OrderLineRow, reference: str) -> None:
    """Let this line own the word; an earlier order that gave the item up has no use for it."""
    theirs = (OrderLineRow.reference == reference, OrderLineRow.id != line.id)
    session.execute(update(OrderLineRow).where(*theirs).values(reference=None))
    line.reference = reference


def lines_with_evidence(session: Session, order: OrderRow, kind: str, undone_by: str) -> set[str]:
    """The lines of the order for which something of this kind is kept, and nothing as late or
    later of the kind that undoes it.
    """
    return {
        line.id
        for line in order.lines
        if (said := _last_kept_at(session, line, kind))
        and not ((undone := _last_kept_at(session, line, undone_by)) and undone >= said)
    }


def _last_kept_at(session: Session, line: OrderLineRow, kind: str) -> datetime | None:
    kept = (EvidenceRow.line_id == line.id, EvidenceRow.kind == kind)
    latest = select(EvidenceRow.at).where(*kept).order_by(EvidenceRow.at.desc())
    return session.scalars(latest.limit(1)).first()


def locked(session: Session, order_id: str) -> OrderRow | None:
    """The order, held against other writers until the transaction ends."""
    return session.get(OrderRow, order_id, with_for_update=True)


def of_item(session: Session, source: str, item_id: str) -> Sequence[OrderRow]:
    """Every order ever received about one item of a desk, oldest first."""
    query = select(OrderRow).where(OrderRow.source == source, OrderRow.item_id == item_id)
    return session.scalars(query.order_by(OrderRow.received_at, OrderRow.id)).all()


def ended_unconfirmed(order: OrderRow) -> bool:
    """Whether it ended without ever carrying its item out: it says nothing of a later post."""
    over = all(line.state in (LineState.REJECTED, LineState.CANCELLED) for line in order.lines)
    return over and order.carried_item is None


def release_claims(session: Session, order: OrderRow) -> None:
    """Let a later post say the same; what was claimed stays in `posted` and the audit trail."""
    order.claims = fingerprint([order.claims, order.id])
    session.flush()


def carrying(session: Session, source: str, item_id: str) -> OrderRow | None:
    """The order that carries the item out, if any."""
    return session.scalar(select(OrderRow).where(OrderRow.carried_item == carried(source, item_id)))


def carried(source: str, item_id: str) -> str:
    """The unique name under which an order holds an item."""
    return f"{source}/{item_id}"


def line_of_request(session: Session, iga: str, request_id: str) -> OrderLineRow | None:
    """The order line that a request of the IGA was born from."""
    query = (
        select(OrderLineRow)
        .join(OrderRow)
        .where(OrderRow.iga == iga, OrderLineRow.iga_request_id == request_id)
    )
    return session.scalar(query)


def other_for_the_same(
    session: Session, order: OrderRow, line: OrderLineRow, states: Iterable[LineState]
) -> OrderLineRow | None:
    """Another line for the same person, item and action that is in one of these states."""
    same = (*_for_the_same(order, line), OrderLineRow.state.in_(list(states)))
    return session.scalars(select(OrderLineRow).join(OrderRow).where(*same).limit(1)).first()


def _for_the_same(order: OrderRow, line: OrderLineRow) -> tuple[ColumnElement[bool], ...]:
    """Other lines that give, or take, the same item for the same person."""
    return (
        OrderRow.iga == order.iga,
        OrderRow.beneficiary_id == order.beneficiary_id,
        OrderRow.action == order.action,
        OrderLineRow.kind == line.kind,
        OrderLineRow.item_key == line.item_key,
        OrderLineRow.id != line.id,
    )


def was_adopted(session: Session, line: OrderLineRow) -> bool:
    """Whether an operator named the request that the line follows."""
    event = (OrderHistoryRow.line_id == line.id, OrderHistoryRow.event == LineEvent.ADOPT)
    return session.scalar(select(OrderHistoryRow.id).where(*event).limit(1)) is not None


def done_directly(session: Session, order: OrderRow, line: OrderLineRow, since: datetime) -> int:
    """How many other lines have given or taken the same, for the same person, since then and
    without a request: what is held may be their work.
    """
    fulfilled = select(OrderHistoryRow.line_id).where(
        OrderHistoryRow.event == LineEvent.FULFIL, OrderHistoryRow.at >= since
    )
    now = (OrderLineRow.state, OrderLineRow.left_state)  # left: it waits for an operator
    under_way = or_(*(state == LineState.SUBMITTED for state in now))
    query = (
        select(func.count())
        .select_from(OrderLineRow)
        .join(OrderRow)
        .where(
            *_for_the_same(order, line),
            OrderLineRow.iga_request_id.is_(None),
            or_(under_way, OrderLineRow.id.in_(fulfilled)),
        )
    )
    return session.scalar(query) or 0


def orders_of_requests(
    session: Session, iga: str, request_ids: Iterable[str]
) -> dict[str, OrderRow]:
    """By a request's id: the order that it was born from, with the person who placed it."""
    query = (
        select(OrderLineRow.iga_request_id, OrderRow)
        .select_from(OrderLineRow)
        .join(OrderLineRow.order)
        .options(joinedload(OrderRow.requester))
        .where(OrderRow.iga == iga, OrderLineRow.iga_request_id.in_(list(request_ids)))
    )
    return {str(request_id): order for request_id, order in session.execute(query)}


def posted(order: OrderRow) -> dict[str, object]:
    """What the post said, as it was received."""
    content: dict[str, object] = json.loads(order.posted)
    return content
