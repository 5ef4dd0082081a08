"""Faults that tests can switch on while the instance runs, and the delay of every answer.

`down`              503 with a page, as a load balancer answers for an instance that is away
`hibernating`       200 with a page, as an idle developer instance answers
`rate-limit`        429 with Retry-After (ServiceNow docs, "Inbound REST API rate limiting")
`busy`              429 without any header, as exhausted semaphores answer
`session-overflow`  202 without a result: the request was not carried out
`drop-after-accept` carries a write out, then closes the connection without an answer
`drop-before`       closes the connection and does nothing

A name not in this list does nothing: one list of faults may serve several sandboxes.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from sandbox.servicenow.instance import ServiceNow

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LONGEST_URL = 8192
INNER = "sandbox.inside_batch"
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def _rate_limited(_: ServiceNow) -> Response:
    error = {
        "message": "Rate limit exceeded",
        "detail": "Rate limit of 1000 requests per hour for Table API exceeded",
    }
    body = json.dumps({"error": error, "status": "failure"})
    headers = {"Retry-After": "1", "X-RateLimit-Limit": "1000"}
    return Response(body, 429, headers, content_type="application/json;charset=UTF-8")


def _page(status: int, title: str) -> Callable[[ServiceNow], Response]:
    body = f"<!doctype html><html><head><title>{title}</title></head><body>{title}</body></html>"
    return lambda _: Response(body, status, content_type="text/html;charset=UTF-8")


_ANSWERS: dict[str, Callable[[ServiceNow], Response]] = {
    "down": _page(503, "Service Unavailable"),
    "hibernating": _page(200, "Instance Hibernating page"),
    "rate-limit": _rate_limited,
    "busy": lambda _: Response("", 429),
    "session-overflow": lambda _: Response("", 202, content_type="application/json"),
}

# Every fault, and what it is about.
FAULTS: dict[str, str] = {
    "down": "503 with a page, as a load balancer answers for an instance that is away",
    "hibernating": "200 with a page, as an idle developer instance answers",
    "rate-limit": "429 with Retry-After: somebody's calls of this hour are used up",
    "busy": "429 without any header: no semaphore is free",
    "session-overflow": "202 without a result: the request was not carried out",
    "drop-after-accept": "carries a write out, then closes the connection without an answer",
    "drop-before": "closes the connection and does nothing",
}


class FaultyFront:
    """WSGI middleware in front of the whole instance."""

    def __init__(self, inner: WSGIApplication, instance: ServiceNow) -> None:
        self._inner = inner
        self._instance = instance

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get(INNER):
            return self._inner(environ, start_response)
        time.sleep(self._instance.latency_ms / 1000)
        refusal = self._refusal(environ)
        if refusal is not None:
            return refusal(environ, start_response)
        if self._drops_answer(environ):
            return self._carry_out_and_drop(environ)
        return self._inner(environ, start_response)

    def _refusal(self, environ: WSGIEnvironment) -> Response | None:
        faults = set(self._instance.faults)
        if "drop-before" in faults:
            _hang_up(environ)
            return Response("", 502)
        for name, refusal in _ANSWERS.items():
            if name in faults:
                return refusal(self._instance)
        refused = self._instance.switches.long_urls_refused and _too_long(environ)
        return _page(414, "Request-URI Too Long")(self._instance) if refused else None

    def _drops_answer(self, environ: WSGIEnvironment) -> bool:
        return (
            "drop-after-accept" in self._instance.faults
            and environ["REQUEST_METHOD"] in _WRITES
            and environ["PATH_INFO"].startswith("/api/")
        )

    def _carry_out_and_drop(self, environ: WSGIEnvironment) -> Iterable[bytes]:
        def ignored(*_: object) -> Callable[[bytes], object]:
            return lambda _: None

        for _ in self._inner(environ, ignored):
            pass
        _hang_up(environ)
        return []


def _hang_up(environ: WSGIEnvironment) -> None:
    connection = environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)


def _too_long(environ: WSGIEnvironment) -> bool:
    target = environ["PATH_INFO"] + "?" + environ.get("QUERY_STRING", "")
    return len(target) > LONGEST_URL
