"""Asking about orders: one's own desk's only."""

from dataclasses import replace
from datetime import timedelta

import pytest

from broker.context import Broker
from broker.domain.errors import Unavailable
from broker.orders import preview
from broker.store.orders import OrderRow, carried
from tests.webui.api.posts import NOW, ORDERS, FixedClock, Program, an_order, code_of

NOT_FOUND = (404, "not_found")
ITEM = f"{ORDERS}?item=RITM0010007"


@pytest.fixture
def order_id(desk: Program) -> str:
    return str(desk.post(an_order()).get_json()["order_id"])


def test_an_order_tells_its_state_lines_and_history(desk: Program, order_id: str) -> None:
    said = desk.get(f"{ORDERS}/{order_id}").get_json()
    assert (said["order_id"], said["state"], said["source"]) == (order_id, "received", "servicenow")
    assert said["item"] == {"number": "RITM0010007", "sys_id": "2" * 32}
    assert said["lines"] == [
        {
            "type": "role", "name": "Finance Reporting", "state": "received", "reason": "",
            "iga": "oim", "iga_request_id": None, "iga_request_link": None,
        }
    ]  # fmt: skip
    assert said["history"][0]["sentence"] == "servicenow announced RITM0010007."
    assert said["history"][0]["at"] == NOW.isoformat()


def test_a_submitted_line_names_the_request_and_links_to_it(
    desk: Program, broker: Broker, order_id: str
) -> None:
    with broker.sessions.begin() as session:
        session.get_one(OrderRow, order_id).lines[0].iga_request_id = "4711"
    line = desk.get(f"{ORDERS}/{order_id}").get_json()["lines"][0]
    assert line["iga_request_id"] == "4711"
    assert line["iga_request_link"] == "https://oim.example.com/requests/4711"


def test_an_order_without_items_has_a_line_without_a_name_yet(desk: Program) -> None:
    order_id = desk.post(an_order(items=None)).get_json()["order_id"]
    line = desk.get(f"{ORDERS}/{order_id}").get_json()["lines"][0]
    assert (line["type"], line["name"]) == (None, None)


def test_an_order_of_another_desk_does_not_exist_for_this_client(
    emea: Program, order_id: str
) -> None:
    assert code_of(emea.get(f"{ORDERS}/{order_id}")) == NOT_FOUND
    assert code_of(emea.get(ITEM)) == NOT_FOUND
    assert code_of(emea.get(f"{ITEM}&source=servicenow")) == NOT_FOUND


def test_an_order_that_never_was_is_answered_like_a_foreign_one(desk: Program) -> None:
    assert code_of(desk.get(f"{ORDERS}/{'0' * 32}")) == NOT_FOUND
    assert code_of(desk.get(f"{ORDERS}?item=RITM0000000")) == NOT_FOUND


def test_an_order_is_found_by_its_item_s_number(desk: Program, order_id: str) -> None:
    assert desk.get(ITEM).get_json()["order_id"] == order_id


def test_a_client_of_several_desks_has_to_name_one(desk: Program, order_id: str) -> None:
    both = replace(desk, name="both")
    assert code_of(both.get(ITEM)) == (400, "source_needed")
    assert both.get(f"{ITEM}&source=servicenow").get_json()["order_id"] == order_id
    assert code_of(both.get(f"{ITEM}&source=servicenow-emea")) == NOT_FOUND


@pytest.mark.parametrize(
    "query", ["", "?item=", "?item=a&item=b", "?item=a&colour=b", "?source=servicenow"]
)
def test_a_question_that_is_none_is_refused(desk: Program, query: str) -> None:
    assert desk.get(f"{ORDERS}{query}").status_code == 400


def test_of_several_orders_about_an_item_the_carrying_one_is_shown(
    desk: Program, broker: Broker, order_id: str
) -> None:
    assert isinstance(broker.clock, FixedClock)
    broker.clock.at = NOW + timedelta(minutes=1)
    forged = desk.post(an_order(beneficiary={"user_name": "eve"})).get_json()["order_id"]
    assert desk.get(ITEM).get_json()["order_id"] == forged
    with broker.sessions.begin() as session:
        order = session.get_one(OrderRow, order_id)
        order.carried_item = carried(order.source, order.item_id)
    said = desk.get(ITEM).get_json()
    assert (said["order_id"], said["other_order_ids"]) == (order_id, [forged])


def test_a_preview_of_an_unreachable_desk_says_to_ask_again(
    desk: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object) -> None:
        raise Unavailable("servicenow", "is down")

    monkeypatch.setattr(preview, "preview", silent)
    answer = desk.post(an_order(), path=f"{ORDERS}/preview")
    assert code_of(answer) == (503, "system_silent")


def test_a_preview_is_refused_like_a_post(desk: Program) -> None:
    answer = desk.post(an_order(source="elsewhere"), path=f"{ORDERS}/preview")
    assert answer.status_code == 403
