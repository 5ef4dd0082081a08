"""The main job from end to end, and proof that its walk notices when a piece does nothing."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from broker.ports.queue import QueueName
from cli import demo_settings
from cli.children import Children
from cli.demo import Addresses, free_ports, product, walk_command
from tests.journeys.stand_in import PIECES
from tools.servers import Database, PostgreSQL, wait_until

ROOT = Path(__file__).resolve().parents[2]
STEPS = [
    "start", "sign-in", "dashboard", "request", "login-event", "mirrored", "approve", "cleared",
    "order", "forged", "submitted", "referred-back", "provisioned", "closed", "audit",
]  # fmt: skip
FAILS = {
    "mirroring": "mirrored",
    "verification": "forged",
    "back-reference": "referred-back",
    "tracking": "provisioned",
    "closure": "closed",
    "audit": "audit",
}
PATIENCE_SECONDS = "12"
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("journeys")]


def children_of(pid: int) -> list[str]:
    """The command lines of processes started for the demo that still run."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if f"--port {pid}" in command:
            found.append(command)
    return found


@pytest.mark.both
@pytest.mark.timeout(180)
def test_the_main_job_works_and_nothing_is_left_running(empty_database: Database) -> None:
    port = free_ports()
    environment = dict(os.environ)
    if not empty_database.url.startswith("sqlite"):
        environment["DEMO_DATABASE_URL"] = empty_database.url
        environment["DEMO_DATABASE_OWNER_URL"] = empty_database.owner_url

    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "demo", "--check", "--port", str(port)],
        cwd=ROOT, capture_output=True, text=True, check=False, env=environment, timeout=170,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    steps = [line.split()[3].rstrip(":") for line in done.stdout.splitlines() if line[:3] == "ok "]
    assert steps == STEPS
    assert [line for step in range(4) for line in children_of(port + step)] == []
    assert not (ROOT / "var" / f"demo-check-{port}").exists()


@pytest.mark.timeout(180)
def test_the_main_job_works_with_workers_on_redis_and_postgresql(
    postgresql: PostgreSQL, redis_url: str, tmp_path: Path
) -> None:
    at = Addresses(free_ports())
    with postgresql.lent(postgresql.empty()) as database, stack(at, tmp_path, database, redis_url):
        done = subprocess.run(
            walk_command(at), cwd=ROOT, capture_output=True, text=True, check=False, timeout=150
        )

    assert done.returncode == 0, done.stdout


@contextmanager
def stack(at: Addresses, folder: Path, database: Database, redis_url: str) -> Iterator[None]:
    """The processes of production: a WSGI server, a worker a queue, two clocks."""
    environment = demo_settings.prepare(
        folder / "stack", broker=at.broker, servicenow=at.servicenow, oim=at.oim, idp=at.idp
    )
    environment |= {
        "BROKER_DATABASE_URL": database.url,
        "BROKER_DATABASE_OWNER_URL": database.owner_url,
        "BROKER_REDIS_URL": redis_url,
    }
    me = [sys.executable, "-m"]
    children = Children(folder / "stack", environment)
    try:
        sandbox = ["sandbox", "all", "--port", str(at.port + 1), "--broker-url", at.broker]
        children.start("sandbox", [*me, *sandbox, "--parent-pipe"])
        children.do("database", [*me, "cli.main", "db", "upgrade"])
        for queue in QueueName:
            children.start(queue, [*me, "cli.main", "worker", queue])
        for clock in ("clock", "second clock"):
            children.start(clock, [*me, "cli.main", "clock"])
        bind = ["--bind", f"127.0.0.1:{at.port}"]
        server = [*me, "gunicorn", *bind, "--workers", "2", "--threads", "4", "wsgi:app"]
        children.start("web", server)
        wait_until(
            lambda: all(map(answers, (f"{at.broker}/readyz", f"{at.idp}/metadata"))), "start"
        )
        yield
    finally:
        children.stop()


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


def test_every_piece_that_is_replaced_has_its_step() -> None:
    assert set(FAILS) == set(PIECES)
    assert set(FAILS.values()) < set(STEPS)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("piece", FAILS)
def test_the_walk_names_the_step_when_a_piece_does_nothing(
    piece: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = Addresses(free_ports())
    monkeypatch.setenv("STAND_IN", piece)

    with product(at, tmp_path / "demo", "tests.journeys.stand_in"):
        done = subprocess.run(
            [*walk_command(at), "--patience", PATIENCE_SECONDS],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=150,
        )  # fmt: skip

    assert done.returncode == 1, done.stdout
    assert done.stdout.splitlines()[-1].startswith(f"FAILED {FAILS[piece]}:")
