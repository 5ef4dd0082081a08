"""What a service desk may offer: small ports, of which a product implements those it can."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from broker.domain.people import Account
from broker.ports.health import Health


class DeskApproval(StrEnum):
    """Whether the desk's own approval is through; `UNKNOWN` never means approved."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class OrderRef:
    """An item of the desk (ServiceNow: RITM), with its task if there is one."""

    source: str
    item_id: str
    item_number: str
    task_id: str | None = None
    task_number: str | None = None
    request_id: str | None = None
    request_number: str | None = None


@dataclass(frozen=True, slots=True)
class DeskDecision:
    """One approver's decision at the desk: their login, and their name if the desk gives one."""

    approver: str
    decision: str
    at: datetime | None
    name: str = ""


@dataclass(frozen=True, slots=True)
class DeskOrder:
    """An item as the desk itself describes it; this counts, never what was posted.

    `evidence` is JSON-safe: record ids, versions and approvals exactly as read. `ref` names the
    task to be closed, if the desk leaves no doubt which; `task_ids` are all tasks of the item.
    `start_at` and `end_at` bound the access (None: unbounded); `unclear` is a sentence on what of
    the item cannot be read, or empty; `opened_at` is when somebody ordered it.
    """

    ref: OrderRef
    active: bool
    approval: DeskApproval
    decisions: Sequence[DeskDecision]
    requested_for: Account | None
    opened_by: Account | None
    catalogue_item: str
    catalogue_label: str
    variables: Mapping[str, str]
    evidence: Mapping[str, object]
    task_ids: Sequence[str] = ()
    start_at: datetime | None = None
    end_at: datetime | None = None
    justification: str = ""
    unclear: str = ""
    opened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeskWaiting:
    """A decision of the desk's own that waits for somebody, and where it is made.

    `number` names the desk's record if it has one, `about` says what it is; `on_behalf_of` is the
    name of the approver for whom this person stands in, or empty.
    """

    id: str
    number: str
    about: str
    on_behalf_of: str
    since: datetime | None
    link: str


@dataclass(frozen=True, slots=True)
class MirrorRow:
    """One row to be written into the desk: id (32 hex) and the fields, all text.

    `table` is our word, `request` or `approval`; the connector knows the desk's own name.
    """

    table: str
    id: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MirrorFault:
    """A row the desk did not take, and why."""

    row: MirrorRow
    reason: str


@runtime_checkable
class OrdersPort(Protocol):
    """A desk whose orders we carry out."""

    name: str

    def order(self, ref: OrderRef) -> DeskOrder:
        """The item with approvals, people, catalogue item and variables; NotFound if gone."""
        ...

    def find_order(self, number: str) -> OrderRef | None:
        """The item that people know by this number, or None; Refused if there are several."""
        ...

    def approved(
        self, catalogue_items: Sequence[str], since: datetime, until: datetime
    ) -> Iterator[OrderRef]:
        """Every open, approved item of these catalogue items that was changed last between these
        moments, without its task.
        """
        ...

    def note(self, ref: OrderRef, marker: str, text: str) -> None:
        """Leave a work note once: a note that carries `marker` is not written again."""
        ...

    def refer_back(self, ref: OrderRef, marker: str, igas: str, request_ids: Sequence[str]) -> None:
        """Write the IGA's name and request ids on the item, with a work note. Repeatable."""
        ...

    def close(self, ref: OrderRef, marker: str, complete: bool, note: str, comment: str) -> None:
        """Close the task (or the item, where there is none), with a work note for fulfillers
        and one comment the employee can read. Repeatable: nothing is written twice.
        """
        ...

    def item_link(self, ref: OrderRef) -> str:
        """Where a person sees this item."""
        ...


@runtime_checkable
class MirrorPort(Protocol):
    """A desk that shows the IGA's requests and approvals to its own users."""

    name: str

    def mirror(self, rows: Sequence[MirrorRow]) -> Sequence[MirrorFault]:
        """Write every row, creating or changing it; returns those that were not taken.

        Raises Unavailable when nothing can be said about any row. Repeatable.
        """
        ...

    def find_mirrored(
        self, table: str, row_id: str, fields: Sequence[str]
    ) -> Mapping[str, str] | None:
        """These fields of the row as the desk holds them, or None."""
        ...


@runtime_checkable
class DirectoryPort(Protocol):
    """A desk that knows people."""

    name: str

    def account(self, key: str) -> Account | None:
        """The user with this immutable id, or None."""
        ...

    def account_named(self, login: str) -> Account | None:
        """The user with this login, or None."""
        ...

    def accounts(self) -> Iterator[Account]:
        """Every user, inactive ones too."""
        ...

    def check(self) -> Health:
        """Try the connection, within seconds: it works, and our account sees what it must see.

        Raises a ConnectorError otherwise.
        """
        ...


@runtime_checkable
class DecisionsPort(Protocol):
    """A desk that has approvals of its own."""

    name: str

    def waiting_for(self, key: str, at: datetime) -> Sequence[DeskWaiting]:
        """What waits at that moment for the user with this immutable id, oldest first, also for
        those for whom they stand in. Answers or raises within seconds: a person waits.
        """
        ...


class Desk(OrdersPort, MirrorPort, DirectoryPort, Protocol):
    """What every desk offers so far; whether it is a `DecisionsPort` too is asked."""
