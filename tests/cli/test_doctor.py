"""The doctor, on real servers: what is wrong is named, with what to do, and hides nothing else."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import pytest
import redis as redis_client
from sqlalchemy import create_engine, text

from broker.doctor import bell as bell_look
from broker.doctor import database as database_look
from broker.ports.queue import QueueName
from broker.queue.state import state_of
from broker.store.migrations import newest
from cli.main import main
from jobs.worker import OneQueueWorker
from tests.cli.conftest import Installation
from tests.conftest import or_skip
from tools.servers import Database, PostgreSQL, free_port


def as_owner(database: Database, statement: str) -> None:
    engine = create_engine(database.owner_url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def nobody_at() -> str:
    return f"127.0.0.1:{free_port()}"


# ---- all of it -----------------------------------------------------------------------------------


def test_a_good_installation_is_told_so_and_everything_was_looked_at(
    installation: Installation,
) -> None:
    found = installation.doctor()

    assert found.wrong == []
    assert found.code == 0
    assert {each["what"] for each in found.findings} >= {
        "settings", "secrets", "database", "redis", "workers", "oim", "oim clock", "catalogue",
        "servicenow", "servicenow clock", "sign-in", "sign-in clock", "IdP certificate", "disk",
        "outbox", "clock",
    }  # fmt: skip


def test_a_person_reads_a_line_for_each_finding_and_a_count(
    installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    installation.set(OIM_PASSWORD="wrong")

    assert main(["doctor"]) == 1

    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("WRONG   oim: ") for line in lines)
    assert any(line.startswith("ok      servicenow: ") for line in lines)
    assert lines[-1].startswith("1 wrong")


def test_nothing_that_is_wrong_hides_anything_else(elsewhere: Installation) -> None:
    elsewhere.set(
        DATABASE_URL=f"postgresql+psycopg://broker@{nobody_at()}/broker",
        REDIS_URL=f"redis://{nobody_at()}/0",
        OIM_URL=f"http://{nobody_at()}",
        SERVICENOW_URL=f"http://{nobody_at()}",
        SAML_IDP_METADATA=f"http://{nobody_at()}/metadata",
    )

    found = elsewhere.doctor()

    assert found.code == 1
    assert found.wrong == ["database", "redis", "oim", "servicenow", "sign-in"]


@pytest.mark.slow
def test_hosts_that_never_answer_do_not_hang_it(
    elsewhere: Installation, silence: str, tmp_path: Path
) -> None:
    elsewhere.set(
        DATABASE_URL=f"postgresql+psycopg://broker@{silence}/broker",
        REDIS_URL=f"redis://{silence}/0",
        OIM_URL=f"http://{silence}",
        SERVICENOW_URL=f"http://{silence}",
        SAML_IDP_METADATA=f"http://{silence}/metadata",
    )

    assert elsewhere.doctor().wrong == ["database", "redis", "oim", "servicenow", "sign-in"]


@pytest.fixture
def silence() -> Iterator[str]:
    """An address that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=20) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def test_wrong_settings_are_all_told_and_the_code_is_2(elsewhere: Installation) -> None:
    elsewhere.set(SECRET_KEY="short", OIM_URL="nowhere", CATALOGUE="/nowhere/catalogue.toml")
    elsewhere.set(LEASE_SECOND="7", REDIS_URL="http://redis")

    found = elsewhere.doctor()

    assert found.code == 2
    assert [says.split(" ")[0].rstrip(":") for _, says in found.of("settings")] == [
        "BROKER_SECRET_KEY", "BROKER_REDIS_URL", "BROKER_OIM_URL", "BROKER_CATALOGUE",
        "BROKER_LEASE_SECOND",
    ]  # fmt: skip


def test_names_that_are_no_settings_are_told(installation: Installation) -> None:
    installation.set(SERVICE_HOST="10.0.0.7")

    assert installation.doctor().of("settings")[0] == (
        "warning",
        "BROKER_SERVICE_HOST: no such setting, so nothing looks at it.",
    )


def test_pages_in_plain_http_are_told_in_production(elsewhere: Installation) -> None:
    elsewhere.move_to_production()
    elsewhere.set(OIM_CONSOLE_URL="http://oim.example.com")

    says = "BROKER_OIM_CONSOLE_URL leads people to a page in plain http: use https."
    assert ("warning", says) in elsewhere.doctor().of("settings")


# ---- database ------------------------------------------------------------------------------------


def test_a_database_that_is_down_is_named_with_its_place(installation: Installation) -> None:
    place = nobody_at()
    installation.set(DATABASE_URL=f"postgresql+psycopg://broker:hush@{place}/broker")

    found = installation.doctor()

    level, says = found.one("database")
    assert (found.code, level) == (1, "wrong")
    assert says.startswith(f"does not answer at {place}: start PostgreSQL there")
    assert "hush" not in found.text


@pytest.mark.slow
def test_a_wrong_database_password_names_the_user_and_never_the_password(
    elsewhere: Installation,
) -> None:
    server = or_skip(lambda: PostgreSQL.bare([], trust="scram-sha-256"))
    try:
        server.create("broker")
        server.run_script("broker", "CREATE ROLE broker_app LOGIN PASSWORD 'right'")
        at = f"127.0.0.1:{server.port}/broker"
        elsewhere.set(DATABASE_URL=f"postgresql+psycopg://broker_app:hush@{at}")
        found = elsewhere.doctor()
    finally:
        server.stop()

    level, says = found.one("database")
    assert level == "wrong"
    assert says.startswith("does not take the user broker_app with this password")
    assert "hush" not in found.text


def test_a_database_that_nobody_made_is_told_from_one_that_is_down(
    installation: Installation, postgresql: PostgreSQL
) -> None:
    at = f"127.0.0.1:{postgresql.port}/nowhere"
    installation.set(DATABASE_URL=f"postgresql+psycopg://broker_app@{at}")

    _, says = installation.doctor().one("database")

    assert says.startswith("says that the user broker_app or the database nowhere does not exist")


@pytest.mark.both
def test_missing_migrations_are_named_with_the_command(
    elsewhere: Installation, empty_database: Database
) -> None:
    if empty_database.url.startswith("sqlite"):
        Path(empty_database.url.removeprefix("sqlite:///")).touch()
    elsewhere.set(DATABASE_URL=empty_database.url)

    found = elsewhere.doctor()

    assert found.code == 1
    assert ("wrong", "has no tables yet: run request-broker db upgrade.") in found.of("database")


def test_a_file_that_is_not_there_is_not_made_by_looking(elsewhere: Installation) -> None:
    file = elsewhere.folder / "broker.sqlite"

    level, says = elsewhere.doctor().one("database")

    assert (level, says) == ("wrong", f"there is no file {file}: run request-broker db upgrade.")
    assert not file.exists()


def test_a_database_older_than_the_code_says_from_where_to_where(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    has = newest()
    monkeypatch.setattr("broker.store.migrations.newest", lambda: "9999")

    says = f"is at revision {has}, and this version needs 9999: run request-broker db upgrade."
    assert ("wrong", says) in installation.doctor().of("database")


def test_a_database_newer_than_the_code_asks_for_newer_code(
    installation: Installation, database: Database
) -> None:
    as_owner(database, "UPDATE alembic_version SET version_num = '9999'")

    (level, says) = installation.doctor().of("database")[0]

    assert level == "wrong"
    assert says.startswith("is at revision 9999, which this version does not know: a newer")


def test_a_role_that_could_rewrite_the_audit_trail_is_wrong(
    installation: Installation, postgresql: PostgreSQL, database: Database
) -> None:
    as_owner(database, "GRANT UPDATE (outcome), DELETE ON audit_events TO broker_app")

    level, says = installation.doctor().one("audit trail")

    assert level == "wrong"
    assert "broker_app could rewrite it (UPDATE on audit_events, DELETE on audit_events)" in says
    assert "BROKER_DATABASE_OWNER_URL" in says


def test_the_owner_of_the_tables_must_not_be_the_applications_role(
    installation: Installation, postgresql: PostgreSQL, database: Database
) -> None:
    installation.set(DATABASE_URL=database.owner_url)

    level, says = installation.doctor().one("audit trail")

    assert level == "wrong"
    assert "ownership of audit_events" in says


def test_rights_that_the_role_lacks_are_named(
    installation: Installation, postgresql: PostgreSQL, database: Database
) -> None:
    as_owner(database, "REVOKE INSERT ON outbox FROM broker_app")

    level, says = installation.doctor().of("database")[-1]

    assert level == "wrong"
    assert "broker_app lacks rights (INSERT on outbox): run request-broker db upgrade" in says


def test_a_database_that_cannot_hold_every_letter_is_wrong(
    elsewhere: Installation, postgresql: PostgreSQL
) -> None:
    how = "ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    postgresql.run_script("postgres", f"CREATE DATABASE plain {how}")
    at = f"127.0.0.1:{postgresql.port}/plain"
    elsewhere.set(DATABASE_URL=f"postgresql+psycopg://broker_app@{at}")
    try:
        found = elsewhere.doctor()
    finally:
        postgresql.run_script("postgres", "DROP DATABASE plain WITH (FORCE)")

    says = "stores texts in SQL_ASCII, which has not every letter: make one with ENCODING UTF8."
    assert ("wrong", says) in found.of("database")


def test_sqlite_is_wrong_in_production(elsewhere: Installation) -> None:
    elsewhere.move_to_production()
    (elsewhere.folder / "broker.sqlite").touch()

    sentences = elsewhere.doctor().of("database")

    assert any(level == "wrong" and "serves one process only" in says for level, says in sentences)


def test_a_database_whose_clock_is_off_is_wrong(
    installation: Installation, postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Late(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # no Self
            return datetime.now(tz) - timedelta(minutes=5)

    monkeypatch.setattr(database_look, "datetime", Late)

    level, says = installation.doctor().one("database clock")

    assert level == "wrong"
    assert says.startswith("its clock is 5 minutes ahead of ours")


# ---- Redis ---------------------------------------------------------------------------------------


def test_a_redis_that_is_down_is_named_with_its_place(installation: Installation) -> None:
    place = nobody_at()
    installation.set(REDIS_URL=f"redis://:hush@{place}/0")

    found = installation.doctor()

    level, says = found.one("redis")
    assert level == "wrong"
    assert says.startswith(f"does not answer at {place}: start it")
    assert "hush" not in found.text


def test_a_wrong_redis_password_is_told_from_silence(
    installation: Installation, redis_url: str
) -> None:
    installation.set(REDIS_URL=redis_url.replace("//", "//someone:hush@"))

    found = installation.doctor()

    _, says = found.one("redis")
    assert says.startswith("does not take the user someone with this password")
    assert "hush" not in found.text


def test_a_redis_that_evicts_is_wrong(installation: Installation, redis_url: str) -> None:
    with redis_client.Redis.from_url(redis_url) as server:
        server.config_set("maxmemory-policy", "allkeys-lru")
        try:
            level, says = installation.doctor().one("redis")
        finally:
            server.config_set("maxmemory-policy", "noeviction")

    assert level == "wrong"
    assert "(maxmemory-policy is allkeys-lru): set maxmemory-policy to noeviction" in says


def test_a_redis_that_is_nearly_full_is_told_early(
    installation: Installation, redis_url: str
) -> None:
    with redis_client.Redis.from_url(redis_url) as server:
        # so much that what connections take does not count
        server.set("ballast", b"x" * 30_000_000)
        server.config_set("maxmemory", int(server.info("memory")["used_memory"] * 1.12))
        try:
            findings = installation.doctor().of("redis")
        finally:
            server.config_set("maxmemory", 0)
            server.delete("ballast")

    assert findings[-1][0] == "warning"
    assert findings[-1][1].endswith(
        "of its memory is used: raise maxmemory, or see who else uses it."
    )


@pytest.mark.parametrize(
    ("version", "level"), [((4, 0, 14), "wrong"), ((6, 0, 16), "warning"), ((6, 2, 0), "ok")]
)
def test_an_old_redis_is_named_by_its_version(
    installation: Installation,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
    version: tuple[int, ...],
    level: str,
) -> None:
    state = state_of(redis_url)
    monkeypatch.setattr(bell_look, "state_of", lambda _: replace(state, version=version))

    found, says = installation.doctor().one("redis")

    assert found == level
    assert ".".join(map(str, version)) in says


def test_a_queue_to_which_nobody_listens_is_named(
    installation: Installation, redis_url: str
) -> None:
    connection = redis_client.Redis.from_url(redis_url)
    workers = [OneQueueWorker(queue.value, connection) for queue in QueueName]
    said = []
    for worker in workers:
        said.append(installation.doctor().of("workers"))
        worker.register_birth()  # type: ignore[no-untyped-call]  # RQ's own
    said.append(installation.doctor().of("workers"))
    connection.close()

    nobody, one, two, all_of_them = said
    assert [level for level, _ in nobody] == ["warning"] * 3
    assert [level for level, _ in one] == ["wrong"] * 2
    assert two == [
        ("wrong", "nobody listens to sync: start request-broker worker sync."),
    ]
    assert all_of_them == [("ok", "somebody listens to every queue.")]
