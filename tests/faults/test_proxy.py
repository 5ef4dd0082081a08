"""The proxy that breaks calls on purpose does exactly what it is asked for."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.faults.proxy import (
    FaultProxy,
    Silent,
    Stale,
    answering,
    broken_off,
    lost_answer,
    lost_call,
    spoilt,
    to,
)
from tools.servers import wait_until


class Counting(BaseHTTPRequestHandler):
    """Answers with how many calls it has had, and with the body that it got; keeps what they asked
    for, and of whom.
    """

    protocol_version = "HTTP/1.1"
    calls = 0
    asked: ClassVar[list[tuple[str, str | None]]]

    def do_POST(self) -> None:
        """Count."""
        type(self).calls += 1
        self.asked.append((self.path, self.headers["Host"]))
        got = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = f"{self.calls} {got.decode()}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Seen", self.headers.get("X-Sent", ""))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST  # noqa: N815 - the base's names

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def counting() -> type[Counting]:
    return type("Fresh", (Counting,), {"calls": 0, "asked": []})


@contextmanager
def running(server: HTTPServer) -> Iterator[int]:
    """The port of a server that answers meanwhile."""
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def proxy(counting: type[Counting]) -> Iterator[FaultProxy]:
    with (
        running(HTTPServer(("127.0.0.1", 0), counting)) as port,
        FaultProxy(f"http://127.0.0.1:{port}") as between,
    ):
        yield between


def post(proxy: FaultProxy, body: str = "") -> str:
    return requests.post(proxy.url, data=body, timeout=30).text


def test_what_meets_no_fault_passes_through(proxy: FaultProxy) -> None:
    answer = requests.post(f"{proxy.url}/a?b=c", "body", headers={"X-Sent": "yes"}, timeout=30)
    assert (answer.status_code, answer.text, answer.headers["X-Seen"]) == (200, "1 body", "yes")


def test_a_lost_call_never_arrives(proxy: FaultProxy, counting: type[Counting]) -> None:
    proxy.meet(lost_call)
    with pytest.raises(requests.ConnectionError):
        post(proxy)
    assert counting.calls == 0


def test_a_lost_answer_was_carried_out(proxy: FaultProxy, counting: type[Counting]) -> None:
    proxy.meet(lost_answer)
    with pytest.raises(requests.ConnectionError):
        post(proxy)
    assert counting.calls == 1


def test_an_answer_may_break_off(proxy: FaultProxy) -> None:
    proxy.meet(broken_off)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        post(proxy, "a body of some length")


def test_somebody_else_may_answer(proxy: FaultProxy, counting: type[Counting]) -> None:
    proxy.meet(answering(429, b"slow down", Retry_After="7"))
    answer = requests.get(proxy.url, timeout=30)
    assert (answer.status_code, answer.text, answer.headers["Retry-After"]) == (
        429,
        "slow down",
        "7",
    )
    assert counting.calls == 0


def test_a_fault_is_met_as_often_as_planned_and_only_by_what_it_is_for(proxy: FaultProxy) -> None:
    proxy.meet(answering(503), to("GET"), times=2)
    assert post(proxy) == "1 "
    assert [requests.get(proxy.url, timeout=30).status_code for _ in range(3)] == [503, 503, 200]


def test_a_stale_answer_is_the_first_one_again(proxy: FaultProxy) -> None:
    proxy.meet(Stale(), to("GET"), times=None)
    assert [requests.get(proxy.url, timeout=30).text for _ in range(3)] == ["1 "] * 3
    proxy.heal()
    assert requests.get(proxy.url, timeout=30).text == "2 "


def test_what_was_carried_out_may_look_like_a_failure(
    proxy: FaultProxy, counting: type[Counting]
) -> None:
    proxy.meet(spoilt(500, b"<html>"))
    answer = requests.post(proxy.url, "body", timeout=30)
    assert (answer.status_code, answer.text) == (500, "<html>")
    assert answer.headers["Content-Type"] == "text/html"
    assert counting.calls == 1


def test_an_answer_may_never_come(proxy: FaultProxy, counting: type[Counting]) -> None:
    silent = Silent()
    proxy.meet(silent)
    with pytest.raises(requests.ReadTimeout):
        requests.post(proxy.url, "body", timeout=0.2)
    wait_until(silent.heard.is_set, "the server's having had the call", 60)
    assert counting.calls == 1
    assert post(proxy) == "2 "


# ---- before a server as a vendor runs it: by its name, over TLS, below a path --------------------


def certified(folder: Path) -> Path:
    """A file with a key and a certificate for localhost, by nobody but itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    file = folder / "localhost.pem"
    file.write_bytes(secret + made.public_bytes(pem))
    return file


def test_a_real_server_meets_the_same_faults(
    counting: type[Counting], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certified(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file)
    server = HTTPServer(("127.0.0.1", 0), counting)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    with running(server) as port, FaultProxy(f"https://localhost:{port}/tenant") as between:
        between.meet(lost_answer)
        with pytest.raises(requests.ConnectionError):
            requests.post(f"{between.url}/requests", "body", timeout=30)
        assert requests.post(f"{between.url}/requests", "again", timeout=30).text == "2 again"
    assert counting.asked == [("/tenant/requests", f"localhost:{port}")] * 2
