"""One request an order, whatever breaks on the way to the IGA, and whoever is slow."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from broker import relay
from broker.context import Broker
from broker.domain.errors import Refused, UnknownOutcome
from broker.orders import operate
from broker.ports.iga import Receipt, Submission
from broker.ports.queue import QueueName
from broker.store import outbox
from broker.store.audit import Actor
from broker.store.outbox import Message, OutboxRow
from tests.use_cases.conftest import House

pytestmark = pytest.mark.both
OPERATOR = Actor("person", "cho")


def slow(house: House, meanwhile: Callable[[], None]) -> None:
    """Let something happen while the IGA is being asked to submit, once."""
    real = house.iga.submit

    def submit(submission: Submission) -> Receipt:
        house.iga.submit = real  # type: ignore[method-assign]  # one call only
        meanwhile()
        return real(submission)

    house.iga.submit = submit  # type: ignore[method-assign]  # until it is called


def claim_submission(house: House) -> Message:
    """The message that owes the submission, claimed."""
    with house.broker.sessions.begin() as session:
        message = outbox.claim(session, QueueName.ORDERS, house.clock.now(), house.broker.lease)
    assert message is not None
    return message


def test_the_search_is_trusted_only_some_time_after_the_answer_was_lost(house: House) -> None:
    """The call itself may take longer than the search lags behind."""

    def lose() -> None:
        house.clock.forward(seconds=30)
        house.iga.breaks["submit, after acceptance"] = UnknownOutcome("oim", "timed out")
        house.iga.hidden = {"9001"}

    slow(house, lose)
    answer = house.post(house.item())
    house.work()
    house.wait(seconds=3)
    assert house.state(answer) == "uncertain"
    house.iga.hidden = set()
    house.wait(rounds=3, seconds=5)
    assert (house.state(answer), len(house.iga.submissions)) == ("submitted", 1)


def test_a_worker_that_wakes_up_after_its_lease_does_not_submit(house: House) -> None:
    house.post(house.item())
    with house.broker.sessions.begin() as session:
        verify = outbox.claim(session, QueueName.ORDERS, house.clock.now(), house.broker.lease)
    assert verify is not None
    relay.pay(house.broker, verify)
    late = claim_submission(house)
    house.clock.forward(seconds=100)
    relay.pay(house.broker, late)
    assert house.iga.submissions == []
    house.work()
    assert len(house.iga.submissions) == 1


def test_a_late_receipt_stores_nothing_twice(house: House) -> None:
    answer = house.post(house.item())
    slow(house, lambda: house.clock.forward(seconds=100))
    house.work()
    house.wait(rounds=3, seconds=10)
    order = house.order(answer)
    assert order.state.value == "submitted"
    assert [step.event for step in order.history].count("submit") <= 1
    assert len(house.iga.submissions) == 1


def test_an_iga_that_always_breaks_is_asked_less_and_less_and_then_an_operator(
    house: House,
) -> None:
    answer = house.post(house.item())
    tries = 0
    for _ in range(120):
        house.iga.breaks["submit"] = UnknownOutcome("oim", "answered 500")
        house.wait(minutes=15)
        tries += "submit" not in house.iga.breaks
    assert house.state(answer) == "needs_attention"
    assert tries < 80


def test_a_step_that_kills_its_workers_is_given_up_at_the_third(house: House) -> None:
    answer = house.post(house.item())
    for _ in range(3):
        house.desk.breaks["order"] = SystemExit("killed")  # type: ignore[assignment]  # as a kill would
        with pytest.raises(SystemExit):
            house.work()
        house.clock.forward(seconds=100)
    house.work()
    assert house.state(answer) == "needs_attention"
    assert house.reason(answer) == "3 workers in a row died at this step"


def test_a_reference_that_the_desk_refuses_does_not_stop_the_order(house: House) -> None:
    house.desk.breaks["refer_back"] = Refused("servicenow", "the field is in use")
    answer = house.post(house.item())
    house.work()
    assert house.state(answer) == "submitted"
    sentences = [step.sentence for step in house.order(answer).history]
    assert any(words.endswith("its reference: the field is in use") for words in sentences)
    house.iga.finish("9001")
    house.wait(seconds=5)
    assert house.state(answer) == "closed"


def test_a_closure_that_the_desk_refuses_is_for_an_operator_and_can_be_tried_again(
    house: House,
) -> None:
    house.desk.breaks["close"] = Refused("servicenow", "has several tasks")
    answer = house.post(house.item())
    house.work()
    house.iga.finish("9001")
    house.wait(seconds=5)
    assert (house.state(answer), house.reason(answer)) == ("needs_attention", "has several tasks")
    operate.retry(house.broker, str(answer["order_id"]), OPERATOR, "closed the other task")
    house.work()
    assert house.state(answer) == "closed"


def test_a_retry_writes_the_reference_that_is_missing(house: House) -> None:
    house.desk.breaks["refer_back"] = Refused("servicenow", "the field is in use")
    house.desk.breaks["close"] = Refused("servicenow", "has several tasks")
    answer = house.post(house.item())
    house.work()
    house.iga.finish("9001")
    house.wait(seconds=5)
    operate.retry(house.broker, str(answer["order_id"]), OPERATOR, "freed the field")
    house.work()
    assert sorted(what for what, _, _ in house.desk.journal) == ["close", "refer back"]


def test_the_employee_reads_what_was_granted_and_what_was_not(house: House) -> None:
    house.post(house.item("both"))
    house.work()
    house.iga.breaks.clear()
    first, second = house.iga.submissions
    house.iga.finish("9001")
    house.iga.finish("9002", state=house.iga.requests["9002"].header.state.FAILED)
    house.wait(rounds=3, seconds=5)
    text = house.desk.journal[-1][2]
    assert f"Access granted: {first.items[0].name}." in text
    assert f"Access not granted: {second.items[0].name}." in text


def test_twins_run_one_after_the_other(house: House) -> None:
    def owe(broker: Broker) -> None:
        with broker.sessions.begin() as session:
            outbox.owe(session, QueueName.SYNC, "sync.changes", "oim", broker.clock.now())

    owe(house.broker)
    with house.broker.sessions.begin() as session:
        assert outbox.claim(session, QueueName.SYNC, house.clock.now(), house.broker.lease)
    owe(house.broker)
    with house.broker.sessions.begin() as session:
        assert not outbox.claim(session, QueueName.SYNC, house.clock.now(), house.broker.lease)
        assert len(session.scalars(select(OutboxRow)).all()) == 2


def test_a_burst_rings_its_own_queue_no_more_than_needed(house: House) -> None:
    for _ in range(20):
        house.post(house.item())
    house.bell.rung.clear()
    house.work()
    assert house.bell.rung.count(QueueName.ORDERS) == 0
