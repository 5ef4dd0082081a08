"""Raising a request in OIM, and finding one whose answer was lost."""

from collections.abc import Mapping
from datetime import UTC, datetime

from broker.connectors.iga.oim.catalogue import IN_NEW_REQUEST
from broker.connectors.iga.oim.client import Client
from broker.connectors.iga.oim.people import People
from broker.connectors.iga.oim.requests import Requests
from broker.connectors.iga.oim.values import REASONS, Row, failed, first, reason_of, rows
from broker.connectors.marks import carries
from broker.domain.access_requests import RequestHeader
from broker.domain.errors import Misconfigured, NotFound, Refused, UnknownOutcome
from broker.ports.iga import Receipt, Submission


class Submissions:
    """New requests (Oracle, REST API for OIG Self Service, "Submitting requests").

    OIM has no idempotency key: `requestId` is ours, echoed, and neither stored nor searchable.
    What stays with the request is its justification, so the reference goes there.
    """

    def __init__(
        self, client: Client, requests: Requests, people: People, username: str, limit: int
    ) -> None:
        self._client, self._requests, self._people = client, requests, people
        self._username, self._limit = username, limit
        self._own_key = ""

    def submit(self, submission: Submission) -> Receipt:
        """Raise one request; a success is only what names our reference.

        Success without an id means that a rule had it carried out directly, our own reading: the
        manual does not show that answer.
        """
        try:
            answer = self._client.post("/requests", self._body(submission))
        except NotFound as error:
            raise Misconfigured(error.system, "has no Self Service API at its address") from error
        return self._receipt(answer, submission)

    def find(self, submission: Submission) -> str | None:
        """The request our own account raised with this reference as a whole word, or None."""
        raised = self._requests.for_beneficiary(submission.beneficiary_key)
        me = self.me()
        found = {
            head.id
            for head in raised
            if head.requester_key == me and carries(self._said(head), submission.reference)
        }
        ids = sorted(found, key=lambda request_id: (len(request_id), request_id))
        if len(ids) > 1:
            return self._parent(ids, submission.reference)
        return ids[0] if ids else None

    def _parent(self, found: list[str], reference: str) -> str:
        """A request for several items has the lowest id; its children may repeat its words."""
        parent, *others = found
        if set(others).issubset(self._requests.one(parent).children):
            return parent
        listed = ", ".join(found)
        reason = f"has several requests that name {reference}: {listed}; an operator has to choose"
        raise UnknownOutcome(self._client.system, reason)

    def _said(self, head: RequestHeader) -> str:
        """The justification, which a list may leave out. A revocation has none to look for."""
        if head.justification or head.takes_away:
            return head.justification
        return self._requests.one(head.id).header.justification

    def me(self) -> str:
        """Our account's key: somebody else's request that names the reference is not ours."""
        if not self._own_key:
            own = self._people.find("login", self._username)
            if len(own) != 1:
                reason = f"does not show the broker's own user {self._username} to itself"
                raise Misconfigured(self._client.system, reason)
            self._own_key = own[0].key
        return self._own_key

    def _body(self, submission: Submission) -> Mapping[str, object]:
        words = submission.justification
        if not carries(words[: self._limit], submission.reference):
            words = f"{submission.reference} {words}"
        entities = [
            {"entityType": IN_NEW_REQUEST[item.kind], "entityId": item.key} | _period(submission)
            for item in submission.items
        ]
        request = {
            "requestId": submission.reference,
            "reqJustification": words[: self._limit],
            "reqBeneficiaryList": [{"id": submission.beneficiary_key}],
            "reqTargetEntities": entities,
        }
        return {"requests": [request]}

    def _receipt(self, answer: object, submission: Submission) -> Receipt:
        """Read the item's own result: the call is a 200 even where its item has failed."""
        item = _only_item(answer)
        if item is None or first(item, "requestId") != submission.reference:
            raise self._lost("answered, but not about the request that was sent")
        request_id, status = first(item, "id"), first(item, "status")
        if status.casefold() == "success":
            # a rule for direct operations executes at once and raises no request
            # see "Managing Workflows" of Oracle's Administering guide
            return Receipt("" if request_id == "0" else request_id, dict(item))
        if request_id or not _is_no(item, status):
            raise self._lost(
                f"answered {status or 'nothing'} with request id {request_id or 'none'}"
            )
        raise Refused(self._client.system, f"refused the request: {reason_of(item)}")

    def _lost(self, reason: str) -> UnknownOutcome:
        return UnknownOutcome(self._client.system, reason)


def _only_item(answer: object) -> Row | None:
    items = rows(answer.get("requests")) if isinstance(answer, dict) else []
    return items[0] if len(items) == 1 else None


def _is_no(item: Row, status: str) -> bool:
    """A word that we do not know is neither a success nor a refusal."""
    return failed(status) or bool(status and first(item, *REASONS))


def _period(submission: Submission) -> dict[str, str]:
    dates = {"startDate": submission.start_at, "endDate": submission.end_at}
    return {name: _written(at) for name, at in dates.items() if at is not None}


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
