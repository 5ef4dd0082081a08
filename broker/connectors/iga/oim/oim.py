"""One OIM installation behind the port for IGAs."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from broker.connectors.iga.oim.catalogue import Catalogue, Holdings
from broker.connectors.iga.oim.checking import check
from broker.connectors.iga.oim.client import Client
from broker.connectors.iga.oim.deciders import Deciders
from broker.connectors.iga.oim.links import filled
from broker.connectors.iga.oim.people import People
from broker.connectors.iga.oim.requests import Requests
from broker.connectors.iga.oim.revocations import Revocations
from broker.connectors.iga.oim.settings import Settings
from broker.connectors.iga.oim.submissions import Submissions
from broker.connectors.iga.oim.withdrawing import withdraw
from broker.domain.access import CatalogueItem, Holding, ItemKind, ItemName
from broker.domain.access_requests import AccessRequest, RequestHeader
from broker.domain.errors import Refused
from broker.domain.people import Person
from broker.ports.health import Health
from broker.ports.iga import IgaCapabilities, Receipt, Revocation, Submission


class Oim:
    """Oracle Identity Manager, spoken to as the broker's own administrator.

    No parameter of its API lets one user act or look as another, and a person's pending
    approvals are shown to that person only: who must act is read off the requests' details.
    """

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.capabilities = IgaCapabilities(
            delta_reads=False,
            acts_as_user=False,
            finds_by_reference=True,
            search_delay_seconds=settings.search_delay_seconds,
            revokes=frozenset({ItemKind.ACCOUNT}),
            holdings=True,
            readers=settings.readers,
        )
        self._client = Client(name, settings)
        self._settings = settings
        self._people = People(self._client)
        self._catalogue = Catalogue(self._client, settings.names_kept_seconds)
        self._holdings = Holdings(self._client, self._catalogue)
        self._requests = Requests(self._client, self._catalogue, settings.open_statuses)
        self._submissions = Submissions(
            self._client,
            self._requests,
            self._people,
            settings.username,
            settings.justification_limit,
        )
        self._revocations = Revocations(self._client, self._requests, self._submissions.me)
        self._deciders = Deciders(self._client, self._people, settings.names_kept_seconds)

    def person(self, login: str) -> Person | None:
        """Who has this login (any case), or None."""
        found = self._people.find("login", login)
        return found[0] if len(found) == 1 else None

    def find_people(self, attribute: str, value: str) -> Sequence[Person]:
        """Everybody whose login, email or employee_number is `value` (any case)."""
        return self._people.find(attribute, value)

    def people(self) -> Iterator[Person]:
        """Everybody, disabled people too."""
        return self._people.everybody()

    def requests_of(self, person: Person) -> Iterator[RequestHeader]:
        """Requests the person raised or benefits from, open and final."""
        return self._requests.of(person)

    def open_requests(self) -> Iterator[RequestHeader]:
        """Every request whose status is known as not final, each once."""
        return self._requests.open()

    def changes(self, since: datetime) -> Iterator[RequestHeader]:
        """Refused: no filter of its API compares dates."""
        reason = f"cannot tell what has changed since {since:%Y-%m-%d %H:%M}: compare open requests"
        raise Refused(self.name, reason)

    def pending_for(self, person: Person) -> Sequence[str]:
        """Refused: a view of its API shows its caller's own tasks only."""
        reason = f"shows only {person.login} what waits for them: read the requests' tasks"
        raise Refused(self.name, reason)

    def request(self, request_id: str) -> AccessRequest:
        """One request with its items, approval tasks and the ids of its children."""
        return self._requests.one(request_id)

    def deciders(self, assignee: str) -> Sequence[str]:
        """A role's members, direct or not; or whoever stands in for this user now."""
        return self._deciders.of(assignee)

    def holdings(self, person: Person) -> Sequence[Holding]:
        """Roles, accounts and entitlements this person has now."""
        return self._holdings.of(person)

    def find_item(self, name: ItemName) -> CatalogueItem | None:
        """The requestable item of exactly this kind and name; Misconfigured if there are two."""
        return self._catalogue.find(name)

    def submit(self, submission: Submission) -> Receipt:
        """Raise one request. Never repeats by itself."""
        return self._submissions.submit(submission)

    def find_submitted(self, submission: Submission) -> str | None:
        """The id of the request `submit` made; UnknownOutcome if several name the reference."""
        return self._submissions.find(submission)

    def revoke(self, revocation: Revocation) -> Receipt:
        """Ask for an account to be revoked. Refused for roles and entitlements."""
        return self._revocations.revoke(revocation)

    def find_revoked(self, revocation: Revocation, since: datetime) -> str | None:
        """The latest request of ours, not before `since`, that revokes this account."""
        return self._revocations.find(revocation, since)

    def withdraw(self, request_id: str) -> None:
        """Take back a request of ours that is not approved yet; Refused where it is too late."""
        withdraw(self._client, self._requests, request_id)

    def believe_names(self, names: Mapping[tuple[str, str], str]) -> None:
        """Take these names of items from the broker instead of reading the catalogue for them."""
        self._catalogue.believe(names)

    def request_link(self, request_id: str) -> str:
        """Where a person sees this request in the console."""
        return self._link(self._settings.request_link, request_id)

    def inbox_link(self) -> str:
        """Where a person decides what waits for them."""
        return self._link(self._settings.inbox_link)

    def access_link(self) -> str:
        """Where a person sees their own access."""
        return self._link(self._settings.access_link)

    def check(self) -> Health:
        """Sign in anew, and look whether our user sees what the broker needs."""
        return check(self.name, self._settings)

    def _link(self, template: str, request_id: str = "") -> str:
        return filled(str(self._settings.console_url), template, request_id)
