"""Our rows travel into the desk: whatever differs from what was written last, and no more."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from broker.context import Broker
from broker.domain.approvals import TaskState
from broker.domain.people import normal
from broker.domain.references import ExternalRef, fingerprint, mirror_id
from broker.ports.desk import MirrorFault, MirrorRow
from broker.store import orders, people, sync_runs
from broker.store.base import Turn, take_turn
from broker.store.deciders import deciders_of
from broker.store.orders import OrderRow
from broker.store.outbox import Effect, Message, nothing
from broker.store.people import PersonRow
from broker.store.requests import ApprovalTaskRow, MirroredApprovalRow, RequestRow

# Names of the mirror tables and their columns, as the desk's own app defines them.
REQUESTS, APPROVALS = "request", "approval"
_NAME = 100
_WITH_MIRRORED = selectinload(RequestRow.mirrored)
# Requests of one turn: their rows fill several batches of a desk, whose calls are what is dear.
_BATCH = 200
# A role may have thousands of members; so many of them find its decisions at the desk.
_MOST_DECIDERS = 100


@dataclass(frozen=True, slots=True)
class _Pending:
    """A row to write for one request of ours; `over` is told for the last time."""

    row: MirrorRow
    print_: str
    over: bool = False


def pay(broker: Broker, message: Message) -> Effect:
    """Write every due row of ours into the desk, batch by batch, until none differs.

    While the desk takes a batch, a clerk remembers the one before and reads the one after.
    """
    name = message.payload["desk"]
    with ThreadPoolExecutor(1, "mirror") as clerk:
        kept: Future[None] | None = None
        coming = clerk.submit(_next, broker, name)
        while batch := coming.result():
            coming = clerk.submit(_next, broker, name, list(batch))
            faults = _written(broker, name, batch)
            if kept:
                kept.result()
            kept = clerk.submit(_remember, broker, name, batch, faults)
            if not coming.result():  # what was changed meanwhile is due still
                coming = clerk.submit(_next, broker, name)
        if kept:
            kept.result()
    return nothing


def _next(broker: Broker, desk: str, besides: Sequence[str] = ()) -> dict[str, list[_Pending]]:
    """By our request row, these left out: what differs from what the desk was told last."""
    query = select(RequestRow).where(RequestRow.mirror_due, RequestRow.id.not_in(besides))
    query = query.options(_WITH_MIRRORED)
    with broker.sessions() as session:
        rows = session.scalars(query.limit(_BATCH)).all()
        known = _Names(session, desk, rows)
        return {row.id: list(_pending(broker, known, row)) for row in rows}


def _written(broker: Broker, desk: str, batch: dict[str, list[_Pending]]) -> Sequence[MirrorFault]:
    rows = [entry.row for entries in batch.values() for entry in entries]
    return broker.desk(desk).mirror(rows) if rows else ()


def _pending(broker: Broker, known: "_Names", row: RequestRow) -> Iterable[_Pending]:
    request = MirrorRow(REQUESTS, mirror_id(ref_of(row)), _request_fields(broker, known, row))
    print_ = fingerprint(request.fields)
    if print_ != row.mirrored_fingerprint:
        yield _Pending(request, print_)
    told = {approval.row_id: approval.fingerprint for approval in row.mirrored}
    for task in row.tasks:
        for approval in _approvals(broker, known, row, task, request.id):
            print_ = fingerprint(approval.fields)
            if print_ != told.pop(approval.id, ""):
                yield _Pending(approval, print_)
    for row_id in told:
        yield _over(row, row_id, request.id)


def _approvals(
    broker: Broker, known: "_Names", row: RequestRow, task: ApprovalTaskRow, request_sys_id: str
) -> Iterator[MirrorRow]:
    """One row for whoever it is assigned to, and one for each who may decide it instead."""
    fields = _approval_fields(broker, known, row, task, request_sys_id)
    yield MirrorRow(APPROVALS, mirror_id(task_ref(row, task)), fields)
    if fields["active"] == _flag(False):
        return
    for login, account, name in known.deciders(row.iga, task.assignee):
        theirs = {"approver": account, "approver_name": f"{name} for {fields['approver_name']}"}
        theirs["approver_name"] = theirs["approver_name"][:_NAME]
        yield MirrorRow(APPROVALS, mirror_id(task_ref(row, task, login)), fields | theirs)


def _over(row: RequestRow, row_id: str, request_sys_id: str) -> _Pending:
    """Nobody is asked by it any more, nor finds it: the task is another's now, or was decided."""
    fields = {
        "iga": row.iga,
        "request": request_sys_id,
        "approver": "",
        "state": TaskState.WITHDRAWN.value,
        "active": _flag(False),
    }
    return _Pending(MirrorRow(APPROVALS, row_id, fields), fingerprint(fields), over=True)


def ref_of(row: RequestRow) -> ExternalRef:
    """The request's name, from which its mirror's id is made."""
    return ExternalRef(row.iga, "request", row.request_id)


def task_ref(row: RequestRow, task: ApprovalTaskRow, decider: str = "") -> ExternalRef:
    """The approval task's name; one task may wait for several people, and `decider` is the login
    of somebody who may decide in the place of whoever it is assigned to.
    """
    name = f"{row.request_id}/{task.task_id}/{task.assignee_normal}"
    return ExternalRef(row.iga, "approval", f"{name}/{normal(decider)}" if decider else name)


class _Names:
    """The people of some requests, as the desk knows them, and the orders; all read at once."""

    def __init__(self, session: Session, desk: str, rows: Sequence[RequestRow]) -> None:
        self._people: dict[str, dict[str, list[PersonRow]]] = {}
        self._orders: dict[str, dict[str, OrderRow]] = {}
        self._accounts: dict[str, dict[str, str]] = {}
        self._deciders: dict[str, dict[str, tuple[str, ...]]] = {}
        for iga in {row.iga for row in rows}:
            self._read(session, desk, iga, [row for row in rows if row.iga == iga])

    def _read(self, session: Session, desk: str, iga: str, rows: Sequence[RequestRow]) -> None:
        waited_for = {task.assignee for row in rows if row.is_open for task in row.waiting}
        deciders = self._deciders[iga] = deciders_of(session, iga, waited_for)
        logins = [task.assignee for row in rows for task in row.tasks]
        logins += {login for each in deciders.values() for login in each[:_MOST_DECIDERS]}
        named = self._people[iga] = people.by_logins(session, iga, logins)
        placed = self._orders[iga] = orders.orders_of_requests(
            session, iga, [row.request_id for row in rows]
        )
        keys = {row.requester_key for row in rows}
        keys |= {each.person_key for row in rows for each in row.beneficiaries}
        keys |= {person.key for persons in named.values() for person in persons}
        keys |= {order.requester.key for order in placed.values() if order.requester}
        self._accounts[iga] = people.desk_keys(session, desk, iga, keys)

    def order(self, row: RequestRow) -> OrderRow | None:
        """What the request was born from."""
        return self._orders[row.iga].get(row.request_id)

    def of_key(self, iga: str, key: str) -> str:
        """The person's account at the desk, or nothing."""
        return self._accounts[iga].get(key, "")

    def of_person(self, iga: str, person: PersonRow | None) -> str:
        """The same for a row of ours."""
        return self.of_key(iga, person.key) if person else ""

    def assignee(self, iga: str, login: str) -> tuple[str, str]:
        """The account of who decides, if it is clear who that is, and a name."""
        found = self._people[iga].get(normal(login), [])
        person = found[0] if len(found) == 1 else None
        return self.of_person(iga, person), (person.display_name if person else login)

    def deciders(self, iga: str, assignee: str) -> Iterator[tuple[str, str, str]]:
        """Login, account and name of those who may decide instead and have an account."""
        for login in self._deciders[iga].get(normal(assignee), ())[:_MOST_DECIDERS]:
            account, name = self.assignee(iga, login)
            if account:
                yield login, account, name


def _request_fields(broker: Broker, known: _Names, row: RequestRow) -> dict[str, str]:
    iga, order = row.iga, known.order(row)
    waiting = row.waiting if row.is_open else []
    beneficiary = row.beneficiaries[0].person_key if row.beneficiaries else ""
    requester = (
        known.of_person(iga, order.requester) if order else known.of_key(iga, row.requester_key)
    )
    return {
        "iga": row.iga,
        "request_id": row.request_id,
        "request_type": row.request_type,
        "state": row.state,
        "iga_status": row.raw_status,
        "requested_for": known.of_key(iga, beneficiary),
        "requested_by": requester,
        "items": ", ".join(item.name for item in row.items)[:1000],
        "justification": row.justification[:1000],
        "waiting_for": ", ".join(known.assignee(iga, task.assignee)[1] for task in waiting)[:255],
        "waiting_since": _time(
            min((t.assigned_at for t in waiting if t.assigned_at), default=None)
        ),
        "opened_at": _time(row.created_at),
        "closed_at": _time(row.closed_at),
        "ritm": order.item_number if order else "",
        "link": broker.iga(row.iga).request_link(row.request_id),
        "active": _flag(row.is_open and row.gone_at is None),
    }


def _approval_fields(
    broker: Broker, known: _Names, row: RequestRow, task: ApprovalTaskRow, request_sys_id: str
) -> dict[str, str]:
    account, name = known.assignee(row.iga, task.assignee)
    waiting = task.state is TaskState.REQUESTED and row.is_open and row.gone_at is None
    return {
        "iga": row.iga,
        "task_id": task.task_id[:64],
        "request": request_sys_id,
        "approver": account,
        "approver_name": name[:_NAME],
        "state": task.state,
        "assigned_at": _time(task.assigned_at),
        "decided_at": _time(task.decided_at),
        "comment": task.comment[:1000],
        "link": broker.iga(row.iga).inbox_link(),
        "active": _flag(waiting),
    }


def _time(at: datetime | None) -> str:
    """UTC, to the second, as desks write it."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if at else ""


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _remember(
    broker: Broker, desk: str, batch: dict[str, list[_Pending]], faults: Sequence[MirrorFault]
) -> None:
    """A row that was not taken is not remembered, but does not hold the others up either."""
    refused = {fault.row.id: fault.reason for fault in faults}
    now = broker.clock.now()
    with broker.sessions.begin() as session:
        take_turn(session, Turn.REQUESTS)
        ours = select(RequestRow).where(RequestRow.id.in_(batch)).options(_WITH_MIRRORED)
        rows = session.scalars(ours).all()
        known = _Names(session, desk, rows)
        for row in rows:
            entries = batch[row.id]
            for entry in entries:
                _store(row, entry, taken=entry.row.id not in refused)
            # Whoever changed it while we wrote found it due already: look again before saying no.
            taken = all(entry.row.id not in refused for entry in entries)
            row.mirror_due = taken and any(_pending(broker, known, row))
        if not refused:
            sync_runs.answered(session, desk, now)
        else:
            sync_runs.silent(
                session, desk, now, f"{len(refused)} rows refused: {next(iter(refused.values()))}"
            )


def _store(row: RequestRow, entry: _Pending, *, taken: bool) -> None:
    print_ = entry.print_ if taken else ""
    if entry.row.table == REQUESTS:
        row.mirrored_fingerprint = print_
        return
    told = next((each for each in row.mirrored if each.row_id == entry.row.id), None)
    if told is None:
        told = MirroredApprovalRow(row_id=entry.row.id, fingerprint="")
        row.mirrored.append(told)
    told.fingerprint = print_
    if entry.over and taken:
        row.mirrored.remove(told)
