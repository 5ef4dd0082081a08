"""Starts what docker-compose.yml describes as processes of this machine, beside the sandbox.

PostgreSQL and Redis are private ones in the stack's folder; everything ends with the process
that started it, however that ends.
"""

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cli import demo_settings
from cli.children import Child
from cli.demo import Addresses, await_ready, demand_free, free_ports
from cli.terminal import Fault
from tools.redis_server import Redis
from tools.servers import PostgreSQL, postgresql_program, program
from tools.stack.compose import ROOT, SECRETS, Here, Part, read, secrets_of
from tools.stack.services import OurProcess, Server, Service

START_SECONDS = 120.0
_DATABASE = "broker"
_ROLES = ROOT / "deploy" / "compose" / "roles.sql"
_BIN = Path(sys.executable).parent
_POSTGRESQL, _REDIS, _MIGRATE = "postgresql", "redis", "migrate"


@dataclass
class Stack:
    """A started stack. `environment` is what the broker's processes have."""

    at: Addresses
    folder: Path
    postgresql: PostgreSQL
    redis: Redis
    here: Here
    parts: Mapping[str, Part]
    extra: Mapping[str, str]
    services: dict[str, Service] = field(default_factory=dict)

    def service(self, name: str) -> Service:
        """A running service by its name in docker-compose.yml."""
        return self.services[name]

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the application's processes."""
        return self.environment_of("web")

    @property
    def owner_environment(self) -> dict[str, str]:
        """The environment in which migrations run: it knows the owner's address as well."""
        return self.environment_of(_MIGRATE)

    def environment_of(self, name: str) -> dict[str, str]:
        """The environment of one service, as docker-compose.yml has it but for the places."""
        ours = self.here.settings(self.parts[name].settings)
        mine = {key: text for key, text in os.environ.items() if not key.startswith("BROKER_")}
        path = f"{_BIN}{os.pathsep}{os.environ.get('PATH', '')}"
        return {**mine, **ours, **self.extra, "PATH": path, "PYTHONUNBUFFERED": "1"}

    def wait_healthy(self, *names: str, seconds: float = START_SECONDS) -> None:
        """Until these services, or all, pass the compose file's health checks; Fault if one
        ends or does not.
        """
        until = time.monotonic() + seconds
        for name in names or self.services:
            self._wait(self.services[name], until)

    def _wait(self, service: Service, until: float) -> None:
        while not service.healthy():
            if last_words := service.engine.tail():
                raise Fault(f"{service.name} ended. Its last words:\n{last_words}")
            if time.monotonic() > until:
                raise Fault(f"{service.name} is not healthy: see {self.folder}.")
            time.sleep(0.2)

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """`request-broker` with these words, in the application's environment."""
        return _done([str(_BIN / "request-broker"), *words], self.environment)


@contextmanager
def running(
    folder: Path, port: int | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[Stack]:
    """The whole stack, healthy, in `folder`, which is made anew and removed afterwards.

    `port` is the first of four in a row; `settings` are set on top of the compose file's.
    Raises Fault when something does not start, NotInstalled without PostgreSQL or Redis.
    """
    at = Addresses(port or free_ports())
    demand_free(at)
    values = demo_settings.prepare(
        folder, broker=at.broker, servicenow=at.servicenow, oim=at.oim, idp=at.idp
    )
    with ExitStack() as ending:
        ending.callback(shutil.rmtree, folder, ignore_errors=True)
        stack = _servers(at, folder, settings or {}, ending)
        _write_places(stack, values)
        _make_roles(stack)
        sandbox = _start_sandbox(stack, ending)
        _migrate(stack)
        await_ready(sandbox, 3)
        ending.callback(_stop, stack)
        _start_services(stack)
        stack.wait_healthy()
        yield stack


def _servers(at: Addresses, folder: Path, settings: Mapping[str, str], ending: ExitStack) -> Stack:
    """PostgreSQL and Redis with the compose file's commands; the addresses follow from them."""
    parts = read()
    for name in ("secrets", "places", "tmp", "logs"):
        (folder / name).mkdir(mode=0o700)
    redis = Redis.start(parts[_REDIS].command[1:], folder)
    ending.callback(redis.stop)
    postgresql = PostgreSQL.bare(parts[_POSTGRESQL].command[1:], folder, "scram-sha-256")
    ending.callback(postgresql.stop)
    here = _here(at, folder, postgresql.port, redis.port)
    return Stack(at, folder, postgresql, redis, here, parts, settings)


def _here(at: Addresses, folder: Path, postgresql: int, redis: int) -> Here:
    return Here(
        {
            "postgresql:5432": f"127.0.0.1:{postgresql}",
            "redis:6379": f"127.0.0.1:{redis}",
            "0.0.0.0:8000": f"127.0.0.1:{at.port}",
            "127.0.0.1:8000": f"127.0.0.1:{at.port}",
            "https://broker.example.com": at.broker,
            "https://oim-api.example.com": at.oim,
            "https://oim.example.com": at.oim,
            "https://instance.example.com": at.servicenow,
            "https://idp.example.com": at.idp,
            SECRETS: f"{folder / 'secrets'}/",
            "/etc/request-broker/": f"{folder / 'places'}/",
            "/tmp/": f"{folder / 'tmp'}/",  # noqa: S108 - the containers' own, in memory
        }
    )


def _write_places(stack: Stack, demo: Mapping[str, str]) -> None:
    """The files that the containers would be given: the demo's secrets, new passwords for the
    database, the demo's catalogue and API clients.
    """
    at = f"127.0.0.1:{stack.postgresql.port}/{_DATABASE}"
    values = {
        **demo,
        "BROKER_DATABASE_URL": _login("broker_app", at),
        "BROKER_DATABASE_OWNER_URL": _login("broker_owner", at),
        "BROKER_API_CLIENTS": Path(demo["BROKER_API_CLIENTS"]).read_text(encoding="utf-8"),
        "BROKER_METRICS_TOKEN": secrets.token_hex(16),
        "POSTGRES_PASSWORD": secrets.token_hex(16),
    }
    for part in stack.parts.values():
        for secret, setting in secrets_of(part).items():
            file = stack.folder / "secrets" / secret
            file.touch(mode=0o600)
            file.write_text(values[setting], encoding="utf-8")
    shutil.move(demo["BROKER_CATALOGUE"], stack.folder / "places" / "catalogue.toml")


def _login(role: str, at: str) -> str:
    return f"postgresql+psycopg://{role}:{secrets.token_hex(16)}@{at}"


def _make_roles(stack: Stack) -> None:
    """What PostgreSQL's container does at its first start."""
    stack.postgresql.create(_DATABASE)
    script = stack.here.text(_ROLES.read_text(encoding="utf-8"))
    stack.postgresql.run_script(_DATABASE, script)


def _start_sandbox(stack: Stack, ending: ExitStack) -> Child:
    at = stack.at
    words = ["sandbox", "all", "--port", str(at.port + 1), "--broker-url", at.broker]
    child = Child(
        "sandbox",
        [sys.executable, "-m", *words, "--parent-pipe"],
        stack.folder / "logs" / "sandbox.log",
        stack.environment,
    )
    ending.callback(child.stop)
    return child


def _migrate(stack: Stack) -> None:
    done = _done(_resolved(stack, stack.parts[_MIGRATE].command), stack.owner_environment)
    if done.returncode:
        raise Fault(f"The database could not be migrated:\n{done.stderr.strip()}")


def _done(command: list[str], environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        env=dict(environment),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _start_services(stack: Stack) -> None:
    """Every service but the one that runs to its end, in the file's order."""
    servers = {_POSTGRESQL: Server(stack.postgresql), _REDIS: Server(stack.redis)}
    for name, part in stack.parts.items():
        if name == _MIGRATE:
            continue
        environment = stack.environment_of(name)
        log = stack.folder / "logs" / f"{name}.log"
        engine = servers.get(name) or OurProcess(
            name, _resolved(stack, part.command), log, environment
        )
        health = _resolved(stack, part.health)
        stack.services[name] = Service(name, environment, health, engine)


def _resolved(stack: Stack, words: tuple[str, ...]) -> list[str]:
    """A command with this machine's places, its program by its path."""
    first, *rest = stack.here.command(words)
    return [_program(first), *rest]


def _program(name: str) -> str:
    if name.startswith("pg_"):
        return postgresql_program(name)
    ours = _BIN / name
    return str(ours) if ours.exists() else program(name, name)


def _stop(stack: Stack) -> None:
    """End the broker's processes, all at once; the servers follow."""
    ours = [each for each in stack.services.values() if isinstance(each.engine, OurProcess)]
    for service in ours:
        service.engine.ask_to_end()
    for service in ours:
        service.engine.stop()
