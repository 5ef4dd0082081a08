"""The proxy that breaks calls on purpose does exactly what it is asked for."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests

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
    """Answers with how many calls it has had, and with the body that it got."""

    protocol_version = "HTTP/1.1"
    calls = 0

    def do_POST(self) -> None:
        """Count."""
        type(self).calls += 1
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
    return type("Fresh", (Counting,), {"calls": 0})


@pytest.fixture
def proxy(counting: type[Counting]) -> Iterator[FaultProxy]:
    server = HTTPServer(("127.0.0.1", 0), counting)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    with FaultProxy(f"http://127.0.0.1:{server.server_address[1]}") as between:
        yield between
    server.shutdown()
    thread.join()
    server.server_close()


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
