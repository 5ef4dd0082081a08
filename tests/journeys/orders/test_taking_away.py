"""Orders that are taken back, and orders that take access away."""

import pytest

from broker.orders import operate
from broker.store.audit import Actor
from cli.walk.systems import Row
from sandbox.oim.records import Request
from sandbox.oim.rules import Rule
from tests.journeys.orders.site import AWAITING, COMPLETE, INCOMPLETE, ITEM, Site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


ROLE = "Stock Count Team"


def role_that_awaits_ben(site: Site) -> tuple[Row, Request]:
    """An order of a role, and its request, on which ada's manager has to decide in OIM."""
    site.oim.rules.insert(0, Rule(("manager",), requester="BROKER"))
    item = site.approved(ITEM, role=ROLE)
    return item, site.waits(item, AWAITING)


def test_an_order_cancelled_while_oim_waits_for_approval_is_withdrawn_there(site: Site) -> None:
    item, request = role_that_awaits_ben(site)
    site.cancel(item)
    site.until(item, "closed")
    assert site.status("ada", request.id) == "Request Withdrawn"
    page = site.console("ben", "approval_details")
    assert request.id not in page.text, "ben is no longer asked"
    assert not site.holds("ada", ROLE)
    assert site.only(item).id == request.id
    assert site.closed(item) == (INCOMPLETE, INCOMPLETE)
    assert "withdrawn in the IGA" in site.said(item)


def test_a_request_that_is_withdrawn_in_oim_itself_closes_the_ticket(site: Site) -> None:
    item, request = role_that_awaits_ben(site)
    site.withdraw_as_administrator(request)
    site.until(item, "closed")
    assert site.status("ada", request.id) == "Request Withdrawn"
    assert not site.holds("ada", ROLE)
    assert site.only(item).id == request.id
    assert site.closed(item) == (INCOMPLETE, INCOMPLETE)
    told = f"Access not granted: {ROLE}. The request was withdrawn in the IGA."
    assert told in site.said(item, "comments")


def test_an_order_cancelled_after_its_approval_needs_an_operator(site: Site) -> None:
    site.oim.rules.insert(0, Rule(("manager",), requester="BROKER"))
    item = site.approved("Application account", application="Customs Gateway")
    request = site.waits(item, AWAITING)
    site.decide("ben", request.id, "approve")
    site.cancel(item)
    order = site.until(item, "needs_attention")
    operate.retry(
        site.broker, order.id, Actor("operator", "cho"), "the account is taken back later"
    )
    (task,) = site.oim.provisioning.tasks
    site.fulfil("cho", task)
    site.until(item, "closed")
    assert site.status("ada", request.id) == "Request Completed"
    assert site.holds("ada", "Customs Gateway", "accounts")
    assert f"though {item['number']} was cancelled: too late to stop it" in site.said(item)


@pytest.mark.parametrize("agrees", [True, False])
def test_an_account_is_taken_away_once_its_revocation_is_approved(site: Site, agrees: bool) -> None:
    site.oim.rules.insert(0, Rule(("manager",), operation="Revoke Account"))
    assert site.holds("ada", "SAP ERP", "accounts")
    item = site.approved("Give back an account", application="SAP ERP")
    request = site.revokes(item)
    assert site.for_whom(request) == (["ADA"], ["SAP ERP"])
    assert request.type == "Revoke Account"
    site.decide("ben", request.id, "approve" if agrees else "reject", "end of the project")
    site.until(item, "closed")
    assert site.holds("ada", "SAP ERP", "accounts") is not agrees
    assert site.holds("ada", "Data Warehouse", "accounts"), "another application's stays"
    state = COMPLETE if agrees else INCOMPLETE
    assert site.closed(item) == (state, state)
    assert site.record(item)["correlation_id"] == request.id
    told = "Access removed: SAP ERP." if agrees else "Access not removed: SAP ERP."
    assert told in site.said(item, "comments")


def test_a_lost_answer_to_a_revocation_leaves_one_request(site: Site) -> None:
    site.oim.rules.insert(0, Rule(("manager",), operation="Revoke Account"))
    site.oim.faults.add("drop-after-accept")
    item = site.approved("Give back an account", application="SAP ERP")
    site.until(item, "uncertain")
    site.oim.faults.clear()
    request = site.revokes(item)
    site.decide("ben", request.id, "approve")
    site.until(item, "closed")
    assert not site.holds("ada", "SAP ERP", "accounts")
    assert site.record(item)["correlation_id"] == request.id


def test_a_role_that_oim_cannot_take_away_is_refused_in_a_sentence(site: Site) -> None:
    item = site.approved("Leave a role", role="Cost Centre Reader")
    site.until(item, "closed")
    assert site.oim.ledger == []
    assert site.holds("ada", "Cost Centre Reader")
    assert site.closed(item) == (INCOMPLETE, INCOMPLETE)
    told = site.said(item, "comments")
    assert (
        "Access not removed: Cost Centre Reader. The IGA has no way to take away a role: " in told
    )
    assert "console" in told, "it says what to do instead"
