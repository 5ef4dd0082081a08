"""Orders on which people in OIM decide: in stages, for a role, for several people at once."""

import pytest
import requests

from broker.orders import console
from broker.orders.console import Wish
from broker.store.audit import Actor
from cli.walk.systems import Row
from sandbox.oim.rules import BULK, Rule
from tests.journeys.orders.site import (
    API,
    AWAITING,
    COMPLETE,
    INCOMPLETE,
    ITEM,
    PATIENCE_SECONDS,
    Site,
)
from tools.servers import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_an_order_passes_every_stage_of_its_approval(site: Site) -> None:
    role = "Budget Approver"
    site.oim.rules.insert(0, Rule(("manager", "owner"), item=role))
    item = site.approved(ITEM, role=role)
    owner = site.oim.world.items["role", role].owner or ""
    request = site.waits(item, AWAITING)
    site.decide("ben", request.id, "approve", "month end")
    assert site.status("ada", request.id) == AWAITING, "the owner has not decided yet"
    site.decide(owner, request.id, "approve")
    site.until(item, "closed")
    decided = [(task.outcome, site.login(task.decided_by)) for task in request.tasks]
    assert decided == [("APPROVE", "BEN"), ("APPROVE", owner.upper())]
    assert site.only(item).id == request.id
    assert site.status("ada", request.id) == "Request Completed"
    assert site.for_whom(request) == (["ADA"], [role])
    assert site.holds("ada", role)
    assert site.closed(item) == (COMPLETE, COMPLETE)
    assert site.record(item)["correlation_id"] == request.id
    assert f"Access granted: {role}." in site.said(item, "comments")


def test_a_refusal_at_the_last_stage_closes_the_ticket_with_its_reason(site: Site) -> None:
    role = "Budget Approver"
    site.oim.rules.insert(0, Rule(("manager", "user:DEE"), item=role))
    item = site.approved(ITEM, role=role)
    request = site.waits(item, AWAITING)
    site.decide("ben", request.id, "approve")
    site.decide("dee", request.id, "reject", "not while the audit runs")
    site.until(item, "closed")
    assert site.status("ada", request.id) == "Request Rejected"
    assert not site.holds("ada", role)
    assert site.closed(item) == (INCOMPLETE, INCOMPLETE)
    told = site.said(item, "comments")
    assert f"Access not granted: {role}. The request was rejected in the IGA" in told
    assert "not while the audit runs" in told


def test_a_member_of_the_role_that_is_asked_decides_on_an_order(site: Site) -> None:
    role = "Stock Count Team"
    site.oim.rules.insert(0, Rule(("role:IT SECURITY",), item=role))
    item = site.approved(ITEM, role=role)
    request = site.waits(item, AWAITING)
    assert "IT SECURITY" in site.request_page("cho", request.id).text
    assert not any(form.choices("action") for form in site.request_page("ben", request.id).forms())
    site.decide("cho", request.id, "approve")
    site.until(item, "closed")
    (task,) = request.tasks
    assert (task.assignee, site.login(task.decided_by)) == ("role:IT SECURITY", "CHO")
    assert "by Cho Takahashi" in site.request_page("ada", request.id).text
    assert site.holds("ada", role)
    assert site.closed(item) == (COMPLETE, COMPLETE)


def test_one_request_for_several_people_ends_for_each_by_itself(site: Site) -> None:
    """A REQ with an item for each: ada's manager agrees, eve's does not."""
    role = "Stock Count Team"
    site.oim.rules.insert(0, Rule(("manager",), requester="BROKER"))
    placed = site.ordered_for(["ada", "eve"], ITEM, by="cho", role=role)
    number = placed.get("request_number") or placed["number"]
    items = site.desk("admin").rows("sc_req_item", f"request.number={number}^ORDERBYnumber")
    assert len(items) == 2
    for item in items:
        site.approve(item)
    by_person = {item["requested_for"]["value"]: item for item in items}
    adas, eves = (by_person[site.user(person)] for person in ("ada", "eve"))
    waiting = [site.waits(item, AWAITING) for item in (adas, eves)]
    assert [site.for_whom(request)[0] for request in waiting] == [["ADA"], ["EVE"]]
    site.decide("ben", waiting[0].id, "approve")
    boss = site.oim.world.people["eve"].manager or ""
    site.decide(boss, waiting[1].id, "reject", "she counts no stock")
    for item in (adas, eves):
        site.until(item, "closed")
    assert [site.closed(item) for item in (adas, eves)] == [
        (COMPLETE, COMPLETE), (INCOMPLETE, INCOMPLETE)
    ]  # fmt: skip
    assert "she counts no stock" in site.said(eves, "comments")
    assert [site.holds(person, role) for person in ("ada", "eve")] == [True, False]
    for item, request in zip((adas, eves), waiting, strict=True):
        assert site.record(item)["correlation_id"] == request.id == site.only(item).id


# ---- typed into OIM by hand, for several people --------------------------------------------------


def by_hand(site: Site, item: Row, role: str) -> str:
    """Somebody of the service desk asks OIM for ben too while at it, and closes the item."""
    key = site.oim.world.items["role", role].key
    people = [{"id": site.oim.by_login[login].key} for login in ("ADA", "BEN")]
    body = {"requests": [{
        "reqJustification": f"{item['number']} by hand", "reqBeneficiaryList": people,
        "reqTargetEntities": [{"entityType": "role", "entityId": key}],
    }]}  # fmt: skip
    answer = requests.post(
        f"{site.at.oim}{API}/requests", json=body, timeout=30,
        auth=("cho", "demo"), headers={"X-Requested-By": "cho"},
    )  # fmt: skip
    (made,) = answer.json()["requests"]
    assert made["status"] == "SUCCESS", made
    admin = site.desk("admin")
    admin.change("sc_req_item", item["sys_id"], state="3", active="false")
    return str(made["id"])


def announce_by_hand(site: Site, item: Row) -> None:
    """The operator makes a lost post good from the console."""
    wish = Wish("", "", "", item["number"], "servicenow")
    console.carry_out(site.broker, wish, Actor("person", "cho"))


def adopt(site: Site, item: Row, request_id: str) -> None:
    """The operator names the request, on the order's own page."""
    page = site.browser("cho").open(f"{site.at.broker}/orders/{site.order(item).id}")
    form = page.form("request_id", "reason")
    assert form is not None, page.text
    after = site.browser("cho").submit(
        page, form, act="adopt", request_id=request_id, reason="typed by hand"
    )
    assert after.status == requests.codes.ok, after.text


def test_an_order_follows_its_own_part_of_a_request_for_several_people(site: Site) -> None:
    """The parts exist only once the whole is approved; one is granted, the other refused."""
    role = "Goods Receipt"
    site.oim.rules.insert(0, Rule(("manager",), item=role))
    site.oim.rules.insert(0, Rule(("role:IT SECURITY",), operation=BULK))
    site.scripts.properties["x_rqbrk_access.broker_url"] = "http://127.0.0.1:1"
    item = site.approved(ITEM, role=role)
    parent = by_hand(site, item, role)
    announce_by_hand(site, item)
    site.until(item, "needs_attention")
    adopt(site, item, parent)
    site.until(item, "submitted")
    assert site.oim.requests[parent].children == [], "its parts come after its approval"
    site.decide("cho", parent, "approve")
    wait_until(lambda: "Awaiting Child" in site.status("cho", parent), "parts", PATIENCE_SECONDS)
    of = {
        child: site.oim.requests[child].beneficiaries
        for child in site.oim.requests[parent].children
    }
    (adas,), (bens,) = (
        [child for child, whom in of.items() if whom == (site.oim.by_login[login].key,)]
        for login in ("ADA", "BEN")
    )
    boss = site.oim.world.people["ben"].manager or ""
    wait_until(lambda: site.status(boss, bens) == AWAITING, "his part", PATIENCE_SECONDS)
    site.decide(boss, bens, "reject")
    wait_until(lambda: site.status("ben", adas) == AWAITING, "her part", PATIENCE_SECONDS)
    site.hurry(item)
    site.work()
    assert site.order(item).state == "submitted", "what became of ben's part is not hers"
    site.decide("ben", adas, "approve")
    site.until(item, "closed")
    assert [site.holds(person, role) for person in ("ada", "ben")] == [True, False]
    assert site.status("cho", parent) == "Request Completed With Errors"
    assert f"role {role}: granted (oim request {parent})" in site.said(item)
    assert site.closed(item)[0] == COMPLETE
