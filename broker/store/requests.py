"""Access requests as last seen in an IGA, with their items and approval tasks."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    or_,
    select,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column, relationship

from broker.domain.access_requests import AccessRequest, RequestedItem, RequestState
from broker.domain.approvals import ApprovalTask, TaskState
from broker.domain.people import normal
from broker.store.base import (
    Base,
    Clipped,
    Identified,
    Turn,
    changed,
    portions,
    take_turn,
    too_long,
    word,
)
from broker.store.deciders import DeciderRow
from broker.store.people import PersonRow


class RequestRow(Identified):
    """One request of one IGA. `fingerprint` tells whether anything changed since."""

    __tablename__ = "access_requests"
    __table_args__ = (
        UniqueConstraint("iga", "request_id"),
        Index("ix_access_requests_requester", "iga", "requester_key"),
        Index("ix_access_requests_open", "iga", "is_open"),
    )

    iga: Mapped[str] = mapped_column(String(40))
    request_id: Mapped[str] = mapped_column(String(64))
    state: Mapped[RequestState] = mapped_column(word(RequestState))
    raw_status: Mapped[str] = mapped_column(Clipped(255))
    is_open: Mapped[bool]
    request_type: Mapped[str] = mapped_column(Clipped(255))
    requester_key: Mapped[str] = mapped_column(String(64))
    justification: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    modified_at: Mapped[datetime | None]
    seen_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    gone_at: Mapped[datetime | None]
    fingerprint: Mapped[str] = mapped_column(String(64))
    mirror_due: Mapped[bool] = mapped_column(default=True, index=True)
    mirrored_fingerprint: Mapped[str] = mapped_column(String(64), default="")
    items: Mapped[list["RequestedItemRow"]] = relationship(
        cascade="all, delete-orphan", order_by="RequestedItemRow.position", lazy="selectin"
    )
    tasks: Mapped[list["ApprovalTaskRow"]] = relationship(
        cascade="all, delete-orphan",
        order_by="ApprovalTaskRow.position",
        lazy="selectin",
        back_populates="request",
    )
    beneficiaries: Mapped[list["BeneficiaryRow"]] = relationship(
        cascade="all, delete-orphan", lazy="selectin"
    )
    children: Mapped[list["ChildRow"]] = relationship(
        cascade="all, delete-orphan", order_by="ChildRow.position", lazy="selectin"
    )
    mirrored: Mapped[list["MirroredApprovalRow"]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="MirroredApprovalRow.row_id"
    )

    @property
    def waiting(self) -> list["ApprovalTaskRow"]:
        """The tasks that somebody still has to decide."""
        return [task for task in self.tasks if task.state == TaskState.REQUESTED]


# Neither final nor gone when last seen.
STILL_OPEN = RequestRow.is_open & RequestRow.gone_at.is_(None)


class BeneficiaryRow(Base):
    """Somebody who will have the access."""

    __tablename__ = "request_beneficiaries"

    request_row_id: Mapped[str] = mapped_column(
        ForeignKey("access_requests.id", ondelete="CASCADE"), primary_key=True
    )
    person_key: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)


class ChildRow(Base):
    """A request that this one was split into, by the IGA's id; we may not have seen it."""

    __tablename__ = "request_children"

    request_row_id: Mapped[str] = mapped_column(
        ForeignKey("access_requests.id", ondelete="CASCADE"), primary_key=True
    )
    child_id: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    position: Mapped[int]


class MirroredApprovalRow(Base):
    """A row that a desk has of one approval: for whoever it is assigned to, and for each who may
    decide instead. Kept when the task is another's, until the desk was told that it is over.
    """

    __tablename__ = "mirrored_approvals"

    request_row_id: Mapped[str] = mapped_column(
        ForeignKey("access_requests.id", ondelete="CASCADE"), primary_key=True
    )
    row_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))


class RequestedItemRow(Identified):
    """One catalogue item for one beneficiary in a request."""

    __tablename__ = "requested_items"

    request_row_id: Mapped[str] = mapped_column(
        ForeignKey("access_requests.id", ondelete="CASCADE"), index=True
    )
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(Clipped(255))
    beneficiary_key: Mapped[str] = mapped_column(String(64))
    start_at: Mapped[datetime | None]
    end_at: Mapped[datetime | None]


class ApprovalTaskRow(Identified):
    """One decision waiting for, or made by, somebody. Its id survives changes of the task."""

    __tablename__ = "approval_tasks"
    __table_args__ = (
        UniqueConstraint("request_row_id", "task_id", "assignee_normal"),
        Index("ix_approval_tasks_assignee", "assignee_normal", "state"),
    )

    request_row_id: Mapped[str] = mapped_column(
        ForeignKey("access_requests.id", ondelete="CASCADE"), index=True
    )
    request: Mapped[RequestRow] = relationship(back_populates="tasks")
    position: Mapped[int]
    task_id: Mapped[str] = mapped_column(String(128))
    assignee: Mapped[str] = mapped_column(Clipped(255))
    assignee_normal: Mapped[str] = mapped_column(String(255))
    state: Mapped[TaskState] = mapped_column(word(TaskState))
    raw_state: Mapped[str] = mapped_column(Clipped(255))
    stage: Mapped[str] = mapped_column(Clipped(255), default="")
    assigned_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    comment: Mapped[str] = mapped_column(Text, default="")
    # of earlier releases; mirrored_approvals has taken its place
    mirrored_fingerprint: Mapped[str] = mapped_column(String(64), default="")


def by_request_id(session: Session, iga: str, request_id: str) -> RequestRow | None:
    """The row of one request, by the IGA's id."""
    query = select(RequestRow).where(RequestRow.iga == iga, RequestRow.request_id == request_id)
    return session.scalar(query)


def known(session: Session, iga: str, request_ids: Iterable[str]) -> dict[str, RequestRow]:
    """Rows by the IGA's id, for those of `request_ids` that were seen before."""
    rows: dict[str, RequestRow] = {}
    for ids in portions(request_ids):
        query = select(RequestRow).where(RequestRow.iga == iga, RequestRow.request_id.in_(ids))
        rows |= {row.request_id: row for row in session.scalars(query)}
    return rows


def mirror_people(session: Session, iga: str, people: Collection[PersonRow]) -> None:
    """Render anew what names these people: they have another name or account now."""
    if not people:
        return
    take_turn(session, Turn.REQUESTS)
    keys = [person.key for person in people]
    logins = [person.login_normal for person in people]
    for_them = select(BeneficiaryRow.request_row_id).where(BeneficiaryRow.person_key.in_(keys))
    by_them = select(ApprovalTaskRow.request_row_id).where(
        ApprovalTaskRow.assignee_normal.in_(logins)
    )
    instead = select(ApprovalTaskRow.request_row_id).where(
        ApprovalTaskRow.state == TaskState.REQUESTED,
        ApprovalTaskRow.assignee_normal.in_(
            select(DeciderRow.assignee_normal).where(
                DeciderRow.iga == iga, DeciderRow.login_normal.in_(logins)
            )
        ),
    )
    named = or_(
        RequestRow.requester_key.in_(keys),
        *(RequestRow.id.in_(theirs) for theirs in (for_them, by_them, instead)),
    )
    session.execute(update(RequestRow).where(RequestRow.iga == iga, named).values(mirror_due=True))


def mirror_waiting(session: Session, iga: str, assignees: Collection[str]) -> None:
    """Render anew what waits for these names (as compared): others may decide it now."""
    take_turn(session, Turn.REQUESTS)
    theirs = select(ApprovalTaskRow.request_row_id).where(
        ApprovalTaskRow.assignee_normal.in_(assignees), ApprovalTaskRow.state == TaskState.REQUESTED
    )
    waits = (RequestRow.iga == iga, RequestRow.is_open, RequestRow.id.in_(theirs))
    session.execute(update(RequestRow).where(*waits).values(mirror_due=True))


def mirror_again(session: Session) -> None:
    """Offer once more what a desk has never taken."""
    take_turn(session, Turn.REQUESTS)
    theirs = select(MirroredApprovalRow.request_row_id).where(MirroredApprovalRow.fingerprint == "")
    never = or_(RequestRow.mirrored_fingerprint == "", RequestRow.id.in_(theirs))
    query = update(RequestRow).where(never)
    session.execute(query.values(mirror_due=True))


def mirror_anew(session: Session, iga: str) -> int:
    """Write every open request to the desks as if they had none; returns how many."""
    take_turn(session, Turn.REQUESTS)
    still_open = (RequestRow.iga == iga, STILL_OPEN)
    theirs = MirroredApprovalRow.request_row_id.in_(select(RequestRow.id).where(*still_open))
    session.execute(update(MirroredApprovalRow).where(theirs).values(fingerprint=""))
    unknown = {"mirror_due": True, "mirrored_fingerprint": ""}
    return changed(session, update(RequestRow).where(*still_open).values(**unknown))


def overlong(seen: AccessRequest) -> str:
    """Which key or login of the request has no room here; "" if all have."""
    return too_long(_keys(seen))


def _keys(seen: AccessRequest) -> Iterator[tuple[InstrumentedAttribute[Any], str]]:
    yield RequestRow.request_id, seen.header.id
    yield RequestRow.requester_key, seen.header.requester_key
    for key in seen.header.beneficiary_keys:
        yield BeneficiaryRow.person_key, key
    for item in seen.items:
        yield RequestedItemRow.kind, item.kind
        yield RequestedItemRow.key, item.key
        yield RequestedItemRow.beneficiary_key, item.beneficiary_key
    for child in seen.children:
        yield ChildRow.child_id, child
    for task in seen.tasks:
        yield ApprovalTaskRow.task_id, task.id
        yield ApprovalTaskRow.assignee_normal, normal(task.assignee)


def write(row: RequestRow, seen: AccessRequest, print_: str, at: datetime) -> None:
    """Make `row` say what was seen; its tasks keep their ids."""
    header = seen.header
    row.state, row.raw_status = header.state, header.raw_status
    row.is_open, row.request_type = not header.state.final, header.request_type
    row.requester_key, row.justification = header.requester_key, header.justification
    row.created_at, row.modified_at = header.created_at, seen.modified_at
    row.closed_at = (row.closed_at or seen.modified_at or at) if header.state.final else None
    row.changed_at, row.gone_at, row.fingerprint, row.mirror_due = at, None, print_, True
    row.items = [_item_row(n, item) for n, item in enumerate(seen.items)]
    row.tasks = _task_rows(row, seen.tasks)
    _write_beneficiaries(row, header.beneficiary_keys)
    _write_children(row, seen.children)


def _item_row(position: int, item: RequestedItem) -> RequestedItemRow:
    return RequestedItemRow(
        position=position,
        kind=item.kind,
        key=item.key,
        name=item.name,
        beneficiary_key=item.beneficiary_key,
        start_at=item.start_at,
        end_at=item.end_at,
    )


def _task_rows(row: RequestRow, tasks: Sequence[ApprovalTask]) -> list[ApprovalTaskRow]:
    kept = {(task.task_id, task.assignee_normal): task for task in row.tasks}
    return [_task_row(kept, position, task) for position, task in enumerate(_one_each(tasks))]


def _one_each(tasks: Iterable[ApprovalTask]) -> Iterable[ApprovalTask]:
    """One decision of each person in a task: the one that waits, or else the last."""
    chosen: dict[tuple[str, str], ApprovalTask] = {}
    for task in tasks:
        name = (task.id, normal(task.assignee))
        rival = chosen.get(name)
        if rival is None or rival.state != TaskState.REQUESTED or task.state == rival.state:
            chosen[name] = task
    return chosen.values()


def _task_row(
    kept: dict[tuple[str, str], ApprovalTaskRow], position: int, task: ApprovalTask
) -> ApprovalTaskRow:
    assignee = normal(task.assignee)
    row = kept.get((task.id, assignee)) or ApprovalTaskRow(
        task_id=task.id, assignee_normal=assignee
    )
    row.position, row.assignee = position, task.assignee
    row.state, row.raw_state, row.stage = task.state, task.raw_state, task.stage
    row.assigned_at, row.decided_at, row.comment = task.assigned_at, task.decided_at, task.comment
    return row


def _write_beneficiaries(row: RequestRow, keys: Sequence[str]) -> None:
    kept = {b.person_key: b for b in row.beneficiaries}
    row.beneficiaries = [
        kept.get(key) or BeneficiaryRow(person_key=key) for key in dict.fromkeys(keys)
    ]


def _write_children(row: RequestRow, ids: Sequence[str]) -> None:
    kept = {child.child_id: child for child in row.children}
    row.children = [kept.get(id_) or ChildRow(child_id=id_) for id_ in dict.fromkeys(ids)]
    for position, child in enumerate(row.children):
        child.position = position
