"""The chain vouches for every field, every place and every key; searches find what people mean."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from broker.domain.people import Person
from broker.store import audit, people
from broker.store.audit import Actor, AuditEventRow, AuditSealRow
from broker.store.base import Sessions, open_store, sessions_of
from broker.store.views import audit as views
from tests.store.conftest import NOON
from tests.store.rows import order_of, request_of
from tools.servers import Database

pytestmark = pytest.mark.both
KEY, NEW_KEY = b"k" * 32, b"n" * 32
ADA = Actor("person", "id-oim-11")


@pytest.fixture
def owner(database: Database) -> Iterator[Sessions]:
    """Sessions of the tables' owner, with nothing in the way of changing history."""
    engine = open_store(database.owner_url)
    sessions = sessions_of(engine)
    with sessions.begin() as session:
        if engine.dialect.name == "sqlite":
            for table in ("audit_events", "audit_seals"):
                for act in ("update", "delete"):
                    session.execute(text(f"DROP TRIGGER {table}_no_{act}"))
    yield sessions
    engine.dispose()


def record(sessions: Sessions, *subjects: str, actor: Actor = audit.SYSTEM) -> None:
    for subject in subjects:
        with sessions.begin() as session:
            audit.record(
                session, NOON, actor, "order.verify", ("order", subject), "verified", {"n": 1}
            )


def seal(sessions: Sessions, key: bytes = KEY, limit: int = 1000) -> int:
    with sessions.begin() as session:
        return audit.seal(session, key, NOON, limit)


def verify(sessions: Sessions, *keys: bytes) -> audit.Verdict:
    with sessions() as session:
        return audit.verify(session, *(keys or (KEY,)))


CHANGED = {
    "at": NOON + timedelta(microseconds=1),
    "actor_kind": "person",
    "actor_id": "somebody",
    "action": "order.reject",
    "subject_kind": "request",
    "subject_id": "another",
    "outcome": "rejected",
    "details": '{"n":2}',
}


@pytest.mark.parametrize(("column", "value"), CHANGED.items(), ids=CHANGED)
def test_a_change_of_any_field_breaks_the_chain_there(
    sessions: Sessions, owner: Sessions, column: str, value: object
) -> None:
    record(sessions, "a", "b", "c")
    seal(sessions)
    with owner.begin() as session:
        setattr(session.get_one(AuditEventRow, 2), column, value)
    verdict = verify(sessions)
    assert (verdict.intact, verdict.sealed) == (False, 1)
    assert verdict.fault == "event 2 or its seal was changed"


def swap_events(session: Session) -> None:
    """Two events change places under seals that stay."""
    first, second = session.get_one(AuditEventRow, 1), session.get_one(AuditEventRow, 2)
    first.subject_id, second.subject_id = second.subject_id, first.subject_id


def swap_seals(session: Session) -> None:
    """The seals of two events are exchanged."""
    hashes = [session.get_one(AuditSealRow, seq).hash for seq in (1, 2)]
    for seq, hash_ in zip((2, 1), hashes, strict=True):
        session.get_one(AuditSealRow, seq).hash = hash_


def cut_the_start(session: Session) -> None:
    """The oldest event vanishes with its seal, and the others move up."""
    session.delete(session.get_one(AuditSealRow, 1))
    session.delete(session.get_one(AuditEventRow, 1))
    session.flush()
    for seq in (2, 3):
        session.get_one(AuditSealRow, seq).seq = seq - 1
        session.flush()


def seal_with_no_key(session: Session) -> None:
    """Somebody who can write, but has no key, makes a link of their own."""
    last = session.get_one(AuditSealRow, 3)
    last.hash = audit._link(b"", session.get_one(AuditSealRow, 2).hash, 3,
                            session.get_one(AuditEventRow, 3))  # fmt: skip


@pytest.mark.parametrize(
    ("forge", "sealed"),
    [(swap_events, 0), (swap_seals, 0), (cut_the_start, 0), (seal_with_no_key, 2)],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_a_forgery_is_found_where_it_begins(
    sessions: Sessions, owner: Sessions, forge: Callable[[Session], None], sealed: int
) -> None:
    record(sessions, "a", "b", "c")
    seal(sessions)
    with owner.begin() as session:
        forge(session)
    verdict = verify(sessions)
    assert (verdict.intact, verdict.sealed) == (False, sealed)


def test_an_event_that_was_never_sealed_may_not_be_slipped_in_later(
    sessions: Sessions, owner: Sessions
) -> None:
    record(sessions, "a", "b")
    seal(sessions)
    with owner.begin() as session:
        session.get_one(AuditSealRow, 2).event_id = 99
    assert verify(sessions).fault == "event 99 vanished"


def test_sealing_takes_the_oldest_first_and_no_more_than_told(sessions: Sessions) -> None:
    record(sessions, "a", "b", "c")
    assert (seal(sessions, limit=2), verify(sessions)) == (2, audit.Verdict(2, 1))
    with sessions() as session:
        sealed = session.execute(select(AuditSealRow.seq, AuditSealRow.event_id)).all()
    assert [tuple(row) for row in sealed] == [(1, 1), (2, 2)]
    assert (seal(sessions, limit=2), seal(sessions, limit=2)) == (1, 0)
    assert verify(sessions) == audit.Verdict(3, 0)


def test_the_first_link_hangs_on_the_known_beginning(sessions: Sessions) -> None:
    record(sessions, "a")
    seal(sessions)
    with sessions() as session:
        link, event = session.get_one(AuditSealRow, 1), session.get_one(AuditEventRow, 1)
        assert link.hash == audit._link(KEY, "0" * 64, 1, event)


def test_keys_follow_each_other_and_never_come_back(sessions: Sessions) -> None:
    record(sessions, "a")
    seal(sessions, KEY)
    record(sessions, "b")
    seal(sessions, NEW_KEY)
    assert verify(sessions, KEY, NEW_KEY) == audit.Verdict(2, 0)
    assert not verify(sessions, NEW_KEY).intact
    assert not verify(sessions, KEY).intact
    assert not verify(sessions, NEW_KEY, KEY).intact
    record(sessions, "c")
    seal(sessions, KEY)
    assert verify(sessions, KEY, NEW_KEY).fault == "event 3 or its seal was changed"


def test_an_empty_trail_is_intact(sessions: Sessions) -> None:
    assert verify(sessions) == audit.Verdict(0, 0)
    assert seal(sessions) == 0


# ---- searching and exporting ---------------------------------------------------------------------


@pytest.mark.parametrize(("wanted", "found"), [("a", [1]), ("order.verify", [2, 1]),
                                               ("broker", [2]), ("id-oim-11", [1]), ("x", []),
                                               ("verified", []), ("", [2, 1])])  # fmt: skip
def test_the_command_line_searches_by_record_action_and_actor(
    sessions: Sessions, wanted: str, found: list[int]
) -> None:
    record(sessions, "a", actor=ADA)
    record(sessions, "b")
    with sessions() as session:
        assert [event.id for event in audit.search(session, wanted)] == found
        assert len(audit.search(session, limit=1)) == 1


@pytest.fixture
def trail(staff: Sessions) -> Sessions:
    """Events about an order, a request and people; the first two are sealed."""
    with staff.begin() as session:
        session.add_all([order_of("RITM7", None, None), request_of("7041")])
    record(staff, "order-RITM7", actor=ADA)
    record(staff, "row-oim-7041")
    seal(staff)
    with staff.begin() as session:
        details = {"b": {"x": 1}, "a": "word"}
        audit.record(session, NOON, audit.SYSTEM, "link.set", ("person", ADA.id), details=details)
    return staff


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("", [3, 2, 1]),
        ("  ", [3, 2, 1]),
        ("OIM-11", [3, 1]),
        (" oim-11 ", [3, 1]),
        ("ritm7", [1]),
        ("7041", [2]),
        ("row-oim-7041", [2]),
        ("order.verify", [2, 1]),
        ("link.set", [3]),
        ("verified", [2, 1]),
        (" verified ", [2, 1]),
        (" link.set ", [3]),
        ("broker", [3, 2]),
        ("order.*", []),
        ("704", []),
    ],
)
def test_the_auditor_searches_by_what_people_know(
    trail: Sessions, wanted: str, found: list[int]
) -> None:
    with trail() as session:
        assert [event.id for event in views.events(session, wanted)] == found


def test_events_are_shown_with_names_where_there_are_any(trail: Sessions) -> None:
    with trail() as session:
        linked, about_request, about_order = views.events(session)
    assert (about_order.actor, about_order.actor_id) == ("oim-11", ADA.id)
    assert (about_order.subject, about_order.subject_id) == ("RITM7", "order-RITM7")
    assert (about_request.subject, about_request.subject_id) == ("7041", "row-oim-7041")
    assert (linked.actor, linked.subject) == ("broker", "oim-11")
    assert linked.details == (("a", "word"), ("b", '{"x": 1}'))
    assert [linked.sealed, about_request.sealed, about_order.sealed] == [False, True, True]


def test_no_more_events_are_shown_than_one_can_read(sessions: Sessions) -> None:
    with sessions.begin() as session:
        for number in range(views.SHOWN + 1):
            audit.record(session, NOON, audit.SYSTEM, "x", ("order", str(number)))
    with sessions() as session:
        shown = views.events(session)
    assert (len(shown), shown[0].id, shown[-1].id) == (views.SHOWN, views.SHOWN + 1, 2)


def test_an_export_holds_what_is_kept_and_no_names(trail: Sessions) -> None:
    with trail() as session:
        first, second, third = views.export(session, 0)
        seals = session.scalars(select(AuditSealRow).order_by(AuditSealRow.seq)).all()
        assert [event["id"] for event in views.export(session, 2)] == [3]
        assert views.export(session, 3) == []
        assert views.sealed_count(session) == 2
    assert first == {
        "id": 1,
        "at": "2026-03-02T12:00:00+00:00",
        "actor_kind": "person",
        "actor_id": ADA.id,
        "action": "order.verify",
        "subject_kind": "order",
        "subject_id": "order-RITM7",
        "outcome": "verified",
        "details": '{"n":1}',
        "seal": 1,
        "hash": seals[0].hash,
    }
    assert (second["seal"], second["hash"]) == (2, seals[1].hash)
    assert (third["seal"], third["hash"]) == (None, None)


def test_an_exported_chain_can_be_checked_by_anybody_with_the_key(trail: Sessions) -> None:
    """An oracle of its own: what the documentation of an export promises, without our code."""
    with trail() as session:
        exported = [event for event in views.export(session, 0) if event["seal"]]
    head = "0" * 64
    for event in exported:
        content = {
            "id": event["id"], "at": event["at"], "action": event["action"],
            "actor": [event["actor_kind"], event["actor_id"]], "outcome": event["outcome"],
            "subject": [event["subject_kind"], event["subject_id"]], "details": event["details"],
        }  # fmt: skip
        words = json.dumps(content, sort_keys=True, separators=(",", ":"))
        signed = f"{head}|{event['seal']}|{words}".encode()
        head = hmac.new(KEY, signed, hashlib.sha256).hexdigest()
        assert event["hash"] == head


def test_a_person_renamed_is_found_in_old_events_by_the_new_name(trail: Sessions) -> None:
    with trail.begin() as session:
        people.remember(session, "oim", [Person("11", "LOVELACE", "Ada Lovelace")], NOON)
    with trail() as session:
        assert [event.id for event in views.events(session, "lovelace")] == [3, 1]
        assert not views.events(session, "oim-11")
        assert views.events(session, "lovelace")[1].actor == "Ada Lovelace"
