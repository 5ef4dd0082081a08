"""What holds for every REST API: formats, verbs in a header, bodies left out.

ServiceNow docs, "REST API": `X-HTTP-Method-Override`, `X-no-response-body`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, Response, request

from sandbox.servicenow.answers import instance
from sandbox.servicenow.formats import XML_TYPES, as_xml
from sandbox.servicenow.instance import ServiceNow

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_OVERRIDE = "HTTP_X_HTTP_METHOD_OVERRIDE"
_VERBS = frozenset({"GET", "PUT", "PATCH", "DELETE", "HEAD"})
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_JSON = "application/json"


def install(app: Flask) -> None:
    """Let the app treat all its APIs alike."""
    app.after_request(_as_asked)
    state: ServiceNow = app.extensions["servicenow"]
    app.wsgi_app = Overridden(app.wsgi_app, state)  # type: ignore[method-assign]


class Overridden:
    """WSGI middleware: a POST stands for the verb that its header names."""

    def __init__(self, inner: WSGIApplication, state: ServiceNow) -> None:
        self._inner = inner
        self._state = state

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        verb = str(environ.get(_OVERRIDE, "")).upper()
        posted = environ["REQUEST_METHOD"] == "POST" and self._state.switches.verbs_overridden
        if posted and verb in _VERBS:
            environ["REQUEST_METHOD"] = verb
        return self._inner(environ, start_response)


def _as_asked(made: Response) -> Response:
    """The answer in the format that was asked for, and without a body for who wants none."""
    made.headers["Server"] = "ServiceNow"
    if not request.path.startswith("/api/now/") or made.mimetype != _JSON:
        return made
    if request.accept_mimetypes.best_match([_JSON, *XML_TYPES], _JSON) in XML_TYPES:
        _to_xml(made)
    unwanted = request.headers.get("X-no-response-body", "").lower() == "true"
    written = request.method in _WITH_BODY and made.status_code < 300  # noqa: PLR2004 - refused
    if unwanted and written and instance().switches.bodies_suppressed:
        made.set_data(b"")
    return made


def _to_xml(made: Response) -> None:
    body = made.get_json(silent=True)
    if isinstance(body, dict):
        made.set_data(as_xml(body))
        made.content_type = "application/xml;charset=UTF-8"
