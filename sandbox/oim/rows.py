"""What an OIM keeps: users, requests with their tasks, and what people hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from sandbox.world import WorldItem, WorldPerson

QUEUE = "role:"
# What a human task says of itself; the last two are those of SOA, the others are shown, too.
ASSIGNED, COMPLETED, WITHDRAWN = "ASSIGNED", "COMPLETED", "WITHDRAWN"
SUSPENDED, INFO_REQUESTED, EXPIRED = "SUSPENDED", "INFO_REQUESTED", "EXPIRED"
STATE_NAMES = {INFO_REQUESTED: "Information Required"}  # what filters call it besides
OPEN_STATES = frozenset({ASSIGNED, SUSPENDED, INFO_REQUESTED})
Place = tuple[str, str]  # kind and key of an item
Pairs = dict[tuple[Place, Place], str]  # and the sentence that says what is wrong with both
# Status words after which nothing changes any more.
FINAL = frozenset(
    {"Request Completed", "Request Rejected", "Request Withdrawn", "Request Closed",
     "Request Completed With Errors", "Request Failed", "Request Partially Failed",
     "Request Approval Rejected", "Operation Approval Rejected"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class User:
    """An OIM user. `key` is the usr_key; service accounts have no `person`."""

    key: str
    login: str
    display_name: str
    password: str
    active: bool
    manager_key: str | None = None
    admin: bool = False
    person: WorldPerson | None = None
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody, by usr_key, said beside a task."""

    author: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Remedy:
    """What somebody, by usr_key, said is done about the cause of a policy violation."""

    status: str
    comment: str
    by: str
    at: datetime


@dataclass(slots=True)
class Task:
    """A SOA human task. The assignee is a usr_key, or `role:NAME` whose members must claim it, as
    must `others` to whom it is offered beside. `asked` is who is to give information first,
    `expires_at` until when it can be decided, None for ever.
    """

    task_id: str
    stage: int
    assignee: str
    assigned_at: datetime
    state: str = "ASSIGNED"
    outcome: str = ""
    decided_at: datetime | None = None
    decided_by: str | None = None
    acquired_by: str | None = None
    comment: str = ""
    others: tuple[str, ...] = ()
    asked: str | None = None
    comments: list[Comment] = field(default_factory=list)
    expires_at: datetime | None = None

    @property
    def assignees(self) -> tuple[str, ...]:
        """Everybody to whom it is offered."""
        return (self.assignee, *self.others)

    @property
    def offered(self) -> bool:
        """Whether it must be claimed before it is decided: no one person has it."""
        return self.acquired_by is None and (bool(self.others) or self.assignee.startswith(QUEUE))

    @property
    def open(self) -> bool:
        """Whether its decision is still to come."""
        return self.state in OPEN_STATES


@dataclass(slots=True)
class Target:
    """One requested item, with the dates it was asked for, and for an entitlement the id of the
    account it is to be attached to; empty is the primary account. `form` is what was written on
    the form of an account, value by name.
    """

    item: WorldItem
    start_date: str | None = None
    end_date: str | None = None
    parent_account: str = ""
    form: dict[str, str] = field(default_factory=dict)

    @property
    def starts_at(self) -> datetime | None:
        """When it is to be had from, None from now on. Raises ValueError for what is no date."""
        return _moment(self.start_date)

    @property
    def ends_at(self) -> datetime | None:
        """When it is to be taken away again, None never. Raises ValueError for what is no date."""
        return _moment(self.end_date)


def _moment(text: str | None) -> datetime | None:
    """A day or a moment of ISO 8601; UTC where it says nothing else."""
    if not text:
        return None
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


@dataclass(slots=True)
class Request:
    """One request. Keys of users, never logins, as in the product.

    `stages` are the assignees asked in turn, those of one stage at once; None if it came from
    before. After the words in `passing` comes the step `then`, all of it from `next_at` on.
    `effective_at` is when it is to be carried out, None at once; `failure` why that could not be
    done, `violation` which rule of segregation of duties it breaks.
    """

    id: str
    type: str
    status: str
    requester: str
    beneficiaries: tuple[str, ...]
    targets: tuple[Target, ...]
    created_at: datetime
    modified_at: datetime
    justification: str = ""
    parent: str | None = None
    children: list[str] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    next_at: datetime | None = None
    then: str = ""
    passing: tuple[str, ...] = ()
    stages: tuple[tuple[str, ...], ...] | None = None
    effective_at: datetime | None = None
    failure: str = ""
    violation: str = ""

    @property
    def open_tasks(self) -> list[Task]:
        """The decisions that wait for somebody now."""
        return [task for task in self.tasks if task.open]

    @property
    def expires_at(self) -> datetime | None:
        """When the first of those expires; one that is suspended does not."""
        running = (task for task in self.open_tasks if task.state != SUSPENDED)
        return min((task.expires_at for task in running if task.expires_at), default=None)

    @property
    def bulk(self) -> bool:
        """Whether it is for several people or items, and so gets a child for each."""
        return len(self.beneficiaries) * len(self.targets) > 1


@dataclass(frozen=True, slots=True)
class Holding:
    """Access a user has: of which item, since when, by which request."""

    id: str
    item: WorldItem
    since: datetime
    request_id: str | None
