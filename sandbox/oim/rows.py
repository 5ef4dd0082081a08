"""What an OIM keeps: users, requests with their tasks, and what people hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sandbox.world import WorldItem, WorldPerson

QUEUE = "role:"
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


@dataclass(slots=True)
class Task:
    """A SOA human task. The assignee is a usr_key, or `role:NAME` whose members must claim it."""

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


@dataclass(slots=True)
class Target:
    """One requested item, with the dates it was asked for, and for an entitlement the id of the
    account it is to be attached to; empty is the primary account.
    """

    item: WorldItem
    start_date: str | None = None
    end_date: str | None = None
    parent_account: str = ""


@dataclass(slots=True)
class Request:
    """One request. Keys of users, never logins, as in the product."""

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

    @property
    def open_tasks(self) -> list[Task]:
        """The decisions that wait for somebody now."""
        return [task for task in self.tasks if task.state == "ASSIGNED"]


@dataclass(frozen=True, slots=True)
class Holding:
    """Access a user has: of which item, since when, by which request."""

    id: str
    item: WorldItem
    since: datetime
    request_id: str | None
