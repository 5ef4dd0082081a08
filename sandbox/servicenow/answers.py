"""JSON answers and errors as the platform words them, and who is calling.

ServiceNow docs, "REST API HTTP response codes"; error texts as recorded from instances.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from flask import Response, current_app, g, request

from sandbox.servicenow.accounts import Account
from sandbox.servicenow.authentication import NotAuthenticated, authenticate
from sandbox.servicenow.faults import INNER
from sandbox.servicenow.formats import XML_TYPES, from_xml
from sandbox.servicenow.instance import ServiceNow

JSON = "application/json;charset=UTF-8"
_UNAUTHENTICATED = 401
_NO_STORE = {
    "Pragma": "no-store,no-cache",
    "Cache-Control": "no-cache,no-store,must-revalidate,max-age=-1",
    "Expires": "0",
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
}


class ApiError(Exception):
    """An error answer of a REST API."""

    def __init__(
        self,
        status: int,
        message: str,
        detail: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.headers = headers or {}
        self.status = status
        self.message = message
        self.detail = detail


def instance() -> ServiceNow:
    """The instance that this request came to."""
    found: ServiceNow = current_app.extensions["servicenow"]
    return found


def no_record() -> ApiError:
    """No such record, or one that the caller may not see: the platform does not tell which."""
    detail = "Record doesn't exist or ACL restricts the record retrieval"
    return ApiError(404, "No Record found", detail)


def acl_refusal(operation: str) -> ApiError:
    """The caller may not insert, update or delete here."""
    detail = f"ACL Exception {operation} Failed due to security constraints"
    return ApiError(403, "Operation Failed", detail)


def answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer with the platform's headers."""
    made = Response(json.dumps(body), status, content_type=JSON)
    made.headers.update(_NO_STORE)
    made.headers["X-Is-Logged-In"] = "true"
    made.headers["X-Transaction-ID"] = secrets.token_hex(6)
    made.headers.update(headers or {})
    return made


def no_content() -> Response:
    """204, and nothing."""
    made = answer({}, 204)
    made.set_data(b"")
    return made


def error_answer(error: ApiError) -> Response:
    """The error's JSON; a 401 carries the challenge and none of the signed-in headers."""
    told = {"message": error.message, "detail": error.detail}
    made = answer({"error": told, "status": "failure"}, error.status, error.headers)
    if error.status == _UNAUTHENTICATED:
        made.headers["WWW-Authenticate"] = 'Basic realm="Service-now"'
        del made.headers["X-Is-Logged-In"], made.headers["X-Transaction-ID"]
    return made


def caller() -> Account:
    """Who is calling. Raises ApiError 401."""
    account: Account | None = g.get("account")
    if account is None:
        account = request.environ.get(INNER) or _authenticated()
        g.account = account
    return account


def _authenticated() -> Account:
    try:
        return authenticate(instance(), request)
    except NotAuthenticated as error:
        detail = "Required to provide Auth information"
        raise ApiError(401, "User Not Authenticated", detail, error.headers) from error


def json_body() -> dict[str, Any]:
    """The request's JSON object, or its columns in XML. Raises ApiError 415 or 400."""
    if not request.content_type and not request.get_data():
        return {}  # ServiceNow's own Python client inserts an empty record so
    known = request.mimetype in ("application/json", *XML_TYPES)
    if not known and instance().switches.other_formats_refused:
        raise ApiError(415, "Unsupported Media Type", "Content-Type must be application/json")
    try:
        data = request.get_data()
        body = from_xml(data) if request.mimetype in XML_TYPES else json.loads(data or b"{}")
    except ValueError as error:
        raise ApiError(400, "Exception while reading request", str(error)) from error
    if not isinstance(body, dict):
        raise ApiError(400, "Exception while reading request", "a JSON object is expected")
    return body


def demand_json_accepted() -> None:
    """Refuse callers that want neither JSON nor XML. Raises ApiError 406."""
    accepted = request.accept_mimetypes
    served = accepted.best_match(["application/json", *XML_TYPES], "")
    if accepted and not served and instance().switches.other_formats_refused:
        raise ApiError(406, "Not Acceptable", "application/json and application/xml are served")
