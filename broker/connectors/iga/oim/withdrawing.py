"""Taking back a request in OIM."""

from broker.connectors.iga.oim.client import Client
from broker.connectors.iga.oim.requests import Requests
from broker.connectors.iga.oim.values import first, reason_of, refuses
from broker.domain.access_requests import RequestHeader, RequestState
from broker.domain.errors import Refused, UnknownOutcome

# "withdrawn" when one is taken back, SUCCESS when several are
# (REST API for OIG Self Service, "Withdraw or Delete Request")
_DONE = ("withdrawn", "success")


def withdraw(client: Client, requests: Requests, request_id: str) -> None:
    """Withdraw one request; Refused, in OIM's words, where it is too late.

    What OIM answers where it is too late is not in the manual: so whatever is not a plain success
    is judged by where the request stands afterwards.
    """
    fault = _fault(client, requests.path(request_id))
    if fault:
        _judge(client, requests.one(request_id).header, fault)


def _fault(client: Client, path: str) -> Refused | UnknownOutcome | None:
    """What stands against its being done; None where OIM says that it is."""
    try:
        answer = client.delete(path)
    except (Refused, UnknownOutcome) as error:
        return error
    row = answer if isinstance(answer, dict) else {}
    if first(row, "status").casefold() in _DONE:
        return None
    why = reason_of(row) or "it does not say why"
    return Refused(client.system, f"did not withdraw it: {why}")


def _judge(client: Client, head: RequestHeader, error: Refused | UnknownOutcome) -> None:
    if head.state is RequestState.WITHDRAWN:
        return
    if head.state not in (RequestState.REQUESTED, RequestState.AWAITING_APPROVAL):
        raise Refused(client.system, f"has it at “{head.raw_status}”: too late to withdraw it")
    if isinstance(error, UnknownOutcome) and refuses(error.reason):
        raise Refused(client.system, error.reason) from error
    raise error
