"""The desk takes an order back: asked, never believed; and what comes of it at each stage."""

from typing import Any

import pytest
from sqlalchemy import select

from broker import relay
from broker.domain.access_requests import RequestState
from broker.domain.errors import Postponed, Unavailable, UnknownOutcome
from broker.domain.orders import LineState
from broker.orders import cancellation, operate
from broker.ports.desk import DeskApproval, OrderRef
from broker.ports.queue import QueueName
from broker.store import orders, outbox
from broker.store.audit import Actor
from broker.store.orders import EvidenceRow
from broker.store.outbox import OutboxRow
from tests.use_cases.conftest import ADA, House

pytestmark = pytest.mark.both
CLIENT, OPERATOR = Actor("client", "servicenow"), Actor("person", "cho")


def knock(house: House, ref: OrderRef, number: str = "") -> None:
    """The desk's script says that the item was cancelled."""
    said = number or ref.item_number
    cancellation.announced(house.broker, CLIENT, ref.source, said, ref.item_id)


def take_back(house: House, ref: OrderRef) -> None:
    """Somebody cancels the item at the desk, which closes it there."""
    house.desk.approve(ref.item_id, DeskApproval.CANCELLED)
    house.change(ref, active=False)


def verified(house: House, ref: OrderRef) -> dict[str, Any]:
    """An order that the desk has confirmed and that is not submitted yet."""
    answer = house.post(ref)
    with house.broker.sessions.begin() as session:
        message = outbox.claim(session, QueueName.ORDERS, house.clock.now(), house.broker.lease)
    assert message is not None
    relay.pay(house.broker, message)
    assert house.state(answer) == "verified"
    return answer


def recall_now(house: House, answer: dict[str, Any]) -> None:
    """Pay the recall before anything else that is due."""
    payload = {"order_id": answer["order_id"]}
    message = outbox.Message("", QueueName.ORDERS, "", "", payload, 1, 1, 0, 0, None)
    effect = cancellation.recall(house.broker, message)
    with house.broker.sessions.begin() as session:
        effect(session)


def uncertain(house: House, ref: OrderRef) -> dict[str, Any]:
    """An order that the IGA has taken, which the broker does not know yet."""
    house.iga.breaks["submit, after acceptance"] = UnknownOutcome("oim", "the answer was lost")
    answer = house.post(ref)
    house.work()
    assert house.state(answer) == "uncertain"
    return answer


def told(house: House) -> list[str]:
    """What was written at the desk."""
    return [what for what, _, _ in house.desk.journal]


def events(house: House, answer: dict[str, Any]) -> list[str]:
    return [step.event for step in house.order(answer).history]


def test_an_order_that_waits_for_approval_is_cancelled_with_one_note(house: House) -> None:
    ref = house.item(approval=DeskApproval.PENDING)
    answer = house.post(ref)
    house.work()
    take_back(house, ref)
    knock(house, ref)
    house.wait(rounds=3, seconds=5)
    assert house.state(answer) == "cancelled"
    assert house.reason(answer) == f"{ref.item_number} was cancelled at the desk."
    assert (told(house), house.iga.submissions) == (["note"], [])


def test_a_verified_order_is_cancelled_and_never_submitted(house: House) -> None:
    ref = house.item()
    answer = verified(house, ref)
    take_back(house, ref)
    recall_now(house, answer)
    house.work()
    assert (house.state(answer), house.iga.submissions) == ("cancelled", [])
    assert told(house) == ["note"]
    said = f"{ref.item_number} was cancelled at the desk. Nothing was submitted to the IGA."
    assert house.desk.journal[0][2].endswith(said)
    assert house.audit("order.cancel")[0].details.count("taken_back_at_desk") == 1


def test_what_was_sent_and_given_up_is_not_said_never_to_have_been_sent(house: House) -> None:
    ref = house.item("both")
    answer = verified(house, ref)
    with house.broker.sessions.begin() as session:
        line = orders.locked(session, str(answer["order_id"])).lines[0]  # type: ignore[union-attr]  # just made
        line.state, line.tried_at = LineState.CANCELLED, house.clock.now()
    take_back(house, ref)
    recall_now(house, answer)
    house.work()
    assert (house.state(answer), told(house)) == ("closed", ["close"])


def test_what_the_desk_said_of_an_order_that_waits_for_an_operator_is_audited(
    house: House,
) -> None:
    ref = house.item()
    answer = house.post(ref)
    house.work()
    house.iga.hidden.add("9001")
    house.wait(seconds=5)
    assert house.state(answer) == "needs_attention"
    take_back(house, ref)
    knock(house, ref)
    house.work()
    assert [event.outcome for event in house.audit("order.recall")] == ["received", "done"]


def test_an_approval_taken_back_stops_a_verified_order_too(house: House) -> None:
    ref = house.item()
    answer = verified(house, ref)
    house.desk.approve(ref.item_id, DeskApproval.REJECTED)
    recall_now(house, answer)
    house.work()
    assert (house.state(answer), house.iga.submissions) == ("cancelled", [])
    assert house.reason(answer).endswith("was rejected at the desk.")


def test_an_item_approved_again_after_it_was_taken_back_is_a_new_order(house: House) -> None:
    ref = house.item()
    first = verified(house, ref)
    take_back(house, ref)
    recall_now(house, first)
    house.desk.approve(ref.item_id)
    house.change(ref, active=True)
    again = house.post(ref)
    house.work()
    assert (again["duplicate"], house.state(again)) == (False, "submitted")
    assert house.state(first) == "cancelled"


@pytest.mark.parametrize("gone", [False, True])
def test_a_verified_order_whose_item_was_only_closed_waits_for_an_operator(
    house: House, gone: bool
) -> None:
    ref = house.item()
    answer = verified(house, ref)
    house.change(ref, active=False)
    if gone:
        del house.desk.items[ref.item_id]
    recall_now(house, answer)
    house.work()
    assert (house.state(answer), house.iga.submissions) == ("needs_attention", [])
    what = "is not at the desk: it has no item" if gone else "was closed at the desk. Nothing was"
    assert what in house.reason(answer)


def test_a_post_alone_stops_nothing(house: House) -> None:
    ref = house.item()
    answer = verified(house, ref)
    knock(house, ref)
    house.work()
    assert house.state(answer) == "submitted"
    assert "recall" in events(house, answer)
    received, asked = house.audit("order.recall")
    assert (received.actor_id, received.outcome) == ("servicenow", "received")
    assert (asked.actor_id, asked.outcome) == ("broker", "unfounded")


@pytest.mark.parametrize("known", ["number", "id"])
def test_a_post_about_an_item_we_do_not_have_leaves_no_trace(house: House, known: str) -> None:
    ref, other = house.item(), house.item()
    house.post(ref)
    house.work()
    if known == "number":
        cancellation.announced(house.broker, CLIENT, "servicenow", ref.item_number, other.item_id)
    else:
        knock(house, ref, other.item_number)
    cancellation.announced(house.broker, CLIENT, "elsewhere", ref.item_number, ref.item_id)
    assert house.audit("order.recall") == []


def test_a_forged_order_about_an_item_taken_back_touches_nothing_there(house: House) -> None:
    ref = house.item(approval=DeskApproval.PENDING)
    forged = house.post(ref, beneficiary={"user_name": "eve"})
    take_back(house, ref)
    recall_now(house, forged)
    house.wait(rounds=3, seconds=5)
    assert (house.state(forged), told(house)) == ("rejected", [])


def test_a_submitted_order_whose_item_was_only_closed_is_for_an_operator(house: House) -> None:
    ref = house.item()
    answer = house.post(ref)
    house.work()
    house.change(ref, active=False)
    knock(house, ref)
    house.work()
    assert house.state(answer) == "needs_attention"
    said = f"{ref.item_number} was closed at the desk. That was after it was submitted:"
    assert house.reason(answer).startswith(f"{said} request 9001 goes on in the IGA.")
    assert not house.iga.requests["9001"].header.state.final


def test_the_operator_lets_the_order_follow_its_request_to_the_end(house: House) -> None:
    ref = house.item()
    answer = house.post(ref)
    house.work()
    house.change(ref, active=False)
    knock(house, ref)
    house.work()
    house.iga.finish("9001", RequestState.WITHDRAWN)
    operate.retry(house.broker, str(answer["order_id"]), OPERATOR, "withdrawn in OIM")
    knock(house, ref)
    house.wait(rounds=2, seconds=5)
    assert house.state(answer) == "closed"
    assert told(house) == ["refer back", "close"]


def test_the_same_word_of_the_desk_does_not_stop_an_order_twice(house: House) -> None:
    ref = house.item()
    answer = house.post(ref)
    house.work()
    house.change(ref, active=False)
    for _ in range(3):
        knock(house, ref)
    house.work()
    operate.retry(house.broker, str(answer["order_id"]), OPERATOR, "ada needs it after all")
    knock(house, ref)
    house.work()
    assert house.state(answer) == "submitted"
    house.iga.finish("9001")
    house.wait(rounds=2, seconds=5)
    assert house.state(answer) == "closed"


def test_a_submission_in_flight_is_left_to_its_outcome_first(house: House) -> None:
    ref = house.item()
    answer = uncertain(house, ref)
    take_back(house, ref)
    with pytest.raises(Postponed, match="no outcome yet"):
        recall_now(house, answer)
    knock(house, ref)
    house.work()
    assert house.state(answer) == "uncertain"
    house.wait(rounds=4, seconds=10)
    assert house.state(answer) == "needs_attention"
    (line,) = house.order(answer).lines
    assert "Request 9001 goes on in the IGA, which has" in line.reason
    assert len(house.iga.submissions) == 1


def test_of_two_lines_the_one_not_submitted_is_stopped_and_the_other_followed(
    house: House,
) -> None:
    ref = house.item("both")
    answer = verified(house, ref)
    house.iga.breaks["submit"] = UnknownOutcome("oim", "the connection broke")
    with house.broker.sessions.begin() as session:
        message = outbox.claim(session, QueueName.ORDERS, house.clock.now(), house.broker.lease)
    assert message is not None
    relay.pay(house.broker, message)
    take_back(house, ref)
    recall_now(house, answer)
    states = sorted(line.state.value for line in house.order(answer).lines)
    assert states == ["cancelled", "uncertain"]
    house.wait(rounds=6, seconds=10)
    states = sorted(line.state.value for line in house.order(answer).lines)
    assert states == ["cancelled", "needs_attention"]
    house.iga.finish("9001")
    operate.retry(house.broker, house.order(answer).id, CLIENT, "it is taken back by hand")
    house.wait(rounds=2, seconds=5)
    assert house.state(answer) == "closed"
    assert told(house)[-1] == "close"


def test_an_order_that_waits_for_an_operator_already_says_so(house: House) -> None:
    ref = house.item("badge")
    answer = house.post(ref)
    house.work()
    take_back(house, ref)
    for _ in range(2):
        knock(house, ref)
        house.work()
    assert house.state(answer) == "needs_attention"
    assert house.reason(answer).count(f"{ref.item_number} was cancelled at the desk.") == 1
    assert events(house, answer).count("recall") == 1
    operate.retry(house.broker, str(answer["order_id"]), OPERATOR, "looked")
    house.work()
    assert house.state(answer) == "cancelled"


def test_a_verified_order_parked_before_it_was_taken_back_is_cancelled(house: House) -> None:
    ref = house.item()
    answer = verified(house, ref)
    house.change(ref, active=False)
    recall_now(house, answer)
    assert house.state(answer) == "needs_attention"
    operate.retry(house.broker, str(answer["order_id"]), OPERATOR, "carry on")
    assert house.state(answer) == "verified"


def test_an_order_that_is_over_asks_the_desk_nothing(house: House) -> None:
    ref = house.item()
    answer = house.post(ref)
    house.work()
    house.iga.finish("9001")
    house.wait(seconds=5)
    house.desk.breaks["order"] = AssertionError("asked")
    take_back(house, ref)
    knock(house, ref)
    recall_now(house, answer)
    assert house.state(answer) == "closed"
    assert house.audit("order.recall") == []


def test_a_desk_that_is_down_delays_the_recall_only(house: House) -> None:
    ref = house.item(approval=DeskApproval.PENDING)
    answer = house.post(ref)
    house.work()
    take_back(house, ref)
    house.desk.breaks["order"] = Unavailable("servicenow", "is down")
    knock(house, ref)
    house.wait(rounds=4, seconds=10)
    assert house.state(answer) == "cancelled"


def test_the_desk_is_asked_ever_more_rarely_while_verifying_gets_nowhere(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The item is only closed, so that the IGA has to be asked, and the IGA is down."""

    def down(*_asked: str) -> None:
        raise Unavailable("oim", "is down")

    monkeypatch.setattr(house.iga, "find_people", down)
    ref = house.item()
    house.change(ref, active=False)
    answer = house.post(ref)
    knock(house, ref)
    house.wait(rounds=100, seconds=6)
    with house.broker.sessions() as session:
        asked = session.scalars(select(OutboxRow).where(OutboxRow.topic == "order.recall")).all()
    assert 5 < len(asked) < 20
    monkeypatch.undo()
    house.wait(rounds=4, minutes=10)
    assert house.state(answer) == "needs_attention"


def test_verifying_that_is_owed_anew_while_it_ran_does_no_harm(house: House) -> None:
    ref = house.item()
    answer = verified(house, ref)
    with house.broker.sessions.begin() as session:
        payload = {"order_id": answer["order_id"]}
        at = house.clock.now()
        outbox.owe(session, QueueName.ORDERS, "order.verify", "again", at, payload)
    house.work()
    assert house.state(answer) == "submitted"
    with house.broker.sessions() as session:
        assert session.scalars(select(OutboxRow).where(OutboxRow.failures > 0)).all() == []


def test_what_the_desk_said_is_kept_with_the_line(house: House) -> None:
    ref = house.item(person=ADA)
    answer = verified(house, ref)
    take_back(house, ref)
    recall_now(house, answer)
    with house.broker.sessions() as session:
        (kept,) = session.scalars(select(EvidenceRow).where(EvidenceRow.kind == "recall"))
    assert kept.sha256 in house.audit("order.cancel")[0].details
