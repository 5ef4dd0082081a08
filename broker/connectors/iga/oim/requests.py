"""Requests of OIM: lists, and one with its items and approval tasks."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from broker.connectors.iga.oim.catalogue import Catalogue, kind_of
from broker.connectors.iga.oim.client import Client
from broker.connectors.iga.oim.states import open_words, request_state
from broker.connectors.iga.oim.tasks import tasks
from broker.connectors.iga.oim.values import Row, either, entries, first, keys, moment, rows, text
from broker.domain.access_requests import AccessRequest, RequestedItem, RequestHeader
from broker.domain.errors import NotFound, Unavailable
from broker.domain.people import Person

_FIELDS = (
    "id,reqStatus,requester,reqCreatedOn,reqExpireOn,reqType,reqJustification,reqBeneficiaryList"
)
_OF_PERSON = ("id", "value", "key", "usr_key")
_OF_CHILD = ("id", "reqId", "childRequestId", "requestId", "requestKey")
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Requests:
    """Track Requests and request detail (Oracle, REST API for OIG Self Service, "Requests")."""

    def __init__(
        self, client: Client, catalogue: Catalogue, open_statuses: tuple[str, ...]
    ) -> None:
        self._client, self._catalogue = client, catalogue
        self._open = open_words(open_statuses)

    def of(self, person: Person) -> Iterator[RequestHeader]:
        """Requests this person raised or benefits from.

        The manual filters by login in one place and by key in another, so both are asked for,
        and what comes back is compared here.
        """
        names = [person.key, person.login]
        condition = f"{either('requester', names)} or {either('beneficiary', names)}"
        return (
            header
            for header in self._headers(condition)
            if person.key in (header.requester_key, *header.beneficiary_keys)
        )

    def open(self) -> Iterator[RequestHeader]:
        """Every request that is not final."""
        headers = self._headers(either("reqStatus", self._open) or "")
        return (header for header in headers if not header.state.final)

    def for_beneficiary(self, key: str) -> Iterator[RequestHeader]:
        """Requests that this person benefits from."""
        headers = self._headers(either("beneficiary", [key]) or "")
        return (header for header in headers if key in header.beneficiary_keys)

    def one(self, request_id: str) -> AccessRequest:
        """One request with its items and tasks; NotFound if there is none."""
        row = _unwrapped(self._client.one(self.path(request_id)))
        head = header(row)
        if head.id not in ("", request_id):
            reason = f"was asked about request {request_id} and told of {head.id[:40]}"
            raise Unavailable(self._client.system, reason)
        head = replace(head, id=request_id)
        return AccessRequest(
            header=head,
            items=tuple(self._items(row, head)),
            tasks=tasks(row, head.id, final=head.state.final),
            modified_at=moment(row.get("reqModifiedOnDate")),
            children=_children(row),
        )

    def path(self, request_id: str) -> str:
        """Where one request is read and taken back; NotFound for what cannot be an id."""
        if not request_id.isalnum():
            raise NotFound(self._client.system, f"has no request {request_id!r}")
        return f"/requests/{request_id}"

    def _headers(self, condition: str) -> Iterator[RequestHeader]:
        params = {"view": "trackRequests", "q": condition, "fields": _FIELDS}
        found = map(header, self._client.listed("/requests", "requests", params))
        return (head for head in found if head.id)

    def _items(self, row: Row, head: RequestHeader) -> Iterator[RequestedItem]:
        for entity in rows(row.get("reqTargetEntities")):
            kind, key = kind_of(first(entity, "entityType")), first(entity, "entityId", "entityKey")
            # its detail gives an id and a type only, on most installations
            name = first(entity, "entityDisplayName", "entityName")
            for beneficiary in head.beneficiary_keys or ("",):
                yield RequestedItem(
                    kind=kind,
                    key=key,
                    name=name or self._catalogue.name_of(kind, key),
                    beneficiary_key=beneficiary,
                    start_at=moment(entity.get("startDate")),
                    end_at=moment(entity.get("endDate")),
                )


def header(row: Row) -> RequestHeader:
    """What lists and details have in common; absent and null fields are the same."""
    status = first(row, "reqStatus", "status")
    return RequestHeader(
        id=first(row, "id"),
        state=request_state(status),
        raw_status=status,
        requester_key=next(map(_requester, entries(row.get("requester"))), ""),
        beneficiary_keys=tuple(keys(row.get("reqBeneficiaryList"), *_OF_PERSON)),
        request_type=first(row, "reqType"),
        created_at=moment(row.get("reqCreatedOn")) or _LONG_AGO,
        justification=first(row, "reqJustification"),
    )


def _requester(value: object) -> str:
    """A name/value pair whose value is the key ("Requests"), or anything simpler."""
    return first(value, "value", "id", "requesterId") if isinstance(value, dict) else text(value)


def _children(row: Row) -> tuple[str, ...]:
    """The ids of the requests that this one was split into, each once."""
    found = keys(row.get("childRequests"), *_OF_CHILD)
    return tuple(each for each in found if each != first(row, "id"))


def _unwrapped(row: Row) -> Row:
    """The request in an answer that wraps it, as lists do with theirs."""
    inner = [
        found for name in ("request", "requests", "userRequest") for found in rows(row.get(name))
    ]
    return inner[0] if len(inner) == 1 and "reqStatus" not in row else row
