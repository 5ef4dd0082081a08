"""Batch API: POST /api/now[/v1|/v2]/batch (ServiceNow docs, "Batch API").

Requests run one after another, each committed by itself; what does not fit comes back unserviced.
An answer that is too large comes back unserviced as well, although its request was carried out.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, current_app, request
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response as AnyResponse

from sandbox.servicenow.answers import ApiError, answer, caller, error_answer, instance, json_body
from sandbox.servicenow.faults import INNER
from sandbox.servicenow.mishaps import BATCH_LIMIT
from sandbox.servicenow.versions import VERSIONS, routed

blueprint = Blueprint("batch_api", __name__)
INPUT_SIZE = "glide.rest.batch.max.inputSize"
OUTPUT_SIZE = "glide.rest.batch.max.outputSize"
OUTPUT_HEADER = "X-BATCHREQUEST-MAX-OUTPUT-SIZE"
_MEGABYTE = 1024 * 1024
_BATCHES = frozenset(f"/api/now/{version}batch" for version in VERSIONS)
_REDIRECTS = range(300, 400)


@dataclass
class Outcome:
    """What has come of a batch so far."""

    ends: float
    serviced: list[dict[str, Any]] = field(default_factory=list)
    unserviced: list[str] = field(default_factory=list)

    def takes_more(self) -> bool:
        """Whether the quota is not used up, and nothing was left out yet."""
        limit = request.environ.get(BATCH_LIMIT, instance().batch_limit)
        room = limit is None or len(self.serviced) < limit
        return room and not self.unserviced and time.monotonic() < self.ends


@routed(blueprint, "now", "batch", ["POST"])
def run_batch() -> Response:
    """Run the requests of a batch in their order."""
    caller()
    body = json_body()
    wanted = body.get("rest_requests")
    if not isinstance(wanted, list) or not all(isinstance(part, dict) for part in wanted):
        raise ApiError(400, "Invalid batch request", "rest_requests is missing")
    outcome = _run_all(wanted)
    return answer(
        {
            "batch_request_id": str(body.get("batch_request_id", "")),
            "serviced_requests": outcome.serviced,
            "unserviced_requests": outcome.unserviced,
        }
    )


def _run_all(wanted: list[dict[str, Any]]) -> Outcome:
    outcome = Outcome(ends=time.monotonic() + instance().batch_seconds)
    most = _largest_output()
    for part in wanted:
        body = _decoded(part.get("body"))
        told = _run_one(part, body) if outcome.takes_more() and _fits(body) else None
        if told is None or len(told["body"]) > most:
            outcome.unserviced.append(str(part.get("id", "")))
        else:
            outcome.serviced.append(told)
    return outcome


def _fits(body: bytes) -> bool:
    """Five megabytes at first; the property may allow ten at most."""
    if not instance().switches.oversized_parts_unserviced:
        return True
    most = int(instance().properties.get(INPUT_SIZE) or 5 * _MEGABYTE)
    return len(body) <= min(most, 10 * _MEGABYTE)


def _largest_output() -> int:
    """Ten megabytes; a caller's header may ask for less than the property, not for more."""
    most = int(instance().properties.get(OUTPUT_SIZE) or 10 * _MEGABYTE)
    asked = request.headers.get(OUTPUT_HEADER, "")
    return min(most, int(asked)) if asked.isdecimal() else most


def _run_one(part: dict[str, Any], body: bytes) -> dict[str, Any]:
    began = time.monotonic()
    made = _call(part, body)
    told: dict[str, Any] = {
        "id": str(part.get("id", "")),
        "body": base64.b64encode(made.get_data()).decode(),
        "status_code": made.status_code,
        "status_text": HTTPStatus(made.status_code).phrase,
        "headers": _headers(made) if not part.get("exclude_response_headers") else [],
        "execution_time": int((time.monotonic() - began) * 1000),
    }
    if made.status_code in _REDIRECTS:
        told["redirect_url"] = made.headers.get("Location", "")
    if made.status_code == HTTPStatus.INTERNAL_SERVER_ERROR:
        told["error_message"] = _message(made)
    return told


def _headers(made: AnyResponse) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in made.headers.items()]


def _message(made: AnyResponse) -> str:
    try:
        return str(json.loads(made.get_data())["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return HTTPStatus(made.status_code).phrase


def _call(part: dict[str, Any], body: bytes) -> AnyResponse:
    url = str(part.get("url", ""))
    if not url.startswith("/"):
        return error_answer(ApiError(400, "Invalid batch request", "a url must be relative"))
    if url.partition("?")[0] in _BATCHES and instance().switches.nested_batches_refused:
        return error_answer(ApiError(400, "Invalid batch request", "a batch holds no batches"))
    builder = EnvironBuilder(
        path=url,
        method=str(part.get("method", "GET")).upper(),
        base_url=request.host_url,
        headers=[(str(h["name"]), str(h["value"])) for h in part.get("headers") or []],
        data=body,
    )
    environ = builder.get_environ()
    environ[INNER] = caller()
    with current_app.app_context():  # so that no part knows what another remembered in `g`
        return AnyResponse.from_app(current_app.wsgi_app, environ, buffered=True)


def _decoded(body: str | None) -> bytes:
    """A line break inside Base64 means nothing."""
    try:
        return base64.b64decode("".join((body or "").split()), validate=True)
    except binascii.Error as error:
        raise ApiError(400, "Invalid batch request", "a body is not Base64") from error
