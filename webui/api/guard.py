"""The door of the machine API: a view behind it runs for signed requests only."""

from collections.abc import Callable
from functools import wraps
from typing import cast

import structlog
from flask import Response, current_app, request

from broker.context import Broker
from broker.orders.post import MAX_BYTES
from webui.api.pace import Pace
from webui.api.problem import Problem
from webui.api.signature import CLIENT, BadSignature, Caller, verify

EXTENSION = "broker"
PACE = "broker-pace"

_log = structlog.get_logger()


def the_broker() -> Broker:
    """The Broker that this application was given."""
    return cast("Broker", current_app.extensions[EXTENSION])


def signed(
    family: str,
) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """Let the view see the `Caller` who signed the request with a key of `family`, unless this
    client calls too fast.
    """

    def decorate(view: Callable[..., Response]) -> Callable[..., Response]:
        @wraps(view)
        def guarded(**arguments: str) -> Response:
            caller = _caller(family)
            _keep_pace(caller)
            return view(caller, **arguments)

        return guarded

    return decorate


def _caller(family: str) -> Caller:
    broker = the_broker()
    content = _signed_content()
    try:
        return verify(broker.api_clients, family, request.headers, content, broker.clock.now())
    except BadSignature as reason:
        claimed = request.headers.get(CLIENT, "")[:100]
        _log.warning("signature_refused", reason=str(reason), claimed=claimed, path=request.path)
        raise Problem(401, headers={"WWW-Authenticate": "StandardWebhooks"}) from None


def _keep_pace(caller: Caller) -> None:
    pace = cast("Pace", current_app.extensions[PACE])
    seconds = pace.wait(caller.client.name, the_broker().clock.now())
    if seconds:
        _log.warning("too_many_requests", client=caller.client.name, path=request.path)
        raise Problem(429, headers={"Retry-After": str(seconds)})


def _signed_content() -> bytes:
    """The body; for a GET the path with its query, as they were sent."""
    if request.method != "POST":
        query = request.query_string
        return request.path.encode() + (b"?" + query if query else b"")
    request.max_content_length = MAX_BYTES
    return request.get_data()


def json_body() -> bytes:
    """The body of a post that says it is JSON; the problem 415 otherwise."""
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    plain = request.headers.get("Content-Encoding", "identity") == "identity"
    if request.mimetype != "application/json" or charset != "utf-8" or not plain:
        raise Problem(415)
    return request.get_data()


def check_source(caller: Caller, source: str) -> None:
    """The client may speak for this desk, and it is one of ours; the problem 403 otherwise."""
    if source not in caller.client.sources or source not in the_broker().desks:
        raise Problem(403, "source_not_allowed", "This client may not speak for that source.")
