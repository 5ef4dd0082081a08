"""What an operator does with an order: to the lines that wait, with a reason, and to no others."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from broker.domain.orders import LineState
from broker.orders import operate, steps
from broker.orders.help import park
from broker.ports.queue import QueueName
from broker.store import outbox
from broker.store.audit import Actor
from broker.store.orders import BackReferenceRow
from broker.store.outbox import OutboxRow
from tests.use_cases.conftest import House

pytestmark = pytest.mark.both
OPERATOR = Actor("person", "cho")
ACTS: dict[str, Callable[[House, str, str], None]] = {
    "retry": lambda h, id_, why: operate.retry(h.broker, id_, OPERATOR, why),
    "cancel": lambda h, id_, why: operate.cancel(h.broker, id_, OPERATOR, why),
    "adopt": lambda h, id_, why: operate.adopt(h.broker, id_, "9001", OPERATOR, why),
}


def submitted(house: House, catalogue_item: str = "role") -> str:
    answer = house.post(house.item(catalogue_item))
    house.work()
    return str(answer["order_id"])


def stuck(house: House, order_id: str, *positions: int) -> None:
    """Lines of the order wait for an operator."""
    with house.broker.sessions.begin() as session:
        order = steps.held(session, order_id)
        for position in positions:
            park(session, order, order.lines[position], "somebody has to look", house.broker)


def states(house: House, order_id: str) -> list[str]:
    return [line.state.value for line in house.order({"order_id": order_id}).lines]


def owed(house: House) -> list[tuple[str, str]]:
    """What is owed in the queue of orders, by topic and key."""
    with house.broker.sessions() as session:
        query = select(OutboxRow).where(
            OutboxRow.queue == QueueName.ORDERS,
            OutboxRow.settled_at.is_(None),
            OutboxRow.given_up_at.is_(None),
        )
        return sorted((row.topic, row.key) for row in session.scalars(query))


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
@pytest.mark.parametrize("reason", ["", "  ", "\n\t"])
def test_no_act_is_done_without_a_reason(
    house: House, act: Callable[[House, str, str], None], reason: str
) -> None:
    order_id = submitted(house)
    stuck(house, order_id, 0)
    with pytest.raises(operate.NotPossible, match="Say why"):
        act(house, order_id, reason)
    assert states(house, order_id) == ["needs_attention"]


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_an_order_that_is_not_there_is_said_not_to_be(
    house: House, act: Callable[[House, str, str], None]
) -> None:
    with pytest.raises(operate.NotPossible, match=r"There is no such order\."):
        act(house, "0" * 32, "a try")


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_an_order_that_waits_for_nobody_is_left_alone(
    house: House, act: Callable[[House, str, str], None]
) -> None:
    order_id = submitted(house)
    before = owed(house)
    with pytest.raises(operate.NotPossible, match="is submitted: only one in need of attention"):
        act(house, order_id, "a try")
    assert (states(house, order_id), owed(house)) == (["submitted"], before)


def test_a_retry_moves_the_lines_that_wait_and_no_others(house: House) -> None:
    order_id = submitted(house, "both")
    stuck(house, order_id, 1)
    operate.retry(house.broker, order_id, OPERATOR, "looked")
    assert states(house, order_id) == ["submitted", "submitted"]
    (told,) = house.audit("order.resume")
    line = house.order({"order_id": order_id}).lines[1]
    assert f'"line":"{line.id}"' in told.details
    assert (told.actor_kind, told.actor_id, told.outcome) == ("person", "cho", "submitted")


def test_a_retry_of_several_lines_owes_each_its_own_step(house: House) -> None:
    order_id = submitted(house, "both")
    stuck(house, order_id, 0, 1)
    with house.broker.sessions.begin() as session:
        lines = steps.held(session, order_id).lines
        lines[0].left_state = LineState.VERIFIED
        keys = [line.id for line in lines]
    house.bell.rung.clear()
    operate.retry(house.broker, order_id, OPERATOR, "looked")
    assert states(house, order_id) == ["verified", "submitted"]
    assert ("order.submit", keys[0]) in owed(house)
    assert ("order.track", keys[1]) in owed(house)
    assert ("order.submit", keys[1]) not in owed(house)
    assert QueueName.ORDERS in house.bell.rung


@pytest.mark.parametrize(
    ("left", "topic"),
    [
        (LineState.RECEIVED, "order.verify"),
        (LineState.VERIFIED, "order.submit"),
        (LineState.SUBMITTING, "order.submit"),
        (LineState.UNCERTAIN, "order.submit"),
        (LineState.SUBMITTED, "order.track"),
        (LineState.FULFILLED, "order.close"),
        (LineState.REFUSED, "order.close"),
    ],
)
def test_where_a_line_resumes_decides_what_is_owed(
    house: House, left: LineState, topic: str
) -> None:
    order_id = submitted(house)
    stuck(house, order_id, 0)
    with house.broker.sessions.begin() as session:
        line = steps.held(session, order_id).lines[0]
        line.left_state = left
        key = line.id if topic in ("order.submit", "order.track") else order_id
        for row in session.scalars(select(OutboxRow)):
            session.delete(row)
    operate.retry(house.broker, order_id, OPERATOR, "looked")
    assert owed(house) == [(topic, key)]


@pytest.mark.parametrize("told", [True, False])
def test_a_retry_writes_a_reference_only_where_it_is_missing(house: House, told: bool) -> None:
    order_id = submitted(house)
    stuck(house, order_id, 0)
    with house.broker.sessions.begin() as session:
        line = steps.held(session, order_id).lines[0]
        pair = session.get_one(BackReferenceRow, line.id)
        pair.desk_told_at = pair.desk_told_at if told else None
    operate.retry(house.broker, order_id, OPERATOR, "looked")
    assert (("order.refer_back", order_id) in owed(house)) is not told


def test_an_order_with_two_waiting_lines_adopts_nothing(house: House) -> None:
    order_id = submitted(house, "both")
    house.iga.requests["8000"] = house.iga.requests["9001"]
    stuck(house, order_id, 0, 1)
    with pytest.raises(operate.NotPossible):
        operate.adopt(house.broker, order_id, "9001", OPERATOR, "one for both")
    assert states(house, order_id) == ["needs_attention", "needs_attention"]


def test_a_cancelled_line_does_not_close_an_order_of_which_another_is_under_way(
    house: House,
) -> None:
    order_id = submitted(house, "both")
    stuck(house, order_id, 0)
    operate.cancel(house.broker, order_id, OPERATOR, "half is enough")
    assert states(house, order_id) == ["cancelled", "submitted"]
    assert ("order.close", order_id) not in owed(house)
    house.iga.finish("9002")
    house.wait(rounds=2, minutes=10)
    assert states(house, order_id) == ["closed", "closed"]
    (closed,) = [text for what, _, text in house.desk.journal if what == "close"]
    assert " False " in closed
    assert "Cancelled: half is enough" in closed


def test_cancelling_the_last_line_closes_the_order_at_once(house: House) -> None:
    order_id = submitted(house, "both")
    stuck(house, order_id, 0, 1)
    operate.cancel(house.broker, order_id, OPERATOR, "not needed")
    assert states(house, order_id) == ["cancelled", "cancelled"]
    assert ("order.close", order_id) in owed(house)
    told = house.audit("order.cancel")
    assert [event.actor_id for event in told] == ["cho", "cho"]


@pytest.mark.parametrize(
    ("queue", "topic", "open_after"),
    [
        (QueueName.ORDERS, "order.track", False),
        (QueueName.SYNC, "sync.people", True),
    ],
)
def test_an_act_answers_what_was_given_up_about_the_order(
    house: House, queue: QueueName, topic: str, open_after: bool
) -> None:
    order_id, other = submitted(house), submitted(house)
    stuck(house, order_id, 0)
    with house.broker.sessions.begin() as session:
        for row in session.scalars(select(OutboxRow)):
            session.delete(row)
        session.flush()
        for key in (order_id, other):
            outbox.owe(session, queue, topic, key, house.clock.now())
        for row in session.scalars(select(OutboxRow)):
            row.given_up_at = house.clock.now()
    operate.cancel(house.broker, order_id, OPERATOR, "seen")
    with house.broker.sessions() as session:
        given_up = session.scalars(select(OutboxRow).where(*outbox.GIVEN_UP)).all()
    kept = {row.key for row in given_up}
    assert kept == ({order_id, other} if open_after else {other})
