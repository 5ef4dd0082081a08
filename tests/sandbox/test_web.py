"""Serving an app: kept connections, bodies nobody read, a stop that is a stop."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
import requests
from flask import Flask, request

from sandbox.web import Server, cut, listen, serve
from webui.auth.saml.metadata import parse_metadata


@pytest.fixture
def server() -> Iterator[Server]:
    app = Flask("echo")

    @app.route("/", methods=["GET", "POST", "DELETE"])
    def echo() -> str:
        return request.get_data(as_text=True) if request.args.get("read") else "unread"

    @app.get("/cut")
    def cut_off() -> str:
        cut(request.environ["werkzeug.socket"])
        return "never"

    @app.get("/empty")
    def empty() -> tuple[str, int]:
        return "", 204

    with serve(app) as running:
        yield running


def test_a_connection_is_kept_also_when_the_body_was_not_read(server: Server) -> None:
    with requests.Session() as session:
        for path in ("/", "/?read=1", "/", "/empty"):
            answer = (
                session.post(server.url + path, data=b"x" * 5000, timeout=5)
                if path != "/empty"
                else session.get(server.url + path, timeout=5)
            )
            assert answer.ok
        pools = session.get_adapter(server.url).poolmanager.pools  # type: ignore[attr-defined]
        (pool,) = map(pools.get, pools.keys())
        assert pool.num_connections == 1


def test_a_chunked_body_is_read_to_its_end(server: Server) -> None:
    with requests.Session() as session:
        parts = iter([b"one ", b"two"])
        assert session.post(f"{server.url}/?read=1", data=parts, timeout=5).text == "one two"
        assert session.get(server.url, timeout=5).text == "unread"


def test_a_cut_connection_gives_no_answer_and_the_server_lives_on(server: Server) -> None:
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{server.url}/cut", timeout=5)
    assert requests.get(server.url, timeout=5).text == "unread"


def test_head_and_close_are_respected(server: Server) -> None:
    assert requests.head(server.url, timeout=5).text == ""
    answer = requests.get(server.url, headers={"Connection": "close"}, timeout=5)
    assert answer.text == "unread"


def test_a_stopped_server_cuts_kept_connections_too() -> None:
    app = Flask("short")
    app.add_url_rule("/", view_func=lambda: "here")
    running = serve(app)
    with requests.Session() as session:
        assert session.get(running.url, timeout=5).text == "here"
        running.stop()
        with pytest.raises(requests.ConnectionError):
            session.get(running.url, timeout=5)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sandbox", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "invalid choice"),
        (["oim", "--people", "many"], "--people"),
        (["oim", "--open-share", "7"], "--open-share"),
        (["oim", "--port", "70000"], "--port"),
        (["oim", "--faults", "gremlins"], "no fault 'gremlins'"),
        (["servicenow", "--faults", "random=3"], "between 0 and 1"),
        ([], "required"),
    ],
)
def test_wrong_arguments_are_one_line(arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert result.returncode == 2
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_port_that_is_taken_is_one_line() -> None:
    with listen() as taken:
        result = run("oim", "--port", str(taken.getsockname()[1]))
    assert result.returncode == 1
    assert "already in use" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_all_servers_start_know_each_other_and_end_with_their_parents_pipe() -> None:
    command = [sys.executable, "-m", "sandbox", "all", "--port", "0", "--parent-pipe"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        lines = [process.stdout.readline().split() for _ in range(3)]
        assert [line[:2] for line in lines] == [
            ["ready", "servicenow"],
            ["ready", "oim"],
            ["ready", "idp"],
        ]
        oim, idp = lines[1][2], lines[2][2]
        page = requests.get(f"{oim}/identity/faces/home", timeout=5)
        assert page.url.startswith(f"{idp}/sso")
        assert "Password" in page.text
        process.stdin.close()
        assert process.wait(timeout=10) == 0


def test_sigterm_ends_it() -> None:
    command = [sys.executable, "-m", "sandbox", "idp", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready idp http://localhost:")
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def test_a_server_dates_its_answers_by_a_clock_that_can_be_turned(server: Server) -> None:
    def ahead() -> float:
        said = parsedate_to_datetime(requests.get(server.url, timeout=5).headers["Date"])
        return (said - datetime.now(UTC)).total_seconds()

    assert abs(ahead()) < 60
    server.turn_clock(timedelta(hours=1))
    assert abs(ahead() - 3600) < 60


def test_the_faults_of_clock_and_certificate_are_seen_from_outside() -> None:
    faults = ["--faults", "clock-skew,expired-certificate"]
    command = [sys.executable, "-m", "sandbox", "idp", "--port", "0", *faults, "--parent-pipe"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        url = process.stdout.readline().split()[2]
        answer = requests.get(f"{url}/metadata", timeout=10)
        process.stdin.close()
    date = parsedate_to_datetime(answer.headers["Date"])
    assert timedelta(minutes=4) < date - datetime.now(UTC) < timedelta(minutes=6)
    ends = parse_metadata(answer.content, datetime.now(UTC)).certificates_end_at
    assert ends[0] < datetime.now(UTC)
