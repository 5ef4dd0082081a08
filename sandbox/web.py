"""One way to serve a sandbox app: HTTP/1.1 on loopback, threads, kept connections, a clean stop."""

from __future__ import annotations

import io
import socket
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

from werkzeug.datastructures import Headers
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.test import run_wsgi_app

if TYPE_CHECKING:
    from socketserver import _AfInetAddress as _Address

    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

    _Accepted = socket.socket | tuple[bytes, socket.socket]

LOOPBACK = "127.0.0.1"
# In the environment of a call: what is put in says that the app has ended the connection itself.
_HUNG_UP = "sandbox.hung_up"
_BACKLOG = 128
_POLL_SECONDS = 0.05


class _Handler(WSGIRequestHandler):
    """Werkzeug's handler with connections kept open, small answers sent at once, and no log."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def make_environ(self) -> WSGIEnvironment:
        """The request with its body read to the end, so that the connection can be used again."""
        environ = super().make_environ()
        environ[_HUNG_UP] = []
        body = environ["wsgi.input"]
        if not environ.get("wsgi.input_terminated"):
            length = int(environ.get("CONTENT_LENGTH") or 0)
            environ["wsgi.input"] = io.BytesIO(body.read(length))
        else:
            environ["wsgi.input"] = io.BytesIO(body.read())
        return environ

    def run_wsgi(self) -> None:
        """Answer one request and keep the connection, which Werkzeug's own handler never does."""
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.environ = self.make_environ()
        pieces, status, headers = run_wsgi_app(self.server.app, self.environ, buffered=True)
        if self.environ[_HUNG_UP]:
            self.close_connection = True
            return
        self._answer(status, headers, b"".join(pieces))

    def _answer(self, status: str, headers: Headers, body: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response_only(int(code), reason)
        headers.setdefault("Server", self.version_string())
        headers.setdefault("Date", self.date_time_string())
        bodyless = code in ("204", "304") or self.command == "HEAD"
        if not bodyless:
            headers["Content-Length"] = str(len(body))
        for keyword, value in headers:
            self.send_header(keyword, value)
        self.end_headers()
        self.wfile.write(b"" if bodyless else body)
        self.wfile.flush()

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The `Date` of an answer, by a clock that may be wrong on purpose."""
        at = datetime.now(UTC) if timestamp is None else datetime.fromtimestamp(timestamp, UTC)
        return format_datetime(at + self._listening.clock_ahead, usegmt=True)

    @property
    def _listening(self) -> _Listening:
        assert isinstance(self.server, _Listening)
        return self.server

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 -- inherited
        """Say nothing: a sandbox's chatter would hide the product's."""

    def log_request(self, code: int | str | HTTPStatus = "-", size: int | str = "-") -> None:
        """Say nothing, as above."""

    def connection_dropped(self, *_: object) -> None:
        """A client that went away is no news."""
        self.close_connection = True


class _Listening(ThreadedWSGIServer):
    """Werkzeug's server, which also knows the connections that are open."""

    def __init__(
        self, app: WSGIApplication, listener: socket.socket, connections: set[socket.socket]
    ) -> None:
        self._connections = connections
        self.clock_ahead = timedelta()
        super().__init__(LOOPBACK, 0, app, _Handler, fd=listener.fileno())

    def process_request(self, request: _Accepted, client_address: _Address) -> None:
        """A connection was accepted."""
        if isinstance(request, socket.socket):
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: _Accepted) -> None:
        """A connection has ended."""
        if isinstance(request, socket.socket):
            self._connections.discard(request)
        super().shutdown_request(request)


class Server:
    """An app being served in a thread: `url` is its address, `stop()` ends it."""

    def __init__(self, app: WSGIApplication, listener: socket.socket, host: str) -> None:
        self.app: Any = app  # a Flask app, for those who look behind the door
        self._open: set[socket.socket] = set()
        self._inner = _Listening(app, listener, self._open)
        self.port: int = self._inner.socket.getsockname()[1]
        self.url = f"http://{host}:{self.port}"
        listener.close()
        self._thread = threading.Thread(
            target=self._inner.serve_forever, args=(_POLL_SECONDS,), daemon=True, name=self.url
        )
        self._thread.start()

    def turn_clock(self, ahead: timedelta) -> None:
        """From now on, date answers by a clock that is so far ahead of the true time."""
        self._inner.clock_ahead = ahead

    def stop(self) -> None:
        """Stop listening and cut every kept connection, as a machine that goes down does."""
        stopping = threading.Thread(target=self._inner.shutdown, daemon=True)
        stopping.start()
        self._wake()
        stopping.join()
        self._thread.join()
        self._inner.server_close()
        for connection in list(self._open):
            cut(connection)

    def _wake(self) -> None:
        """Let the server look up from waiting now, and not only at its next poll."""
        with suppress(OSError):
            socket.create_connection((LOOPBACK, self.port), _POLL_SECONDS).close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def cut(connection: socket.socket) -> None:
    """End a connection without an answer; one that is gone already is fine."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def hang_up(environ: WSGIEnvironment, sent: bytes = b"") -> None:
    """End a call's connection, after these bytes, without any other answer."""
    connection: socket.socket | None = environ.get("werkzeug.socket")
    if connection is None:
        return
    with suppress(OSError):
        connection.sendall(sent)
    cut(connection)
    environ[_HUNG_UP].append(True)


def listen(port: int = 0) -> socket.socket:
    """A listening socket on loopback, so that an address is known before its app is built.

    Port 0 takes a free one. Raises OSError when the port is taken.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def address(listener: socket.socket, host: str = LOOPBACK) -> str:
    """The URL at which an app served on this socket will answer."""
    return f"http://{host}:{listener.getsockname()[1]}"


def serve(
    app: WSGIApplication,
    host: str = LOOPBACK,
    port: int = 0,
    *,
    listener: socket.socket | None = None,
) -> Server:
    """Serve `app` on loopback until `stop()`. `host` is only the name in `url` (the IdP's is
    `localhost`). Give `listener` (see `listen`) when the address had to be known beforehand.

    Raises OSError when the port is taken.
    """
    return Server(app, listener or listen(port), host)
