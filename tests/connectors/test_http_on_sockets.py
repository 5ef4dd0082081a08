"""What only a real socket shows: nobody listening, a line cut, an answer that drips."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from broker.connectors.http import Http, Limits
from broker.domain.errors import Misconfigured, Unavailable, UnknownOutcome
from sandbox.idp.responses import KeyPair

Behaviour = Callable[[socket.socket], None]
Start = Callable[[Behaviour], str]


@pytest.fixture
def start() -> Iterator[Start]:
    """Serve every connection with one behaviour; gives the address."""
    listeners: list[socket.socket] = []

    def begin(behaviour: Behaviour) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threading.Thread(target=serve, args=(listener, behaviour), daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield begin
    for listener in listeners:
        listener.close()


def serve(listener: socket.socket, behaviour: Behaviour) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            connection.recv(65536)
            behaviour(connection)


def hang_up(_: socket.socket) -> None:
    """Close without a word."""


def cut(connection: socket.socket) -> None:
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
    )


def drip(connection: socket.socket) -> None:
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n"
    )
    try:
        for _ in range(100):
            connection.sendall(b" ")
            time.sleep(0.02)
    except OSError:
        return


def silence(connection: socket.socket) -> None:
    connection.recv(1)


def client(address: str) -> Http:
    return Http("desk", address, limits=Limits(read=0.3, total=0.6, tries=1))


def test_a_write_to_nobody_did_not_happen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unavailable, match="cannot be reached"):
        client(f"http://127.0.0.1:{port}").send("POST", "/x", {})


def test_a_write_to_a_name_that_does_not_exist_did_not_happen() -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        client("http://nowhere.invalid").send("POST", "/x", {})


@pytest.mark.parametrize("behaviour", [hang_up, cut, drip, silence])
def test_a_write_without_a_whole_answer_may_have_happened(
    start: Start, behaviour: Behaviour
) -> None:
    with pytest.raises(UnknownOutcome):
        client(start(behaviour)).send("POST", "/x", {})


@pytest.mark.parametrize("behaviour", [hang_up, cut, drip, silence])
def test_a_read_without_a_whole_answer_ends_in_time(start: Start, behaviour: Behaviour) -> None:
    started = time.monotonic()
    with pytest.raises(Unavailable):
        client(start(behaviour)).get("/x")
    assert time.monotonic() - started < 1.5


def test_threads_share_no_cookies(start: Start) -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
            b"Set-Cookie: JSESSIONID=one\r\nContent-Length: 2\r\n\r\n{}"
        )

    http = client(start(answer))
    http.get("/x")
    elsewhere: list[int] = []
    thread = threading.Thread(target=lambda: elsewhere.append(len(http._session().cookies)))
    thread.start()
    thread.join()
    assert (len(http._session().cookies), elsewhere) == (1, [0])


def test_a_certificate_that_is_not_trusted_says_why_and_what_to_do(tmp_path: Path) -> None:
    pair = KeyPair.generate("127.0.0.1")
    both = tmp_path / "both.pem"
    both.write_text(pair.private_key + pair.certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ends = threading.Thread(target=shake_hands, args=(listener, context), daemon=True)
        ends.start()
        port = listener.getsockname()[1]
        with pytest.raises(Misconfigured, match=r"\(self-signed certificate\): .*_CA_BUNDLE"):
            Http("desk", f"https://127.0.0.1:{port}").get("/x")
        ends.join()


def shake_hands(listener: socket.socket, context: ssl.SSLContext) -> None:
    connection, _ = listener.accept()
    with connection, suppress(OSError), context.wrap_socket(connection, server_side=True):
        pass
