"""An IGA, a desk, a bell and a clock that live in memory and keep a ledger of what was done.

They behave as the ports promise; tests break them on purpose through `breaks`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from broker.domain.access import CatalogueItem, Holding, ItemKind, ItemName
from broker.domain.access_requests import (
    AccessRequest,
    RequestedItem,
    RequestHeader,
    RequestState,
)
from broker.domain.approvals import ApprovalTask, TaskState
from broker.domain.errors import NotFound, Refused
from broker.domain.people import Account, Person, normal
from broker.ports.desk import (
    DeskApproval,
    DeskDecision,
    DeskOrder,
    DeskWaiting,
    MirrorFault,
    MirrorRow,
    OrderRef,
)
from broker.ports.health import Health
from broker.ports.iga import IgaCapabilities, Receipt, Revocation, Submission
from broker.ports.queue import QueueName

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


CAPABILITIES = IgaCapabilities(
    delta_reads=False,
    acts_as_user=False,
    finds_by_reference=True,
    search_delay_seconds=5,
    revokes=frozenset({ItemKind.ACCOUNT}),
    holdings=True,
    readers=1,
)
REVOKES = "Revoke "


class FakeClock:
    """Stands still until told."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at

    def forward(self, **amount: float) -> None:
        self.at += timedelta(**amount)


@dataclass
class FakeBell:
    """Remembers who was rung."""

    rung: list[QueueName] = field(default_factory=list)

    def ring(self, queue: QueueName) -> None:
        self.rung.append(queue)


@dataclass
class FakeIga:
    """Grants what it is asked, when `finish` is called. `breaks[call]` is raised once by it.

    `standing` is who may decide for an assignee besides the person of that login, by the
    assignee in lower case. With `direct` access is granted and taken away at once, without a
    request. `held` is what people have: (beneficiary key, holding). What it raises bears the
    time `raised_at`.
    """

    name: str = "oim"
    capabilities: IgaCapabilities = CAPABILITIES
    staff: list[Person] = field(default_factory=list)
    catalogue: list[CatalogueItem] = field(default_factory=list)
    requests: dict[str, AccessRequest] = field(default_factory=dict)
    submissions: list[Submission] = field(default_factory=list)
    breaks: dict[str, Exception] = field(default_factory=dict)
    lose_answers: int = 0
    hidden: set[str] = field(default_factory=set)
    reads: list[str] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    standing: dict[str, Sequence[str]] = field(default_factory=dict)
    asked_deciders: list[str] = field(default_factory=list)
    direct: bool = False
    held: list[tuple[str, Holding]] = field(default_factory=list)
    revocations: list[Revocation] = field(default_factory=list)
    withdrawals: list[str] = field(default_factory=list)
    raised_at: datetime = NOON

    def person(self, login: str) -> Person | None:
        return next((p for p in self.staff if normal(p.login) == normal(login)), None)

    def find_people(self, attribute: str, value: str) -> Sequence[Person]:
        self._break("find_people")
        return [p for p in self.staff if normal(getattr(p, attribute)) == normal(value)]

    def people(self) -> Iterator[Person]:
        self._break("people")
        yield from self.staff

    def requests_of(self, person: Person) -> Iterator[RequestHeader]:
        self._break("requests_of")
        for request in self._visible():
            header = request.header
            if person.key in (header.requester_key, *header.beneficiary_keys):
                yield header

    def open_requests(self) -> Iterator[RequestHeader]:
        self._break("open_requests")
        yield from (r.header for r in self._visible() if not r.header.state.final)

    def request(self, request_id: str) -> AccessRequest:
        self._break("request")
        self.reads.append(request_id)
        if request_id not in self.requests or request_id in self.hidden:
            raise NotFound(self.name, f"has no request {request_id}")
        return self.requests[request_id]

    def changes(self, since: datetime) -> Iterator[RequestHeader]:
        raise Refused(self.name, f"cannot tell what has changed since {since}")

    def pending_for(self, person: Person) -> Sequence[str]:
        raise Refused(self.name, f"shows only {person.login} what waits for them")

    def deciders(self, assignee: str) -> Sequence[str]:
        self._break("deciders")
        self.asked_deciders.append(assignee)
        return self.standing.get(normal(assignee), ())

    def holdings(self, person: Person) -> Sequence[Holding]:
        self._break("holdings")
        return [held for key, held in self.held if key == person.key]

    def find_item(self, name: ItemName) -> CatalogueItem | None:
        return next((i for i in self.catalogue if (i.kind, i.name) == (name.kind, name.name)), None)

    def submit(self, submission: Submission) -> Receipt:
        self._break("submit")
        self.submissions.append(submission)
        request_id = "" if self.direct else self._raise(_born(self._next_id(), submission))
        for item in submission.items if self.direct else ():
            self._grant(submission.beneficiary_key, item)
        self._break("submit, after acceptance")
        return Receipt(request_id, {"id": request_id, "status": "SUCCESS"})

    def find_submitted(self, submission: Submission) -> str | None:
        self._break("find_submitted")
        self.looks.append(submission.reference)
        return next(
            (
                r.header.id
                for r in self._visible()
                if submission.reference in r.header.justification.split()
            ),
            None,
        )

    def revoke(self, revocation: Revocation) -> Receipt:
        self._break("revoke")
        if revocation.item.kind not in self.capabilities.revokes:
            raise Refused(self.name, f"cannot revoke a {revocation.item.kind}: do it by hand")
        self.revocations.append(revocation)
        request_id = "" if self.direct else self._raise(_ended(self._next_id(), revocation))
        if self.direct:
            self._take(revocation.beneficiary_key, revocation.item)
        self._break("revoke, after acceptance")
        return Receipt(request_id, {"id": request_id, "status": "SUCCESS"})

    def find_revoked(self, revocation: Revocation, since: datetime) -> str | None:
        self._break("find_revoked")
        self.looks.append(revocation.reference)
        wanted = (revocation.item.key, revocation.beneficiary_key)
        return next(
            (
                r.header.id
                for r in self._visible()
                if r.header.request_type.startswith(REVOKES)
                and r.header.created_at >= since
                and wanted in [(item.key, item.beneficiary_key) for item in r.items]
            ),
            None,
        )

    def withdraw(self, request_id: str) -> None:
        self._break("withdraw")
        state = self.request(request_id).header.state
        if state is RequestState.WITHDRAWN:
            return
        if state not in (RequestState.REQUESTED, RequestState.AWAITING_APPROVAL):
            raise Refused(self.name, f"has request {request_id} {state}: it is too late")
        self.withdrawals.append(request_id)
        self.finish(request_id, RequestState.WITHDRAWN)
        self._break("withdraw, after acceptance")

    def finish(self, request_id: str, state: RequestState = RequestState.COMPLETED) -> None:
        request = self.requests[request_id]
        header = replace(request.header, state=state, raw_status=f"Request {state.title()}")
        self.requests[request_id] = replace(request, header=header)
        if state is RequestState.COMPLETED:
            change = self._take if header.request_type.startswith(REVOKES) else self._grant
            for item in request.items:
                named = CatalogueItem(ItemKind(item.kind), item.key, item.name)
                change(item.beneficiary_key, named)

    def request_link(self, request_id: str) -> str:
        return f"https://iga.example/request/{request_id}"

    def inbox_link(self) -> str:
        return "https://iga.example/inbox"

    def access_link(self) -> str:
        return "https://iga.example/access"

    def check(self) -> Health:
        return Health("answers")

    def _next_id(self) -> str:
        return str(9000 + len(self.submissions) + len(self.revocations))

    def _raise(self, request: AccessRequest) -> str:
        header = replace(request.header, created_at=self.raised_at)
        self.requests[header.id] = replace(request, header=header)
        return header.id

    def _grant(self, key: str, item: CatalogueItem) -> None:
        self._take(key, item)
        self.held.append((key, Holding(item.kind, item.key, item.name)))

    def _take(self, key: str, item: CatalogueItem) -> None:
        self.held[:] = [
            (who, held)
            for who, held in self.held
            if (who, held.kind, held.key) != (key, item.kind, item.key)
        ]

    def _visible(self) -> list[AccessRequest]:
        return [r for id_, r in self.requests.items() if id_ not in self.hidden]

    def _break(self, call: str) -> None:
        if call in self.breaks:
            raise self.breaks.pop(call)


def _born(request_id: str, submission: Submission) -> AccessRequest:
    header = RequestHeader(
        id=request_id,
        state=RequestState.IN_PROGRESS,
        raw_status="Request Approved",
        requester_key="900",
        beneficiary_keys=(submission.beneficiary_key,),
        request_type="Assign Roles",
        created_at=NOON,
        justification=submission.justification,
    )
    items = [
        RequestedItem(item.kind, item.key, item.name, submission.beneficiary_key)
        for item in submission.items
    ]
    return AccessRequest(header, items)


def _ended(request_id: str, revocation: Revocation) -> AccessRequest:
    """A request that takes away, as `revoke` makes it."""
    item = revocation.item
    born = _born(
        request_id,
        Submission(
            revocation.reference, revocation.beneficiary_key, [item], revocation.justification
        ),
    )
    return replace(born, header=replace(born.header, request_type=f"{REVOKES}{item.kind.title()}"))


def awaiting(request_id: str, beneficiary: str, approver: str) -> AccessRequest:
    """A request that waits for `approver`."""
    header = RequestHeader(
        id=request_id,
        state=RequestState.AWAITING_APPROVAL,
        raw_status="Request Awaiting Approval",
        requester_key=beneficiary,
        beneficiary_keys=(beneficiary,),
        request_type="Assign Roles",
        created_at=NOON,
        justification="month end",
    )
    task = ApprovalTask(
        f"task-{request_id}", approver, TaskState.REQUESTED, "ASSIGNED", assigned_at=NOON
    )
    item = RequestedItem("role", "14", "Budget Approver", beneficiary)
    return AccessRequest(header, [item], [task])


@dataclass
class FakeDesk:
    """A desk with items, accounts and mirror tables; `journal` is its ledger."""

    name: str = "servicenow"
    users: list[Account] = field(default_factory=list)
    items: dict[str, DeskOrder] = field(default_factory=dict)
    journal: list[tuple[str, str, str]] = field(default_factory=list)
    mirrored: dict[str, MirrorRow] = field(default_factory=dict)
    writes: int = 0
    refuse: str = ""
    asked: list[str] = field(default_factory=list)
    breaks: dict[str, Exception] = field(default_factory=dict)
    changed_at: dict[str, datetime] = field(default_factory=dict)
    waiting: dict[str, list[DeskWaiting]] = field(default_factory=dict)

    def waiting_for(self, key: str, at: datetime) -> Sequence[DeskWaiting]:
        self._break("waiting_for")
        return [each for each in self.waiting.get(key, []) if not each.since or each.since <= at]

    def order(self, ref: OrderRef) -> DeskOrder:
        self._break("order")
        self.asked.append(ref.item_number)
        if ref.item_id not in self.items:
            raise NotFound(self.name, f"has no item {ref.item_number}")
        return self.items[ref.item_id]

    def find_order(self, number: str) -> OrderRef | None:
        self._break("find_order")
        refs = [item.ref for item in self.items.values()]
        return next((ref for ref in refs if ref.item_number == number), None)

    def approved(
        self, catalogue_items: Sequence[str], since: datetime, until: datetime
    ) -> Iterator[OrderRef]:
        self._break("approved")
        for item_id, item in self.items.items():
            changed_at = self.changed_at.get(item_id)
            if (
                item.active
                and item.approval is DeskApproval.APPROVED
                and item.catalogue_item in catalogue_items
                and changed_at is not None
                and since <= changed_at <= until
            ):
                yield replace(item.ref, task_id=None, task_number=None)

    def note(self, ref: OrderRef, marker: str, text: str) -> None:
        self._once("note", ref, marker, text)

    def refer_back(self, ref: OrderRef, marker: str, igas: str, request_ids: Sequence[str]) -> None:
        self._break("refer_back")
        self._once("refer back", ref, marker, f"{igas} {', '.join(request_ids)}")

    def close(self, ref: OrderRef, marker: str, complete: bool, note: str, comment: str) -> None:
        self._break("close")
        self._once("close", ref, marker, f"{complete} {note} {comment}")
        self.items[ref.item_id] = replace(self.items[ref.item_id], active=False)

    def item_link(self, ref: OrderRef) -> str:
        return f"https://desk.example/{ref.item_number}"

    def mirror(self, rows: Sequence[MirrorRow]) -> Sequence[MirrorFault]:
        self._break("mirror")
        taken = [row for row in rows if row.id != self.refuse]
        self.writes += len(taken)
        self.mirrored |= {row.id: row for row in taken}
        return [MirrorFault(row, "no") for row in rows if row.id == self.refuse]

    def find_mirrored(
        self, table: str, row_id: str, fields: Sequence[str]
    ) -> Mapping[str, str] | None:
        row = self.mirrored.get(row_id)
        if row is None or row.table != table:
            return None
        return {name: row.fields[name] for name in fields if name in row.fields}

    def account(self, key: str) -> Account | None:
        return next((user for user in self.users if user.key == key), None)

    def account_named(self, login: str) -> Account | None:
        return next((user for user in self.users if normal(user.login) == normal(login)), None)

    def accounts(self) -> Iterator[Account]:
        yield from self.users

    def check(self) -> Health:
        return Health("answers")

    def approve(
        self, item_id: str, approval: DeskApproval = DeskApproval.APPROVED, at: datetime = NOON
    ) -> None:
        decisions = [DeskDecision("ben", approval.value, at, "Ben Okafor")]
        self.items[item_id] = replace(self.items[item_id], approval=approval, decisions=decisions)

    def _once(self, what: str, ref: OrderRef, marker: str, text: str) -> None:
        entry = (what, ref.item_number, f"{marker} {text}")
        if not any(e[0] == what and marker in e[2] for e in self.journal):
            self.journal.append(entry)

    def _break(self, call: str) -> None:
        if call in self.breaks:
            raise self.breaks.pop(call)
