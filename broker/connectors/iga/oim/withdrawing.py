"""Taking back a request in OIM."""

from broker.connectors.iga.oim.client import Client
from broker.connectors.iga.oim.requests import Requests
from broker.connectors.iga.oim.values import REASONS, first, refuses
from broker.domain.access_requests import RequestHeader, RequestState
from broker.domain.errors import NotFound, Refused, UnknownOutcome

# "withdrawn" when one is taken back, SUCCESS when several are
# (REST API for OIG Self Service, "Withdraw or Delete Request")
_DONE = ("withdrawn", "success")


def withdraw(client: Client, requests: Requests, request_id: str) -> None:
    """Withdraw one request; Refused, in OIM's words, where it is too late.

    What OIM answers where it is too late is not in the manual: so whatever is not a plain success
    is judged by where the request stands afterwards.
    """
    if not request_id.isalnum():
        raise NotFound(client.system, f"has no request {request_id!r}")
    try:
        said = _answer(client, request_id)
    except (Refused, UnknownOutcome) as error:
        _judge(client, requests.one(request_id).header, error)
    else:
        if said:
            _judge(client, requests.one(request_id).header, Refused(client.system, said))


def _answer(client: Client, request_id: str) -> str:
    """What OIM says against it; nothing where it has done it."""
    answer = client.delete(f"/requests/{request_id}")
    row = answer if isinstance(answer, dict) else {}
    if first(row, "status").casefold() in _DONE:
        return ""
    return f"did not withdraw it: {first(row, *REASONS, 'status') or 'it does not say why'}"


def _judge(client: Client, head: RequestHeader, error: Refused | UnknownOutcome) -> None:
    if head.state is RequestState.WITHDRAWN:
        return
    if head.state not in (RequestState.REQUESTED, RequestState.AWAITING_APPROVAL):
        raise Refused(client.system, f"has it at “{head.raw_status}”: too late to withdraw it")
    if isinstance(error, UnknownOutcome) and refuses(error.reason):
        raise Refused(client.system, error.reason) from error
    raise error
