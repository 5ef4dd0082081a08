"""The tests' own ground: servers that are real, private and gone afterwards."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import ProgrammingError

from tests.conftest import is_local, or_skip
from tools.redis_server import Redis
from tools.servers import Database, PostgreSQL, wait_until


@contextmanager
def opened(url: str) -> Iterator[Connection]:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


@pytest.mark.both
def test_a_database_has_the_newest_tables(database: Database) -> None:
    with opened(database.url) as connection:
        assert connection.execute(text("select count(*) from outbox")).scalar() == 0


@pytest.mark.both
def test_an_empty_database_has_no_tables(empty_database: Database) -> None:
    with opened(empty_database.owner_url) as connection:
        connection.execute(text("create table mine (id integer)"))


def test_the_application_cannot_make_tables(postgresql: PostgreSQL) -> None:
    with (
        postgresql.lent(postgresql.empty()) as database,
        opened(database.url) as connection,
        pytest.raises(ProgrammingError),
    ):
        connection.execute(text("create table mine (id integer)"))


def test_a_lent_database_is_gone_afterwards(postgresql: PostgreSQL) -> None:
    with postgresql.lent(postgresql.empty()) as database:
        address = database.url.replace("+psycopg", "")
        psycopg.connect(address).close()
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(address)


def two_tables(database: Database) -> None:
    with opened(database.owner_url) as connection:
        connection.execute(text("create table rows_of_tests (id serial, word text)"))
        connection.execute(text("create table revision (number int)"))
        connection.execute(text("insert into revision values (1)"))
        connection.commit()


def treated(postgresql: PostgreSQL, statement: str) -> tuple[str, list[int]]:
    """Borrow, do something, give back; then borrow again: its name, and what a new row gets."""
    with postgresql.borrowed("two_tables", two_tables) as first, opened(first.owner_url) as here:
        here.execute(text(statement))
        here.commit()
    with postgresql.borrowed("two_tables", two_tables) as second, opened(second.owner_url) as here:
        here.execute(text("insert into rows_of_tests (word) values ('x')"))
        ids = list(here.scalars(text("select id from rows_of_tests")))
    return "same" if first.url == second.url else "another", ids


def test_a_borrowed_database_comes_back_without_a_row(postgresql: PostgreSQL) -> None:
    statement = "insert into rows_of_tests (word) select 'y' from generate_series(1, 50)"
    assert treated(postgresql, statement) == ("same", [1])


@pytest.mark.parametrize(
    "statement",
    [
        "alter table rows_of_tests add column more int",
        "alter table rows_of_tests alter column word set not null",
        "grant select on rows_of_tests to public",
        "create table another (id int)",
        "update revision set number = 2",
        "delete from revision",
    ],
)
def test_a_borrowed_database_with_other_tables_is_not_lent_again(
    postgresql: PostgreSQL, statement: str
) -> None:
    assert treated(postgresql, statement) == ("another", [1])


def test_a_borrowed_database_still_in_use_is_not_lent_again(postgresql: PostgreSQL) -> None:
    with postgresql.borrowed("two_tables", two_tables) as first:
        left_open = psycopg.connect(first.url.replace("+psycopg", ""))
    with postgresql.borrowed("two_tables", two_tables) as second:
        assert second.url != first.url
    left_open.close()


def test_redis_starts_empty_and_never_evicts(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        assert "noeviction" in str(client.config_get("maxmemory-policy"))


def test_a_stopped_redis_leaves_no_folder(redis_server: Redis) -> None:
    other = Redis.start()
    other.stop()
    assert not other.process.folder.exists()
    assert redis_server.answers()


def test_a_killed_cluster_starts_again_with_what_was_committed() -> None:
    server = or_skip(lambda: PostgreSQL.bare(["-c", "max_connections=20"]))
    try:
        server.create("kept")
        server.run_script("kept", "CREATE TABLE mine AS SELECT 7 AS number;")
        server.process.kill()
        server.restart()
        server.run_script("kept", "DO $$ BEGIN ASSERT (SELECT number = 7 FROM mine); END $$;")
        with pytest.raises(RuntimeError, match="does not exist"):
            server.run_script("kept", "SELECT * FROM yours;")
    finally:
        server.stop()
    assert not server.process.folder.exists()


def test_a_server_dies_with_a_killed_parent(redis_server: Redis, tmp_path: Path) -> None:
    script = "from tools.redis_server import Redis; print(Redis.start().port, flush=True); input()"
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    with parent:
        assert parent.stdout
        port = int(parent.stdout.readline())
        parent.kill()
    wait_until(lambda: not listens(port), "the server's end", seconds=5)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("address", ["/run/socket", ("127.0.0.1", 1), ("::1", 1, 0, 0)])
def test_loopback_and_unix_sockets_are_local(address: object) -> None:
    assert is_local(address)


def test_a_socket_to_elsewhere_is_refused() -> None:
    with socket.socket() as probe, pytest.raises(PermissionError, match="loopback only"):
        probe.connect(("192.0.2.1", 80))


def test_a_name_elsewhere_is_not_looked_up() -> None:
    with pytest.raises(socket.gaierror):
        socket.create_connection(("host.example", 80))
