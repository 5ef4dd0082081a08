"""Finding an item by the number that people know it by."""

from collections.abc import Iterator

import pytest
import responses

from broker.domain.errors import Refused
from broker.ports.desk import OrderRef
from tests.connectors.conftest import DeskSite, servicenow_at

BASE = "https://desk.example.com"
ITEMS = f"{BASE}/api/now/table/sc_req_item"
ONE, TWO = {"X-Total-Count": "1"}, {"X-Total-Count": "2"}


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def row(digit: str, number: str = "RITM0010007") -> dict[str, str]:
    return {"sys_id": digit * 32, "number": number, "request": "", "request.number": ""}


def test_an_item_is_found_by_its_number_with_the_request_above_it(desk: DeskSite) -> None:
    ordered = desk.order("finance_reporting")
    found = desk.desk.find_order(ordered.item_number)
    assert found is not None
    assert (found.source, found.item_id) == ("servicenow", ordered.item_id)
    assert (found.request_number or "").startswith("REQ")
    assert found.task_id is None
    assert desk.desk.order(found).ref.item_number == ordered.item_number


@pytest.mark.parametrize(
    "number", ["RITM9999999", "", "RITM001^ORnumberISNOTEMPTY", "javascript:gs.now()", "a\nb"]
)
def test_a_number_that_no_item_has_finds_nothing(desk: DeskSite, number: str) -> None:
    desk.order("finance_reporting")
    assert desk.desk.find_order(number) is None


def test_a_part_of_a_number_finds_nothing(desk: DeskSite) -> None:
    ordered = desk.order("finance_reporting")
    assert desk.desk.find_order(ordered.item_number[:-1]) is None


def test_a_number_may_be_typed_without_its_prefix_and_its_zeros(desk: DeskSite) -> None:
    ordered = desk.order("finance_reporting")
    typed = ordered.item_number.removeprefix("RITM").lstrip("0")
    found = desk.desk.find_order(typed)
    assert found is not None
    assert found.item_number == ordered.item_number
    assert desk.connect(item_prefix="REQITEM").find_order(typed) is None


def test_a_dropped_condition_finds_no_other_item(wire: responses.RequestsMock) -> None:
    wire.add("GET", ITEMS, json={"result": [row("a", "RITM0000001")]}, headers=ONE)
    assert servicenow_at(BASE, client_id="").find_order("RITM0010007") is None


def test_several_items_with_one_number_are_for_a_person(wire: responses.RequestsMock) -> None:
    wire.add("GET", ITEMS, json={"result": [row("a"), row("b")]}, headers=TWO)
    with pytest.raises(Refused, match="has 2 items with the number RITM0010007"):
        servicenow_at(BASE, client_id="").find_order("RITM0010007")


def test_an_item_without_a_request_above_it_is_found_too(wire: responses.RequestsMock) -> None:
    wire.add("GET", ITEMS, json={"result": [row("a")]}, headers=ONE)
    found = servicenow_at(BASE, client_id="").find_order("RITM0010007")
    assert found == OrderRef("servicenow", "a" * 32, "RITM0010007")
