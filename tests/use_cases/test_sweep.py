"""Approved items whose post was lost, found by looking through the desk."""

from dataclasses import replace

import pytest

from broker.domain.errors import Refused, Unavailable
from broker.orders import sweep
from broker.ports.desk import DeskApproval, OrderRef
from broker.store.orders import OrderRow
from broker.store.outbox import OutboxRow
from broker.store.sync_runs import SyncRunRow
from broker.sync import timer
from tests.use_cases.conftest import EVE, MAPPING, House


def beat(house: House, minutes: float = 30) -> None:
    """The clock's next slot, and all that follows from it."""
    house.clock.forward(minutes=minutes)
    timer.beat(house.broker)
    house.work()


def orders(house: House, ref: OrderRef) -> list[OrderRow]:
    with house.broker.sessions() as session:
        found = session.query(OrderRow).filter_by(item_id=ref.item_id)
        return found.order_by(OrderRow.received_at).all()


def states(house: House, ref: OrderRef) -> list[str]:
    with house.broker.sessions() as session:
        return [session.merge(order).state.value for order in orders(house, ref)]


@pytest.fixture
def swept(house: House) -> House:
    """A house whose first sweep is over."""
    beat(house)
    return house


def test_an_approved_item_that_nobody_announced_is_carried_out(swept: House) -> None:
    ref = swept.item()
    beat(swept)
    swept.wait(minutes=1)
    assert states(swept, ref) == ["submitted"]
    (submission,) = swept.iga.submissions
    assert submission.beneficiary_key == "1"


def test_its_story_begins_with_how_it_was_found(swept: House) -> None:
    ref = swept.item()
    beat(swept)
    (order,) = orders(swept, ref)
    told = swept.order({"order_id": order.id}).history[0].sentence
    assert told == f"{ref.item_number} was found approved at servicenow, and nobody had said so."
    assert [(event.actor_kind, event.actor_id) for event in swept.audit("order.receive")] == [
        ("system", "broker")
    ]


def test_what_was_approved_before_the_broker_came_is_left_alone(house: House) -> None:
    old = house.item()
    for _ in range(3):
        beat(house)
    assert orders(house, old) == []
    assert house.iga.submissions == []


@pytest.mark.parametrize("asked", [True, False])
def test_a_comment_does_not_make_an_old_approval_new(house: House, asked: bool) -> None:
    old = house.item()
    house.change(old, opened_at=house.clock.now())
    if not asked:
        house.change(old, decisions=[])
    beat(house)
    for _ in range(2):
        house.desk.changed_at[old.item_id] = house.clock.now()
        beat(house)
    assert orders(house, old) == []


def test_what_was_opened_before_and_approved_since_is_taken_in(house: House) -> None:
    ref = house.item(approval=DeskApproval.PENDING)
    house.change(ref, opened_at=house.clock.now())
    beat(house)
    house.desk.approve(ref.item_id, at=house.clock.now())
    house.desk.changed_at[ref.item_id] = house.clock.now()
    beat(house)
    assert len(orders(house, ref)) == 1


def test_an_item_that_was_announced_is_not_taken_in_again(swept: House) -> None:
    ref = swept.item()
    swept.post(ref)
    for _ in range(2):
        beat(swept)
        swept.desk.changed_at[ref.item_id] = swept.clock.now()
    assert len(orders(swept, ref)) == 1
    assert len(swept.iga.submissions) == 1


def test_a_post_that_comes_after_all_is_the_same_order(swept: House) -> None:
    ref = swept.item()
    beat(swept)
    swept.wait(minutes=1)
    answer = swept.post(ref)
    assert answer["duplicate"] is True
    assert [answer["order_id"]] == [order.id for order in orders(swept, ref)]
    assert len(swept.iga.submissions) == 1


def test_a_post_under_way_is_not_overtaken(swept: House) -> None:
    swept.clock.forward(minutes=29)
    ref = swept.item()
    beat(swept, minutes=1)
    assert orders(swept, ref) == []
    beat(swept)
    assert len(orders(swept, ref)) == 1


def test_nothing_falls_between_two_sweeps(swept: House) -> None:
    found = []
    for _ in range(12):
        found.append(swept.item())
        beat(swept, minutes=5)
    beat(swept)
    assert [len(orders(swept, ref)) for ref in found] == [1] * 12


def test_a_desk_that_was_silent_is_looked_through_later(swept: House) -> None:
    ref = swept.item()
    swept.desk.breaks["approved"] = Unavailable("servicenow", "is away")
    beat(swept)
    assert orders(swept, ref) == []
    swept.wait(minutes=5)
    assert len(orders(swept, ref)) == 1
    with swept.broker.sessions() as session:
        runs = session.query(SyncRunRow).filter_by(kind="orders").order_by(SyncRunRow.started_at)
        assert [run.error for run in runs] == ["", "is away", ""]


@pytest.mark.parametrize(
    "facts",
    [
        {"approval": DeskApproval.PENDING},
        {"active": False},
        {"catalogue_item": "laptop"},
        {"catalogue_item": "unmapped"},
        {"requested_for": None},
    ],
)
def test_only_an_open_approved_item_about_access_is_taken_in(
    swept: House, facts: dict[str, object]
) -> None:
    ref = swept.item()
    swept.change(ref, **facts)
    beat(swept)
    assert orders(swept, ref) == []


def test_one_odd_item_does_not_hide_the_others(swept: House) -> None:
    odd, good = swept.item(), swept.item()
    swept.change(odd, requested_for=None)
    beat(swept)
    assert (orders(swept, odd), len(orders(swept, good))) == ([], 1)


def test_an_item_that_may_not_be_read_does_not_hide_the_others(swept: House) -> None:
    odd, good = swept.item(), swept.item()
    swept.desk.breaks["order"] = Refused("servicenow", "answered 400")
    beat(swept)
    assert (orders(swept, odd), len(orders(swept, good))) == ([], 1)


def test_a_lie_that_was_refused_does_not_hide_the_honest_item(swept: House) -> None:
    ref = swept.item()
    lie = swept.post(ref, beneficiary={"user_name": EVE.login.lower()})
    swept.work()
    assert swept.state(lie) == "rejected"
    beat(swept)
    assert [order.client for order in orders(swept, ref)] == ["servicenow", "sweep"]
    assert len(swept.iga.submissions) == 1


def test_what_an_operator_cancelled_stays_cancelled(swept: House) -> None:
    ref = swept.item()
    swept.change(ref, requested_for=replace(swept.desk.users[0], key="s", login="nobody"))
    beat(swept)
    for _ in range(2):
        swept.desk.changed_at[ref.item_id] = swept.clock.now()
        beat(swept)
    assert len(orders(swept, ref)) == 1


def test_a_sweep_can_be_switched_off(house: House) -> None:
    settings = house.broker.settings.model_copy(update={"order_sweep": False})
    object.__setattr__(house.broker, "settings", settings)
    beat(house)
    house.item()
    beat(house)
    with house.broker.sessions() as session:
        assert session.query(OutboxRow).filter_by(topic="orders.sweep").count() == 0
    assert house.iga.submissions == []


def test_a_catalogue_item_of_another_desk_is_not_asked_for(swept: House) -> None:
    entries = {("elsewhere", "role"): MAPPING["role"], ("servicenow", "both"): MAPPING["both"]}
    catalogue = replace(swept.broker.catalogue, entries=entries)
    object.__setattr__(swept.broker, "catalogue", catalogue)
    assert sweep._about_access(swept.broker, "servicenow") == ["both"]
