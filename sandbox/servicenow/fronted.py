"""Notices a TLS front before the instance, so that its links are such that a client can follow.

An instance names itself in its links as its client named it (ServiceNow docs, "REST API"). Behind
a front that ends TLS the request arrives as plain HTTP, under a port that is not ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_PLAIN_PORT = "80"


class Fronted:
    """Answers with https links whoever came through a front."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """One request; `X-Forwarded-Proto` tells the scheme, else the port in `Host` does."""
        environ["wsgi.url_scheme"] = environ.get("HTTP_X_FORWARDED_PROTO") or _scheme(environ)
        return self._app(environ, start)


def _scheme(environ: WSGIEnvironment) -> str:
    given: str = environ["wsgi.url_scheme"]
    host = str(environ.get("HTTP_HOST", ""))
    port = host.rpartition(":")[2] if ":" in host else _PLAIN_PORT
    return given if not host or port == environ.get("SERVER_PORT") else "https"
