"""A preview says what would become of an order, and leaves no trace of it."""

from typing import Any

import pytest
from sqlalchemy import select

from broker.domain.errors import Unavailable
from broker.orders.post import parse
from broker.orders.preview import preview
from broker.ports.desk import DeskApproval, OrderRef
from broker.store.orders import OrderRow
from broker.store.outbox import OutboxRow
from tests.use_cases.conftest import House

pytestmark = pytest.mark.both
FINANCE = {"type": "role", "name": "Finance Reporting"}


def ask(house: House, ref: OrderRef, **changes: object) -> dict[str, Any]:
    return preview(house.broker, "servicenow", parse(house.body(ref, **changes)))


def test_a_good_order_is_told_with_whom_and_what(house: House) -> None:
    assert ask(house, house.item()) == {
        "acceptable": True,
        "beneficiary": {"login": "ADA", "display_name": "Ada Moreno"},
        "items": [FINANCE],
        "already_held": [],
        "problems": [],
    }


def test_what_somebody_holds_already_is_said(house: House) -> None:
    house.post(house.item())
    house.work()
    house.iga.finish("9001")
    assert ask(house, house.item())["already_held"] == [FINANCE]


@pytest.mark.parametrize(
    ("catalogue_item", "changes", "problem"),
    [
        ("role", {"beneficiary": {"user_name": "eve"}}, "The post asks for eve, but at the desk"),
        ("laptop", {"items": [FINANCE]}, "stands for no access at all."),
        ("badge", {}, "has no entry in the catalogue mapping"),
    ],
)
def test_what_would_stop_the_order_is_said_in_a_sentence(
    house: House, catalogue_item: str, changes: dict[str, Any], problem: str
) -> None:
    told = ask(house, house.item(catalogue_item), **changes)
    assert (told["acceptable"], told["items"]) == (False, [])
    assert problem in told["problems"][0]


def test_an_item_not_approved_yet_is_no_accepted_one(house: House) -> None:
    told = ask(house, house.item(approval=DeskApproval.PENDING))
    assert told["problems"][0].endswith("is not approved at the desk yet")


def test_an_item_nobody_knows_is_said(house: House) -> None:
    ref = house.item()
    del house.desk.items[ref.item_id]
    assert ask(house, ref)["problems"] == [f"has no item {ref.item_number}"]


def test_a_desk_that_is_down_cannot_be_asked(house: House) -> None:
    ref = house.item()
    house.desk.breaks["order"] = Unavailable("servicenow", "is down")
    with pytest.raises(Unavailable):
        ask(house, ref)


def test_nothing_is_stored_owed_or_submitted(house: House) -> None:
    ask(house, house.item())
    with house.broker.sessions() as session:
        assert session.scalars(select(OrderRow)).all() == []
        assert session.scalars(select(OutboxRow)).all() == []
    assert (house.iga.submissions, house.desk.journal) == ([], [])
