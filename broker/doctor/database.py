"""The database: whether it answers, has the right tables, and keeps the audit trail safe."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, Connection, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from broker.doctor.clocks import clock
from broker.doctor.findings import Finding, Level, listed, note, ok, one_line, warning, wrong
from broker.doctor.work import work
from broker.settings import Settings
from broker.store import migrations
from broker.store.base import open_store
from broker.store.rights import audit_powers, missing_rights

_PATIENCE_SECONDS = 5
_NEARLY_ALL = 0.8
_OLDEST = 14
_CONNECTIONS = text(
    "SELECT (SELECT count(*) FROM pg_stat_activity), current_setting('max_connections')::int"
)
# What PostgreSQL or its driver says, and what that means here.
_REASONS: Mapping[str, str] = {
    "password authentication failed": "does not take the user {user} with this password: correct"
    " the password in BROKER_DATABASE_URL, or the one that the role has there",
    "no password supplied": "wants a password for the user {user}: put it into BROKER_DATABASE_URL",
    "no pg_hba.conf entry": "does not let {user} in from this machine: add a line to its"
    " pg_hba.conf",
    "does not exist": "says that the user {user} or the database {database} does not exist:"
    " create it, or correct BROKER_DATABASE_URL",
    "too many": "has no connection left: raise max_connections, or run fewer processes",
    "remaining connection slots": "has no connection left: raise max_connections, or run fewer"
    " processes",
    "starting up": "is just starting: try again in a moment",
}
_DOWN = "does not answer at {host}: start PostgreSQL there, or correct BROKER_DATABASE_URL ({said})"


def database(settings: Settings) -> Iterator[Finding]:
    """Everything about the database, from the outside in."""
    url = make_url(settings.database_url)
    if in_file(url) and not Path(str(url.database)).exists():
        yield wrong("database", f"there is no file {url.database}: run request-broker db upgrade.")
        return
    engine = open_store(settings.database_url, _PATIENCE_SECONDS)
    try:
        with engine.connect() as connection:
            yield from _inside(connection, settings, url)
    except SQLAlchemyError as error:
        yield wrong("database", f"{_reason(url, error)}.")
    finally:
        engine.dispose()


def in_file(url: URL) -> bool:
    """Whether the database is an SQLite file."""
    return url.get_backend_name() == "sqlite"


def _reason(url: URL, error: SQLAlchemyError) -> str:
    said = _core(one_line(getattr(error, "orig", None) or error))
    if in_file(url):
        return (
            f"the file {url.database} cannot be used ({said}): see whose it is, and what is in it"
        )
    reason = next((why for words, why in _REASONS.items() if words in said), _DOWN)
    host = f"{url.host}:{url.port or 5432}"
    return reason.format(user=url.username, database=url.database, host=host, said=said[:200])


def _core(said: str) -> str:
    """Without the words that the driver wraps around every failure to connect."""
    return said.split(" Is the server running", maxsplit=1)[0].rpartition("failed: ")[2]


def _inside(connection: Connection, settings: Settings, url: URL) -> Iterator[Finding]:
    revision = _revision(connection)
    yield revision
    if in_file(url):
        yield _file(settings)
    else:
        yield from _server(connection)
    if revision.level is Level.OK:
        if not in_file(url):
            yield _rights(connection, str(url.username))
        yield from work(connection, settings)


def _revision(connection: Connection) -> Finding:
    has, needs = migrations.revision_on(connection), migrations.newest()
    if has == needs:
        return ok("database", f"answers, and has the tables of revision {has}.")
    if has is None:
        return wrong("database", "has no tables yet: run request-broker db upgrade.")
    if migrations.knows(has):
        return wrong(
            "database",
            f"is at revision {has}, and this version needs {needs}: run request-broker db upgrade.",
        )
    return wrong(
        "database",
        f"is at revision {has}, which this version does not know: a newer version has been here;"
        " install that one again.",
    )


def _file(settings: Settings) -> Finding:
    if settings.on_loopback:
        return note("database", "is a SQLite file: for one process and a first look only.")
    return wrong(
        "database",
        "is a SQLite file, which serves one process only and cannot guard the audit trail: set"
        " BROKER_DATABASE_URL to postgresql+psycopg://….",
    )


def _rights(connection: Connection, role: str) -> Finding:
    if powers := audit_powers(connection):
        return wrong(
            "audit trail",
            f"the role {role} could rewrite it ({listed(powers)}): let another role own the tables,"
            " and run request-broker db upgrade with its address in BROKER_DATABASE_OWNER_URL.",
        )
    if missing := missing_rights(connection):
        return wrong(
            "database",
            f"the role {role} lacks rights ({listed(missing)}): run request-broker db upgrade with"
            " the owner's address in BROKER_DATABASE_OWNER_URL.",
        )
    return ok("audit trail", f"the role {role} can add to it, and change nothing in it.")


def _server(connection: Connection) -> Iterator[Finding]:
    before = datetime.now(UTC)
    theirs = connection.scalar(text("SELECT clock_timestamp()"))
    after = datetime.now(UTC)
    yield from clock("database clock", theirs and theirs - (before + (after - before) / 2))
    encoding = connection.scalar(text("SHOW server_encoding"))
    if encoding != "UTF8":
        yield wrong(
            "database",
            f"stores texts in {encoding}, which has not every letter: make one with ENCODING UTF8.",
        )
    version = int(connection.scalar(text("SHOW server_version_num")) or 0) // 10_000
    if version < _OLDEST:
        says = f"is PostgreSQL {version}, and only {_OLDEST} and newer were tried: renew it."
        yield warning("database", says)
    used, most = connection.execute(_CONNECTIONS).one()
    if used > most * _NEARLY_ALL:
        yield warning(
            "database",
            f"{used} of {most} connections are in use: raise max_connections, or run fewer"
            " processes.",
        )
