"""gunicorn's configuration: what it must say, and what it must not print."""

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "gunicorn.conf.py"
FAILING = f"""
import runpy, structlog
runpy.run_path({str(FILE)!r})
def fail(hidden):
    raise ValueError("a sentence")
try:
    fail("whsec_of_somebody")
except ValueError:
    structlog.get_logger().exception("a page failed", path="/")
"""


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the file says, without settling the logs of this test process."""
    monkeypatch.setattr("cli.logs.configure", lambda **_: None)
    monkeypatch.setenv("WEB_CONCURRENCY", "3")
    monkeypatch.setenv("WEB_THREADS", "5")
    return runpy.run_path(str(FILE))


def test_the_environment_sizes_the_web(told: dict[str, Any]) -> None:
    assert (told["workers"], told["threads"]) == (3, 5)


def test_connections_are_not_shared_between_processes(told: dict[str, Any]) -> None:
    assert told["preload_app"] is False


def test_only_the_application_judges_what_proxies_say(told: dict[str, Any]) -> None:
    assert told["forwarded_allow_ips"] == ""


def test_nothing_is_written_outside_the_memory(told: dict[str, Any]) -> None:
    assert told["control_socket_disable"] is True
    assert (told["accesslog"], told["errorlog"]) == (None, "-")


def test_a_shutdown_ends_before_the_container_is_killed(told: dict[str, Any]) -> None:
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")

    assert told["graceful_timeout"] < 40
    assert "stop_grace_period: 40s" in compose


def test_a_failure_is_one_line_without_the_values_of_its_variables() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAILING],
        cwd=ROOT, capture_output=True, text=True, check=True, env={**os.environ},
    )  # fmt: skip

    assert "a page failed" in done.stderr
    assert "ValueError: a sentence" in done.stderr
    assert "whsec_of_somebody" not in done.stderr.replace('fail("whsec_of_somebody")', "")
    assert len(done.stderr.splitlines()) == 1
