"""What every identity governance system must offer to the broker."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from broker.domain.access import CatalogueItem, Holding, ItemKind, ItemName
from broker.domain.access_requests import AccessRequest, RequestHeader
from broker.domain.people import Person
from broker.ports.health import Health


@dataclass(frozen=True, slots=True)
class IgaCapabilities:
    """What this product can do; the UI and the tests ask instead of guessing.

    `search_delay_seconds` is how long a new request may be missing from searches; `readers` is
    how many threads may ask for details at the same time (at least 1); `revokes` are the kinds
    of access that `revoke` can take away.
    """

    delta_reads: bool
    acts_as_user: bool
    finds_by_reference: bool
    search_delay_seconds: float
    revokes: frozenset[ItemKind]
    holdings: bool
    readers: int


@dataclass(frozen=True, slots=True)
class Submission:
    """One order line to carry out. `reference` is ours, unique, one word, in the justification."""

    reference: str
    beneficiary_key: str
    items: Sequence[CatalogueItem]
    justification: str
    start_at: datetime | None = None
    end_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the IGA answered to a submission or a revocation, as evidence.

    An empty `request_id` means that it was carried out directly: the IGA made no request, so
    what the person holds is all that can be followed.
    """

    request_id: str
    answer: dict[str, object]


@dataclass(frozen=True, slots=True)
class Revocation:
    """Access to take away from somebody. `reference` is ours, unique, one word."""

    reference: str
    beneficiary_key: str
    item: CatalogueItem
    justification: str


class Iga(Protocol):
    """An identity governance system.

    Reads raise Unavailable, NotFound or Misconfigured. Writes raise UnknownOutcome when
    the answer was lost, and Refused when the system said no.
    """

    name: str
    capabilities: IgaCapabilities

    def person(self, login: str) -> Person | None:
        """Who has this login (any case), or None."""
        ...

    def find_people(self, attribute: str, value: str) -> Sequence[Person]:
        """Everybody whose login, email or employee_number is `value` (any case)."""
        ...

    def people(self) -> Iterator[Person]:
        """Everybody, disabled people too."""
        ...

    def requests_of(self, person: Person) -> Iterator[RequestHeader]:
        """Requests the person raised or benefits from, open and final."""
        ...

    def open_requests(self) -> Iterator[RequestHeader]:
        """Every request that is not final, each once."""
        ...

    def changes(self, since: datetime) -> Iterator[RequestHeader]:
        """Every request that has changed since then, final ones too.

        Refused unless `capabilities.delta_reads`.
        """
        ...

    def pending_for(self, person: Person) -> Sequence[str]:
        """The ids of the requests that wait for this person, as the IGA itself says.

        Refused unless `capabilities.acts_as_user`.
        """
        ...

    def request(self, request_id: str) -> AccessRequest:
        """One request with its items, approval tasks and the ids of its children."""
        ...

    def deciders(self, assignee: str) -> Sequence[str]:
        """Logins of those who may decide what is assigned to this name, besides the person who
        has it as their login: the members of a role, or those who stand in for a person now.

        Empty if there are none, or if nobody knows the name. As of now: whoever ceased to decide
        must lose sight.
        """
        ...

    def holdings(self, person: Person) -> Sequence[Holding]:
        """The access this person has now."""
        ...

    def find_item(self, name: ItemName) -> CatalogueItem | None:
        """The requestable catalogue item of exactly this kind and name, or None."""
        ...

    def submit(self, submission: Submission) -> Receipt:
        """Raise one request. Never repeats by itself."""
        ...

    def find_submitted(self, submission: Submission) -> str | None:
        """The id of the request that `submit` made for this reference, or None.

        Compares the reference as a whole word: RITM001 is not RITM0010023. Access that was
        granted directly left no request to find: look at `holdings` for it.
        """
        ...

    def revoke(self, revocation: Revocation) -> Receipt:
        """Ask for this access to be taken away. Never repeats by itself.

        Refused, with a reason that says what to do instead, where the IGA cannot revoke this
        kind of access (see `capabilities.revokes`), or where the person has nothing to revoke.
        """
        ...

    def find_revoked(self, revocation: Revocation, since: datetime) -> str | None:
        """The id of the request that `revoke` made, not before `since`, or None.

        An IGA that keeps no word of ours with a revocation is searched for a revocation of this
        access, for this person, that our own account raised since then.
        """
        ...

    def withdraw(self, request_id: str) -> None:
        """Take back a request that nobody has approved finally.

        Refused where it is too late. A request that is withdrawn already is a success, so this
        may be repeated when an answer was lost.
        """
        ...

    def request_link(self, request_id: str) -> str:
        """Where a person sees this request in the console."""
        ...

    def inbox_link(self) -> str:
        """Where a person decides what waits for them."""
        ...

    def access_link(self) -> str:
        """Where a person sees their own access."""
        ...

    def check(self) -> Health:
        """Try the connection, within seconds: it works, and our account sees what it must see.

        Raises a ConnectorError otherwise.
        """
        ...


@runtime_checkable
class BelievesNames(Protocol):
    """An IGA whose requests give keys of what is asked for, and no names: those are read from its
    catalogue, unless the broker has them.
    """

    def believe_names(self, names: Mapping[tuple[str, str], str]) -> None:
        """Take these names, by kind and key, for items of requests; those told before are void."""
        ...
