"""A newcomer's first minutes: a fresh clone, a real Python, make, a shell and nothing else."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import IN_CI

ROOT = Path(__file__).resolve().parents[2]
TOOLS = (
    "awk basename cat chmod cp cut date dirname env expr false find grep head id kill ln ls make "
    "mkdir mktemp mv ps readlink rm sed sh sleep sort tail tee test touch tr true uname wc xargs"
).split()
STEPS = (
    "start sign-in dashboard request login-event mirrored approve cleared order forged submitted "
    "referred-back provisioned closed audit"
).split()

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(480),
    pytest.mark.skipif(not IN_CI, reason="CI alone installs a fresh clone from the network"),
]


@dataclass(frozen=True)
class Machine:
    """A clone on a machine that has next to nothing, with an empty home."""

    folder: Path

    @property
    def clone(self) -> Path:
        return self.folder / "clone"

    @property
    def environment(self) -> dict[str, str]:
        places = {"HOME": "home", "PATH": "bin", "TMPDIR": "tmp"}
        return {name: str(self.folder / place) for name, place in places.items()}

    def make(self, target: str, *before: str) -> subprocess.CompletedProcess[str]:
        program = str(self.folder / "bin" / "make")
        return subprocess.run(
            [*before, program, target],
            cwd=self.clone,
            env=self.environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A fresh clone of what is committed."""
    machine = Machine(tmp_path_factory.mktemp("machine"))
    for place in ("home", "bin", "tmp"):
        (machine.folder / place).mkdir()
    link_tools(machine.folder / "bin")
    subprocess.run(["git", "clone", "-q", str(ROOT), str(machine.clone)], check=True)
    yield machine
    shutil.rmtree(machine.folder)


def link_tools(folder: Path) -> None:
    real = Path(sys.base_prefix) / "bin" / "python3.11"
    (folder / "python3.11").symlink_to(real)
    for name in TOOLS:
        found = shutil.which(name)
        assert found, name
        (folder / name).symlink_to(found)


def test_a_fresh_clone_does_the_main_job_and_leaves_nothing(machine: Machine) -> None:
    first = machine.make("demo-check")
    assert first.returncode == 0, first.stdout + first.stderr
    assert steps_of(first.stdout) == list(STEPS)

    began = time.monotonic()
    second = machine.make("demo-check", *without_network())
    assert second.returncode == 0, second.stdout + second.stderr
    assert steps_of(second.stdout) == list(STEPS)
    assert time.monotonic() - began < 60

    assert processes_of(machine.folder) == []
    assert [each.name for each in (machine.folder / "home").iterdir()] in ([], [".cache"])
    assert list((machine.folder / "tmp").iterdir()) == []
    assert status_of(machine.clone) == ""


def steps_of(printed: str) -> list[str]:
    """The steps that went well, each with its time: `ok   0.2 s  sign-in: …`."""
    lines = [line.split() for line in printed.splitlines() if line.startswith("ok ")]
    return [words[3].rstrip(":") for words in lines if float(words[1]) >= 0 and words[2] == "s"]


def without_network() -> tuple[str, ...]:
    """Run in a network of one's own, where only loopback is."""
    unshare = shutil.which("unshare") or "unshare"
    link_up = f'{shutil.which("ip")} link set lo up && exec "$@"'
    return (unshare, "-n", "/bin/sh", "-c", link_up, "sh")


def processes_of(folder: Path) -> list[str]:
    """The commands of the processes that run from the folder or in it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            at = str((process / "cwd").readlink())
        except (OSError, UnicodeDecodeError):
            continue
        if str(folder) in command or at.startswith(str(folder)):
            found.append(command)
    return found


def status_of(clone: Path) -> str:
    command = ["git", "status", "--porcelain"]
    return subprocess.run(command, cwd=clone, capture_output=True, text=True, check=True).stdout
