"""An operator says which request an order became: only one that the order could have become."""

from dataclasses import replace

import pytest

from broker.domain.access_requests import RequestState
from broker.domain.errors import Refused, UnknownOutcome
from broker.orders import cancellation, operate, tracking
from broker.orders.help import ask_for_help
from broker.ports.desk import DeskApproval
from broker.ports.queue import QueueName
from broker.store import outbox
from broker.store.audit import Actor
from tests.use_cases.conftest import EVE, House

pytestmark = pytest.mark.both
OPERATOR = Actor("person", "cho")


@pytest.fixture
def stuck(house: House) -> str:
    """An order of ada's whose submission nobody could find again; request 9001 is its own."""
    house.iga.breaks["submit, after acceptance"] = UnknownOutcome("oim", "lost")
    answer = house.post(house.item())
    house.work()
    house.iga.breaks["find_submitted"] = Refused("oim", "two requests carry this reference")
    house.wait(rounds=2, seconds=6)
    assert house.state(answer) == "needs_attention"
    return str(answer["order_id"])


def other(house: House, **item: str) -> str:
    """A request that is like the order's own but for its items."""
    own = house.iga.requests["9001"]
    items = tuple(replace(one, **item) for one in own.items)  # type: ignore[arg-type]  # texts only
    header = replace(own.header, id="8000")
    house.iga.requests["8000"] = replace(own, header=header, items=items)
    return "8000"


def test_a_request_for_something_else_is_not_adopted(house: House, stuck: str) -> None:
    other(house, key="99", name="Budget Approver")
    with pytest.raises(operate.NotPossible, match="8000 is not for Finance Reporting"):
        operate.adopt(house.broker, stuck, "8000", OPERATOR, "a guess")


def test_a_request_for_somebody_else_is_not_adopted(house: House, stuck: str) -> None:
    own = house.iga.requests["9001"]
    header = replace(own.header, beneficiary_keys=(EVE.key,))
    house.iga.requests["8000"] = replace(own, header=header)
    with pytest.raises(operate.NotPossible, match="for somebody else"):
        operate.adopt(house.broker, stuck, "8000", OPERATOR, "a guess")


def test_what_somebody_else_gets_by_the_same_request_does_not_count(
    house: House, stuck: str
) -> None:
    other(house, beneficiary_key=EVE.key)
    with pytest.raises(operate.NotPossible, match="8000 is not for Finance Reporting"):
        operate.adopt(house.broker, stuck, "8000", OPERATOR, "a guess")


def test_a_request_that_carries_out_another_order_is_not_adopted(house: House, stuck: str) -> None:
    twin = house.post(house.item())
    house.work()
    assert house.order(twin).lines[0].iga_request_id == "9002"
    with pytest.raises(operate.NotPossible, match="9002 belongs to RITM0000003 already"):
        operate.adopt(house.broker, stuck, "9002", OPERATOR, "the same wish")
    assert house.state({"order_id": stuck}) == "needs_attention"


def test_a_request_written_another_way_is_the_same(house: House, stuck: str) -> None:
    house.post(house.item())
    house.work()
    house.iga.requests["09002"] = house.iga.requests["9002"]
    with pytest.raises(operate.NotPossible, match="9002 belongs to RITM0000003 already"):
        operate.adopt(house.broker, stuck, "09002", OPERATOR, "the same wish")


def test_what_somebody_asked_for_themselves_is_not_withdrawn_with_the_order(
    house: House, stuck: str
) -> None:
    request_id = other(house)
    own = house.iga.requests[request_id]
    header = replace(own.header, justification="for me")
    house.iga.requests[request_id] = replace(own, header=header)
    house.iga.finish(request_id, RequestState.AWAITING_APPROVAL)
    operate.adopt(house.broker, stuck, request_id, OPERATOR, "ada asked for it herself")
    ref = house.order({"order_id": stuck}).ref
    house.desk.approve(ref.item_id, DeskApproval.CANCELLED)
    house.change(ref, active=False)
    cancellation.announced(house.broker, OPERATOR, ref.source, ref.item_number, ref.item_id)
    house.wait(rounds=2, seconds=5)
    order = {"order_id": stuck}
    assert (house.state(order), house.iga.withdrawals) == ("needs_attention", [])
    assert "was adopted, and does not name this order" in house.reason(order)


def test_what_becomes_of_a_request_says_nothing_of_the_one_adopted_since(
    house: House,
) -> None:
    answer = house.post(house.item())
    house.work()
    house.iga.finish("9001")
    order = house.order(answer)
    payload = {"order_id": order.id, "line_id": order.lines[0].id}
    message = outbox.Message("", QueueName.ORDERS, "", "", payload, 1, 1, 0, 0, None)
    seen = tracking.track(house.broker, message)
    with house.broker.sessions.begin() as session:
        ask_for_help(session, message, "an operator looks", house.broker)
    request_id = other(house)
    operate.adopt(house.broker, order.id, request_id, OPERATOR, "that one")
    with house.broker.sessions.begin() as session:
        seen(session)
    assert house.state(answer) == "submitted"


def test_a_request_for_the_same_access_is_adopted(house: House, stuck: str) -> None:
    operate.adopt(house.broker, stuck, other(house), OPERATOR, "ada asked for it herself")
    house.iga.finish("8000")
    house.wait(seconds=5)
    assert house.state({"order_id": stuck}) == "closed"
