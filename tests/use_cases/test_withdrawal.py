"""An order taken back at the desk is withdrawn in the IGA, or followed to whatever end it has."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from broker.domain.access_requests import RequestedItem, RequestState
from broker.domain.errors import Refused, Unavailable, UnknownOutcome
from broker.orders import cancellation, operate
from broker.ports.desk import DeskApproval, OrderRef
from broker.store.audit import Actor
from tests.use_cases.conftest import ADA, EVE, House

pytestmark = pytest.mark.both
CLIENT = Actor("client", "servicenow")
WAITS = RequestState.AWAITING_APPROVAL


def ordered(house: House, state: RequestState = WAITS) -> tuple[OrderRef, dict[str, Any]]:
    """An order whose request 9001 is in this state."""
    ref = house.item()
    answer = house.post(ref)
    house.work()
    house.iga.finish("9001", state)
    return ref, answer


def take_back(house: House, ref: OrderRef) -> None:
    """Somebody cancels the item at the desk, whose script says so."""
    house.desk.approve(ref.item_id, DeskApproval.CANCELLED)
    house.change(ref, active=False)
    cancellation.announced(house.broker, CLIENT, ref.source, ref.item_number, ref.item_id)


def taken_back_while_down(house: House) -> tuple[OrderRef, dict[str, Any]]:
    """An order taken back at the desk while the IGA, which has its request, is down."""
    ref, answer = ordered(house)
    house.iga.breaks["withdraw"] = Unavailable("oim", "is down")
    take_back(house, ref)
    house.work()
    return ref, answer


def told(house: House) -> Sequence[str]:
    return [text for what, _, text in house.desk.journal if what == "close"]


def sentences(house: House, answer: dict[str, Any]) -> list[str]:
    return [step.sentence for step in house.order(answer).history]


def test_what_waits_for_approval_is_withdrawn_and_the_ticket_closed(house: House) -> None:
    ref, answer = ordered(house)
    take_back(house, ref)
    house.wait(rounds=2, seconds=5)
    assert house.iga.withdrawals == ["9001"]
    assert house.state(answer) == "closed"
    (text,) = told(house)
    assert "False role Finance Reporting: cancelled – The request was withdrawn in the IGA." in text
    steps = sentences(house, answer)
    assert (
        f"{ref.item_number} was cancelled at the desk. Request 9001 is to be withdrawn in the IGA."
        in steps
    )
    assert "Request 9001 was withdrawn in the IGA." in steps
    assert [event.outcome for event in house.audit("order.withdraw")] == ["done"]


def test_what_is_approved_by_then_is_for_an_operator(house: House) -> None:
    """Access is on its way that nobody at the desk wants any more."""
    ref, answer = ordered(house, RequestState.IN_PROGRESS)
    take_back(house, ref)
    house.work()
    assert (house.state(answer), house.iga.withdrawals) == ("needs_attention", [])
    (line,) = house.order(answer).lines
    assert "was cancelled at the desk. Request 9001 goes on in the IGA, which has" in line.reason
    assert "Undo it there, if it is not wanted. Then retry" in line.reason


def test_the_operator_lets_it_go_on_and_everybody_is_told(house: House) -> None:
    ref, answer = ordered(house, RequestState.IN_PROGRESS)
    take_back(house, ref)
    house.work()
    house.iga.finish("9001")
    operate.retry(house.broker, house.order(answer).id, CLIENT, "the role was taken away by hand")
    house.wait(rounds=2, seconds=5)
    assert house.state(answer) == "closed"
    (text,) = told(house)
    assert f"granted, though {ref.item_number} was cancelled: too late to stop it" in text
    assert "Access granted: Finance Reporting. It was too late to cancel that." in text
    assert [event.outcome for event in house.audit("order.withdraw")] == ["refused"]


def test_an_answer_that_was_lost_is_asked_for_again(house: House) -> None:
    ref, answer = ordered(house)
    house.iga.breaks["withdraw, after acceptance"] = UnknownOutcome("oim", "the answer was lost")
    take_back(house, ref)
    house.wait(rounds=3, seconds=5)
    assert (house.state(answer), house.iga.withdrawals) == ("closed", ["9001"])


def test_a_worker_killed_at_the_call_leaves_nothing_undone(house: House) -> None:
    ref, answer = ordered(house)
    house.iga.breaks["withdraw, after acceptance"] = SystemExit("killed")  # type: ignore[assignment]  # as a kill would
    take_back(house, ref)
    with pytest.raises(SystemExit):
        house.work()
    house.wait(rounds=3, seconds=100)
    assert (house.state(answer), house.iga.withdrawals) == ("closed", ["9001"])


def test_an_iga_that_is_down_delays_it_only(house: House) -> None:
    _, answer = taken_back_while_down(house)
    assert house.state(answer) == "submitted"
    house.wait(rounds=3, seconds=5)
    assert (house.state(answer), house.iga.withdrawals) == ("closed", ["9001"])


def test_what_is_approved_again_while_the_iga_was_down_is_not_withdrawn(house: House) -> None:
    ref, answer = taken_back_while_down(house)
    house.desk.approve(ref.item_id)
    house.change(ref, active=True)
    house.wait(rounds=3, seconds=5)
    assert (house.state(answer), house.iga.withdrawals) == ("submitted", [])
    said = f"{ref.item_number} is wanted at the desk again. Request 9001 goes on in the IGA."
    assert said in sentences(house, answer)


@pytest.fixture
def again(house: House) -> tuple[OrderRef, dict[str, Any]]:
    """An order that was taken back, and approved again before its request could be withdrawn."""
    ref, answer = taken_back_while_down(house)
    house.desk.approve(ref.item_id)
    house.change(ref, active=True)
    house.wait(rounds=3, seconds=5)
    return ref, answer


def test_whoever_takes_back_what_was_approved_again_is_heard(
    house: House, again: tuple[OrderRef, dict[str, Any]]
) -> None:
    ref, answer = again
    take_back(house, ref)
    house.wait(rounds=3, seconds=5)
    assert (house.state(answer), house.iga.withdrawals) == ("closed", ["9001"])


def test_what_was_approved_again_and_granted_did_not_come_too_late(
    house: House, again: tuple[OrderRef, dict[str, Any]]
) -> None:
    house.iga.finish("9001")
    house.wait(rounds=2, seconds=5)
    (text,) = told(house)
    assert "Access granted: Finance Reporting." in text
    assert "too late" not in text


def test_an_item_that_is_gone_by_then_is_no_reason_to_withdraw(house: House) -> None:
    ref, answer = taken_back_while_down(house)
    del house.desk.items[ref.item_id]
    house.wait(rounds=3, seconds=5)
    assert (house.state(answer), house.iga.withdrawals) == ("submitted", [])
    assert any("is not at the desk" in each for each in sentences(house, answer))


def test_a_knock_alone_withdraws_nothing(house: House) -> None:
    ref, answer = ordered(house)
    cancellation.announced(house.broker, CLIENT, ref.source, ref.item_number, ref.item_id)
    house.wait(rounds=2, seconds=5)
    assert (house.state(answer), house.iga.withdrawals) == ("submitted", [])


def test_it_is_said_and_done_once_however_often_the_desk_says_so(house: House) -> None:
    ref, answer = ordered(house)
    for _ in range(3):
        take_back(house, ref)
        house.work()
    assert house.iga.withdrawals == ["9001"]
    house.wait(rounds=2, seconds=5)
    take_back(house, ref)
    house.work()
    assert (house.state(answer), len(told(house))) == ("closed", 1)
    assert len(house.audit("order.withdraw")) == 1


def test_a_request_that_vanished_is_for_an_operator(house: House) -> None:
    ref, answer = ordered(house)
    house.iga.hidden.add("9001")
    take_back(house, ref)
    house.work()
    assert (house.state(answer), house.iga.withdrawals) == ("needs_attention", [])


def test_a_revocation_is_withdrawn_like_a_grant(house: House) -> None:
    house.iga.direct = True
    house.post(house.item("account"))
    house.work()
    house.iga.direct = False
    ref = house.item("leave")
    answer = house.post(ref, action="revoke")
    house.work()
    (request_id,) = house.iga.requests
    house.iga.finish(request_id, WAITS)
    take_back(house, ref)
    house.wait(rounds=2, seconds=5)
    assert (house.state(answer), house.iga.withdrawals) == ("closed", [request_id])
    assert "Access not removed: Ledger." in told(house)[-1]
    assert [each.key for who, each in house.iga.held if who == ADA.key] == ["21"]


# ---- a request for several people ----------------------------------------------------------------


def share(house: House, children: tuple[str, ...] = ()) -> None:
    """Request 9001 is for eve too, and has been split into these, ada's first."""
    parent = house.iga.requests["9001"]
    header = replace(parent.header, beneficiary_keys=(ADA.key, EVE.key))
    (item,) = parent.items
    items = [item, replace(item, beneficiary_key=EVE.key)]
    house.iga.requests["9001"] = replace(parent, header=header, items=items, children=children)
    for child, own in zip(children, items, strict=False):
        one = replace(parent.header, id=child, beneficiary_keys=(own.beneficiary_key,), state=WAITS)
        house.iga.requests[child] = replace(parent, header=one, items=[own])


def test_a_request_that_is_for_others_too_is_left_alone(house: House) -> None:
    ref, answer = ordered(house)
    share(house)
    take_back(house, ref)
    house.work()
    assert (house.state(answer), house.iga.withdrawals) == ("needs_attention", [])
    assert any("is for others too: it was not withdrawn" in s for s in sentences(house, answer))


def test_of_a_request_that_was_split_only_our_own_part_is_withdrawn(house: House) -> None:
    ref, answer = ordered(house)
    share(house, ("9101", "9102"))
    take_back(house, ref)
    house.wait(rounds=2, seconds=5)
    assert (house.state(answer), house.iga.withdrawals) == ("closed", ["9101"])
    assert house.iga.requests["9102"].header.state is WAITS


@pytest.mark.parametrize(
    ("own", "end"), [(RequestState.COMPLETED, "granted"), (RequestState.REJECTED, "not granted")]
)
def test_an_order_ends_as_its_own_part_does(house: House, own: RequestState, end: str) -> None:
    """The parent ends with errors whichever part of it has failed."""
    _, answer = ordered(house)
    share(house, ("9101", "9102"))
    house.iga.finish("9101", own)
    house.iga.finish("9102", RequestState.FAILED)
    house.iga.requests["9001"] = replace(
        house.iga.requests["9001"],
        header=replace(house.iga.requests["9001"].header, state=RequestState.FAILED),
    )
    house.wait(rounds=2, seconds=5)
    assert house.state(answer) == "closed"
    assert f"Access {end}: Finance Reporting." in told(house)[0]


def test_a_part_for_something_else_says_nothing(house: House) -> None:
    _, answer = ordered(house)
    share(house, ("9101", "9102"))
    (item,) = house.iga.requests["9101"].items
    other: RequestedItem = replace(item, key="99")
    house.iga.requests["9101"] = replace(house.iga.requests["9101"], items=[other])
    house.iga.finish("9101", RequestState.FAILED)
    house.iga.hidden.add("9102")
    house.wait(rounds=2, seconds=5)
    assert house.state(answer) == "submitted"


def test_a_request_that_cannot_be_withdrawn_says_why(house: House) -> None:
    ref, answer = ordered(house)
    house.iga.breaks["withdraw"] = Refused("oim", "refused: only its requester may withdraw it")
    take_back(house, ref)
    house.work()
    assert any("only its requester may" in each for each in sentences(house, answer))
