"""The doctor on what is our own: secrets and their files, the work that is owed, the disks; and
how looks go on beside each other.
"""

import base64
import json
import threading
from collections import namedtuple
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from broker.doctor import Finding, Level, examine
from broker.doctor.clocks import clock
from broker.doctor.findings import Going, listed, ok, wrong
from broker.ports.queue import QueueName
from broker.store import outbox, sync_runs
from broker.store.base import open_store
from broker.store.outbox import OutboxRow
from tests.cli.conftest import Installation
from tools.servers import Database

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


# ---- secrets -------------------------------------------------------------------------------------


def secret(letter: str, length: int = 32) -> str:
    varied = (letter + "0123456789abcdefghijklmnopqrstuvwxyz" * 2)[:length]
    return "whsec_" + base64.b64encode(varied.encode()).decode()


def client(name: str, orders: str, events: str, source: str = "servicenow") -> str:
    secrets = json.dumps([orders]), json.dumps([events])
    return (
        f'[[client]]\nname = "{name}"\nsources = ["{source}"]\n'
        f"secrets = {{orders = {secrets[0]}, events = {secrets[1]}}}\n"
    )


def with_clients(installation: Installation, *entries: str) -> list[tuple[str, str]]:
    file = installation.folder / "clients.toml"
    file.write_text("".join(entries))
    return installation.doctor().of("API clients")


def test_good_clients_need_no_word(elsewhere: Installation) -> None:
    entries = [client("servicenow", secret("a"), secret("b"))]

    assert with_clients(elsewhere, *entries) == []


@pytest.mark.parametrize(
    "entries",
    [
        [client("desk", secret("a"), secret("a"))],
        [client("one", secret("a"), secret("b")), client("two", secret("b"), secret("c"))],
    ],
)
def test_a_secret_that_two_share_is_wrong_and_not_shown(
    elsewhere: Installation, entries: list[str]
) -> None:
    ((level, says),) = with_clients(elsewhere, *entries)

    assert level == "wrong"
    assert says.startswith("a secret is used more than once")
    assert "whsec_" not in says


@pytest.mark.parametrize("weak", [secret("a", 24), "whsec_" + base64.b64encode(b"k" * 32).decode()])
def test_a_short_or_simple_secret_is_told(elsewhere: Installation, weak: str) -> None:
    ((level, says),) = with_clients(elsewhere, client("desk", weak, secret("b")))

    assert level == "warning"
    assert says.startswith("desk has a short or simple secret: make one of 32 random bytes")


def test_a_client_for_a_desk_that_is_not_there_is_told(elsewhere: Installation) -> None:
    ((level, says),) = with_clients(elsewhere, client("x", secret("a"), secret("b"), "jira"))

    assert (level, says.split(",")[0]) == ("note", "x may speak for jira")


def test_without_clients_no_desk_can_reach_us(elsewhere: Installation) -> None:
    elsewhere.set(API_CLIENTS="")

    ((level, says),) = elsewhere.doctor().of("API clients")

    assert level == "warning"
    assert "see BROKER_API_CLIENTS" in says


def test_the_same_key_for_sessions_and_audit_is_wrong(elsewhere: Installation) -> None:
    elsewhere.set(AUDIT_KEY="k" * 40, SECRET_KEY="k" * 40)

    assert elsewhere.doctor().one("secrets")[0] == "wrong"


def test_a_secret_file_that_everybody_can_read_is_told(elsewhere: Installation) -> None:
    file = elsewhere.folder / "password"
    file.write_text("broker")
    elsewhere.set(OIM_PASSWORD="", OIM_PASSWORD_FILE=str(file))

    file.chmod(0o644)
    level, says = elsewhere.doctor().one("secrets")
    file.chmod(0o640)
    kept = elsewhere.doctor()

    assert level == "warning"
    assert (
        says == f"everybody on this machine can read {file} (BROKER_OIM_PASSWORD_FILE): chmod o-r."
    )
    assert kept.one("secrets")[0] == "ok"
    assert kept.one("oim")[0] == "ok"


# ---- work ----------------------------------------------------------------------------------------


def owed(database: Database, due_at: datetime, **values: object) -> None:
    engine = open_store(database.owner_url)
    with Session(engine) as session, session.begin():
        outbox.owe(session, QueueName.ORDERS, "orders.verify", "key", due_at)
        session.flush()
        for name, value in values.items():
            setattr(session.query(OutboxRow).one(), name, value)
    engine.dispose()


def beaten(database: Database, at: datetime) -> None:
    engine = create_engine(database.owner_url)
    with Session(engine) as session, session.begin():
        sync_runs.take_slot(session, "sync", at)
    engine.dispose()


@pytest.mark.both
@pytest.mark.parametrize(("late", "level"), [(HOUR, "wrong"), (-HOUR, "note")])
def test_work_that_nobody_comes_for_is_wrong(
    installation: Installation, database: Database, late: timedelta, level: str
) -> None:
    owed(database, NOW - late)

    found, says = installation.doctor().one("outbox")

    assert found == level
    assert says.startswith("1 message is owed, and no")


def test_work_that_somebody_is_at_is_not_neglected(
    installation: Installation, database: Database
) -> None:
    owed(database, NOW - HOUR, lease_until=NOW + HOUR)

    assert installation.doctor().one("outbox")[0] == "note"


def test_what_was_given_up_is_told_with_the_page_to_see(
    installation: Installation, database: Database
) -> None:
    owed(database, NOW - HOUR, given_up_at=NOW)

    found = installation.doctor()

    assert ("ok", "nothing is owed.") in found.of("outbox")
    says = "1 message is given up, and not tried again: see http://127.0.0.1:8080/operations."
    assert ("warning", says) in found.of("outbox")


@pytest.mark.parametrize(("ago", "level"), [(None, "note"), (HOUR / 4, "ok"), (3 * HOUR, "wrong")])
def test_a_clock_that_stands_still_is_wrong(
    installation: Installation, database: Database, ago: timedelta | None, level: str
) -> None:
    if ago is not None:
        beaten(database, NOW - ago)

    assert installation.doctor().one("clock")[0] == level


# ---- disks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("megabytes", "level"), [(50, "wrong"), (500, "warning"), (5000, "ok")])
def test_a_disk_is_named_before_it_is_full(
    elsewhere: Installation, monkeypatch: pytest.MonkeyPatch, megabytes: int, level: str
) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - as shutil's own
    monkeypatch.setattr(
        "broker.doctor.machine.shutil.disk_usage", lambda _: usage(0, 0, megabytes * 1024 * 1024)
    )

    found = elsewhere.doctor().of("disk")

    assert {each for each, _ in found} == {level}
    assert any(str(elsewhere.folder) in says for _, says in found)


# ---- clocks --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "level", "said"),
    [
        (0, "ok", "agrees with ours"),
        (59, "ok", "agrees with ours"),
        (61, "warning", "61 seconds ahead of ours"),
        (-119, "warning", "119 seconds behind ours"),
        (121, "wrong", "2 minutes ahead of ours"),
        (-3600, "wrong", "60 minutes behind ours"),
    ],
)
def test_a_clock_is_judged_by_what_signatures_and_sign_ins_bear(
    seconds: float, level: str, said: str
) -> None:
    (found,) = clock("a clock", timedelta(seconds=seconds))

    assert found.level == level
    assert said in found.says


def test_nothing_is_said_of_a_clock_that_nobody_could_read() -> None:
    assert list(clock("a clock", None)) == []


# ---- looks ---------------------------------------------------------------------------------------


def test_a_look_that_never_ends_is_named_and_what_it_found_counts() -> None:
    forever, well_begun = threading.Event(), threading.Event()

    def slow() -> Iterator[Finding]:
        yield ok("slow", "the first thing.")
        well_begun.set()
        forever.wait()

    going = Going("slow", slow)
    assert well_begun.wait(60)
    first, second = going.wait(deadline=0, seconds=14)
    forever.set()

    assert first == ok("slow", "the first thing.")
    says = "was not done within 14 seconds: see why it answers so slowly."
    assert second == wrong("slow", says)


def test_one_look_that_never_ends_does_not_hold_up_the_others() -> None:
    forever = threading.Event()

    def slow() -> Iterator[Finding]:
        forever.wait()
        yield ok("slow", "nobody waits for this.")

    found = examine({"slow": slow, "slower": slow}, 0.1)
    forever.set()

    assert [(each.what, each.level) for each in found] == [
        ("slow", Level.WRONG), ("slower", Level.WRONG),
    ]  # fmt: skip


def test_a_look_that_fails_is_a_finding_like_others() -> None:
    def broken() -> Iterator[Finding]:
        yield ok("broken", "the first thing.")
        raise ValueError("a line\nand another")

    first, second = examine({"broken": broken}, 30)

    assert first.level is Level.OK
    assert second == Finding(
        "broken", Level.WRONG, "cannot be looked at: ValueError: a line and another"
    )


def test_of_very_many_names_the_first_are_told() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed([str(number) for number in range(10)], most=2) == "0, 1 and 8 more"
