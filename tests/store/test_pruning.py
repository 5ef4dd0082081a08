"""What is old and done with goes, in batches; what is open, or still of use, stays."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from broker.ports.queue import QueueName
from broker.store import audit, outbox, pruning, receipts, sync_runs
from broker.store.audit import AuditEventRow
from broker.store.base import Base, Sessions
from broker.store.outbox import OutboxRow
from broker.store.receipts import ReceiptRow
from broker.store.sync_runs import SlotRow, SyncRunRow
from broker.store.vitals import vitals
from tests.store.conftest import NOON

pytestmark = pytest.mark.both
LONG_AGO = NOON - timedelta(days=200)
LEASE = timedelta(seconds=60)


def count(sessions: Sessions, row: type[Base]) -> int:
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(row)) or 0


def message(sessions: Sessions, key: str, at: datetime) -> outbox.Message:
    with sessions.begin() as session:
        outbox.owe(session, QueueName.ORDERS, "order.verify", key, at)
        taken = outbox.claim(session, QueueName.ORDERS, at, LEASE)
    assert taken is not None
    return taken


def settled(sessions: Sessions, key: str, at: datetime) -> None:
    done = message(sessions, key, at)
    with sessions.begin() as session:
        outbox.settle(session, done, at)


def run(sessions: Sessions, kind: str, at: datetime, error: str = "", done: bool = True) -> None:
    with sessions.begin() as session:
        name = sync_runs.start(session, "oim", kind, at)
        if done:
            sync_runs.finish(session, name, at, error=error)


def test_messages_settled_long_ago_go_and_open_ones_stay(sessions: Sessions) -> None:
    settled(sessions, "old", LONG_AGO)
    settled(sessions, "new", NOON - timedelta(days=13))
    message(sessions, "claimed", LONG_AGO)
    with sessions.begin() as session:
        outbox.owe(session, QueueName.ORDERS, "order.verify", "owed", LONG_AGO)
    assert pruning.prune(sessions, NOON) == 1
    with sessions() as session:
        kept = set(session.scalars(select(OutboxRow.key)))
    assert kept == {"new", "claimed", "owed"}


def test_messages_given_up_stay_longer(sessions: Sessions) -> None:
    for key, days in (("old", 91), ("new", 89)):
        at = NOON - timedelta(days=days)
        lost = message(sessions, key, at)
        with sessions.begin() as session:
            outbox.give_up(session, lost, at, "no")
    assert pruning.prune(sessions, NOON) == 1
    with sessions() as session:
        assert session.scalars(select(OutboxRow.key)).all() == ["new"]


def test_receipts_go_after_a_month(sessions: Sessions) -> None:
    with sessions.begin() as session:
        for name, days in (("old", 31), ("new", 29)):
            at = NOON - timedelta(days=days)
            receipts.keep(session, "servicenow", "orders", name, "sha", {}, at)
    assert pruning.prune(sessions, NOON) == 1
    with sessions() as session:
        assert session.scalars(select(ReceiptRow.webhook_id)).all() == ["new"]


def test_the_newest_good_reading_stays_however_old(sessions: Sessions) -> None:
    for hours, kind, error in ((1, "changes", ""), (2, "everything", ""), (3, "changes", "down")):
        run(sessions, kind, LONG_AGO + timedelta(hours=hours), error)
    run(sessions, "people", LONG_AGO + timedelta(hours=4))
    run(sessions, "changes", LONG_AGO + timedelta(hours=5), done=False)
    run(sessions, "changes", NOON - timedelta(days=29), "down")
    assert pruning.prune(sessions, NOON) == 4
    with sessions() as session:
        kept = session.scalars(select(SyncRunRow.started_at).order_by(SyncRunRow.started_at)).all()
        fresh = sync_runs.last_success(session, "oim")
    assert kept == [LONG_AGO + timedelta(hours=2), NOON - timedelta(days=29)]
    assert fresh == LONG_AGO + timedelta(hours=2)


def test_the_first_and_the_newest_sweep_of_a_desk_stay_however_old(sessions: Sessions) -> None:
    first, last = LONG_AGO, LONG_AGO + timedelta(hours=2)
    for at in (first, first + timedelta(hours=1), last):
        with sessions.begin() as session:
            name = sync_runs.start(session, "desk", "orders", at)
            sync_runs.finish(session, name, at)
    assert pruning.prune(sessions, NOON) == 1
    with sessions() as session:
        assert sync_runs.span_of_kind(session, "desk", "orders") == (first, last)
        assert sync_runs.span_of_kind(session, "another", "orders") == (None, None)


def test_the_newest_beat_of_a_job_stays_however_old(sessions: Sessions) -> None:
    with sessions.begin() as session:
        for hours in range(3):
            assert sync_runs.take_slot(session, "sync", LONG_AGO + timedelta(hours=hours))
    assert pruning.prune(sessions, NOON) == 2
    with sessions.begin() as session:
        assert not sync_runs.take_slot(session, "sync", LONG_AGO + timedelta(hours=2))


def test_audit_events_never_go(sessions: Sessions) -> None:
    with sessions.begin() as session:
        audit.record(session, LONG_AGO, audit.SYSTEM, "order.verify", ("order", "1"))
        audit.seal(session, b"k" * 32, LONG_AGO)
    pruning.prune(sessions, NOON)
    assert count(sessions, AuditEventRow) == 1


def test_one_clock_prunes_every_ten_minutes(sessions: Sessions) -> None:
    pruning.prune(sessions, NOON)
    settled(sessions, "old", LONG_AGO)
    assert pruning.prune(sessions, NOON + timedelta(minutes=9, seconds=59)) == 0
    assert pruning.prune(sessions, NOON + timedelta(minutes=10)) == 1


def test_a_backlog_goes_batch_by_batch_and_not_all_in_one_turn(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "BATCH", 3)
    monkeypatch.setattr(pruning, "_BATCHES", 2)
    for number in range(8):
        settled(sessions, str(number), LONG_AGO)
    with sessions.begin() as session:
        assert pruning.remove(session, pruning.RULES[0], NOON) == 3
    assert pruning.prune(sessions, NOON) == 5
    assert count(sessions, OutboxRow) == 0


def test_a_batch_is_never_larger_than_it_may_be_however_the_database_plans(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "BATCH", 2)
    for number in range(4):
        settled(sessions, str(number), LONG_AGO)
    with sessions.begin() as session:
        if sessions.kw["bind"].dialect.name == "postgresql":
            for way in ("hashjoin", "mergejoin", "hashagg", "sort", "material"):
                session.execute(text(f"SET LOCAL enable_{way} = off"))
        assert pruning.remove(session, pruning.RULES[0], NOON) == 2


def test_two_clocks_share_the_work(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another transaction is removing is left to it, not waited for."""
    monkeypatch.setattr(pruning, "BATCH", 2)
    for number in range(4):
        settled(sessions, str(number), LONG_AGO)
    if sessions.kw["bind"].dialect.name == "sqlite":
        return  # one process, one writer
    with sessions.begin() as first, sessions.begin() as second:
        removed = [pruning.remove(each, pruning.RULES[0], NOON) for each in (first, second)]
    assert (removed, count(sessions, OutboxRow)) == ([2, 2], 0)


def test_every_table_that_is_pruned_is_one_of_work_not_of_record(sessions: Sessions) -> None:
    pruned = {rule.row.__tablename__ for rule in pruning.RULES}
    assert pruned == {
        OutboxRow.__tablename__,
        ReceiptRow.__tablename__,
        SyncRunRow.__tablename__,
        SlotRow.__tablename__,
    }


def test_pruning_does_not_pass_for_a_beat_of_the_timer(sessions: Sessions) -> None:
    pruning.prune(sessions, NOON)
    with sessions() as session:
        assert vitals(session, NOON).beat_at is None
