"""The image, without an engine to build it: its RUN lines run here, from the files it copies.

What this cannot show is said in docs/decisions/0011: the base images, and that an engine takes
the file.
"""

import fnmatch
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli import demo_settings
from tests.conftest import IN_CI
from tools.stack.compose import read

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "/opt/request-broker"
Line = tuple[str, str]
installs = [
    pytest.mark.slow,
    pytest.mark.timeout(480),
    pytest.mark.skipif(not IN_CI, reason="CI alone installs the image's packages"),
]


def lines() -> list[Line]:
    """The instructions of the Dockerfile: word and rest."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    told = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in told)]


def of(word: str) -> list[str]:
    return [rest for each, rest in lines() if each == word]


def copies() -> list[tuple[list[str], str]]:
    """What the first stage copies from the sources, and whereto."""
    told = [shlex.split(rest) for rest in of("COPY") if not rest.startswith("--from")]
    return [(words[:-1], words[-1]) for words in told]


# ---- what the file says --------------------------------------------------------------------------


def test_every_run_line_is_a_make_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
    targets = {line.partition(":")[0] for line in makefile if line[:1].isalpha()}

    assert len(of("RUN")) == 2
    for line in of("RUN"):
        make, target, *variables = shlex.split(line)
        assert (make, target in targets, variables) == ("make", True, [f"PREFIX={PREFIX}"])


def test_the_base_images_are_pinned_and_the_last_one_is_slim() -> None:
    assert of("ARG") == ["PYTHON=3.11.14"]
    assert of("FROM") == [
        "python:${PYTHON}-bookworm AS build",
        "python:${PYTHON}-slim-bookworm",
    ]


def test_the_process_is_nobody_in_particular_and_its_health_is_asked() -> None:
    assert of("USER") == ["10001:10001"]
    (health,) = of("HEALTHCHECK")
    assert '["request-broker", "health", "web"]' in health


def test_the_image_starts_what_the_compose_file_starts() -> None:
    (command,) = of("CMD")
    assert tuple(word.strip('"') for word in command.strip("[]").split(", ")) == (
        read()["web"].command
    )


def test_nothing_is_copied_that_the_engine_is_not_given() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    given = [line.removeprefix("!") for line in ignored if line.startswith("!")]

    assert "*" in ignored
    for source in [name for names, _ in copies() for name in names]:
        assert any(fnmatch.fnmatch(source, pattern) for pattern in given), source
    for unwanted in ("sandbox", "tests", ".git", "var", "deploy", "bench"):
        assert not any(fnmatch.fnmatch(unwanted, pattern) for pattern in given), unwanted


# ---- what its RUN lines leave --------------------------------------------------------------------


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that the second stage copies, made by the RUN lines from the copied files only."""
    folder = tmp_path_factory.mktemp("image")
    prefix, context = folder / "prefix", folder / "context"
    for names, target in copies():
        put(names, context / target)
    for line in of("RUN"):
        command = shlex.split(line.replace(PREFIX, str(prefix)))
        done = subprocess.run(command, cwd=context, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    yield prefix
    shutil.rmtree(folder)


def put(names: list[str], target: Path) -> None:
    """As COPY does: a folder's contents, or files into a folder."""
    for name in names:
        source = ROOT / name
        if source.is_dir():
            unwanted = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, target, ignore=unwanted)
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


def run(built: Path, folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """A command of the image, in its folder, with settings as a container would get them."""
    settings = demo_settings.prepare(
        folder / "demo", broker="http://127.0.0.1:1", servicenow="http://127.0.0.1:2",
        oim="http://127.0.0.1:3", idp="http://localhost:4",
    )  # fmt: skip
    environment = settings | {
        "PATH": f"{built / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin",
        "BROKER_REDIS_URL": "redis://127.0.0.1:1/0",
        "PYTHONDONTWRITEBYTECODE": "1",
        # Our own folder must not stand in for something that the image lacks.
        "PYTHONPATH": "",
    }
    return subprocess.run(
        [str(built / "bin" / words[0]), *words[1:]],
        cwd=built, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


class TestBuilt:
    """One installation for all of them."""

    pytestmark = installs

    def test_the_image_has_every_command_and_the_web(self, built: Path, tmp_path: Path) -> None:
        asked = run(built, tmp_path, "request-broker", "--help")
        checked = run(built, tmp_path, "gunicorn", "--check-config", *read()["web"].command[1:])
        migrated = run(built, tmp_path, *read()["migrate"].command)

        assert (asked.returncode, asked.stderr) == (0, "")
        assert (checked.returncode, checked.stderr) == (0, "")
        assert (migrated.returncode, migrated.stderr) == (0, "")
        assert migrated.stdout.startswith("The database is at revision")

    def test_the_image_holds_no_stand_ins_no_tests_and_no_installer(self, built: Path) -> None:
        (packages,) = built.glob("lib/python*/site-packages")
        there = {path.name for path in packages.iterdir()}

        assert {"broker", "webui", "jobs", "cli", "wsgi.py"} <= there
        assert not there & {"sandbox", "tests", "tools", "bench", "pip", "setuptools", "pytest"}
        assert not built.with_name(f"{built.name}-builder").exists()

    def test_the_images_sandbox_command_says_that_there_is_none(
        self, built: Path, tmp_path: Path
    ) -> None:
        answer = run(built, tmp_path, "request-broker", "sandbox", "all")

        assert answer.returncode == 1
        assert "comes with the sources" in answer.stderr

    def test_only_locked_packages_are_installed(self, built: Path) -> None:
        locked = {
            line.partition("==")[0].lower().replace("_", "-").split("[")[0]
            for name in ("requirements.txt", "requirements-assets.txt")
            for line in (ROOT / name).read_text(encoding="utf-8").splitlines()
            if "==" in line
        }
        (packages,) = built.glob("lib/python*/site-packages")
        there = {
            path.name.partition("-")[0].lower().replace("_", "-")
            for path in packages.glob("*.dist-info")
        }

        assert there - {"request-broker"} <= locked

    def test_nothing_is_left_in_the_sources(self, built: Path) -> None:
        context = built.parent / "context"
        assert not list(context.glob("build"))
        assert not list(context.glob("*.egg-info"))
