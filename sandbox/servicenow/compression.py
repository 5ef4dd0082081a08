"""Answers are sent compressed to whoever takes that."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response

from sandbox.servicenow.faults import INNER

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_WORTHWHILE = 500
_FAST = 1


class Compressed:
    """WSGI middleware: gzip for JSON answers that are long enough."""

    def __init__(self, inner: WSGIApplication) -> None:
        self._inner = inner

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if INNER in environ or "gzip" not in environ.get("HTTP_ACCEPT_ENCODING", ""):
            return self._inner(environ, start_response)
        pieces, status, headers = run_wsgi_app(self._inner, environ, buffered=True)
        made = Response(b"".join(pieces), status, headers)
        if made.mimetype == "application/json" and len(made.data) >= _WORTHWHILE:
            made.set_data(gzip.compress(made.get_data(), _FAST))
            made.headers["Content-Encoding"] = "gzip"
        return made(environ, start_response)
