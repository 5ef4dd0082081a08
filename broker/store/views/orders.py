"""Orders of the desk, and their way through both systems."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from broker.domain.approvals import stage_words
from broker.domain.orders import LineEvent, LineState, order_state
from broker.domain.visibility import Viewer
from broker.ports.desk import OrderRef
from broker.store.orders import OrderHistoryRow, OrderLineRow, OrderRow
from broker.store.requests import RequestRow
from broker.store.views import scope
from broker.store.views.lists import names_of
from broker.store.views.names import Names, PersonView, view_of

_MOST = 200
_WITH_PEOPLE = (selectinload(OrderRow.beneficiary), selectinload(OrderRow.requester))
_SEEN_ENDS = frozenset(
    (LineEvent.FULFIL, LineEvent.REFUSE, LineEvent.FAIL, LineEvent.CANCEL, LineEvent.CLOSE)
)


@dataclass(frozen=True, slots=True)
class LineView:
    """One thing ordered. `request` is our id of the request it became, once it is known;
    `outcome` is the state, or for a closed line how it ended before the desk was told.
    """

    id: str
    kind: str
    name: str
    state: str
    outcome: str
    reason: str
    iga_request_id: str
    request: str | None
    is_final: bool

    @property
    def is_direct(self) -> bool:
        """Whether the IGA did, or does, what was asked without a request."""
        passed_on = self.outcome in (LineState.SUBMITTED, LineState.FULFILLED)
        return passed_on and not self.iga_request_id


@dataclass(frozen=True, slots=True)
class Posted:
    """What the post said, by logins and names: nobody has confirmed it, so it names no person."""

    beneficiary: str
    requester: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One order in a list. `posted` is there while the desk has confirmed nothing of it."""

    id: str
    source: str
    item_number: str
    state: str
    action: str
    lines: tuple[LineView, ...]
    requester: PersonView | None
    beneficiary: PersonView | None
    received_at: datetime
    iga: str
    posted: Posted | None

    @property
    def can_adopt(self) -> bool:
        """Whether it may follow a request that exists: confirmed, and one line waits for help."""
        waiting = [line for line in self.lines if line.state == LineState.NEEDS_ATTENTION]
        return self.beneficiary is not None and len(waiting) == 1

    @property
    def what(self) -> str:
        """What is ordered, in one line; unknown until the desk has been asked."""
        unknown = "not confirmed" if self.is_final else "not yet confirmed"
        return ", ".join(line.name for line in self.lines if line.name) or unknown

    @property
    def outcome(self) -> str:
        """The state, or for a closed order how it ended."""
        return order_state(LineState(line.outcome) for line in self.lines)

    @property
    def reason(self) -> str:
        """Why it stands still or ended, if a sentence is kept."""
        return next((line.reason for line in self.lines if line.reason), "")

    @property
    def is_final(self) -> bool:
        """Nothing will change any more, but perhaps the desk's notes."""
        return all(line.is_final for line in self.lines)


@dataclass(frozen=True, slots=True)
class StepView:
    """One moment of the timeline, in which system, and a sentence for people."""

    at: datetime
    system: str
    event: str
    sentence: str


@dataclass(frozen=True, slots=True)
class OrderPage:
    """A whole order with its timeline across both systems."""

    line: OrderLine
    ref: OrderRef
    justification: str
    timeline: tuple[StepView, ...]


def orders(session: Session, viewer: Viewer, text: str = "") -> tuple[OrderLine, ...]:
    """The newest orders that the viewer may see; with `text`, those of that desk number."""
    query = select(OrderRow).where(scope.visible_orders(viewer))
    if wanted := text.strip().upper():
        numbers = (OrderRow.item_number, OrderRow.task_number, OrderRow.desk_request_number)
        query = query.where(or_(*(number == wanted for number in numbers)))
    newest = query.order_by(OrderRow.received_at.desc(), OrderRow.id).limit(_MOST)
    rows = session.scalars(newest.options(*_WITH_PEOPLE)).all()
    return lines_of(session, viewer, rows)


def needing_attention(session: Session, viewer: Viewer) -> tuple[OrderLine, ...]:
    """Orders that wait for an operator, longest waiting first."""
    stuck = select(OrderLineRow.order_id).where(OrderLineRow.state == LineState.NEEDS_ATTENTION)
    query = select(OrderRow).where(scope.visible_orders(viewer), OrderRow.id.in_(stuck))
    longest = query.order_by(OrderRow.received_at, OrderRow.id).limit(_MOST)
    rows = session.scalars(longest.options(*_WITH_PEOPLE)).all()
    return lines_of(session, viewer, rows)


def order_page(session: Session, viewer: Viewer, order_id: str) -> OrderPage | None:
    """The order of our id, or None if there is none that this viewer may see."""
    query = select(OrderRow).where(OrderRow.id == order_id, scope.visible_orders(viewer))
    row = session.scalar(query)
    if row is None:
        return None
    (line,) = lines_of(session, viewer, [row])
    timeline = _in_order(_our_steps(row), _iga_steps(session, row))
    return OrderPage(line, row.ref, row.justification, timeline)


def _in_order(ours: list[StepView], theirs: list[StepView]) -> tuple[StepView, ...]:
    """IGAs tell whole seconds: what happened within one cannot have come before its start, nor
    after we saw how it ended.
    """
    seen = [step.at for step in ours if step.event in _SEEN_ENDS]

    def moment(step: StepView) -> datetime:
        latest = step.at + timedelta(seconds=0 if step.at.microsecond else 1)
        return min([latest, *(at for at in seen if at >= step.at)])

    told = [(moment(step), step) for step in theirs] + [(step.at, step) for step in ours]
    return tuple(step for _, step in sorted(told, key=lambda pair: pair[0]))


def lines_of(session: Session, viewer: Viewer, rows: Sequence[OrderRow]) -> tuple[OrderLine, ...]:
    """Orders as lists show them."""
    ids = {line.iga_request_id for row in rows for line in row.lines if line.iga_request_id}
    query = select(RequestRow.iga, RequestRow.request_id, RequestRow.id).where(
        RequestRow.request_id.in_(sorted(ids)), scope.visible(viewer)
    )
    requests = {(iga, request_id): row_id for iga, request_id, row_id in session.execute(query)}
    ends = _ends(session, rows)
    return tuple(_line(row, requests, ends) for row in rows)


def _ends(session: Session, rows: Sequence[OrderRow]) -> dict[str, str]:
    """By line: the last final state before it was closed."""
    query = select(OrderHistoryRow.line_id, OrderHistoryRow.state).where(
        OrderHistoryRow.order_id.in_([row.id for row in rows]),
        OrderHistoryRow.state.in_([state for state in LineState if state.final]),
        OrderHistoryRow.state != LineState.CLOSED,
    )
    told = session.execute(query.order_by(OrderHistoryRow.id)).all()
    return {line_id: state for line_id, state in told if line_id}


def _line(row: OrderRow, requests: dict[tuple[str, str], str], ends: dict[str, str]) -> OrderLine:
    return OrderLine(
        id=row.id,
        source=row.source,
        item_number=row.item_number,
        state=row.state,
        action=row.action,
        lines=tuple(
            LineView(
                line.id,
                line.kind,
                line.name,
                line.state,
                ends.get(line.id, line.state) if line.state == LineState.CLOSED else line.state,
                line.reason,
                line.iga_request_id or "",
                requests.get((row.iga, line.iga_request_id or "")),
                LineState(line.state).final,
            )
            for line in row.lines
        ),
        requester=view_of(row.requester) if row.requester else None,
        beneficiary=view_of(row.beneficiary) if row.beneficiary else None,
        received_at=row.received_at,
        iga=row.iga,
        posted=None if row.beneficiary else _posted(row),
    )  # fmt: skip


def _posted(row: OrderRow) -> Posted:
    """Rows of older releases may hold less than a post does now."""
    said = json.loads(row.posted)
    items = [f"{item['type']} {item['name']}" for item in said.get("items") or ()]
    return Posted(_login(said, "beneficiary"), _login(said, "requested_by"), tuple(items))


def _login(said: Mapping[str, Any], role: str) -> str:
    return str((said.get(role) or {}).get("user_name", ""))


def _our_steps(row: OrderRow) -> list[StepView]:
    return [_step(step) for step in row.history]


def _step(step: OrderHistoryRow) -> StepView:
    return StepView(step.at, "broker", step.event, step.sentence)


def _iga_steps(session: Session, order: OrderRow) -> list[StepView]:
    ids = [line.iga_request_id for line in order.lines if line.iga_request_id]
    query = select(RequestRow).where(RequestRow.iga == order.iga, RequestRow.request_id.in_(ids))
    rows = session.scalars(query).all()
    names = names_of(session, rows)
    return [step for row in rows for step in _request_steps(row, names[row.iga])]


def _request_steps(row: RequestRow, names: Names) -> list[StepView]:
    name = f"Request {row.request_id}"
    steps: list[StepView] = []
    for task in row.tasks:
        who, stage = (
            names.of_login(task.assignee),
            f" ({stage_words(task.stage)})" if task.stage else "",
        )
        if task.assigned_at:
            sentence = f"{name} waits for {who}{stage}."
            steps.append(StepView(task.assigned_at, row.iga, "assigned", sentence))
        if task.decided_at:
            sentence = f"{who}: {task.state}{stage}."
            steps.append(StepView(task.decided_at, row.iga, task.state, sentence))
    if row.closed_at:
        steps.append(StepView(row.closed_at, row.iga, row.state, f"{name} is {row.state}."))
    return steps
