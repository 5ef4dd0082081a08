"""Leases to the microsecond, twins, crashes, and what each end of a message leaves behind."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker.ports.queue import QueueName
from broker.store import outbox
from broker.store.base import Sessions
from broker.store.outbox import LostClaim, Message, OutboxRow
from tests.store.conftest import NOON

pytestmark = pytest.mark.both
LEASE = timedelta(seconds=60)
INSTANT = timedelta(microseconds=1)
END = NOON + LEASE


def owe(
    sessions: Sessions,
    key: str = "1",
    *,
    topic: str = "order.verify",
    queue: QueueName = QueueName.ORDERS,
    at: datetime = NOON,
) -> None:
    with sessions.begin() as session:
        outbox.owe(session, queue, topic, key, at, {"order_id": key})


def claim(
    sessions: Sessions, now: datetime = NOON, queue: QueueName = QueueName.ORDERS
) -> Message | None:
    with sessions.begin() as session:
        return outbox.claim(session, queue, now, LEASE)


def claimed(sessions: Sessions, now: datetime = NOON) -> Message:
    message = claim(sessions, now)
    assert message is not None
    return message


def do(sessions: Sessions, act: Callable[[Session], object]) -> None:
    with sessions.begin() as session:
        act(session)


def row_of(sessions: Sessions, message: Message) -> OutboxRow:
    with sessions() as session:
        return session.get_one(OutboxRow, message.id)


# ---- leases --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "free"), [(END - INSTANT, False), (END, False), (END + INSTANT, True)]
)
def test_a_lease_holds_until_its_very_end(sessions: Sessions, now: datetime, free: bool) -> None:
    owe(sessions)
    claimed(sessions)
    assert (claim(sessions, now) is not None) is free


@pytest.mark.parametrize(("now", "ours"), [(END - INSTANT, True), (END, False)])
def test_a_lease_is_renewed_before_its_end_only(
    sessions: Sessions, now: datetime, ours: bool
) -> None:
    owe(sessions)
    message = claimed(sessions)
    if ours:
        do(sessions, lambda session: outbox.renew(session, message, now, LEASE))
        assert claim(sessions, END + INSTANT) is None
        assert claim(sessions, now + LEASE + INSTANT) is not None
    else:
        with pytest.raises(LostClaim):
            do(sessions, lambda session: outbox.renew(session, message, now, LEASE))


def test_a_claim_that_was_taken_over_cannot_be_renewed(sessions: Sessions) -> None:
    owe(sessions)
    slow = claimed(sessions)
    claimed(sessions, END + INSTANT)
    with pytest.raises(LostClaim):
        do(sessions, lambda session: outbox.renew(session, slow, NOON, LEASE))


def test_a_late_worker_whom_nobody_replaced_may_still_settle(sessions: Sessions) -> None:
    owe(sessions)
    message = claimed(sessions)
    do(sessions, lambda session: outbox.settle(session, message, END + LEASE))
    assert row_of(sessions, message).settled_at == END + LEASE


ENDS: dict[str, Callable[[Session, Message], object]] = {
    "settle": lambda session, message: outbox.settle(session, message, NOON),
    "give up": lambda session, message: outbox.give_up(session, message, NOON, "no"),
}
CHANGES: dict[str, Callable[[Session, Message], object]] = {
    **ENDS,
    "renew": lambda session, message: outbox.renew(session, message, NOON, LEASE),
    "postpone": lambda session, message: outbox.postpone(session, message, NOON, "later"),
    "fail": lambda session, message: outbox.fail(session, message, NOON, NOON, "down"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_what_has_ended_does_not_change_any_more(
    sessions: Sessions,
    end: Callable[[Session, Message], object],
    change: Callable[[Session, Message], object],
) -> None:
    owe(sessions)
    message = claimed(sessions)
    do(sessions, lambda session: end(session, message))
    before = row_of(sessions, message)
    with pytest.raises(LostClaim, match=r"order\.verify 1 was taken over"):
        do(sessions, lambda session: change(session, message))
    after = row_of(sessions, message)
    assert (after.settled_at, after.given_up_at) == (before.settled_at, before.given_up_at)


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_what_has_ended_is_claimed_by_nobody_and_can_be_owed_anew(
    sessions: Sessions, end: Callable[[Session, Message], object]
) -> None:
    owe(sessions)
    first = claimed(sessions)
    do(sessions, lambda session: end(session, first))
    assert claim(sessions, END + LEASE) is None
    with sessions() as session:
        assert (outbox.waiting(session), outbox.due_queues(session, END)) == (0, [])
    owe(sessions)
    assert claimed(sessions).id != first.id


# ---- crashes, failures and waits -----------------------------------------------------------------


def test_workers_that_were_never_heard_of_again_are_counted(sessions: Sessions) -> None:
    owe(sessions)
    told = []
    for _ in range(3):
        with sessions() as session:
            lease_until = session.scalars(select(OutboxRow.lease_until)).one()
        message = claimed(sessions, (lease_until or NOON) + INSTANT)
        told.append((message.crashes, message.attempts, message.fence))
    assert told == [(0, 1, 1), (1, 2, 2), (2, 3, 3)]


@pytest.mark.parametrize("change", ["postpone", "fail"])
def test_a_worker_that_reports_ends_the_row_of_crashes(sessions: Sessions, change: str) -> None:
    owe(sessions)
    claimed(sessions)
    second = claimed(sessions, END + INSTANT)
    assert second.crashes == 1
    do(sessions, lambda session: CHANGES[change](session, second))
    third = claimed(sessions, END + INSTANT)
    assert (third.crashes, third.attempts) == (0, 3)


def test_failures_add_up_and_remember_when_they_began(sessions: Sessions) -> None:
    owe(sessions)
    told = []
    for minute in (0, 1, 2):
        now = NOON + timedelta(minutes=minute)
        message = claimed(sessions, now)
        told.append((message.failures, message.failing_since))
        with sessions.begin() as session:
            outbox.fail(session, message, now, now, "x" * 2000)
    assert told == [(0, None), (1, NOON), (2, NOON)]
    with sessions() as session:
        row = session.scalars(select(OutboxRow)).one()
    assert (row.failures, row.failing_since, row.last_error) == (3, NOON, "x" * 1000)


@pytest.mark.parametrize(("forgives", "failures", "since"), [(True, 0, None), (False, 1, NOON)])
def test_a_wait_forgives_failures_unless_it_is_part_of_mending_them(
    sessions: Sessions, forgives: bool, failures: int, since: datetime | None
) -> None:
    owe(sessions)
    first = claimed(sessions)
    do(sessions, lambda session: outbox.fail(session, first, NOON, NOON, "down"))
    second = claimed(sessions)
    until = NOON + timedelta(minutes=5)
    do(
        sessions,
        lambda session: outbox.postpone(session, second, until, "not yet", forgives=forgives),
    )
    row = row_of(sessions, second)
    assert (row.failures, row.failing_since) == (failures, since)
    assert (row.due_at, row.lease_until, row.last_error) == (until, None, "not yet")


def test_what_waits_or_failed_is_owed_once_still(sessions: Sessions) -> None:
    owe(sessions)
    message = claimed(sessions)
    do(sessions, lambda session: outbox.fail(session, message, NOON, END, "down"))
    owe(sessions, at=END + LEASE)
    with sessions() as session:
        assert outbox.waiting(session) == 1
    owe(sessions, at=NOON)
    assert claimed(sessions).id == message.id


def test_a_settled_message_tells_no_error_any_more(sessions: Sessions) -> None:
    owe(sessions)
    first = claimed(sessions)
    do(sessions, lambda session: outbox.fail(session, first, NOON, NOON, "down"))
    second = claimed(sessions)
    do(sessions, lambda session: outbox.settle(session, second, END))
    row = row_of(sessions, second)
    assert (row.settled_at, row.last_error, row.open_key) == (END, "", None)


# ---- who is next ---------------------------------------------------------------------------------


def test_what_has_been_due_longest_is_next(sessions: Sessions) -> None:
    for minute in (3, 1, 2):
        owe(sessions, str(minute), at=NOON + timedelta(minutes=minute))
    later = NOON + timedelta(minutes=9)
    assert [claimed(sessions, later).key for _ in range(3)] == ["1", "2", "3"]


def test_a_message_is_due_from_its_very_moment(sessions: Sessions) -> None:
    owe(sessions, at=END)
    assert claim(sessions, END - INSTANT) is None
    assert claim(sessions, END) is not None


@pytest.mark.parametrize("queue", QueueName)
def test_a_worker_of_one_queue_leaves_the_others_alone(
    sessions: Sessions, queue: QueueName
) -> None:
    owe(sessions, queue=queue)
    others = [other for other in QueueName if other is not queue]
    assert [claim(sessions, NOON, other) for other in others] == [None] * len(others)
    with sessions() as session:
        assert outbox.due_queues(session, NOON) == [queue]
    message = claim(sessions, NOON, queue)
    assert message is not None
    assert (message.queue, message.payload) == (queue, {"order_id": "1"})


@pytest.mark.parametrize(
    ("topic", "key", "waits"),
    [
        ("order.verify", "1", True),
        ("order.submit", "1", False),
        ("order.verify", "2", False),
    ],
    ids=["its twin", "another step of it", "another one"],
)
def test_only_the_twin_of_what_is_being_done_has_to_wait(
    sessions: Sessions, topic: str, key: str, waits: bool
) -> None:
    owe(sessions)
    claimed(sessions)
    owe(sessions, key, topic=topic)
    assert (claim(sessions) is None) is waits


@pytest.mark.parametrize("end", ["settle", "give up"])
def test_a_twin_waits_no_longer_than_the_work(sessions: Sessions, end: str) -> None:
    owe(sessions)
    first = claimed(sessions)
    owe(sessions)
    assert claim(sessions) is None
    do(sessions, lambda session: ENDS[end](session, first))
    assert claim(sessions) is not None


def test_a_twin_waits_no_longer_than_the_lease(sessions: Sessions) -> None:
    owe(sessions)
    first = claimed(sessions)
    owe(sessions)
    assert claim(sessions, END) is None
    later = claimed(sessions, END + INSTANT)
    assert claim(sessions, END + INSTANT) is None
    assert {first.key, later.key} == {"1"}


# ---- after a restore, and by an operator ---------------------------------------------------------


@pytest.mark.parametrize(("now", "freed"), [(END, 0), (END + INSTANT, 1)])
def test_lost_claims_are_freed_without_counting_as_crashes(
    sessions: Sessions, now: datetime, freed: int
) -> None:
    owe(sessions)
    claimed(sessions)
    with sessions.begin() as session:
        assert outbox.release_lost(session, now) == freed
    assert claimed(sessions, END + INSTANT).crashes == 1 - freed


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_claims_of_what_has_ended_are_not_freed(
    sessions: Sessions, end: Callable[[Session, Message], object]
) -> None:
    owe(sessions)
    message = claimed(sessions)
    do(sessions, lambda session: end(session, message))
    with sessions.begin() as session:
        assert outbox.release_lost(session, END + LEASE) == 0


def test_holding_back_moves_only_what_is_early_and_open_of_one_topic(sessions: Sessions) -> None:
    owe(sessions, "early")
    owe(sessions, "late", at=END + LEASE)
    owe(sessions, "early", topic="order.submit")
    owe(sessions, "done", at=NOON - LEASE)
    done = claimed(sessions)
    do(sessions, lambda session: outbox.settle(session, done, NOON))
    do(sessions, lambda session: outbox.hold_back(session, "order.verify", END))
    with sessions() as session:
        due = {(row.topic, row.key): row.due_at for row in session.scalars(select(OutboxRow))}
    assert due == {
        ("order.verify", "early"): END,
        ("order.verify", "late"): END + LEASE,
        ("order.submit", "early"): NOON,
        ("order.verify", "done"): NOON - LEASE,
    }
