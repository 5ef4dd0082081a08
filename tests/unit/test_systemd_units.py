"""The units for systemd start the very words of docker-compose.yml, and systemd takes them."""

import shutil
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from cli import demo_settings
from tools.stack.compose import ROOT, SECRETS, read

UNITS = ROOT / "deploy" / "systemd"
INSTALLED = "/opt/request-broker"
# What a container and a machine have in different places.
PLACES = {
    "0.0.0.0:8000": "127.0.0.1:8000",
    "/tmp/clock": "%t/request-broker-clock/pulse",
}
PARTS = {name: part for name, part in read().items() if "BROKER_DATABASE_URL_FILE" in part.settings}
Unit = dict[str, list[str]]


def unit(name: str) -> Unit:
    """Every directive of a unit with all its values."""
    found: Unit = {}
    for line in (UNITS / name).read_text(encoding="utf-8").splitlines():
        key, sign, value = line.partition("=")
        if sign and not line.startswith(("#", "[")):
            found.setdefault(key, []).append(value)
    return found


def unit_of(service: str) -> str:
    queue = service.removeprefix("worker-")
    return f"request-broker-{service if queue == service else 'worker@'}.service"


def command(service: str) -> str:
    (words,) = unit(unit_of(service))["ExecStart"]
    return words.replace("%i", service.removeprefix("worker-"))


@pytest.mark.parametrize("service", PARTS)
def test_a_unit_starts_what_the_compose_file_starts(service: str) -> None:
    program, *words = (PLACES.get(word, word) for word in PARTS[service].command)
    assert command(service) == " ".join([f"{INSTALLED}/bin/{program}", *words])
    assert (ROOT / ".venv" / "bin" / program).exists()


@pytest.mark.parametrize("service", PARTS)
def test_a_unit_is_handed_the_secrets_that_the_container_is(service: str) -> None:
    found = unit(unit_of(service))
    handed = {line.partition(":")[0] for line in found["LoadCredential"]}
    told = dict(line.split("=", 1) for line in found["Environment"])
    wanted = {
        name: f"%d/{path.removeprefix(SECRETS)}"
        for name, path in PARTS[service].settings.items()
        if path.startswith(SECRETS)
    }
    assert told == wanted
    assert handed == {place.removeprefix("%d/") for place in wanted.values()}


@pytest.mark.parametrize("service", PARTS)
def test_a_unit_may_do_no_more_than_it_must(service: str) -> None:
    found = unit(unit_of(service))
    for directive, value in (
        ("DynamicUser", "yes"),
        ("NoNewPrivileges", "yes"),
        ("CapabilityBoundingSet", ""),
        ("ProtectSystem", "strict"),
        ("SystemCallFilter", "@system-service"),
    ):
        assert found[directive] == [value]


def test_the_target_starts_all_that_keeps_running() -> None:
    wanted = {name for line in unit("request-broker.target")["Wants"] for name in line.split()}
    running = {
        unit_of(service).replace("@", f"@{service.removeprefix('worker-')}")
        for service in PARTS
        if service != "migrate"
    }
    assert wanted == running | {"request-broker-web.socket"}


def test_what_is_stopped_may_finish_its_work_at_hand() -> None:
    """SIGTERM to the worker alone: its child, at work, would die of it."""
    assert unit("request-broker-worker@.service")["KillMode"] == ["mixed"]
    assert unit("request-broker-web.service")["KillMode"] == ["mixed"]


def test_the_socket_is_where_the_web_service_listens() -> None:
    (place,) = unit("request-broker-web.socket")["ListenStream"]
    assert f"--bind {place} " in command("web")
    assert unit("request-broker-web.service")["Requires"] == ["request-broker-web.socket"]


APP = """
def app(_environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


HAND_ON = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.argv[2], sys.argv[2:])
"""


def test_a_post_waits_while_the_web_service_is_restarted(tmp_path: Path) -> None:
    """The port is held by somebody else, as the socket unit does; gunicorn takes it over."""
    (tmp_path / "waiting.py").write_text(APP, encoding="ascii")
    settings = demo_settings.prepare(
        tmp_path / "demo", broker="http://127.0.0.1:1", servicenow="http://127.0.0.1:2",
        oim="http://127.0.0.1:3", idp="http://localhost:4",
    )  # fmt: skip
    settings |= {"BROKER_REDIS_URL": "redis://127.0.0.1:1/0", "WEB_CONCURRENCY": "1"}
    with socket.create_server(("127.0.0.1", 0)) as port, ThreadPoolExecutor(1) as pool:
        address = f"http://127.0.0.1:{port.getsockname()[1]}/"
        answer = pool.submit(requests.get, address, timeout=60)
        # As systemd does: the port is file 3, and the process is told that it is meant for it.
        gunicorn = [f"{ROOT}/.venv/bin/gunicorn", "--config", f"{ROOT}/gunicorn.conf.py"]
        words = [sys.executable, "-c", HAND_ON, str(port.fileno()), *gunicorn, "waiting:app"]
        server = subprocess.Popen(
            words, cwd=tmp_path, pass_fds=[port.fileno()],
            env=settings, start_new_session=True,
        )  # fmt: skip
        try:
            assert answer.result().text == "ok"
        finally:
            server.terminate()
            server.wait()


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """Where systemd is installed it reads them; elsewhere the tests above have to do."""
    checker = shutil.which("systemd-analyze")
    names = []
    for path in sorted(UNITS.iterdir()):
        name = path.name.replace("@", "@orders")
        text = path.read_text(encoding="utf-8").replace(f"{INSTALLED}/bin", f"{ROOT}/.venv/bin")
        (tmp_path / name).write_text(text.replace(INSTALLED, str(ROOT)), encoding="utf-8")
        names.append(name)
    assert len(names) == 6
    for queue in ("interactive", "sync"):
        shutil.copy(tmp_path / "request-broker-worker@orders.service",
                    tmp_path / f"request-broker-worker@{queue}.service")  # fmt: skip
    if checker:
        done = subprocess.run(
            [checker, "verify", "--man=no", *(str(tmp_path / name) for name in names)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
