"""A whole installation of real servers, and what the doctor finds in it."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

import sandbox.idp
import sandbox.oim
import sandbox.servicenow
from cli import demo_settings
from cli.main import main
from sandbox.web import Server, serve
from sandbox.world import World, build_world
from tools.servers import Database


@dataclass(frozen=True)
class Found:
    """What the doctor said: its exit code, and level and sentence by part."""

    code: int
    findings: list[Mapping[str, str]]

    def of(self, what: str) -> list[tuple[str, str]]:
        """Level and sentence of every finding about one part."""
        return [(each["level"], each["says"]) for each in self.findings if each["what"] == what]

    def one(self, what: str) -> tuple[str, str]:
        """The only finding about one part."""
        (found,) = self.of(what)
        return found

    @property
    def wrong(self) -> list[str]:
        """The parts that are wrong."""
        return [each["what"] for each in self.findings if each["level"] == "wrong"]

    @property
    def text(self) -> str:
        """Everything that was said."""
        return "\n".join(each["says"] for each in self.findings)


@dataclass(frozen=True)
class Installation:
    """The demo's settings with real servers behind them, in this process's environment."""

    oim: Server
    servicenow: Server
    idp: Server
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def set(self, **values: str) -> None:
        """Change settings, named without BROKER_; an empty one is taken away."""
        for name, value in values.items():
            if value:
                self.monkeypatch.setenv(f"BROKER_{name}", value)
            else:
                self.monkeypatch.delenv(f"BROKER_{name}", raising=False)

    def move_to_production(self) -> None:
        """The public address, and secrets that are not the demo's."""
        self.set(BASE_URL="https://broker.example.com", OIM_PASSWORD="p" * 20)
        self.set(SECRET_KEY="s" * 40, AUDIT_KEY="a" * 40, SERVICENOW_PASSWORD="q" * 20)
        self.set(SERVICENOW_CLIENT_SECRET="c" * 20, API_CLIENTS="")

    def doctor(self) -> Found:
        """Run it."""
        self.capsys.readouterr()
        code = main(["doctor", "--json"])
        return Found(code, json.loads(self.capsys.readouterr().out))


@pytest.fixture(scope="session")
def world() -> World:
    return build_world()


@pytest.fixture
def oim(world: World) -> Iterator[Server]:
    with serve(sandbox.oim.create_app(world)) as server:
        yield server


@pytest.fixture
def servicenow(world: World) -> Iterator[Server]:
    app = sandbox.servicenow.create_app(world)
    with serve(app) as server:
        yield server
    app.extensions["servicenow"].close()


@pytest.fixture
def idp(world: World) -> Iterator[Server]:
    with serve(sandbox.idp.create_app(world), "localhost") as server:
        yield server


@pytest.fixture
def elsewhere(
    tmp_path: Path,
    oim: Server,
    servicenow: Server,
    idp: Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Installation:
    """An installation whose database nobody has made yet: a file in the demo's folder."""
    environment = demo_settings.prepare(
        tmp_path / "demo",
        broker="http://127.0.0.1:8080",
        servicenow=servicenow.url,
        oim=oim.url,
        idp=idp.url,
    )
    for name in [name for name in os.environ if name.startswith("BROKER_")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        if name.startswith("BROKER_"):
            monkeypatch.setenv(name, value)
    return Installation(oim, servicenow, idp, tmp_path / "demo", monkeypatch, capsys)


@pytest.fixture
def installation(elsewhere: Installation, database: Database, redis_url: str) -> Installation:
    """An installation in which all is well, on PostgreSQL where that is installed, and Redis."""
    elsewhere.set(DATABASE_URL=database.url, REDIS_URL=redis_url)
    return elsewhere
