"""What every test gets: loopback only, real servers when installed, honest skips.

`database` gives a fresh database with all tables: PostgreSQL when it is installed, SQLite
otherwise; a test marked `both` runs on each of the two.
"""

import ipaddress
import os
import shutil
import socket
from collections.abc import Callable, Generator, Iterator
from pathlib import Path, PurePath
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from broker.store.migrations import upgrade
from tests.contract import telling
from tools.redis_server import Redis
from tools.servers import (
    APPLICATION,
    Database,
    NotInstalled,
    PostgreSQL,
    postgresql_program,
    program,
)

T = TypeVar("T")
Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)
IN_CI = os.environ.get("CI", "").lower() == "true"

# How long an example takes says something about the other test processes, not about the code.
settings.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ours")

# ---- the network ---------------------------------------------------------------------------------


def is_local(address: object) -> bool:
    """Whether a socket address stays on this machine: a path, or a loopback host."""
    if not isinstance(address, tuple):
        return True
    return is_local_host(str(address[0]))


def is_local_host(host: str) -> bool:
    if host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class LoopbackSocket(socket.socket):
    """A socket that refuses to leave the machine."""

    def connect(self, address: object) -> None:
        if not is_local(address):
            raise PermissionError(f"tests speak to loopback only, not to {address}")
        super().connect(address)  # type: ignore[arg-type]  # the address is the caller's

    def connect_ex(self, address: object) -> int:
        if not is_local(address):
            raise PermissionError(f"tests speak to loopback only, not to {address}")
        return super().connect_ex(address)  # type: ignore[arg-type]  # the address is the caller's


def guarded(look_up: Callable[..., object]) -> Callable[..., object]:
    """`socket.getaddrinfo` without name look-ups that would leave the machine."""

    def getaddrinfo(host: object, *arguments: object, **options: object) -> object:
        name = host.decode() if isinstance(host, bytes) else str(host or "")
        if not is_local_host(name):
            raise socket.gaierror(socket.EAI_NONAME, f"tests do not look up {name}")
        return look_up(host, *arguments, **options)

    return getaddrinfo


def pytest_configure() -> None:
    socket.socket = LoopbackSocket  # type: ignore[misc]  # the one place that replaces it
    socket.getaddrinfo = guarded(socket.getaddrinfo)  # type: ignore[assignment]  # as above


# ---- who runs what -------------------------------------------------------------------------------


class JourneysTogether(LoadScopeScheduling):  # type: ignore[misc]  # publishes no types
    """A file whose tests share what takes long to start goes to one test process, whole.

    xdist's own `xdist_group` marks have no effect with pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = PurePath(nodeid.partition("::")[0])
        shares = file.is_relative_to("tests/journeys") or "browser" in file.name
        return str(file) if shares else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> JourneysTogether:
    return JourneysTogether(config, log)


# ---- skips ---------------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return fail_a_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return fail_a_skip((yield))


def fail_a_skip(report: Report) -> Report:
    """In CI everything is installed, so a skipped test is a test that nobody runs."""
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The figures of soaks, the contract's cases, what was not tested, where the pictures are."""
    done = [r for kind in ("passed", "failed") for r in terminalreporter.getreports(kind)]
    properties = [each for report in done for each in report.user_properties]
    figures = [str(told) for name, told in properties if name == "figure"]
    for line in [*figures, *telling.lines(properties)]:
        terminalreporter.write_line(line)
    if any(report.nodeid.startswith("tests/journeys/people/") for report in done):
        terminalreporter.write_line("Pictures of the journeys: var/journeys")
    reasons: dict[str, int] = {}
    for report in terminalreporter.getreports("skipped"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else "?"
        reason = reason.removeprefix("Skipped: ")
        reasons[reason] = reasons.get(reason, 0) + 1
    if reasons:
        said = "; ".join(f"{count} tests ({reason})" for reason, count in sorted(reasons.items()))
        terminalreporter.write_line(f"Skipped on this machine: {said}")


def or_skip(start: Callable[[], T]) -> T:
    """What `start` gives, or a skip that names the missing program."""
    try:
        return start()
    except NotInstalled as missing:
        pytest.skip(f"{missing} is not installed")


# ---- databases -----------------------------------------------------------------------------------


def has_postgresql() -> bool:
    try:
        return bool(postgresql_program("postgres"))
    except NotInstalled:
        return False


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" not in metafunc.fixturenames:
        return
    both = metafunc.definition.get_closest_marker("both")
    usual = "postgresql" if has_postgresql() or IN_CI else "sqlite"
    kinds = ["sqlite", "postgresql"] if both else [usual]
    metafunc.parametrize("database_kind", kinds, indirect=True)


@pytest.fixture
def database_kind(request: pytest.FixtureRequest) -> str:
    """`sqlite` or `postgresql`."""
    return str(request.param)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL cluster of this test process; skips without the programs."""
    server = or_skip(PostgreSQL.start)
    yield server
    server.stop()


@pytest.fixture
def empty_database(
    database_kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Database]:
    """A fresh database without tables, gone after the test."""
    if database_kind == "sqlite":
        yield sqlite(tmp_path / "empty.sqlite")
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    with server.lent(server.empty()) as fresh:
        yield fresh


@pytest.fixture
def database(
    database_kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Database]:
    """A fresh database with the newest tables, gone after the test.

    The migrations run once a test process; each test gets what they made, without a row.
    """
    if database_kind == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        yield sqlite(Path(shutil.copy(template, tmp_path / "broker.sqlite")))
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    with server.borrowed("migrated", migrate) as fresh:
        yield fresh


@pytest.fixture
def database_url(database: Database) -> str:
    """The address of `database` as the application uses it."""
    return database.url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the newest tables, to be copied."""
    path = tmp_path_factory.mktemp("template") / "broker.sqlite"
    migrate(sqlite(path))
    return path


def sqlite(path: Path) -> Database:
    """The database in the file `path`."""
    return Database(f"sqlite:///{path}", f"sqlite:///{path}")


def migrate(database: Database) -> None:
    """Make the newest tables, and give the application its rights."""
    upgrade(database.owner_url, APPLICATION)


# ---- other servers and programs ------------------------------------------------------------------


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """A Redis of this test process; skips without the program."""
    server = or_skip(Redis.start)
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: Redis) -> str:
    """The address of an empty Redis."""
    redis_server.clear()
    return redis_server.url


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the machine's Chromium; start it with `--no-sandbox` as root."""
    return or_skip(lambda: program("Chromium", "chromium", "chromium-browser"))


@pytest.fixture(scope="session")
def rhino() -> str:
    """The path of the Rhino command."""
    return or_skip(lambda: program("Rhino", "rhino"))
