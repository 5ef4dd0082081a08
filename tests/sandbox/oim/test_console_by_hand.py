"""Manual fulfilment in the console: what nobody's connector provides, people do."""

from __future__ import annotations

import pytest

from tests.sandbox.oim import acts
from tests.sandbox.oim.browsing import Browse
from tests.sandbox.oim.sites import Site

TASKS = "/identity/faces/provisioning-tasks"
APPLICATION: acts.Item = ("account", "310")
REASON = "The licence has run out."


@pytest.fixture
def pending(installed: Site) -> str:
    """A request for an account that no connector reaches, approved."""
    request_id = acts.ask(installed, "broker", [APPLICATION])
    installed.as_("broker").wait_for(request_id, "Request Approved Fulfillment Pending")
    until_a_task_is_open(installed)
    return request_id


def until_a_task_is_open(site: Site) -> None:
    acts.later(site)
    site.as_("broker").get("/requests", limit=1)
    assert site.state.provisioning.tasks


def task(site: Site) -> str:
    """The address of the one task that is open."""
    return f"{TASKS}/{next(iter(site.state.provisioning.tasks))}"


def test_it_waits_for_the_people_who_fulfil_it(
    browse: Browse, installed: Site, pending: str
) -> None:
    assert "Provide Customs Gateway" in browse("cho").open(TASKS)
    assert "Manual fulfilment" in browse("cho").open("/identity/faces/home")
    assert "<dt>Waiting for</dt><dd>IT SECURITY</dd>" in browse("ada").request(pending)
    assert "nothing to be done by hand" in browse("ada").open(TASKS)


def test_what_is_done_by_hand_completes_the_request(
    browse: Browse, installed: Site, pending: str
) -> None:
    cho = browse("cho")
    cho.open(task(installed))
    assert "The task is done" in cho.submit("provisioning", action="complete", text="user 4711")
    assert acts.status(installed, pending) == "Request Completed"
    assert "Customs Gateway" in browse("ada").open("/identity/faces/home?tf=my_access_accounts")
    assert "user 4711" in cho.open(task(installed))


def test_what_cannot_be_done_fails_the_request(
    browse: Browse, installed: Site, pending: str
) -> None:
    cho = browse("cho")
    cho.open(task(installed))
    cho.submit("provisioning", action="reject", text=REASON)
    assert acts.status(installed, pending) == "Request Failed"
    assert REASON in browse("ada").request(pending)
    assert REASON in cho.open(task(installed))
    assert "The task is done" in cho.submit("provisioning", action="retry")


@pytest.mark.usefixtures("pending")
def test_a_note_is_kept_and_a_task_passed_on(browse: Browse, installed: Site) -> None:
    cho, ben = browse("cho"), browse("ben")
    cho.open(task(installed))
    cho.submit("provisioning", action="note", text="Form sent to customs.")
    assert "Form sent to customs." in cho.open(task(installed))
    cho.submit("provisioning", action="reassign", text="ben")
    assert "Form sent to customs." in ben.open(task(installed))
    cho.open(task(installed))
    assert cho.page.status_code == 404


@pytest.mark.usefixtures("pending")
def test_nobody_else_does_it(browse: Browse, installed: Site) -> None:
    ada = browse("ada")
    ada.open("/identity/faces/catalog")
    token = ada.page.text.split('name="_csrf" value="')[1].split('"')[0]
    answer = ada.http.post(
        installed.url + task(installed), {"_csrf": token, "action": "complete"}, timeout=30
    )
    assert answer.status_code == 404
    ada.open(task(installed))
    assert ada.page.status_code == 404


@pytest.mark.usefixtures("pending")
def test_a_second_answer_is_refused(browse: Browse, installed: Site) -> None:
    cho, again = browse("cho"), browse("cho")
    for one in (cho, again):
        one.open(task(installed))
    cho.submit("provisioning", action="complete")
    again.submit("provisioning", action="reject", text=REASON)
    assert again.page.status_code == 409
