"""The command line: help everywhere, one line for each fault, codes that programs can use."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from broker.settings import DEMO_SECRETS
from broker.store.migrations import newest
from cli import demo_settings
from cli.main import main, parser
from tools.servers import Database

ROOT = Path(__file__).resolve().parents[2]
FAMILIES = {"db", "sync", "orders", "audit", "health"}
COMMANDS = [
    ["demo"], ["sandbox"], ["web"], ["worker"], ["clock"], ["db", "upgrade"], ["db", "check"],
    ["sync", "person"], ["sync", "changes"], ["sync", "everything"], ["orders", "list"],
    ["orders", "show"], ["orders", "retry"], ["orders", "adopt"], ["orders", "cancel"],
    ["health", "web"], ["health", "worker"], ["health", "clock"],
    ["doctor"], ["audit", "verify"], ["audit", "export"],
]  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """The demo's settings, in the environment of this process."""
    environment = demo_settings.prepare(
        tmp_path / "demo",
        broker="http://127.0.0.1:1",
        servicenow="http://127.0.0.1:2",
        oim="http://127.0.0.1:3",
        idp="http://localhost:4",
    )
    for name in [name for name in os.environ if name.startswith("BROKER_")]:
        monkeypatch.delenv(name)
    ours = {name: value for name, value in environment.items() if name.startswith("BROKER_")}
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    return ours


@pytest.fixture
def migrated(
    settings: Mapping[str, str], database: Database, monkeypatch: pytest.MonkeyPatch
) -> Database:
    """The same with a database that has its tables."""
    monkeypatch.setenv("BROKER_DATABASE_URL", database.url)
    return database


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])

    assert ended.value.code == 0
    assert f"usage: request-broker {' '.join(command)}" in capsys.readouterr().out


def test_the_help_names_every_command() -> None:
    text = parser().format_help()

    assert all(words[0] in text for words in COMMANDS)


@pytest.mark.parametrize("words", [[], ["nonsense"], ["orders"], ["orders", "cancel", "x"]])
def test_wrong_use_is_told_in_a_line_with_code_2(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)

    assert ended.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_each_wrong_setting_is_one_line_and_the_code_is_2(
    settings: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BROKER_SECRET_KEY", "short")
    monkeypatch.setenv("BROKER_LEASE_SECONDS", "0")

    assert main(["db", "check"]) == 2

    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert {line.split(":")[0] for line in lines} == {"BROKER_SECRET_KEY", "BROKER_LEASE_SECONDS"}


def test_a_database_without_tables_is_not_served(
    settings: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path(settings["BROKER_CATALOGUE"]).parent.joinpath("broker.sqlite").touch()

    assert main(["orders", "list"]) == 1

    assert capsys.readouterr().err == (
        f"The database is at revision none, this version needs {newest()}:"
        " run request-broker db upgrade.\n"
    )


def test_upgrading_makes_the_tables_and_the_folder(
    settings: Mapping[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BROKER_DATABASE_URL", f"sqlite:///{tmp_path}/new/place/broker.sqlite")

    assert main(["db", "check"]) == 1
    assert main(["db", "upgrade"]) == 0
    assert main(["db", "check"]) == 0

    assert "up to date" in capsys.readouterr().out


def test_lists_are_json_when_a_program_asks(
    migrated: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["orders", "list", "--json"]) == 0

    assert json.loads(capsys.readouterr().out) == []


def test_an_order_that_does_not_exist_is_one_line(
    migrated: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["orders", "show", "RITM0000001"]) == 1

    assert capsys.readouterr().err == "There is no order RITM0000001.\n"


def test_an_empty_chain_verifies(migrated: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "verify", "--json"]) == 0

    assert json.loads(capsys.readouterr().out)["intact"] is True


def test_the_doctor_says_what_does_not_answer(
    migrated: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--json"]) == 1

    found = {finding["what"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert found["database"]["ok"] is True
    assert found["oim"]["ok"] is False
    assert found["servicenow"]["ok"] is False


def test_a_system_that_is_down_is_one_line(
    migrated: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sync", "person", "ADA"]) == 1

    assert capsys.readouterr().err.startswith("oim: ")


def test_a_clock_without_redis_says_where_the_clock_is(
    migrated: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["clock"]) == 2

    assert "without it everything runs inside request-broker web" in capsys.readouterr().err


def test_a_taken_port_is_one_clear_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert main(["demo", "--port", str(port)]) == 1

    assert capsys.readouterr().err == (
        f"Port {port} is taken: end what listens there, or choose four others with --port.\n"
    )


def test_every_secret_of_the_demo_is_refused_off_loopback(settings: Mapping[str, str]) -> None:
    secret = ("KEY", "SECRET", "PASSWORD")

    ours = {value for name, value in settings.items() if name.endswith(secret)}

    assert ours
    assert ours <= DEMO_SECRETS


def test_the_wsgi_module_refuses_to_start_without_redis(settings: Mapping[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import wsgi"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 4
    assert done.stderr == (
        "BROKER_REDIS_URL is missing: several processes need Redis to wake each other; without it"
        " everything runs inside request-broker web.\n"
    )


def test_the_walk_imports_nothing_of_the_product() -> None:
    folder = ROOT / "cli" / "walk"
    lines = [line for file in folder.glob("*.py") for line in file.read_text().splitlines()]
    imports = [line.split()[1] for line in lines if line.startswith(("import ", "from "))]

    ours = [name for name in imports if name.split(".")[0] in OUR_PACKAGES]

    assert [name for name in ours if not name.startswith("cli.walk")] == []


OUR_PACKAGES = ("broker", "webui", "jobs", "sandbox", "cli", "wsgi", "tests", "tools")
