"""The chain names what was changed, what vanished, and what is not sealed yet."""

from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from broker.store import audit
from broker.store.base import Sessions, open_store, sessions_of
from tests.store.conftest import NOON
from tools.servers import Database

pytestmark = pytest.mark.both
KEY, NEXT = b"k" * 32, b"n" * 32


@pytest.fixture
def owner_sessions(database: Database) -> Iterator[Sessions]:
    """Sessions that may do what the application may not."""
    engine = open_store(database.owner_url)
    yield sessions_of(engine)
    engine.dispose()


def record(sessions: Sessions, count: int = 3) -> None:
    for number in range(count):
        with sessions.begin() as session:
            audit.record(session, NOON, audit.SYSTEM, "order.verify", ("order", f"o{number}"))


def drop_triggers(session: Session) -> None:
    """What guards the trail on SQLite; on PostgreSQL the owner's rights are enough."""
    if session.get_bind().dialect.name == "sqlite":
        for table in ("audit_events", "audit_seals"):
            for act in ("update", "delete"):
                session.execute(text(f"DROP TRIGGER {table}_no_{act}"))


def seal(sessions: Sessions, key: bytes = KEY) -> int:
    with sessions.begin() as session:
        return audit.seal(session, key, NOON)


def verify(sessions: Sessions, *keys: bytes) -> audit.Verdict:
    with sessions() as session:
        return audit.verify(session, *(keys or (KEY,)))


def test_sealed_events_verify(sessions: Sessions) -> None:
    record(sessions)
    assert seal(sessions) == 3
    assert verify(sessions) == audit.Verdict(sealed=3, unsealed=0)


def test_unsealed_events_are_counted(sessions: Sessions) -> None:
    record(sessions, 2)
    seal(sessions)
    record(sessions, 1)
    assert verify(sessions) == audit.Verdict(sealed=2, unsealed=1)


def test_sealing_goes_on_where_it_stopped(sessions: Sessions) -> None:
    record(sessions)
    seal(sessions)
    record(sessions)
    assert (seal(sessions), seal(sessions)) == (3, 0)
    assert verify(sessions).intact


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE audit_events SET outcome = 'x' WHERE id = 2", "event 2 or its seal was changed"),
        ("DELETE FROM audit_events WHERE id = 2", "event 2 vanished"),
        ("DELETE FROM audit_seals WHERE seq = 2", "seal 2 is missing"),
        ("UPDATE audit_seals SET hash = 'x' WHERE seq = 3", "event 3 or its seal was changed"),
        ("UPDATE audit_events SET at = '2020-01-01 00:00:00+00' WHERE id = 1", "event 1 or its"),
    ],
)
def test_the_first_fault_is_named(
    sessions: Sessions, owner_sessions: Sessions, statement: str, fault: str
) -> None:
    record(sessions)
    seal(sessions)
    with owner_sessions.begin() as session:
        drop_triggers(session)
        session.execute(text(statement))
    found = verify(sessions)
    assert (found.intact, found.fault.startswith(fault)) == (False, True)


def test_another_key_makes_another_chain(sessions: Sessions) -> None:
    record(sessions)
    seal(sessions)
    assert not verify(sessions, b"x" * 32).intact


def exchanged(sessions: Sessions) -> None:
    """Three events sealed with the first key, three with the next."""
    for key in (KEY, NEXT):
        record(sessions)
        seal(sessions, key)


def test_a_chain_goes_on_with_another_key(sessions: Sessions) -> None:
    exchanged(sessions)
    assert verify(sessions, KEY, NEXT) == audit.Verdict(sealed=6, unsealed=0)
    assert verify(sessions, NEXT).fault.startswith("event 1 or its seal")
    assert verify(sessions, KEY).fault.startswith("event 4 or its seal")


def test_a_key_that_was_replaced_seals_no_more(sessions: Sessions) -> None:
    exchanged(sessions)
    record(sessions, 1)
    seal(sessions, KEY)
    assert verify(sessions, KEY, NEXT).fault.startswith("event 7 or its seal")


def test_who_knows_a_replaced_key_cannot_rewrite_what_it_sealed(
    sessions: Sessions, owner_sessions: Sessions
) -> None:
    exchanged(sessions)
    with owner_sessions.begin() as session:
        drop_triggers(session)
        session.execute(text("UPDATE audit_events SET outcome = 'x' WHERE id = 1"))
        session.execute(text("DELETE FROM audit_seals WHERE seq <= 3"))
        rest = [(r.seq, r.event_id, r.hash) for r in session.scalars(select(audit.AuditSealRow))]
        session.execute(text("DELETE FROM audit_seals"))
    forge(owner_sessions, rest)
    assert verify(sessions, KEY, NEXT).fault.startswith("event 4 or its seal")


def forge(sessions: Sessions, rest: Sequence[tuple[int, int, str]]) -> None:
    """Seal the first three anew with the key that was learnt, and put the others back."""
    with sessions.begin() as session:
        audit.seal(session, KEY, NOON, limit=3)
    with sessions.begin() as session:
        for seq, event_id, hash_ in rest:
            session.add(audit.AuditSealRow(seq=seq, event_id=event_id, hash=hash_, sealed_at=NOON))


@pytest.mark.parametrize("table", ["audit_events", "audit_seals"])
@pytest.mark.parametrize("act", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
def test_the_application_cannot_change_what_was_written(
    sessions: Sessions, table: str, act: str
) -> None:
    record(sessions)
    seal(sessions)
    column = "action" if table == "audit_events" else "hash"
    statement = act.format(table, column, "'x'")
    with pytest.raises(DBAPIError), sessions.begin() as session:
        session.execute(text(statement))
    assert verify(sessions).intact


def test_an_event_of_a_change_that_failed_is_not_there(sessions: Sessions) -> None:
    with sessions() as session:
        audit.record(session, NOON, audit.SYSTEM, "x", ("order", "1"))
        session.flush()
        session.rollback()
    assert verify(sessions) == audit.Verdict(0, 0)


def test_search_finds_the_events_of_one_record(sessions: Sessions) -> None:
    record(sessions)
    with sessions() as session:
        (event,) = audit.search(session, "o1")
        assert event.subject_id == "o1"
        assert len(audit.search(session)) == 3
