"""Requests of OIM: lists, and one with its items and approval tasks."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime

from broker.connectors.iga.oim.catalogue import Catalogue, kind_of
from broker.connectors.iga.oim.client import Client
from broker.connectors.iga.oim.states import open_words, request_state, task_state
from broker.connectors.iga.oim.values import Row, either, first, moment, rows, text, texts
from broker.domain.access_requests import AccessRequest, RequestedItem, RequestHeader
from broker.domain.approvals import ApprovalTask
from broker.domain.errors import NotFound
from broker.domain.people import Person

_FIELDS = (
    "id,reqStatus,requester,reqCreatedOn,reqExpireOn,reqType,reqJustification,reqBeneficiaryList"
)
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
        if not request_id.isalnum():
            raise NotFound(self._client.system, f"has no request {request_id!r}")
        row = self._client.one(f"/requests/{request_id}")
        head = header(row)
        return AccessRequest(
            header=head,
            items=tuple(self._items(row, head)),
            tasks=tuple(_tasks(row, head.id)),
            modified_at=moment(row.get("reqModifiedOnDate")),
            children=_children(row),
        )

    def _headers(self, condition: str) -> Iterator[RequestHeader]:
        params = {"view": "trackRequests", "q": condition, "fields": _FIELDS}
        return map(header, self._client.listed("/requests", "requests", params))

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
    requester = rows(row.get("requester"))
    return RequestHeader(
        id=first(row, "id"),
        state=request_state(status),
        raw_status=status,
        requester_key=first(requester[0], "value", "id")
        if requester
        else text(row.get("requester")),
        beneficiary_keys=tuple(
            dict.fromkeys(filter(None, map(_beneficiary, rows(row.get("reqBeneficiaryList")))))
        ),
        request_type=first(row, "reqType"),
        created_at=moment(row.get("reqCreatedOn")) or _LONG_AGO,
        justification=first(row, "reqJustification"),
    )


def _beneficiary(row: Row) -> str:
    return first(row, "id", "value")


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _children(row: Row) -> tuple[str, ...]:
    """The ids of the requests that this one was split into, each once."""
    listed = [_child(child) for child in _listed(row.get("childRequests"))]
    return tuple(dict.fromkeys(found for found in texts(listed) if found != first(row, "id")))


def _child(child: object) -> object:
    if not isinstance(child, dict):
        return child
    return first(child, "id", "reqId", "childRequestId", "requestId", "requestKey")


def _tasks(row: Row, request_id: str) -> Iterator[ApprovalTask]:
    """Decisions made and waiting. Approvers of later stages have nothing to decide yet.

    The manual names `history` with its three lists and stops there, so names and objects,
    one entry and several, are all understood.
    """
    for task in rows(row.get("requestTaskDetails")):
        history = next(iter(rows(task.get("history"))), task)
        known = [*rows(history.get("previousApprovers")), *rows(history.get("currentApprovers"))]
        to_come = len(rows(history.get("futureApprovers")))
        for entry in known:
            alone = len(known) + to_come == 1
            shared = first(task, "taskId") or request_id
            yield from _decisions(entry, shared, alone=alone)


def _decisions(entry: Row, shared: str, *, alone: bool) -> Iterator[ApprovalTask]:
    """One decision for each name. Ids stay while stages come and go: only what is certain to
    be alone in its task is called like the task.
    """
    own, raw = first(entry, "taskId"), first(entry, "status", "state", "outcome")
    stage = first(entry, "stage")
    people = list(texts(entry.get("approvers") or entry.get("approver") or entry.get("assignee")))
    for who in people:
        single = len(people) == 1 and (own or alone)
        yield ApprovalTask(
            id=(own or shared) if single else _decision_id(own or shared, stage, who),
            assignee=who,
            state=task_state(raw),
            raw_state=raw,
            stage=stage,
            assigned_at=moment(first(entry, "assignedDate", "assignedOn", "created", "startDate")),
            decided_at=moment(first(entry, "completedDate", "completedOn", "decidedOn", "endDate")),
            comment=first(entry, "comments", "comment", "actionComment"),
        )


def _decision_id(task_id: str, stage: str, who: str) -> str:
    return f"{task_id}-{hashlib.sha256(f'{stage}/{who}'.encode()).hexdigest()[:8]}"
