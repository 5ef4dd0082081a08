"""What exists in the world that all sandbox servers share: people, catalogue, history."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol


def sys_id(kind: str, key: str) -> str:
    """The ServiceNow sys_id (32 hex digits) of a thing; `kind` is its table's name."""
    return hashlib.md5(f"{kind}:{key}".encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class WorldPerson:
    """Somebody who works here, as the personnel office knows them, with their two accounts.

    `leads_since` is when they took over the team they lead, from `predecessor` if there was one;
    `moved_on` is when they came from `former_department` and `former_manager`.
    """

    key: str
    first_name: str
    last_name: str
    email: str
    employee_number: str
    title: str
    department: str
    manager: str | None
    active: bool
    iga_login: str | None
    usr_key: str | None
    desk_user_name: str | None
    iga_active: bool
    desk_active: bool
    groups: tuple[str, ...] = ()
    password: str = "demo"
    site: str = ""
    city: str = ""
    country: str = ""
    cost_centre: str = ""
    language: str = "en"
    hired_on: date = date.min
    left_on: date | None = None
    leads_since: date | None = None
    predecessor: str | None = None
    moved_on: date | None = None
    former_manager: str | None = None
    former_department: str = ""

    @property
    def sys_id(self) -> str:
        """This person's id in ServiceNow's user table."""
        return sys_id("sys_user", self.key)

    @property
    def display_name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"


@dataclass(frozen=True, slots=True)
class WorldItem:
    """What can be asked for in the IGA: a role, an account or an entitlement of an application.

    `department` is whose work it is, "General" for everybody's; `owner` is a person's key. Accounts
    `by_hand` are made by a person, as no connector reaches the application.
    """

    kind: str
    key: str
    catalog_id: int
    name: str
    display_name: str
    description: str
    category: str
    risk: str
    application: str = ""
    owner: str | None = None
    department: str = "General"
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class DeskVariable:
    """One question on a ServiceNow catalogue item."""

    name: str
    question: str
    mandatory: bool
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeskItem:
    """An item of the ServiceNow catalogue."""

    key: str
    name: str
    short_description: str
    category: str
    variables: tuple[DeskVariable, ...] = ()

    @property
    def sys_id(self) -> str:
        """This item's id in ServiceNow's `sc_cat_item`."""
        return sys_id("sc_cat_item", self.key)


@dataclass(frozen=True, slots=True)
class WorldTask:
    """One decision on a request. The assignee is a person's key, or `role:NAME` for a queue."""

    task_id: str
    stage: int
    assignee: str
    state: str
    assigned_at: datetime
    outcome: str = ""
    decided_at: datetime | None = None
    decided_by: str | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class WorldRequest:
    """One past or open request in the IGA's own words. `ends_on` is the last day of what it gives,
    `order` the number of the ServiceNow order from which somebody typed it.
    """

    request_id: str
    request_type: str
    status: str
    requester: str
    beneficiary: str
    items: tuple[tuple[str, str], ...]
    justification: str
    created_at: datetime
    modified_at: datetime
    tasks: tuple[WorldTask, ...] = ()
    parent: str | None = None
    children: tuple[str, ...] = ()
    ends_on: date | None = None
    order: int | None = None


@dataclass(frozen=True, slots=True)
class WorldHolding:
    """Access somebody has at the start of the world, and since which request."""

    person: str
    kind: str
    name: str
    since: datetime
    request_id: str | None = None


class History(Protocol):
    """Requests, oldest first. Each pass makes them anew: the same ones, none of them kept."""

    def __iter__(self) -> Iterator[WorldRequest]:
        """All of them, in the order of their ids."""
        ...

    def __len__(self) -> int:
        """How many there are."""
        ...


@dataclass(frozen=True, slots=True)
class World:
    """One company at one moment; the same seed and moment give the same company.

    `delegates` maps people to those who stand in for them, `queues` names to their members.
    """

    seed: int
    now: datetime
    people: dict[str, WorldPerson]
    items: dict[tuple[str, str], WorldItem]
    desk_items: dict[str, DeskItem]
    history: History
    delegates: dict[str, str] = field(default_factory=dict)
    queues: dict[str, tuple[str, ...]] = field(default_factory=dict)
    company: str = "Marlow & Hythe Logistics"
