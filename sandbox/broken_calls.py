"""What any server can do to a call that meets a fault: break it off, answer late, or not at all.

Each server adds what is its own: to which of its calls a fault can happen, and its own answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response

from sandbox.web import hang_up

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment


@dataclass(frozen=True)
class BrokenCall:
    """One call that meets a fault."""

    environ: WSGIEnvironment
    inner: WSGIApplication

    @property
    def method(self) -> str:
        return str(self.environ["REQUEST_METHOD"])

    @property
    def path(self) -> str:
        return str(self.environ["PATH_INFO"])

    def has_token(self) -> bool:
        """It proves itself by a token."""
        return str(self.environ.get("HTTP_AUTHORIZATION", "")).lower().startswith("bearer ")

    def answered(self) -> Response:
        """What the server says: by now the call is carried out."""
        pieces, status, headers = run_wsgi_app(self.inner, self.environ, buffered=True)
        return Response(b"".join(pieces), status, headers)


AnyCall = TypeVar("AnyCall", bound=BrokenCall)


@dataclass(frozen=True)
class Fault(Generic[AnyCall]):
    """What it is about, to which calls it can happen, and what comes of them."""

    about: str
    happens: Callable[[AnyCall], bool]
    answer: Callable[[AnyCall], Response]


def any_call(_: BrokenCall) -> bool:
    """It can happen to every call."""
    return True


def dropped(call: BrokenCall, sent: bytes = b"") -> Response:
    """The connection ends after these bytes; somebody without a connection is told 502."""
    hang_up(call.environ, sent)
    return Response("", 502)


def dropped_after(call: BrokenCall) -> Response:
    """The call is carried out, and the connection ends without an answer."""
    call.answered()
    return dropped(call)


def broken_off(call: BrokenCall, cut: Callable[[bytes], bytes]) -> Response:
    """The call is carried out; the head promises the whole body, and what `cut` leaves comes."""
    answer = call.answered()
    body = answer.get_data()
    head = f"HTTP/1.1 {answer.status}\r\nContent-Type: {answer.content_type}\r\n"
    sent = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + cut(body)
    return dropped(call, sent if body else b"HTTP/")
