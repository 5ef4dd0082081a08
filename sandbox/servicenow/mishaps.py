"""What comes of a call that meets a fault; `faults.py` says which do."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from sandbox.broken_calls import BrokenCall, broken_off
from sandbox.servicenow.waits import CLOCK_SKEW

if TYPE_CHECKING:
    from sandbox.servicenow.instance import ServiceNow

# In the environment of a batch: how many of its parts are carried out.
BATCH_LIMIT = "sandbox.batch_limit"
_JSON = "application/json;charset=UTF-8"
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_LIST = re.compile(r"/api/now/(v\d/)?table/\w+$")
_BATCH = re.compile(r"/api/now/(v\d/)?batch$")
_CANCELLED = {
    "error": {
        "message": "Transaction cancelled: maximum execution time exceeded",
        "detail": "maximum execution time exceeded Check logs for error trace or enable "
        "glide.rest.debug property to verify REST request processing",
    },
    "status": "failure",
}


@dataclass(frozen=True)
class Call(BrokenCall):
    """One call of an instance that meets a fault."""

    instance: ServiceNow

    def is_write(self) -> bool:
        """A call that may change something."""
        return self.method in _WRITES and self.path.startswith("/api/")

    def is_api(self) -> bool:
        """Not a page, and not the token endpoint."""
        return self.path.startswith("/api/")

    def is_list(self) -> bool:
        """A call that gives a list of rows."""
        return self.method == "GET" and bool(_LIST.match(self.path))

    def is_batch(self) -> bool:
        """A call that has others in it."""
        return self.method == "POST" and bool(_BATCH.match(self.path))

    def half_of_the_batch(self) -> int:
        """How many parts are half of them."""
        body = self.environ["wsgi.input"].read()
        self.environ["wsgi.input"].seek(0)
        try:
            return len(json.loads(body)["rest_requests"]) // 2
        except (ValueError, KeyError, TypeError):
            return 0


def page(status: int, title: str) -> Callable[[Call], Response]:
    body = f"<!doctype html><html><head><title>{title}</title></head><body>{title}</body></html>"
    return lambda _: Response(body, status, content_type="text/html;charset=UTF-8")


def _error(body: object, status: int, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(json.dumps(body), status, named, content_type=_JSON)


def rate_limited(call: Call) -> Response:
    error = {
        "message": "Rate limit exceeded",
        "detail": "Rate limit of 1000 requests per hour for Table API exceeded",
    }
    limits = {
        "Retry_After": str(call.instance.waits.retry_after_seconds),
        "X_RateLimit_Limit": "1000",
        "X_RateLimit_Reset": str(int(call.instance.clock().timestamp()) + 1),
        "X_RateLimit_Rule": "8f3b1c5e0b1030108f3e1b5f37673a5d",
    }
    return _error({"error": error, "status": "failure"}, 429, **limits)


def to_the_identity_provider(_: Call) -> Response:
    where = {"Location": "https://idp.example.com/sso?SAMLRequest=x"}
    return Response("", 302, where, content_type="text/html;charset=UTF-8")


def expired(call: Call) -> Response:
    """Every token given out so far has run out."""
    call.instance.tokens.expire_all()
    error = {
        "message": "User Not Authenticated",
        "detail": "Required to provide Auth information",
    }
    challenge = {"WWW_Authenticate": 'Basic realm="Service-now"'}
    return _error({"error": error, "status": "failure"}, 401, **challenge)


def late_answer(call: Call) -> Response:
    time.sleep(call.instance.waits.slow_seconds)
    return call.answered()


def cancelled(call: Call) -> Response:
    """The quota ends the transaction after its work was committed; nobody hears of that."""
    call.answered()
    time.sleep(call.instance.waits.quota_seconds)
    return _error(_CANCELLED, 500)


def batch_cancelled(call: Call) -> Response:
    call.environ[BATCH_LIMIT] = call.half_of_the_batch()
    return cancelled(call)


def batch_unserviced(call: Call) -> Response:
    call.environ[BATCH_LIMIT] = call.half_of_the_batch()
    return call.answered()


def given_up_by_the_gateway(call: Call) -> Response:
    call.answered()
    return page(504, "Gateway Timeout")(call)


def ends_in_an_error(call: Call) -> Response:
    """Status and half of the rows were sent when the quota fired: an error member follows."""
    answer = call.answered()
    found = _result(answer)
    if isinstance(found, list):
        body = {"result": found[: len(found) // 2], **_CANCELLED}
        answer.set_data(json.dumps(body))
    return answer


def _result(answer: Response) -> Any:  # noqa: ANN401 - whatever JSON holds
    try:
        return json.loads(answer.get_data())["result"]
    except (ValueError, KeyError, TypeError):
        return None


def ends_in_the_middle(call: Call) -> Response:
    """The same, with nothing after what was sent."""
    answer = call.answered()
    answer.set_data(answer.get_data()[: len(answer.get_data()) * 2 // 3])
    return answer


def dropped_midway(call: Call) -> Response:
    """Half of the answer comes."""
    return broken_off(call, lambda body: body[: len(body) // 2])


def part_cancelled(call: Call) -> Response:
    """The quota ends one part of a batch after its work was committed."""
    call.answered()
    return _error(_CANCELLED, 500)


def part_failed(_: Call) -> Response:
    """The quota ends one part of a batch before anything was committed."""
    return _error(_CANCELLED, 500)


def busy(_: Call) -> Response:
    """Neither a text nor a header says why."""
    return Response("", 429)


def overflowed(_: Call) -> Response:
    """Accepted, says the status; nobody will carry it out."""
    return Response("", 202, content_type="application/json")


def dated_ahead(call: Call) -> Response:
    answer = call.answered()
    answer.headers["Date"] = format_datetime(datetime.now(UTC) + CLOCK_SKEW, usegmt=True)
    return answer
