"""Batch API: POST /api/now[/v1]/batch (ServiceNow docs, "Batch API").

Requests run one after another, each committed by itself; what does not fit comes back unserviced.
"""

from __future__ import annotations

import base64
import binascii
import time
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, current_app, request
from werkzeug.test import Client, EnvironBuilder, TestResponse
from werkzeug.wrappers import Request

from sandbox.servicenow.answers import ApiError, answer, caller, instance, json_body
from sandbox.servicenow.faults import INNER
from sandbox.servicenow.mishaps import BATCH_LIMIT

blueprint = Blueprint("batch_api", __name__)
QUOTA_SECONDS = 30.0
LARGEST_INPUT = 5 * 1024 * 1024
LARGEST_OUTPUT = 10 * 1024 * 1024


@blueprint.post("/api/now/batch")
@blueprint.post("/api/now/v1/batch")
def run_batch() -> Response:
    """Run the requests of a batch in their order."""
    caller()
    body = json_body()
    wanted = body.get("rest_requests")
    if not isinstance(wanted, list):
        raise ApiError(400, "Invalid batch request", "rest_requests is missing")
    serviced, unserviced = _run_all(wanted)
    return answer(
        {
            "batch_request_id": str(body.get("batch_request_id", "")),
            "serviced_requests": serviced,
            "unserviced_requests": unserviced,
        }
    )


def _run_all(wanted: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    serviced: list[dict[str, Any]] = []
    unserviced: list[str] = []
    ends, size = time.monotonic() + QUOTA_SECONDS, 0
    for part in wanted:
        if unserviced or not _fits(part, len(serviced), size) or time.monotonic() > ends:
            unserviced.append(str(part.get("id", "")))
            continue
        serviced.append(_run_one(part))
        size += len(serviced[-1]["body"])
    return serviced, unserviced


def _fits(part: dict[str, Any], done: int, size: int) -> bool:
    limit = request.environ.get(BATCH_LIMIT, instance().batch_limit)
    small = len(part.get("body") or "") <= LARGEST_INPUT and size <= LARGEST_OUTPUT
    return small and (limit is None or done < limit)


def _run_one(part: dict[str, Any]) -> dict[str, Any]:
    began = time.monotonic()
    made = _call(part)
    told = {
        "id": str(part.get("id", "")),
        "body": base64.b64encode(made.get_data()).decode(),
        "status_code": made.status_code,
        "status_text": HTTPStatus(made.status_code).phrase,
        "execution_time": int((time.monotonic() - began) * 1000),
    }
    if not part.get("exclude_response_headers"):
        told["headers"] = [{"name": k, "value": v} for k, v in made.headers.items()]
    return told


def _call(part: dict[str, Any]) -> TestResponse:
    headers = [(str(h["name"]), str(h["value"])) for h in part.get("headers") or []]
    builder = EnvironBuilder(
        path=str(part.get("url", "")),
        method=str(part.get("method", "GET")).upper(),
        base_url=request.host_url,
        headers=headers,
        data=_decoded(part.get("body")),
    )
    environ = builder.get_environ()
    environ[INNER] = caller()
    return Client(current_app.wsgi_app).open(Request(environ))


def _decoded(body: str | None) -> bytes:
    try:
        return base64.b64decode(body or "", validate=True)
    except binascii.Error as error:
        raise ApiError(400, "Invalid batch request", "a body is not Base64") from error
