"""Claimed is not done: leases, fences, and what is owed twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from broker.ports.queue import QueueName
from broker.store import outbox
from broker.store.base import Sessions
from broker.store.outbox import LostClaim, Message, OutboxRow
from tests.store.conftest import NOON

pytestmark = pytest.mark.both
LEASE = timedelta(seconds=60)
LATER = NOON + timedelta(seconds=61)


def owe(sessions: Sessions, key: str = "1", at: timedelta = timedelta()) -> None:
    with sessions.begin() as session:
        outbox.owe(session, QueueName.ORDERS, "order.verify", key, NOON + at, {"order_id": key})


def claim(sessions: Sessions, now: "object" = NOON) -> Message | None:
    with sessions.begin() as session:
        return outbox.claim(session, QueueName.ORDERS, now, LEASE)  # type: ignore[arg-type]  # a time


def claimed(sessions: Sessions, now: "object" = NOON) -> Message:
    message = claim(sessions, now)
    assert message is not None
    return message


def rows(sessions: Sessions) -> list[OutboxRow]:
    with sessions() as session:
        return list(session.scalars(select(OutboxRow)))


def test_a_claimed_message_is_nobody_elses(sessions: Sessions) -> None:
    owe(sessions)
    assert claimed(sessions).payload == {"order_id": "1"}
    assert claim(sessions) is None


def test_a_claim_runs_out(sessions: Sessions) -> None:
    owe(sessions)
    first = claimed(sessions)
    second = claimed(sessions, LATER)
    assert (second.id, second.fence) == (first.id, first.fence + 1)


@pytest.mark.parametrize(
    "act",
    [
        lambda session, message: outbox.settle(session, message, LATER),
        lambda session, message: outbox.postpone(session, message, LATER, "late"),
        lambda session, message: outbox.fail(session, message, LATER, LATER, "late"),
        lambda session, message: outbox.give_up(session, message, LATER, "late"),
    ],
    ids=["settle", "postpone", "fail", "give up"],
)
def test_whoever_lost_the_claim_changes_nothing(
    sessions: Sessions, act: Callable[..., None]
) -> None:
    owe(sessions)
    slow = claimed(sessions)
    quick = claimed(sessions, LATER)
    with pytest.raises(LostClaim), sessions.begin() as session:
        act(session, slow)
    with sessions.begin() as session:
        outbox.settle(session, quick, LATER)
    assert rows(sessions)[0].settled_at == LATER


def test_the_same_thing_is_not_owed_twice(sessions: Sessions) -> None:
    owe(sessions)
    owe(sessions)
    assert len(rows(sessions)) == 1


def test_owing_again_makes_it_due_earlier_never_later(sessions: Sessions) -> None:
    owe(sessions, at=timedelta(minutes=5))
    owe(sessions, at=timedelta(minutes=1))
    owe(sessions, at=timedelta(minutes=9))
    assert rows(sessions)[0].due_at == NOON + timedelta(minutes=1)


def test_what_is_owed_while_being_done_is_done_again(sessions: Sessions) -> None:
    owe(sessions)
    first = claimed(sessions)
    owe(sessions)
    with sessions.begin() as session:
        outbox.settle(session, first, NOON)
    assert claimed(sessions).id != first.id


def test_a_failure_merges_with_what_is_owed_anew(sessions: Sessions) -> None:
    owe(sessions)
    first = claimed(sessions)
    owe(sessions)
    with sessions.begin() as session:
        outbox.fail(session, first, NOON, LATER, "down")
        assert outbox.waiting(session) == 1


def test_failures_are_counted_and_waiting_forgives_them(sessions: Sessions) -> None:
    owe(sessions)
    with sessions.begin() as session:
        outbox.fail(session, claimed(sessions), NOON, NOON, "down")
    failed = claimed(sessions)
    assert (failed.failures, failed.failing_since) == (1, NOON)
    with sessions.begin() as session:
        outbox.postpone(session, failed, NOON, "not yet")
    assert claimed(sessions).failures == 0


def test_nothing_is_claimed_before_it_is_due(sessions: Sessions) -> None:
    owe(sessions, at=timedelta(minutes=5))
    assert claim(sessions) is None
    with sessions.begin() as session:
        assert outbox.due_queues(session, NOON) == []
        assert outbox.due_queues(session, NOON + timedelta(minutes=5)) == [QueueName.ORDERS]


def test_eight_workers_share_forty_messages_without_overlap(sessions: Sessions) -> None:
    for number in range(40):
        owe(sessions, str(number))

    def work(_worker: int) -> list[str]:
        mine: list[str] = []
        while message := claim(sessions):
            mine.append(message.key)
        return mine

    with ThreadPoolExecutor(8) as pool:
        taken = [key for keys in pool.map(work, range(8)) for key in keys]
    assert sorted(taken, key=int) == [str(number) for number in range(40)]


def test_what_was_given_up_and_done_after_all_is_no_longer_open(sessions: Sessions) -> None:
    for key in ("1", "2"):
        owe(sessions, key)
        with sessions.begin() as session:
            outbox.give_up(session, claimed(sessions), NOON, "no")
    owe(sessions, "1")
    with sessions.begin() as session:
        outbox.settle(session, claimed(sessions), LATER)
    with sessions() as session:
        left = session.scalars(select(OutboxRow.key).where(*outbox.GIVEN_UP)).all()
    assert left == ["2"]
