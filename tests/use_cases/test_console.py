"""The test console: a wish is tried without a trace, and an item announced as the desk would."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from broker.domain.access import ItemKind, ItemName
from broker.domain.access_requests import RequestState
from broker.domain.errors import Unavailable
from broker.domain.people import Match
from broker.orders import console
from broker.orders.console import Trial, Wish
from broker.orders.operate import NotPossible
from broker.ports.desk import DeskApproval, OrderRef
from broker.store import access, people, requests
from broker.store.audit import Actor
from broker.store.orders import OrderRow
from broker.store.outbox import OutboxRow
from broker.store.views import console as views
from tests.use_cases.conftest import ADA, BEN, BUDGET, FINANCE, House, account
from tests.use_cases.fakes import awaiting

pytestmark = pytest.mark.both
OPERATOR = Actor("person", "cho")
NOTHING = Wish("", "role", "", "", "servicenow")
ADA_FINANCE = replace(NOTHING, login="ada", name="Finance Reporting")


def numbered(ref: OrderRef, wish: Wish = NOTHING) -> Wish:
    return replace(wish, number=ref.item_number)


def tried(house: House, wish: Wish) -> Trial:
    return console.try_out(house.broker, wish, OPERATOR)


def carried_out(house: House, wish: Wish) -> dict[str, Any]:
    return {"order_id": console.carry_out(house.broker, wish, OPERATOR)}


def known(house: House) -> None:
    """The broker has read the people of the IGA, and knows ada's account at the desk."""
    at = house.clock.now()
    with house.broker.sessions.begin() as session:
        people.remember(session, "oim", [ADA, BEN], at)
        people.remember_link(session, "oim", account(ADA), Match(ADA, ""), at)


# ---- trying --------------------------------------------------------------------------------------


def asked_before(house: House, number: str, approver: str = "") -> None:
    """The broker has seen a request of ada's for Finance Reporting, with its approval if any."""
    asked = awaiting(number, ADA.key, approver)
    item = replace(asked.items[0], key=FINANCE.key, name=FINANCE.name)
    seen = replace(asked, items=[item], tasks=asked.tasks if approver else [])
    with house.broker.sessions.begin() as session:
        row = requests.RequestRow(iga="oim", request_id=number, seen_at=house.clock.now())
        requests.write(row, seen, "", house.clock.now())
        session.add(row)


def test_a_wish_is_told_for_whom_what_and_who_would_decide(house: House) -> None:
    known(house)
    asked_before(house, "7001", "BEN")
    trial = tried(house, ADA_FINANCE)
    assert (trial.person, trial.item, trial.problems) == (ADA, FINANCE, ())
    assert (trial.manager, trial.linked, trial.held) == ("Ben Okafor", True, False)
    assert trial.deciders == ("Ben Okafor",)


def test_a_request_without_approvals_tells_nothing_of_who_decides(house: House) -> None:
    known(house)
    asked_before(house, "7001", "BEN")
    asked_before(house, "7002")
    assert tried(house, ADA_FINANCE).deciders == ("Ben Okafor",)


def test_what_somebody_holds_already_is_said(house: House) -> None:
    house.post(house.item())
    house.work()
    house.iga.finish("9001")
    assert tried(house, ADA_FINANCE).held


def test_what_the_broker_has_not_met_yet_is_no_obstacle(house: House) -> None:
    trial = tried(house, ADA_FINANCE)
    assert (trial.manager, trial.linked, trial.deciders, trial.problems) == ("", False, (), ())


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"login": "nobody"}, "Nobody in the IGA has the login nobody."),
        ({"name": "Time Travel"}, "The IGA's catalogue has no requestable role Time Travel."),
        ({"kind": "account"}, "The IGA's catalogue has no requestable account Finance Reporting."),
        ({"name": ""}, "Say for whom and what, or give the number of the desk's item."),
        ({"login": ""}, "Say for whom and what, or give the number of the desk's item."),
        ({"number": "RITM9999999"}, "The desk has no item RITM9999999."),
        ({"number": "RITM1", "source": "elsewhere"}, "There is no such desk."),
    ],
)
def test_what_stands_against_a_wish_is_said(
    house: House, changes: dict[str, str], problem: str
) -> None:
    assert tried(house, replace(ADA_FINANCE, **changes)).problems == (problem,)


def test_somebody_who_is_disabled_gets_nothing(house: House) -> None:
    house.iga.staff = [replace(ADA, active=False)]
    assert tried(house, ADA_FINANCE).problems == ("Ada Moreno is disabled in the IGA.",)


def test_an_item_of_the_desk_is_read_there(house: House) -> None:
    trial = tried(house, numbered(house.item(), ADA_FINANCE))
    assert trial.problems == ()
    assert trial.desk is not None
    assert (trial.desk.login, trial.desk.person) == ("ADA", "Ada Moreno")
    assert trial.desk.items == (ItemName("role", "Finance Reporting"),)


@pytest.mark.parametrize(
    ("wish", "problem"),
    [
        (replace(ADA_FINANCE, login="eve"), "is for Ada Moreno, not for eve."),
        (replace(ADA_FINANCE, name="Budget Approver"), "stands for role Finance Reporting."),
    ],
)
def test_an_item_of_the_desk_must_be_what_the_operator_has_in_mind(
    house: House, wish: Wish, problem: str
) -> None:
    (told,) = tried(house, numbered(house.item(), wish)).problems
    assert told.endswith(problem)


def test_an_item_that_is_not_approved_says_so(house: House) -> None:
    (told,) = tried(house, numbered(house.item(approval=DeskApproval.PENDING))).problems
    assert told.endswith("is not approved at the desk yet")


@pytest.mark.parametrize("system", ["iga", "desk"])
def test_a_system_that_does_not_answer_is_named(house: House, system: str) -> None:
    broken = house.iga.breaks if system == "iga" else house.desk.breaks
    call = "find_people" if system == "iga" else "find_order"
    broken[call] = Unavailable(system, "does not answer")
    wish = numbered(house.item())
    with pytest.raises(Unavailable, match=f"{system}: does not answer"):
        tried(house, wish)
    broken[call] = Unavailable(system, "does not answer")
    with pytest.raises(Unavailable):
        carried_out(house, replace(wish, login="ada"))
    assert house.audit("order.receive") == []


def test_trying_stores_nothing_but_who_looked(house: House) -> None:
    known(house)
    tried(house, numbered(house.item(), ADA_FINANCE))
    with house.broker.sessions() as session:
        assert session.scalars(select(OrderRow)).all() == []
        assert session.scalars(select(OutboxRow)).all() == []
        ada = people.by_key(session, "oim", ADA.key)
    (looked,) = house.audit("order.try")
    assert ada is not None
    assert (looked.actor_id, looked.subject_id) == ("cho", ada.id)
    assert (house.iga.submissions, house.desk.journal) == ([], [])


# ---- announcing ----------------------------------------------------------------------------------


def test_a_post_that_was_lost_is_made_good_and_verified_as_any_other(house: House) -> None:
    ref = house.item()
    answer = carried_out(house, numbered(ref))
    assert house.state(answer) == "received"
    house.work()
    assert (house.state(answer), len(house.iga.submissions)) == ("submitted", 1)
    house.iga.finish("9001")
    house.wait(seconds=5)
    assert house.state(answer) == "closed"


def test_the_audit_trail_and_the_timeline_name_the_operator(house: House) -> None:
    ref = house.item()
    answer = carried_out(house, numbered(ref))
    (received,) = house.audit("order.receive")
    assert (received.actor_kind, received.actor_id) == ("person", "cho")
    assert house.order(answer).client == "console"
    assert house.order(answer).history[0].sentence == f"An operator announced {ref.item_number}."


def test_an_item_that_the_desk_has_posted_leads_to_its_order(house: House) -> None:
    ref = house.item()
    first = house.post(ref)
    house.work()
    again = carried_out(house, numbered(ref, ADA_FINANCE))
    assert again["order_id"] == first["order_id"]
    assert [event.outcome for event in house.audit("order.receive")] == ["received", "duplicate"]
    assert len(house.iga.submissions) == 1


def test_the_desks_own_post_afterwards_is_a_duplicate(house: House) -> None:
    ref = house.item()
    announced = carried_out(house, numbered(ref))
    posted = house.post(ref)
    house.work()
    assert (posted["order_id"], posted["duplicate"]) == (announced["order_id"], True)
    assert len(house.iga.submissions) == 1


@pytest.mark.parametrize(
    "approval",
    [
        DeskApproval.PENDING,
        DeskApproval.REJECTED,
        DeskApproval.CANCELLED,
        DeskApproval.UNKNOWN,
    ],
)
def test_only_an_approved_item_can_be_announced(house: House, approval: DeskApproval) -> None:
    ref = house.item(approval=approval)
    with pytest.raises(NotPossible, match=f"is not approved at the desk: it is {approval}"):
        carried_out(house, numbered(ref))
    assert house.audit("order.receive") == []


def test_nothing_is_carried_out_without_an_item_at_the_desk(house: House) -> None:
    with pytest.raises(NotPossible, match="approved at the desk"):
        carried_out(house, ADA_FINANCE)
    with pytest.raises(NotPossible, match="The desk has no item"):
        carried_out(house, replace(ADA_FINANCE, number="RITM9999999"))
    house.work()
    assert house.iga.submissions == []


def test_an_item_for_somebody_else_than_the_operator_thinks_is_not_announced(
    house: House,
) -> None:
    wish = numbered(house.item(), replace(ADA_FINANCE, login="eve"))
    with pytest.raises(NotPossible, match="is for Ada Moreno, not for eve"):
        carried_out(house, wish)
    assert house.audit("order.receive") == []


def test_the_dates_and_the_people_of_the_desk_are_announced(house: House) -> None:
    ref = house.item(person=ADA)
    house.change(ref, end_at=house.clock.now(), opened_by=account(BEN))
    answer = carried_out(house, numbered(ref))
    house.work()
    order = house.order(answer)
    assert (house.state(answer), order.end_at) == ("submitted", house.clock.now())
    assert order.requester is not None
    assert order.requester.login == "BEN"


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({"requested_for": None}, "is for nobody at the desk"),
        ({"requested_for": account(ADA, login="a\nb")}, r"record is odd \(beneficiary\)"),
    ],
)
def test_a_record_that_cannot_be_announced_is_named(
    house: House, facts: dict[str, object], problem: str
) -> None:
    ref = house.item()
    house.change(ref, **facts)
    with pytest.raises(NotPossible, match=problem):
        carried_out(house, numbered(ref))


# ---- what can be picked --------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["ada", "MORENO", "ada@exa", "Ada M"])
def test_people_are_found_by_name_login_and_mail(house: House, text: str) -> None:
    known(house)
    with house.broker.sessions() as session:
        found = views.people_like(session, "oim", text)
        assert views.people_like(session, "elsewhere", text) == ()
    assert [(offer.value, offer.about) for offer in found] == [
        ("ADA", "Ada Moreno · ada@example.com")
    ]


def test_signs_of_a_search_pattern_mean_themselves(house: House) -> None:
    known(house)
    with house.broker.sessions() as session:
        assert views.people_like(session, "oim", "%") == ()
        assert views.items_like(session, "oim", ItemKind.ROLE, "_") == ()
        assert len(views.people_like(session, "oim", "")) == 2


def test_people_who_left_are_not_offered(house: House) -> None:
    with house.broker.sessions.begin() as session:
        people.remember(session, "oim", [replace(ADA, active=False)], house.clock.now())
    with house.broker.sessions() as session:
        assert views.people_like(session, "oim", "ada") == ()


def test_items_that_somebody_asks_for_just_now_are_offered(house: House) -> None:
    asked = awaiting("7001", ADA.key, "BEN")
    done = replace(asked.header, state=RequestState.COMPLETED)
    with house.broker.sessions.begin() as session:
        for iga, seen in (("oim", asked), ("oim2", replace(asked, header=done))):
            row = requests.RequestRow(iga=iga, request_id="1", seen_at=house.clock.now())
            requests.write(row, seen, "", house.clock.now())
            session.add(row)
    with house.broker.sessions() as session:
        (offer,) = views.items_like(session, "oim", ItemKind.ROLE, "budget")
        assert offer.value == "Budget Approver"
        assert views.items_like(session, "oim2", ItemKind.ROLE, "") == ()
        assert views.items_like(session, "oim", ItemKind.ENTITLEMENT, "") == ()


def test_items_ordered_or_held_are_offered_once(house: House) -> None:
    known(house)
    at = house.clock.now()
    with house.broker.sessions.begin() as session:
        access.remember_item(session, "oim", FINANCE, at)
        access.remember_item(session, "oim", BUDGET, at)
        ada = people.by_key(session, "oim", ADA.key)
        assert ada is not None
        house.iga.requests["1"] = awaiting("1", ADA.key, "BEN")
        house.iga.finish("1")
        access.replace_holdings(session, ada.id, house.iga.holdings(ADA), at)
    with house.broker.sessions() as session:
        found = views.items_like(session, "oim", ItemKind.ROLE, "")
        part = views.items_like(session, "oim", ItemKind.ROLE, "FINANCE")
        assert views.items_like(session, "oim", ItemKind.ACCOUNT, "") == ()
    assert [offer.value for offer in found] == ["Budget Approver", "Finance Reporting"]
    assert [offer.value for offer in part] == ["Finance Reporting"]
