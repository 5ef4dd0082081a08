"""Refusals as programs read them: RFC 9457, with a stable code and an id to ask about."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import structlog
from flask import Blueprint, Response, jsonify, request
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from werkzeug.exceptions import HTTPException

from broker.store.base import new_id

RETRY_AFTER_SECONDS = 5

# What a status means here when nobody says it more exactly.
_WORDS = {
    400: ("bad_request", "The request cannot be read: see the API's description."),
    401: ("signature_invalid", "Sign the request as the Standard Webhooks specification says."),
    403: ("forbidden", "This client may not do that."),
    404: ("not_found", "There is nothing here that this client may see."),
    405: ("method_not_allowed", "This address does not know the method: see the Allow header."),
    413: ("too_large", "The body is too large."),
    415: ("unsupported_media_type", "Send application/json, in UTF-8 and not compressed."),
    422: ("unprocessable", "The request contradicts an earlier one."),
    429: ("too_many_requests", "Too many requests: wait as long as Retry-After says."),
    500: ("internal_error", "Something went wrong here. Repeat the very same request later."),
    503: ("unavailable", "Not possible just now: repeat the very same request later."),
}
_OUT_OF_REACH = (OperationalError, InterfaceError, NoConnection)

_log = structlog.get_logger()


class Problem(Exception):
    """A refusal with its status, a code for programs and a sentence for people."""

    def __init__(
        self,
        status: int,
        code: str = "",
        detail: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        usual_code, usual_detail = _WORDS[status]
        self.status = status
        self.code = code or usual_code
        self.detail = detail or usual_detail
        self.headers = dict(headers or {})
        super().__init__(self.detail)


def answer(problem: Problem) -> Response:
    """The problem as application/problem+json; its correlation id is in the log as well."""
    correlation_id = new_id()
    _log.info(
        "request_refused", status=problem.status, code=problem.code, correlation_id=correlation_id
    )
    response = jsonify(_document(problem, correlation_id))
    response.status_code = problem.status
    response.mimetype = "application/problem+json"
    response.headers.update(problem.headers)
    return response


def _document(problem: Problem, correlation_id: str) -> dict[str, object]:
    return {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "instance": request.path,
        "code": problem.code,
        "correlation_id": correlation_id,
    }


def of_http(error: HTTPException) -> Response:
    """The problem for what Flask itself refuses; an unknown status counts as a bad request."""
    status = error.code if error.code in _WORDS else 400
    headers = {
        name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")
    }
    return answer(Problem(status or 400, headers=headers))


def fault(_error: Exception) -> Response:
    """A bug of ours: its story goes to the log, not to the caller."""
    _log.exception("request_failed", path=request.path)
    return answer(Problem(500))


def out_of_reach(_error: Exception) -> Response:
    """The database does not answer: nothing was taken, so the caller must come again."""
    return answer(unavailable())


def unavailable(detail: str = "") -> Problem:
    """503, with the time after which to come again."""
    return Problem(503, detail=detail, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def handle(blueprint: Blueprint) -> None:
    """Answer whatever goes wrong in the blueprint's views with a problem."""
    # By status, because a page's handler of the same status would win over one of all statuses.
    for status in _WORDS:
        blueprint.register_error_handler(status, of_http)
    blueprint.register_error_handler(HTTPException, of_http)
    blueprint.register_error_handler(Problem, answer)
    blueprint.register_error_handler(Exception, fault)
    for kind in _OUT_OF_REACH:
        handler: Callable[[Any], Response] = out_of_reach
        blueprint.register_error_handler(kind, handler)


def refuse_unrouted() -> Response | None:
    """Addresses under /api that lead nowhere belong to no blueprint; run before each request."""
    error = request.routing_exception
    under_api = request.path == "/api" or request.path.startswith("/api/")
    if under_api and error is not None and (error.code or 0) >= HTTPStatus.BAD_REQUEST:
        return of_http(error)
    return None
