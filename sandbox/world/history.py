"""Years of requests: who asked for what, who decided, what came of it."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sandbox.world.model import WorldItem, WorldPerson, WorldRequest, WorldTask
from sandbox.world.route import approval_route

YEARS = 4
_FIRST_ID = 1001
_OPEN_DAYS = 21.0
_DECISION_SECONDS = 90_000
# how often what happens, of 1
_REVOKED, _SILENT, _BY_THE_MANAGER, _OWN_CATEGORY, _LATE_REFUSAL = 0.06, 0.07, 0.25, 0.7, 0.5

# status, weight, how the approval ended: "" none yet, "part" the first stage, or the outcome
_CLOSED = (
    ("Request Completed", 780, "APPROVE"),
    ("Request Rejected", 105, "REJECT"),
    ("Request Withdrawn", 55, "WITHDRAWN"),
    ("Request Failed", 25, "APPROVE"),
    ("Request Partially Failed", 8, "APPROVE"),
    ("Request Completed With Errors", 12, "APPROVE"),
    ("Request Closed", 15, "WITHDRAWN"),
)
_OPEN = (
    ("Request Awaiting Approval", 700, ""),
    ("Request Awaiting Approval", 60, "part"),
    ("Request Approved Fulfillment Pending", 90, "APPROVE"),
    ("Operation Initiated", 30, "APPROVE"),
    ("Request Awaiting Dependent Request Completion", 15, "APPROVE"),
    ("Provide Information", 35, ""),
    ("SoD check result pending", 25, "none"),
    ("Obtaining Operation Approval", 25, ""),
    ("Request Draft Created", 20, "none"),
)

_WORDS = {
    "Finance": ("month end closing", "quarterly report", "audit preparation", "new cost centre"),
    "Warehouse": ("night shift cover", "stocktaking in hall 3", "new scanner team"),
    "Customer Care": ("complaints backlog", "new hotline team", "holiday cover"),
    "Transport": ("new route to Rotterdam", "customs filing cover", "tour planning"),
    "General": ("needed for daily work", "moved to another team", "took over a colleague's tasks"),
}
_REFUSALS = (
    "Not needed for this position.", "Please ask for the smaller role.",
    "Covered by another colleague.", "Conflicts with an existing duty.",
)  # fmt: skip
_CONSENTS = ("", "", "", "Fine with me.", "Agreed, until the end of the project.", "OK")
_TYPES = {
    "role": "Assign Roles",
    "account": "Provision ApplicationInstance",
    "entitlement": "Provision Entitlement",
}
_REVOKES = {
    "role": "Remove from Roles",
    "account": "Revoke Account",
    "entitlement": "Revoke Entitlement",
}


def request_type(items: tuple[tuple[str, str], ...]) -> str:
    """The product's name for a request that gives these items."""
    kinds = {kind for kind, _ in items}
    return _TYPES[kinds.pop()] if len(kinds) == 1 else "Heterogeneous Request"


@dataclass(slots=True)
class _Chooser:
    """Weighted choice without rebuilding the weights each time."""

    rows: tuple[tuple[str, int, str], ...]
    bounds: list[int]

    @classmethod
    def of(cls, rows: tuple[tuple[str, int, str], ...]) -> _Chooser:
        bounds, total = [], 0
        for _, weight, _ in rows:
            total += weight
            bounds.append(total)
        return cls(rows, bounds)

    def pick(self, rng: Random) -> tuple[str, str]:
        row = self.rows[bisect.bisect_right(self.bounds, rng.randrange(self.bounds[-1]))]
        return row[0], row[2]


class _Chronicle:
    """Writes requests one by one, oldest first, ids growing with time."""

    def __init__(
        self,
        rng: Random,
        people: dict[str, WorldPerson],
        items: dict[tuple[str, str], WorldItem],
        now: datetime,
    ) -> None:
        self._rng, self._people, self._items, self._now = rng, people, items, now
        self._askers = [p.key for p in people.values() if p.iga_login and p.iga_active]
        self._by_category: dict[str, list[WorldItem]] = {}
        for item in items.values():
            self._by_category.setdefault(item.category, []).append(item)
        self._all_items = list(items.values())
        self._open, self._closed = _Chooser.of(_OPEN), _Chooser.of(_CLOSED)

    def write(self, request_id: str, created_at: datetime, is_open: bool) -> WorldRequest:
        """One request of a random person."""
        beneficiary = self._rng.choice(self._askers)
        status, ending = (self._open if is_open else self._closed).pick(self._rng)
        item = self._item_for(self._people[beneficiary])
        return self.record(request_id, created_at, beneficiary, item, status, ending)

    def record(
        self,
        request_id: str,
        created_at: datetime,
        beneficiary: str,
        item: WorldItem,
        status: str,
        ending: str,
        justification: str = "",
        requester: str = "",
    ) -> WorldRequest:
        """One request as given, with the approvals that its ending implies."""
        tasks = self._tasks(created_at, beneficiary, item, ending)
        modified_at = max((t.decided_at or t.assigned_at for t in tasks), default=created_at)
        kind = _REVOKES if not requester and self._rng.random() < _REVOKED else _TYPES
        category = self._people[beneficiary].department
        words = _WORDS.get(category, _WORDS["General"])
        return WorldRequest(
            request_id=request_id, request_type=kind[item.kind], status=status,
            requester=requester or self._requester(beneficiary), beneficiary=beneficiary,
            items=((item.kind, item.name),),
            justification=justification or self._justification(words),
            created_at=created_at, modified_at=min(modified_at, self._now), tasks=tasks,
        )  # fmt: skip

    def _justification(self, words: tuple[str, ...]) -> str:
        """People do not always say why."""
        return "" if self._rng.random() < _SILENT else self._rng.choice(words).capitalize()

    def _requester(self, beneficiary: str) -> str:
        manager = self._people[beneficiary].manager
        by_manager = manager in self._people and self._rng.random() < _BY_THE_MANAGER
        able = by_manager and self._people[manager or ""].iga_login is not None
        return manager if able and manager else beneficiary

    def _item_for(self, person: WorldPerson) -> WorldItem:
        own = self._by_category.get(person.department)
        return self._rng.choice(
            own if own and self._rng.random() < _OWN_CATEGORY else self._all_items
        )

    def _tasks(
        self, created_at: datetime, beneficiary: str, item: WorldItem, ending: str
    ) -> tuple[WorldTask, ...]:
        if ending == "none":
            return ()
        tasks: list[WorldTask] = []
        route = approval_route(self._people, item, beneficiary)
        assigned_at = created_at + timedelta(seconds=6)
        for stage, assignee in enumerate(route, 1):
            last = stage == len(route)
            outcome = self._outcome(ending, last)
            task = self._task(stage, assignee, assigned_at, outcome)
            tasks.append(task)
            if task.decided_at is None or outcome != "APPROVE":
                break
            assigned_at = task.decided_at
        return tuple(tasks)

    def _outcome(self, ending: str, last: bool) -> str:
        """What this stage ended with; a refusal may come at the first stage or at the last."""
        if ending == "part":
            return "" if last else "APPROVE"
        if ending == "REJECT" and not last and self._rng.random() < _LATE_REFUSAL:
            return "APPROVE"
        return ending

    def _task(self, stage: int, assignee: str, assigned_at: datetime, outcome: str) -> WorldTask:
        rng = self._rng
        task = WorldTask(
            task_id=str(UUID(int=rng.getrandbits(128), version=4)), stage=stage,
            assignee=assignee, state="ASSIGNED", assigned_at=min(assigned_at, self._now),
        )  # fmt: skip
        if not outcome:
            return task
        left = (self._now - task.assigned_at).total_seconds()
        decided_at = task.assigned_at + timedelta(
            seconds=int(min(rng.expovariate(1 / 90000), left))
        )
        if outcome == "WITHDRAWN":
            return replace(task, state="WITHDRAWN", decided_at=decided_at)
        comment = rng.choice(_REFUSALS if outcome == "REJECT" else _CONSENTS)
        decider = assignee if not assignee.startswith("role:") else None
        return replace(task, state="COMPLETED", outcome=outcome, decided_at=decided_at,
                       decided_by=decider, comment=comment)  # fmt: skip


def _moments(
    rng: Random, now: datetime, how_many: int, open_share: float
) -> list[tuple[datetime, bool]]:
    """When requests were made, oldest first; the open ones are the work of the last weeks."""
    opened = round(how_many * open_share)
    past = (rng.random() ** 0.8 * 365 * YEARS for _ in range(how_many - opened))
    recent = (rng.random() ** 2 * _OPEN_DAYS for _ in range(opened))
    moments = [(_ago(now, _OPEN_DAYS + days), False) for days in past]
    moments += [(_ago(now, days), True) for days in recent]
    return sorted(moments)


def _ago(now: datetime, days: float) -> datetime:
    return (now - timedelta(days=days, minutes=3)).replace(microsecond=0)


# what the demo's people find: days ago, person, item, status, ending, justification
_DONE, _WAITING = "Request Completed", "Request Awaiting Approval"
_STORY = (
    (610.0, "ada", ("account", "SAP ERP"), _DONE, "APPROVE", "New in the finance team"),
    (402.0, "eve", ("role", "Customer Care Agent"), _DONE, "APPROVE", "New on the hotline"),
    (233.0, "ada", ("entitlement", "SAP_FI_DISPLAY"), _DONE, "APPROVE", "Month end closing"),
    (120.0, "ada", ("role", "Treasury Operator"), "Request Rejected", "REJECT",
     "Holiday cover for treasury"),
    (41.0, "ada", ("entitlement", "CN=VPN Users,OU=Groups,DC=example,DC=com"), "Request Withdrawn",
     "WITHDRAWN", "Working from home on Fridays"),
    (5.2, "ada", ("role", "Accounts Payable Clerk"), _WAITING, "",
     "Cover for a colleague on parental leave"),
    (3.4, "eve", ("role", "Claims Approver"), _WAITING, "", "Complaints backlog"),
    (2.1, "ben", ("role", "Treasury Operator"), _WAITING, "part", "Quarterly report"),
    (1.3, "ada", ("entitlement", "SAP_FI_POST"), _WAITING, "",
     "Postings for the year end closing"),
)  # fmt: skip


def build_history(
    rng: Random,
    people: dict[str, WorldPerson],
    items: dict[tuple[str, str], WorldItem],
    how_many: int,
    open_share: float,
    now: datetime,
) -> list[WorldRequest]:
    """`how_many` requests (at least the demo's own few), oldest first, a share of them open."""
    chronicle = _Chronicle(rng, people, items, now)
    story = [(_ago(now, row[0]), False, row[1:]) for row in _STORY]
    drawn = _moments(rng, now, max(0, how_many - len(story)), open_share)
    moments = [(at, is_open, None) for at, is_open in drawn]
    result = []
    rows = sorted([*story, *moments], key=lambda row: row[0])
    for number, (at, is_open, told) in enumerate(rows, _FIRST_ID):
        result.append(_written(chronicle, str(number), at, is_open, told, items))
    return result


def _written(chronicle: _Chronicle, number: str, at: datetime, is_open: bool,
             told: tuple[Any, ...] | None,
             items: dict[tuple[str, str], WorldItem]) -> WorldRequest:  # fmt: skip
    if told is None:
        return chronicle.write(number, at, is_open)
    person, item, status, ending, why = told
    return chronicle.record(number, at, person, items[item], status, ending, why, person)
