"""ServiceNow's client libraries, unchanged, against the sandbox: whatever each of them offers.

Each runs in an environment of its own (`make clients`), driven by a small program, and speaks
https to the sandbox through a front whose authority it is told to trust.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.servicenow import create_app
from sandbox.servicenow.instance import ServiceNow
from sandbox.web import serve
from sandbox.world import build_world
from tests.client_libraries.front import Front, front
from tools import clients

HERE = Path(__file__).resolve().parent
PROGRAMS = HERE / "programs"
TABLE = HERE.parents[1] / "docs" / "servicenow-clients.md"
SECONDS = 110


@dataclass(frozen=True)
class Told:
    """What a program said: the things it did, those the library lacks, and what went wrong."""

    does: dict[str, str]
    lacks: dict[str, str]
    failed: dict[str, str]

    def row(self, asked: str) -> str:
        """The cell of the documented table."""
        return f"yes: {self.does[asked]}" if asked in self.does else f"no: {self.lacks[asked]}"


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Front]:
    """A front before an instance of its own."""
    app = create_app(build_world())
    state: ServiceNow = app.extensions["servicenow"]
    with serve(app) as server, front(server.port, tmp_path) as before:
        yield before
    state.close()


@pytest.mark.timeout(180)
@pytest.mark.parametrize("library", clients.NAMES)
def test_a_client_library_does_what_it_offers(library: str, instance: Front) -> None:
    if not clients.is_current(library):
        pytest.skip(f"{library} is not set up: make clients")
    told = run(library, instance)
    assert not told.failed, "\n".join(f"{name}: {how}" for name, how in told.failed.items())
    wanted = {asked: told.row(asked) for asked in told.does | told.lacks}
    assert documented(library) == wanted


def test_every_library_is_documented_with_its_version() -> None:
    text = TABLE.read_text(encoding="utf-8")
    for name in clients.NAMES:
        lock = (clients.LOCKS / f"{name}.txt").read_text(encoding="utf-8")
        version = lock.partition(f"\n{name}==")[2].split()[0]
        assert f"{name} {version}" in text


def run(library: str, instance: Front) -> Told:
    """Let the program speak; it knows nothing of this process but the instance's address."""
    trusted = str(instance.authority)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(instance.authority.parent),
        "INSTANCE_HOST": instance.host,
        "PYTHONDONTWRITEBYTECODE": "1",
        "REQUESTS_CA_BUNDLE": trusted,
        "SSL_CERT_FILE": trusted,
    }
    done = subprocess.run(
        [str(clients.python_of(library)), str(PROGRAMS / f"with_{library}.py")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
        cwd=instance.authority.parent,
    )
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert said, f"{library} said nothing: {done.stderr}"
    parts = ("does", "lacks", "failed")
    return Told(*({one["asked"]: one[part] for one in said if part in one} for part in parts))


def documented(library: str) -> dict[str, str]:
    """The library's column of the table in the documentation."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]
    heads, _, *cells = rows
    column = next(place for place, head in enumerate(heads) if head.startswith(f"{library} "))
    return {row[0]: row[column] for row in cells}
