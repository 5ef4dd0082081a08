"""Orders that are approved and not yet carried out: later, by hand, or not at all."""

from datetime import UTC, datetime, timedelta

import pytest
import requests

from sandbox.oim.rules import Rule
from tests.journeys.orders.site import API, AWAITING, COMPLETE, INCOMPLETE, ITEM, Site

_DAY_SECONDS = 24 * 3600
ACCOUNT = "Application account"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_access_for_a_later_day_is_granted_on_that_day(site: Site) -> None:
    role, start = "Stock Count Team", datetime.now(UTC) + timedelta(days=3)
    item = site.approved("Role for a time", role=role, start_date=f"{start:%Y-%m-%d}")
    request = site.waits(item, "Request Awaiting Completion")
    assert request.targets[0].starts_at is not None
    assert request.targets[0].starts_at.date() == start.date()
    for _ in range(2):  # today, and the day after: there are two midnights more to come
        assert site.waits(item, "Request Awaiting Completion").id == request.id
        assert not site.holds("ada", role)
        site.oim.clock.forward(_DAY_SECONDS)
    site.oim.clock.forward(_DAY_SECONDS)
    site.until(item, "closed")
    assert site.status("ada", request.id) == "Request Completed"
    assert site.only(item).id == request.id
    assert site.holds("ada", role)
    assert site.closed(item) == (COMPLETE, COMPLETE)


def task_of(site: Site, request_id: str) -> str:
    """The key of the only task that waits for a person because of this request."""
    (key,) = (k for k, t in site.oim.provisioning.tasks.items() if t.request.id == request_id)
    shown = requests.get(f"{site.at.oim}{API}/provtasks", auth=("cho", "demo"), timeout=30)
    assert key in shown.text, "OIM shows it to who fulfils it"
    return key


@pytest.mark.parametrize("done", [True, False])
def test_an_application_without_a_connector_waits_for_a_person(site: Site, done: bool) -> None:
    item = site.approved(ACCOUNT, application="Customs Gateway")
    request = site.waits(item, "Request Approved Fulfillment Pending")
    assert not site.holds("ada", "Customs Gateway", "accounts")
    task = task_of(site, request.id)
    if done:
        site.fulfil("cho", task)
    else:
        site.refuse_by_hand("cho", task, "the form lacks a signature")
    site.until(item, "closed")
    state = COMPLETE if done else INCOMPLETE
    assert site.closed(item) == (state, state)
    assert site.holds("ada", "Customs Gateway", "accounts") is done
    assert ("Completed" if done else "Failed") in site.status("ada", request.id)


def test_a_target_that_refuses_closes_the_ticket_incomplete(site: Site) -> None:
    role = "Stock Count Team"
    key = site.oim.world.items["role", role].key
    site.oim.provisioning.failing["role", key] = "The warehouse system does not answer."
    item = site.approved(ITEM, role=role)
    site.until(item, "closed")
    request = site.only(item)
    page = site.request_page("ben", request.id)
    assert "The warehouse system does not answer." in page.text
    assert site.status("ada", request.id) == "Request Failed"
    assert not site.holds("ada", role)
    assert site.closed(item) == (INCOMPLETE, INCOMPLETE)
    told = site.said(item, "comments")
    assert f"Access not granted: {role}. The IGA could not grant the access." in told


@pytest.mark.parametrize("agrees", [True, False])
def test_a_conflict_of_duties_is_decided_by_those_who_review_them(site: Site, agrees: bool) -> None:
    first, second = (site.oim.world.items["role", n] for n in ("Cost Centre Reader", "Buyer"))
    pair = (("role", first.key), ("role", second.key))
    site.oim.sod[pair] = "Nobody buys and reads the costs of it."
    item = site.approved(ITEM, role="Buyer")
    request = site.waits(item, AWAITING)
    page = site.request_page("cho", request.id)
    assert "Nobody buys and reads the costs of it." in page.text
    (task,) = request.open_tasks
    reviewer = min(site.oim.members(task.assignee.removeprefix("role:")))
    person = site.oim.users[reviewer].person
    assert person is not None
    action = "approve" if agrees else "reject"
    site.decide(person.key, request.id, action, "the four-eyes rule")
    site.until(item, "closed")
    state = COMPLETE if agrees else INCOMPLETE
    assert site.closed(item) == (state, state)
    assert site.holds("ada", "Buyer") is agrees
    if not agrees:
        assert "the four-eyes rule" in site.said(item, "comments")


# ---- done at once, without a request -------------------------------------------------------------


def test_what_is_done_at_once_leaves_no_request_and_closes_the_ticket(site: Site) -> None:
    role = "Stock Count Team"
    site.oim.rules.insert(0, Rule(("direct",), requester="BROKER"))
    item = site.approved(ITEM, role=role)
    site.until(item, "closed")
    assert site.raised(item) == []
    assert site.holds("ada", role)
    assert site.closed(item) == (COMPLETE, COMPLETE)
    assert "granted (oim did it directly, without a request)" in site.said(item)


def test_an_answer_lost_after_it_was_done_at_once_gives_one_account(site: Site) -> None:
    site.oim.rules.insert(0, Rule(("direct",), requester="BROKER"))
    site.oim.faults.add("drop-after-accept")
    item = site.approved(ACCOUNT, application="Salesforce")
    site.until(item, "uncertain")
    site.oim.faults.clear()
    site.until(item, "closed")
    assert site.raised(item) == []
    held = site.oim.holdings[site.oim.by_login["ADA"].key]
    assert [h.request_id for h in held.values() if h.item.name == "Salesforce"] == [None]
    assert site.closed(item) == (COMPLETE, COMPLETE)
    said = [step.sentence for step in site.order(item).history]
    assert "The IGA has carried it out already, without a request; nothing was submitted." in said
