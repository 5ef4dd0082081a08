"""`request-broker health`: code 0 for a process that works, else 1 and a sentence."""

import os
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from redis import Redis

from cli import demo_settings
from cli.main import main
from tools.servers import free_port

HOST = "this.machine"
BASE_URL = "https://broker.example.com"


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Production's settings: a public address, secrets of our own."""
    for name in [name for name in os.environ if name.startswith("BROKER_")]:
        monkeypatch.delenv(name)
    ours = demo_settings.prepare(
        tmp_path / "demo", broker=BASE_URL, servicenow=BASE_URL, oim=BASE_URL, idp=BASE_URL
    )
    for name, value in ours.items():
        if name.startswith("BROKER_"):
            secret = name.endswith(("KEY", "SECRET", "PASSWORD"))
            monkeypatch.setenv(name, name * 3 if secret else value)
    monkeypatch.setattr("socket.gethostname", lambda: HOST)


class Web(ThreadingHTTPServer):
    """Answers as the web does: to its own host name only."""

    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Page)

    @property
    def at(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class Page(BaseHTTPRequestHandler):
    server: Web

    def do_GET(self) -> None:
        ours = (self.path, self.headers["Host"]) == ("/readyz", "broker.example.com")
        self.send_response(self.server.status if ours else 400)
        self.end_headers()
        self.wfile.write(b"a sentence")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_web_that_is_ready_is_well(web: Web, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["health", "web", "--at", web.at]) == 0
    assert capsys.readouterr().out == "ready\n"


def test_a_web_without_its_tables_is_not(web: Web, capsys: pytest.CaptureFixture[str]) -> None:
    web.status = 503

    assert main(["health", "web", "--at", web.at]) == 1
    assert capsys.readouterr().err == "/readyz answers 503: a sentence\n"


def test_a_web_that_nobody_started_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["health", "web", "--at", f"127.0.0.1:{free_port()}"]) == 1
    assert "refused" in capsys.readouterr().err


def beat(url: str, name: str, seconds_ago: float) -> None:
    """A worker of that name said so many seconds ago that it listens, as RQ writes it."""
    at = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(time.time() - seconds_ago))
    with Redis.from_url(url) as client:
        client.hset(f"rq:worker:{name}", "last_heartbeat", at)


@pytest.fixture
def redis(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("BROKER_REDIS_URL", redis_url)
    return redis_url


def test_a_worker_that_lately_said_that_it_listens_is_well(redis: str) -> None:
    beat(redis, f"orders.{HOST}.old", 3000)
    beat(redis, f"orders.{HOST}.new", 1)

    assert main(["health", "worker", "orders"]) == 0


@pytest.mark.parametrize("name", [f"sync.{HOST}.x", "orders.elsewhere.x"])
def test_a_worker_of_another_queue_or_machine_does_not_count(
    redis: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    beat(redis, name, 1)

    assert main(["health", "worker", "orders"]) == 1
    assert capsys.readouterr().err == (
        "Nothing was heard of a worker for orders on this machine.\n"
    )


def test_a_worker_that_has_been_silent_for_long_is_not_well(
    redis: str, capsys: pytest.CaptureFixture[str]
) -> None:
    beat(redis, f"orders.{HOST}.old", 3000)

    assert main(["health", "worker", "orders"]) == 1
    assert "for 300" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["", "redis://127.0.0.1:1"])
def test_a_worker_without_redis_is_told_in_one_line(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BROKER_REDIS_URL", url)

    assert main(["health", "worker", "orders"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("BROKER_REDIS_URL")


@pytest.mark.parametrize(("age", "code"), [(0, 0), (3000, 1)])
def test_the_clock_is_well_while_its_file_is_young(tmp_path: Path, age: int, code: int) -> None:
    file = tmp_path / "pulse"
    file.touch()
    os.utime(file, (time.time() - age,) * 2)

    assert main(["health", "clock", "--pulse", str(file)]) == code


def test_a_clock_that_has_done_no_round_is_not_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["health", "clock", "--pulse", str(tmp_path / "pulse")]) == 1
    assert capsys.readouterr().err == "Nothing was heard of the clock.\n"
