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
from psycopg import sql

OWNER = "broker_owner"
APPLICATION = "broker_app"
SUPERUSER = "postgres"
START_SECONDS = 20.0
_MOMENT_SECONDS = 0.3
RECOVERY_SECONDS = 120.0
# Where it listens; and nothing is worth the disk's time, since it need not survive the machine.
# What was committed survives a killed server, though: it is in the machine's memory by then.
_FOR_A_WHILE = tuple(
    word
    for setting in (
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "fsync=off",
        "full_page_writes=off",
    )
    for word in ("-c", setting)
)


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
    """A server's process and its folder, both gone after `stop`."""

    command: Sequence[str]
    folder: Path
    popen: "subprocess.Popen[bytes]" = field(init=False)

    def __post_init__(self) -> None:
        self.launch()

    def launch(self) -> None:
        """Start it, once more if it was killed; its folder holds what it said."""
        with (self.folder / "log").open("ab") as log:
            self.popen = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                # Ctrl-C is for whoever started us: databases end last.
                start_new_session=True,
            )

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

    def log(self) -> str:
        """The last of what it said."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")[-2000:]


def free_port() -> int:
    """A loopback port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(
    ready: Callable[[], bool], what: str, seconds: float = START_SECONDS, pause: float = 0.02
) -> None:
    """Poll `ready` until it holds; `TimeoutError` naming `what` when it never does."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            message = f"{what} did not happen within {seconds:g} seconds"
            raise TimeoutError(message)
        time.sleep(pause)


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
    _spares: dict[str, list["Spare"]] = field(default_factory=dict)

    @classmethod
    def start(cls) -> "PostgreSQL":
        """Make and start a cluster; `NotInstalled` when the programs are missing."""
        server = cls.bare(["-c", "max_connections=200", "-c", "synchronous_commit=off"])
        server.make_roles()
        return server

    @classmethod
    def bare(
        cls, options: Sequence[str], inside: Path | None = None, trust: str = "trust"
    ) -> "PostgreSQL":
        """A cluster without roles of ours, started with `options`; in a folder below `inside`
        if its account may enter there. `trust` is how roles prove who they are (pg_hba.conf).
        """
        program = postgresql_program("postgres")
        folder = _folder_for_postgres(inside)
        data = folder / "data"
        initdb = [*_as_postgres(), postgresql_program("initdb"), "-N", "-D", str(data)]
        how = ["-A", "trust", "-U", SUPERUSER, "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run([*initdb, *how], check=True, stdout=subprocess.DEVNULL, cwd=folder)
        (data / "pg_hba.conf").write_text(_who_may(trust), encoding="ascii")
        port = free_port()
        arguments = [program, "-D", str(data), "-p", str(port), *_FOR_A_WHILE, *options]
        server = cls(Process([*_as_postgres("INT"), *arguments], folder), port)
        wait_until(server.answers, "PostgreSQL's start", RECOVERY_SECONDS)
        return server

    def restart(self) -> None:
        """Start it again after a kill. What its killed processes share may take a moment to go."""
        self.process.launch()
        wait_until(self._answers_again, "PostgreSQL's restart", RECOVERY_SECONDS)

    def _answers_again(self) -> bool:
        try:
            return self.answers()
        except RuntimeError:
            self.process.launch()
            return False

    def answers(self) -> bool:
        if self.process.popen.poll() is not None:
            raise RuntimeError(f"PostgreSQL ended: {self.process.log()}")
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

    def create(self, name: str) -> None:
        """A new database, owned by the superuser."""
        with self._admin() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def run_script(self, database: str, script: str) -> None:
        """Run a script for psql, as the superuser; RuntimeError with its words if it fails."""
        words = [
            postgresql_program("psql"),
            "--no-psqlrc",
            "--quiet",
            "--set=ON_ERROR_STOP=1",
            "--file=-",
        ]
        at = f"postgresql://{SUPERUSER}@127.0.0.1:{self.port}/{database}"
        done = subprocess.run(
            [*words, at], input=script, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"psql: {done.stderr}")

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

    @contextmanager
    def borrowed(self, template: str, prepare: Callable[[Database], None]) -> Iterator[Database]:
        """A database as `prepare` makes it, for a while.

        It is emptied afterwards and lent again, because a copy takes a hundred times as long;
        one that somebody still uses, or whose tables are not as they were, is dropped.
        """
        spares = self._spares.setdefault(template, [])
        spare = spares.pop() if spares else self._spare(self.prepared(template, prepare))
        try:
            yield spare.database
        finally:
            if self._emptied(spare):
                spares.append(spare)
            else:
                self.drop(spare.database)

    def _spare(self, database: Database) -> "Spare":
        with self._admin(_name_of(database)) as connection:
            tables = [row[0] for row in connection.execute(_TABLES)]
            filled = [name for name in tables if _has_rows(connection, name)]
            emptied = [name for name in tables if name not in filled]
            return Spare(database, filled, emptied, _shape(connection, filled))

    def _emptied(self, spare: "Spare") -> bool:
        with self._admin(_name_of(spare.database)) as connection:
            if not _left_alone(connection) or _shape(connection, spare.filled) != spare.shape:
                return False
            # no foreign key and no trigger is asked
            connection.execute("SET session_replication_role = replica")
            for name in spare.emptied:
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
            connection.execute(_COUNT_ANEW)
        return True

    def drop(self, database: Database) -> None:
        """Remove a database, throwing out whoever is still connected."""
        name = sql.Identifier(_name_of(database))
        with self._admin() as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))

    def _rename(self, database: Database, name: str) -> None:
        old = sql.Identifier(_name_of(database))
        with self._admin() as connection:
            statement = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            connection.execute(statement.format(old, sql.Identifier(name)))

    def _database(self, name: str) -> Database:
        at = f"127.0.0.1:{self.port}/{name}"
        return Database(
            f"postgresql+psycopg://{APPLICATION}@{at}", f"postgresql+psycopg://{OWNER}@{at}"
        )

    def make_roles(self) -> None:
        """An owner and an application, without passwords."""
        with self._admin() as connection:
            for role in (OWNER, APPLICATION):
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))

    def _admin(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=SUPERUSER, dbname=database, autocommit=True
        )


@dataclass(frozen=True)
class Spare:
    """A database that can be lent again: which tables are emptied, and how all must look."""

    database: Database
    filled: Sequence[str]
    emptied: Sequence[str]
    shape: str


_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
_COUNT_ANEW = "SELECT setval(c.oid, 1, false) FROM pg_class c WHERE c.relkind = 'S'"
_SESSIONS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type LIKE 'client%'
"""
# Whatever is changed about a table or a column, its rights too, gives its row another xmin.
_SHAPE = """
    SELECT string_agg(xmin::text || ctid::text, ',' ORDER BY oid) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT string_agg(a.xmin::text || a.ctid::text, ',' ORDER BY attrelid, attnum)
    FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace
"""


def _name_of(database: Database) -> str:
    return database.url.rpartition("/")[2]


def _has_rows(connection: psycopg.Connection, table: str) -> bool:
    query = sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(table))
    return bool(connection.execute(query).fetchone() == (True,))


def _shape(connection: psycopg.Connection, filled: Sequence[str]) -> str:
    """A word that changes with any table, and with any row that was there from the start."""
    rows = [sql.SQL("SELECT xmin::text FROM {}").format(sql.Identifier(name)) for name in filled]
    looks = (sql.SQL(_SHAPE).format(), *rows)
    return repr([connection.execute(look).fetchall() for look in looks])


def _left_alone(connection: psycopg.Connection) -> bool:
    """Whether nobody else is connected; sessions that have just been closed take a moment."""

    def alone() -> bool:
        return connection.execute(_SESSIONS).fetchone() == (0,)

    with suppress(TimeoutError):
        wait_until(alone, "the end of all sessions", _MOMENT_SECONDS)
        return True
    return False


def _who_may(trust: str) -> str:
    here = "127.0.0.1/32"
    return f"host all {SUPERUSER} {here} trust\nhost all all {here} {trust}\n"


def _folder_for_postgres(inside: Path | None) -> Path:
    """A folder of the account that the server runs as: PostgreSQL refuses to run as root."""
    parent = inside if inside and _may_enter(inside) else None
    folder = Path(tempfile.mkdtemp(prefix="broker-pg-", dir=parent))
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
    return folder


def _may_enter(folder: Path) -> bool:
    return subprocess.run([*_as_postgres(), "test", "-x", str(folder)], check=False).returncode == 0


def _as_postgres(death_signal: str = "KILL") -> list[str]:
    if os.geteuid() != 0:
        return dying_with_us(death_signal)
    account = ["--reuid=postgres", "--regid=postgres", "--init-groups"]
    return ["setpriv", *account, f"--pdeathsig={death_signal}"]


def dying_with_us(death_signal: str = "KILL") -> list[str]:
    """Words before a command, so that its process gets the signal when this thread ends."""
    return ["setpriv", f"--pdeathsig={death_signal}"] if shutil.which("setpriv") else []


# ---- programs -----------------------------------------------------------------------------------


def program(called: str, *names: str) -> str:
    """The path of the first of `names` that is installed; `NotInstalled(called)` otherwise."""
    for name in names:
        if found := shutil.which(name):
            return found
    raise NotInstalled(called)
