"""The main job from end to end, and proof that its walk notices when a piece does nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.demo import Addresses, free_ports, product, walk_command
from tests.journeys.stand_in import PIECES
from tools.servers import Database

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
pytestmark = [pytest.mark.slow]


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
