"""Telling the desk how it ended: once, whole, and in words that stay true."""

import pytest

from broker.domain.access_requests import RequestState
from broker.domain.errors import Unavailable
from broker.orders import steps
from broker.store.orders import OrderRow
from tests.use_cases.conftest import House

pytestmark = pytest.mark.both


def told(house: House) -> str:
    """What the desk was told at the end."""
    (entry,) = [text for what, _, text in house.desk.journal if what == "close"]
    return entry.partition(" ")[2]


def owe_close(house: House, order_id: str) -> None:
    with house.broker.sessions.begin() as session:
        order = session.get_one(OrderRow, order_id)
        steps.owe(session, "order.close", order, house.clock.now())


def submitted(house: House, catalogue_item: str = "role") -> dict[str, object]:
    answer = house.post(house.item(catalogue_item))
    house.work()
    return answer


def test_a_closed_order_is_not_told_to_the_desk_again(house: House) -> None:
    answer = submitted(house)
    house.iga.finish("9001")
    house.wait(minutes=10)
    assert house.state(answer) == "closed"
    owe_close(house, str(answer["order_id"]))
    house.desk.breaks["close"] = Unavailable("servicenow", "must not be asked")
    house.work()
    assert house.desk.breaks.keys() == {"close"}
    assert house.state(answer) == "closed"


def test_an_order_with_a_line_under_way_is_not_closed(house: House) -> None:
    answer = submitted(house, "both")
    house.iga.finish("9001")
    house.wait(minutes=10)
    owe_close(house, str(answer["order_id"]))
    house.work()
    assert not [entry for entry in house.desk.journal if entry[0] == "close"]
    assert [line.state.value for line in house.order(answer).lines] == ["fulfilled", "submitted"]


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        (
            (RequestState.COMPLETED, RequestState.COMPLETED),
            (
                "True role Budget Approver: granted (oim request 9001)\n"
                "role Finance Reporting: granted (oim request 9002)"
                " Access granted: Budget Approver, Finance Reporting."
            ),
        ),
        (
            (RequestState.COMPLETED, RequestState.REJECTED),
            (
                "False role Budget Approver: granted (oim request 9001)\n"
                "role Finance Reporting: refused – The request was rejected in the IGA."
                " (oim request 9002)"
                " Access granted: Budget Approver. Access not granted: Finance Reporting."
                " The request was rejected in the IGA."
            ),
        ),
        (
            (RequestState.FAILED, RequestState.FAILED),
            (
                "False role Budget Approver: failed – The IGA could not grant the access."
                " (oim request 9001)\n"
                "role Finance Reporting: failed – The IGA could not grant the access."
                " (oim request 9002)"
                " Access not granted: Budget Approver, Finance Reporting."
                " The IGA could not grant the access."
            ),
        ),
        (
            (RequestState.WITHDRAWN, RequestState.CLOSED),
            (
                "False role Budget Approver: cancelled – The request was withdrawn in the IGA."
                " (oim request 9001)\n"
                "role Finance Reporting: cancelled – The request was closed in the IGA."
                " (oim request 9002)"
                " Access not granted: Budget Approver, Finance Reporting."
                " The request was withdrawn in the IGA. The request was closed in the IGA."
            ),
        ),
    ],
    ids=["all", "some", "none, for one reason", "none, for two"],
)
def test_desk_and_employee_read_how_each_line_ended(
    house: House, ends: tuple[RequestState, RequestState], said: str
) -> None:
    submitted(house, "both")
    for request_id, state in zip(("9001", "9002"), ends, strict=True):
        house.iga.finish(request_id, state)
    house.wait(rounds=3, minutes=10)
    assert told(house) == said


@pytest.mark.parametrize(
    ("end", "event"),
    [
        (RequestState.COMPLETED, "fulfil"),
        (RequestState.REJECTED, "refuse"),
        (RequestState.FAILED, "fail"),
        (RequestState.WITHDRAWN, "cancel"),
        (RequestState.CLOSED, "cancel"),
    ],
)
def test_the_audit_trail_tells_the_end_and_the_closing(
    house: House, end: RequestState, event: str
) -> None:
    answer = submitted(house)
    house.iga.finish("9001", end)
    house.wait(rounds=2, minutes=10)
    (ended,), (closed,) = house.audit(f"order.{event}"), house.audit("order.close")
    assert ended.subject_id == closed.subject_id == answer["order_id"]
    assert (closed.outcome, closed.actor_kind) == ("closed", "system")
    complete = "true" if end is RequestState.COMPLETED else "false"
    assert f'"complete":{complete}' in closed.details


@pytest.mark.parametrize(
    "state", [RequestState.IN_PROGRESS, RequestState.AWAITING_APPROVAL, RequestState.REQUESTED]
)
def test_no_other_word_of_the_iga_ends_an_order(house: House, state: RequestState) -> None:
    answer = submitted(house)
    house.iga.finish("9001", state)
    house.wait(rounds=3, minutes=10)
    assert house.state(answer) == "submitted"
    assert not [entry for entry in house.desk.journal if entry[0] == "close"]


def test_the_timeline_says_how_the_item_was_closed(house: House) -> None:
    answer = submitted(house)
    house.iga.finish("9001", RequestState.REJECTED)
    house.wait(rounds=2, minutes=10)
    order = house.order(answer)
    said = [step.sentence for step in order.history]
    assert said[-1] == f"{order.item_number} is closed incomplete at the desk."
