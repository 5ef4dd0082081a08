"""Access that an approved item takes away: once, from the right person, and seen to be gone."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from broker.domain.access import CatalogueItem, Holding, ItemKind
from broker.domain.access_requests import RequestState
from broker.domain.errors import Refused, Unavailable, UnknownOutcome
from broker.domain.orders import LineState
from broker.orders import console, operate
from broker.orders.console import Wish
from broker.orders.post import parse
from broker.orders.preview import preview
from broker.ports.desk import OrderRef
from broker.ports.iga import Revocation
from broker.store.audit import Actor
from broker.store.orders import OrderRow
from tests.use_cases.conftest import ADA, EVE, House
from tests.use_cases.fakes import NOON

pytestmark = pytest.mark.both
OPERATOR = Actor("person", "cho")
ACCOUNT = Holding(ItemKind.ACCOUNT, "21", "Ledger")


@pytest.fixture
def holding(house: House) -> House:
    """Ada and eve have the account."""
    house.iga.held += [(ADA.key, ACCOUNT), (EVE.key, ACCOUNT)]
    return house


def leave(house: House, item: str = "leave") -> tuple[OrderRef, dict[str, Any]]:
    """An approved item that takes away, announced."""
    ref = house.item(item)
    return ref, house.post(ref, action="revoke")


def taken(house: House) -> list[tuple[str, str]]:
    """From whom the IGA was asked to take what."""
    return [(each.beneficiary_key, each.item.name) for each in house.iga.revocations]


def told(house: House) -> str:
    """What the desk was told at the end."""
    return next(text for what, _, text in house.desk.journal if what == "close")


def test_an_account_is_taken_from_the_right_person_and_the_ticket_closed(holding: House) -> None:
    ref, answer = leave(holding)
    holding.work()
    (asked,) = holding.iga.revocations
    assert (asked.beneficiary_key, asked.item.key, holding.state(answer)) == (
        ADA.key, "21", "submitted",
    )  # fmt: skip
    assert asked.justification.split()[0] == ref.item_number
    assert asked.reference in asked.justification.split()
    holding.iga.finish("9001")
    holding.wait(seconds=5)
    assert holding.state(answer) == "closed"
    assert "True account Ledger: removed (oim request 9001) Access removed: Ledger." in told(
        holding
    )
    assert [who for who, _ in holding.iga.held] == [EVE.key]
    assert holding.iga.submissions == []


def test_a_revocation_that_was_rejected_closes_the_ticket_incomplete(holding: House) -> None:
    _, answer = leave(holding)
    holding.work()
    holding.iga.finish("9001", RequestState.REJECTED)
    holding.wait(seconds=5)
    assert holding.state(answer) == "closed"
    assert "False" in told(holding)
    assert "Access not removed: Ledger. The request was rejected in the IGA." in told(holding)


def test_a_kind_that_cannot_be_revoked_is_refused_with_a_sentence(house: House) -> None:
    house.iga.held.append((ADA.key, Holding(ItemKind.ROLE, "14", "Finance Reporting")))
    ref, answer = leave(house, "leave_role")
    seen = preview(house.broker, "servicenow", parse(house.body(ref, action="revoke")))
    assert not seen["acceptable"]
    assert seen["problems"] == ["The IGA cannot take away a role for us: do it there."]
    house.work()
    assert (house.state(answer), house.iga.revocations) == ("closed", [])
    assert "Access not removed: Finance Reporting. The IGA cannot revoke" in told(house)


def test_what_nobody_holds_is_not_asked_for(house: House) -> None:
    _, answer = leave(house)
    house.wait(rounds=2, seconds=5)
    assert (house.state(answer), house.iga.revocations) == ("closed", [])
    assert "removed" in told(house)


@pytest.mark.parametrize(("item", "action"), [("leave", "grant"), ("account", "revoke")])
def test_a_post_that_turns_the_item_round_is_rejected(
    holding: House, item: str, action: str
) -> None:
    answer = holding.post(holding.item(item), action=action)
    holding.work()
    assert holding.state(answer) == "rejected"
    assert f"The post asks to {action} access" in holding.reason(answer)
    assert (holding.iga.submissions, taken(holding), holding.desk.journal) == ([], [], [])


def test_a_mapping_that_turned_round_since_stops_the_order(holding: House) -> None:
    """The desk is asked again where its word is old: the item may have another meaning by then."""
    _, answer = leave(holding)
    holding.iga.breaks["find_revoked"] = Unavailable("oim", "is down")
    holding.work()
    entries: Any = holding.broker.catalogue.entries
    key = ("servicenow", "leave")
    entries[key] = replace(entries[key], action="grant")
    holding.wait(rounds=2, minutes=6)
    assert (holding.state(answer), taken(holding)) == ("needs_attention", [])


def test_a_sweep_and_the_console_announce_it_as_taking_away(holding: House) -> None:
    ref = holding.item("leave")
    wish = Wish("", "", "", ref.item_number, "servicenow")
    order_id = console.carry_out(holding.broker, wish, OPERATOR)
    holding.work()
    assert holding.order({"order_id": order_id}).action == "revoke"
    assert taken(holding) == [(ADA.key, "Ledger")]


# ---- lost answers and crashes --------------------------------------------------------------------


def test_a_lost_answer_is_found_and_nothing_is_taken_twice(holding: House) -> None:
    holding.iga.breaks["revoke, after acceptance"] = UnknownOutcome("oim", "the answer was lost")
    _, answer = leave(holding)
    holding.work()
    assert holding.state(answer) == "uncertain"
    holding.wait(rounds=3, seconds=5)
    assert (holding.state(answer), len(taken(holding))) == ("submitted", 1)
    assert holding.order(answer).lines[0].iga_request_id == "9001"


def test_a_search_that_lags_is_waited_for(holding: House) -> None:
    holding.iga.breaks["revoke, after acceptance"] = UnknownOutcome("oim", "the answer was lost")
    holding.iga.hidden.add("9001")
    _, answer = leave(holding)
    holding.work()
    holding.wait(seconds=4)
    holding.iga.hidden.clear()
    holding.wait(rounds=3, seconds=5)
    assert (holding.state(answer), len(taken(holding))) == ("submitted", 1)


def test_a_call_that_never_arrived_is_made_again(holding: House) -> None:
    holding.iga.breaks["revoke"] = UnknownOutcome("oim", "the connection broke")
    _, answer = leave(holding)
    holding.work()
    assert taken(holding) == []
    holding.wait(rounds=3, seconds=10)
    assert (holding.state(answer), len(taken(holding))) == ("submitted", 1)


def test_a_worker_killed_at_the_call_leaves_one_revocation(holding: House) -> None:
    holding.iga.breaks["revoke, after acceptance"] = SystemExit("killed")  # type: ignore[assignment]  # as a kill would
    _, answer = leave(holding)
    with pytest.raises(SystemExit):
        holding.work()
    holding.wait(rounds=3, seconds=100)
    assert (holding.state(answer), len(taken(holding))) == ("submitted", 1)


def test_a_lost_answer_of_what_was_done_at_once_is_seen_by_what_is_gone(holding: House) -> None:
    holding.iga.direct = True
    holding.iga.breaks["revoke, after acceptance"] = UnknownOutcome("oim", "the answer was lost")
    _, answer = leave(holding)
    holding.work()
    assert holding.state(answer) == "uncertain"
    holding.wait(rounds=4, seconds=5)
    assert (holding.state(answer), len(taken(holding))) == ("closed", 1)


def test_a_second_account_of_the_application_is_not_taken_after_a_lost_answer(
    holding: House,
) -> None:
    """The IGA takes the primary one; the other stays, and is no sign that nothing happened."""
    holding.iga.held.append((ADA.key, ACCOUNT))
    holding.iga.breaks["revoke"] = UnknownOutcome("oim", "the answer was lost")
    _, answer = leave(holding)
    holding.work()
    holding.iga.held.remove((ADA.key, ACCOUNT))
    holding.wait(rounds=4, seconds=5)
    assert (holding.state(answer), taken(holding)) == ("closed", [])
    assert (ADA.key, ACCOUNT) in holding.iga.held


# ---- two items that take the same away -----------------------------------------------------------


def test_a_second_item_waits_while_the_first_is_under_way(holding: House) -> None:
    _, first = leave(holding)
    holding.work()
    _, second = leave(holding)
    holding.work()
    assert (holding.state(second), len(taken(holding))) == ("verified", 1)
    holding.iga.finish("9001")
    holding.wait(rounds=3, seconds=40)
    assert (holding.state(first), holding.state(second)) == ("closed", "closed")
    assert len(taken(holding)) == 1
    lines = [holding.order(each).lines[0].iga_request_id for each in (first, second)]
    assert lines == ["9001", None], "no request carries out two orders"


def test_what_a_lost_answer_of_another_item_made_is_not_taken_for_this_ones(
    holding: House,
) -> None:
    holding.iga.breaks["revoke, after acceptance"] = UnknownOutcome("oim", "the answer was lost")
    _, first = leave(holding)
    holding.work()
    _, second = leave(holding)
    holding.work()
    assert (holding.state(first), holding.state(second)) == ("uncertain", "verified")
    holding.wait(rounds=2, seconds=6)
    holding.iga.finish("9001")
    holding.wait(rounds=3, seconds=40)
    assert (holding.state(first), holding.state(second)) == ("closed", "closed")
    lines = [holding.order(each).lines[0].iga_request_id for each in (first, second)]
    assert (lines, len(taken(holding))) == (["9001", None], 1)


def test_what_another_item_is_making_is_not_taken_for_a_lost_answer(holding: House) -> None:
    holding.iga.breaks["revoke"] = UnknownOutcome("oim", "the connection broke")
    _, first = leave(holding)
    holding.work()
    _, second = leave(holding)
    holding.work()
    with holding.broker.sessions.begin() as session:
        session.get_one(OrderRow, second["order_id"]).lines[0].state = LineState.SUBMITTING
    ledger = CatalogueItem(ItemKind.ACCOUNT, "21", "Ledger")
    holding.iga.revoke(Revocation("RB-2", ADA.key, ledger, "RB-2"))
    holding.wait(seconds=10)
    assert (holding.state(first), len(taken(holding))) == ("uncertain", 1)


def test_a_second_item_is_asked_for_itself_if_the_first_was_rejected(holding: House) -> None:
    _, first = leave(holding)
    holding.work()
    holding.iga.finish("9001", RequestState.REJECTED)
    holding.wait(seconds=5)
    _, second = leave(holding)
    holding.work()
    assert (holding.state(first), holding.state(second)) == ("closed", "submitted")
    assert holding.order(second).lines[0].iga_request_id == "9002"


def test_a_lost_answer_that_anothers_request_may_hide_is_for_an_operator(holding: House) -> None:
    _, first = leave(holding)
    holding.work()
    holding.iga.finish("9001", RequestState.REJECTED)
    holding.wait(seconds=5)
    holding.iga.breaks["revoke"] = UnknownOutcome("oim", "the answer was lost")
    _, second = leave(holding)
    holding.wait(rounds=4, seconds=5)
    assert (holding.state(first), holding.state(second)) == ("closed", "needs_attention")
    assert "request 9001 of RITM" in holding.reason(second)
    assert len(taken(holding)) == 1


# ---- an operator -------------------------------------------------------------------------------


def test_a_request_that_gives_is_not_adopted_by_an_item_that_takes(holding: House) -> None:
    grant = holding.post(holding.item("account"))
    holding.work()
    assert holding.state(grant) == "submitted"
    holding.iga.breaks["find_revoked"] = Refused("oim", "shows two")
    _, answer = leave(holding)
    holding.work()
    assert holding.state(answer) == "needs_attention"
    with pytest.raises(operate.NotPossible, match="9001 gives access, and the order is there to"):
        operate.adopt(holding.broker, str(answer["order_id"]), "9001", OPERATOR, "a guess")


def test_a_revocation_of_long_ago_is_not_taken_for_this_one(holding: House) -> None:
    leave(holding)
    holding.work()
    request = holding.iga.requests["9001"]
    old = replace(request.header, created_at=NOON - timedelta(days=2))
    holding.iga.requests["9001"] = replace(request, header=old)
    _, later = leave(holding)
    holding.work()
    assert holding.order(later).lines[0].iga_request_id == "9002"
