"""Taking access away in OIM: accounts only."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from broker.connectors.iga.oim.catalogue import gone
from broker.connectors.iga.oim.client import Client
from broker.connectors.iga.oim.requests import Requests
from broker.connectors.iga.oim.values import (
    Row,
    failed,
    first,
    laid_open,
    reason_of,
    refuses,
    request_id_of,
)
from broker.domain.access import ItemKind
from broker.domain.access_requests import RequestHeader
from broker.domain.errors import NotFound, Refused, UnknownOutcome
from broker.ports.iga import Receipt, Revocation

_DONE = ("success", "revoked")
# OIM writes times in whole seconds, and its clock was read some calls ago
_SLACK = timedelta(seconds=2)


class Revocations:
    """Revoking (REST API for OIG Self Service, "Delete account based on account id").

    The call takes no justification: nothing of ours stays with the request that it raises. For
    roles and entitlements the manual has no such call.
    """

    def __init__(self, client: Client, requests: Requests, me: Callable[[], str]) -> None:
        self._client, self._requests, self._me = client, requests, me

    def revoke(self, revocation: Revocation) -> Receipt:
        """Revoke the person's only account, or the primary one."""
        account = self._account(revocation)
        try:
            answer = self._client.delete(f"/accounts/{account}")
        except NotFound as error:
            # somebody else was faster, or a repeated call of ours: what is held will tell
            raise UnknownOutcome(self._client.system, f"has no account {account} now") from error
        except UnknownOutcome as error:
            if not refuses(error.reason):
                raise
            raise Refused(self._client.system, error.reason) from error
        return self._receipt(answer, account)

    def find(self, revocation: Revocation, since: datetime) -> str | None:
        """The latest request of ours that revokes this account, raised since then, or None."""
        if revocation.item.kind is not ItemKind.ACCOUNT:
            return None
        earliest = since + (self._client.clock_ahead or timedelta()) - _SLACK
        me = self._me()
        raised = [
            head
            for head in self._requests.for_beneficiary(revocation.beneficiary_key)
            if head.requester_key == me and head.created_at >= earliest and head.takes_away
        ]
        latest = sorted(raised, key=lambda head: (len(head.id), head.id), reverse=True)
        return next((head.id for head in latest if self._is_about(head, revocation)), None)

    def _is_about(self, head: RequestHeader, revocation: Revocation) -> bool:
        """The manual does not say whether such a request names the application or the account."""
        items = [(item.kind, item.key) for item in self._requests.one(head.id).items]
        # an application may have the number of somebody's account: their words are told apart
        if revocation.item.key in [key for kind, key in items if kind is ItemKind.ACCOUNT]:
            return True
        accounts = {first(row, "id") for row in self._accounts(revocation)} - {""}
        return any(key in accounts for kind, key in items if _is_account(kind))

    def _account(self, revocation: Revocation) -> str:
        """The id of the account to revoke."""
        item = revocation.item
        if item.kind is not ItemKind.ACCOUNT:
            reason = f"has no way to take away a {item.kind}: remove {item.name} in its console"
            raise Refused(self._client.system, reason)
        held = [row for row in self._accounts(revocation) if not gone(row)]
        if not held:
            reason = f"shows no account of {item.name} for this person: nothing is left to revoke"
            raise Refused(self._client.system, reason)
        chosen = held if len(held) == 1 else [row for row in held if _primary(row)]
        if len(chosen) != 1:
            reason = f"shows {len(held)} accounts of {item.name} for this person, and none as the"
            raise Refused(
                self._client.system, f"{reason} primary one: revoke the right one in its console"
            )
        account = first(chosen[0], "id")
        if not account.isalnum():
            reason = f"shows an account of {item.name} whose id is none: {account[:40]!r}"
            raise Refused(self._client.system, reason)
        return account

    def _accounts(self, revocation: Revocation) -> Iterator[Row]:
        rows = self._client.listed("/accounts", "accounts", {"userId": revocation.beneficiary_key})
        # never by the account's own id, which may be the number of another application
        return (row for row in rows if first(row, "appInstanceId") == revocation.item.key)

    def _receipt(self, answer: object, account: str) -> Receipt:
        """`id` is the account's, `requestId` the request's, empty if there is none."""
        row = answer if isinstance(answer, dict) else {}
        status, request_id = first(row, "status"), request_id_of(row)
        if failed(status):
            reason = f"did not revoke account {account}: {reason_of(row)}"
            raise Refused(self._client.system, reason)
        if not request_id and status.casefold() not in _DONE:
            told = f"answered {status or 'nothing'} to revoking account {account}"
            raise UnknownOutcome(self._client.system, told)
        return Receipt(request_id, dict(row))


def _is_account(kind: str) -> bool:
    return kind is not ItemKind.ACCOUNT and kind.casefold() == "account"


def _primary(row: Row) -> bool:
    return (
        row.get("primary") is True
        or row.get("isPrimary") is True
        or first(laid_open(row), "Account Type", "accountType").casefold() == "primary"
    )
