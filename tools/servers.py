"""Throw-away servers for the tests and for `make stack`, from the programs that this machine has.

Each server lives in its own folder, listens on loopback only and dies with the process that
started it, even when that is killed (`setpriv --pdeathsig`). Nothing here knows the broker.
"""

import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import redis
from psycopg import sql

OWNER = "broker_owner"
APPLICATION = "broker_app"
START_SECONDS = 20.0


class NotInstalled(LookupError):
    """The program is not on this machine; the message is its name for people."""


@dataclass(frozen=True)
class Database:
    """Addresses of one database: as the application sees it, and as its owner does.

    The owner makes the tables; on SQLite both are the same.
    """

    url: str
    owner_url: str


@dataclass
class Process:
    """A started server: its process and its folder, both gone after `stop`."""

    popen: subprocess.Popen[bytes]
    folder: Path

    def stop(self) -> None:
        """End the server, at once if it does not want to, and remove its folder."""
        self.popen.terminate()
        try:
            self.popen.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self) -> None:
        """End the server as a power cut would."""
        self.popen.kill()
        self.popen.wait()


def free_port() -> int:
    """A loopback port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(ready: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    """Poll `ready` until it holds; `TimeoutError` naming `what` when it never does."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            message = f"{what} did not happen within {seconds:g} seconds"
            raise TimeoutError(message)
        time.sleep(0.02)


# ---- PostgreSQL ---------------------------------------------------------------------------------


def postgresql_program(name: str) -> str:
    """The path of a PostgreSQL server program; Debian keeps them outside PATH.

    PostgreSQL refuses to run as root, so root needs `setpriv` as well.
    """
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        raise NotInstalled("PostgreSQL with setpriv")
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=_major, reverse=True)
    found = str(debian[0]) if debian else shutil.which(name)
    if not found:
        raise NotInstalled("PostgreSQL")
    return found


def _major(program: Path) -> int:
    return int(program.parts[-3])


@dataclass
class PostgreSQL:
    """A cluster of our own with an owner role and an application role."""

    process: Process
    port: int
    _templates: set[str] = field(default_factory=set)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @classmethod
    def start(cls) -> "PostgreSQL":
        """Make and start a cluster; `NotInstalled` when the programs are missing."""
        program = postgresql_program("postgres")
        folder = _folder_for_postgres()
        data = folder / "data"
        initdb = [*_as_postgres(), postgresql_program("initdb"), "-N", "-D", str(data)]
        options = ["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run([*initdb, *options], check=True, stdout=subprocess.DEVNULL, cwd=folder)
        port = free_port()
        arguments = [program, "-D", str(data), "-p", str(port), *_postgres_settings(folder)]
        server = cls(_launch([*_as_postgres("INT"), *arguments], folder), port)
        wait_until(server.answers, "PostgreSQL's start")
        server._make_roles()
        return server

    def answers(self) -> bool:
        if self.process.popen.poll() is not None:
            raise RuntimeError(f"PostgreSQL ended: {_log_of(self.process.folder)}")
        try:
            self._admin().close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        # SIGINT is PostgreSQL's "fast": it does not wait for clients to leave.
        with suppress(ProcessLookupError):
            os.kill(self.process.popen.pid, 2)
        self.process.stop()

    def empty(self, template: str = "template1") -> Database:
        """A new database, a copy of `template`, owned by the owner role."""
        name = f"test_{next(self._numbers)}"
        statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}")
        names = [sql.Identifier(each) for each in (name, OWNER, template)]
        with self._admin() as connection:
            connection.execute(statement.format(*names))
        return self._database(name)

    def prepared(self, template: str, prepare: Callable[[Database], None]) -> Database:
        """A copy of a database that `prepare` has filled once; `prepare` must leave no session."""
        if template not in self._templates:
            made = self.empty()
            prepare(made)
            self._rename(made, template)
            self._templates.add(template)
        return self.empty(template)

    @contextmanager
    def lent(self, database: Database) -> Iterator[Database]:
        """The database for a while; dropped afterwards."""
        try:
            yield database
        finally:
            self.drop(database)

    def drop(self, database: Database) -> None:
        """Remove a database, throwing out whoever is still connected."""
        name = sql.Identifier(database.url.rpartition("/")[2])
        with self._admin() as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))

    def _rename(self, database: Database, name: str) -> None:
        old = sql.Identifier(database.url.rpartition("/")[2])
        with self._admin() as connection:
            statement = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            connection.execute(statement.format(old, sql.Identifier(name)))

    def _database(self, name: str) -> Database:
        at = f"127.0.0.1:{self.port}/{name}"
        return Database(
            f"postgresql+psycopg://{APPLICATION}@{at}", f"postgresql+psycopg://{OWNER}@{at}"
        )

    def _make_roles(self) -> None:
        with self._admin() as connection:
            for role in (OWNER, APPLICATION):
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))

    def _admin(self) -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", dbname="postgres", autocommit=True
        )


def _folder_for_postgres() -> Path:
    """A folder of the account that the server runs as: PostgreSQL refuses to run as root."""
    folder = Path(tempfile.mkdtemp(prefix="broker-pg-"))
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
    return folder


def _as_postgres(death_signal: str = "KILL") -> list[str]:
    if os.geteuid() != 0:
        return _dying_with_us(death_signal)
    account = ["--reuid=postgres", "--regid=postgres", "--init-groups"]
    return ["setpriv", *account, f"--pdeathsig={death_signal}"]


def _dying_with_us(death_signal: str = "KILL") -> list[str]:
    return ["setpriv", f"--pdeathsig={death_signal}"] if shutil.which("setpriv") else []


def _postgres_settings(folder: Path) -> list[str]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": str(folder),
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "200",
    }
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


# ---- Redis --------------------------------------------------------------------------------------


@dataclass
class Redis:
    """A server that keeps nothing on disk and never evicts, as RQ needs it."""

    process: Process
    port: int

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @classmethod
    def start(cls) -> "Redis":
        """Start a server; `NotInstalled` when the program is missing."""
        program = shutil.which("redis-server")
        if not program:
            raise NotInstalled("Redis")
        port = free_port()
        settings = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        settings += ["--maxmemory-policy", "noeviction", "--daemonize", "no"]
        folder = Path(tempfile.mkdtemp(prefix="broker-redis-"))
        command = [*_dying_with_us(), program, "--port", str(port), *settings]
        server = cls(_launch([*command, "--dir", str(folder)], folder), port)
        wait_until(server.answers, "Redis's start")
        return server

    def answers(self) -> bool:
        if self.process.popen.poll() is not None:
            raise RuntimeError(f"Redis ended: {_log_of(self.process.folder)}")
        try:
            with redis.Redis(port=self.port, socket_timeout=1) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    def clear(self) -> None:
        with redis.Redis(port=self.port, socket_timeout=5) as client:
            client.flushall()

    def stop(self) -> None:
        self.process.stop()


# ---- programs -----------------------------------------------------------------------------------


def program(called: str, *names: str) -> str:
    """The path of the first of `names` that is installed; `NotInstalled(called)` otherwise."""
    for name in names:
        if found := shutil.which(name):
            return found
    raise NotInstalled(called)


def _launch(command: Sequence[str], folder: Path) -> Process:
    with (folder / "log").open("wb") as log:
        popen = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=folder
        )
    return Process(popen, folder)


def _log_of(folder: Path) -> str:
    return (folder / "log").read_text(encoding="utf-8", errors="replace")[-2000:]
