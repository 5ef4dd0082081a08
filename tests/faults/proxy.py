"""A proxy on loopback that does to calls what a test asks for. It can stand before any server."""

import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import urllib3

Fault = Callable[["Exchange"], None]
When = Callable[["Exchange"], bool]
_THIS_HOP_ONLY = frozenset({"connection", "host", "keep-alive", "transfer-encoding"})
_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answers: the body as it travels, still compressed if it was."""

    status: int
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""


@dataclass
class Exchange:
    """One call on its way, which a fault forwards, answers itself, or cuts."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    _proxy: "FaultProxy"
    _client: "_Handler"

    def forward(self) -> Reply:
        """Let the server have the call; what it answers."""
        return self._proxy.ask(self)

    def answer(self, reply: Reply, *, only: int | None = None) -> None:
        """Send this back; with `only`, so many bytes of the body, and then the connection ends."""
        self._client.send(reply, reply.body if only is None else reply.body[:only])
        if only is not None:
            self.cut()

    def wait_for_the_end(self) -> None:
        """Say nothing until the client gives up."""
        with suppress(OSError):
            self._client.connection.recv(1)
        self._client.close_connection = True

    def cut(self) -> None:
        """End the connection without a further byte."""
        self._client.close_connection = True
        self._client.connection.shutdown(socket.SHUT_RDWR)


@dataclass
class _Plan:
    """A fault, the calls that it is meant for, and how many of them are still to meet it."""

    fault: Fault
    when: When
    left: int | None


@dataclass
class FaultProxy:
    """Serves until `stop()`; without a fault it only passes calls on."""

    upstream: str
    _plans: list[_Plan] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._pool = urllib3.PoolManager(retries=False)
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        serve = self._server.serve_forever
        self._thread = threading.Thread(target=serve, args=(_POLL_SECONDS,), daemon=True)
        self._thread.start()

    def meet(self, fault: Fault, when: When = lambda _call: True, times: int | None = 1) -> None:
        """The next `times` calls for which `when` holds meet the fault (None: all of them)."""
        with self._lock:
            self._plans.append(_Plan(fault, when, times))

    def heal(self) -> None:
        """Pass everything on again."""
        with self._lock:
            self._plans.clear()

    def take(self, call: Exchange) -> None:
        """Do to this call what is planned for it."""
        fault = self._planned(call)
        if fault is None:
            call.answer(call.forward())
        else:
            fault(call)

    def ask(self, call: Exchange) -> Reply:
        """What the server says to this call."""
        headers = {k: v for k, v in call.headers.items() if k.lower() not in _THIS_HOP_ONLY}
        answer = self._pool.request(
            call.method,
            self.upstream + call.path,
            body=call.body or None,
            headers=headers,
            redirect=False,
            decode_content=False,
        )
        kept = [(k, v) for k, v in answer.headers.items() if k.lower() not in _THIS_HOP_ONLY]
        return Reply(answer.status, kept, answer.data)

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._pool.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _planned(self, call: Exchange) -> Fault | None:
        with self._lock:
            plan = next((plan for plan in self._plans if plan.left != 0 and plan.when(call)), None)
            if plan is None:
                return None
            if plan.left is not None:
                plan.left -= 1
            return plan.fault


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, proxy: FaultProxy) -> None:
        self.proxy = proxy
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, *_: object) -> None:
        """A client that was cut off is what tests are after, and no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_any(self) -> None:
        """Read the call whole and hand it over."""
        assert isinstance(self.server, _Server)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = dict(self.headers.items())
        proxy = self.server.proxy
        proxy.take(Exchange(self.command, self.path, headers, body, proxy, self))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_any  # noqa: N815 - the base's names

    def send(self, reply: Reply, body: bytes) -> None:
        """Announce the whole body and send as much of it as is given."""
        self.send_response_only(reply.status)
        for name, value in reply.headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


# ---- faults --------------------------------------------------------------------------------------


def lost_call(call: Exchange) -> None:
    """The server never hears of it."""
    call.cut()


def lost_answer(call: Exchange) -> None:
    """The server does what it was asked; nobody learns it."""
    call.forward()
    call.cut()


def broken_off(call: Exchange) -> None:
    """The answer ends in its middle."""
    reply = call.forward()
    call.answer(reply, only=len(reply.body) // 2)


def answering(status: int, body: bytes = b"", **headers: str) -> Fault:
    """Somebody on the way answers instead of the server; `Retry_After` is written Retry-After."""
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return lambda call: call.answer(Reply(status, named, body))


def spoilt(status: int, body: bytes, content_type: str = "text/html") -> Fault:
    """The server does what it was asked; somebody on the way answers this instead of it."""

    def spoil(call: Exchange) -> None:
        call.forward()
        call.answer(Reply(status, [("Content-Type", content_type)], body))

    return spoil


class Silent:
    """The server does what it was asked, which `heard` tells; its answer never comes."""

    def __init__(self) -> None:
        self.heard = threading.Event()

    def __call__(self, call: Exchange) -> None:
        """Forward, and wait until the client has lost its patience."""
        call.forward()
        self.heard.set()
        call.wait_for_the_end()


class Stale:
    """Repeats the first answer to each call, as a search does that lags behind."""

    def __init__(self) -> None:
        self._first: dict[str, Reply] = {}

    def __call__(self, call: Exchange) -> None:
        """Answer as the first time."""
        if call.path not in self._first:
            self._first[call.path] = call.forward()
        call.answer(self._first[call.path])


def to(method: str, path: str = "") -> When:
    """Calls by this method, to paths that hold `path`."""
    return lambda call: call.method == method and path in call.path
