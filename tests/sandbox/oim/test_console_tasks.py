"""What approvers do in the console: claim, pass on, ask back, stand in for others."""

from __future__ import annotations

import pytest

from sandbox.oim.rules import Rule
from tests.sandbox.oim import acts
from tests.sandbox.oim.browsing import HOME, Browse
from tests.sandbox.oim.sites import Site

INBOX = f"{HOME}?tf=approval_details"


def waiting(site: Site) -> str:
    """A request of ada's that waits for its first approver."""
    request_id = acts.ask(site)
    site.as_("broker").wait_for(request_id, "Request Awaiting Approval")
    return request_id


@pytest.fixture
def for_a_role(installed: Site) -> str:
    """A request that waits for the role that cho is in."""
    installed.state.rules.insert(0, Rule(("role:IT SECURITY",)))
    return waiting(installed)


def test_a_task_of_a_role_is_claimed_then_decided(
    browse: Browse, installed: Site, for_a_role: str
) -> None:
    cho = browse("cho")
    page = cho.request(for_a_role)
    assert "Claim" in page
    assert "Approve<" not in page
    claimed = cho.submit("approvals", action="claim")
    assert "The task is yours now" in claimed
    assert "Approve<" in claimed
    cho.submit("approvals", action="approve", comment="checked")
    assert acts.approvers(installed, for_a_role, "previous")[0]["approvers"] == "CHO"


def test_an_unclaimed_task_of_a_role_is_not_decided(
    browse: Browse, installed: Site, for_a_role: str
) -> None:
    cho = browse("cho")
    cho.request(for_a_role)
    assert "Claim the task first" in cho.submit("approvals", action="approve")
    assert cho.page.status_code == 409
    assert acts.names(installed, for_a_role) == ["IT SECURITY"]


def test_a_claimed_task_is_gone_for_the_others_until_it_is_released(
    browse: Browse, for_a_role: str
) -> None:
    cho, other = browse("cho"), browse("cmills")
    cho.request(for_a_role)
    cho.submit("approvals", action="claim")
    assert f'data-request="{for_a_role}"' not in other.open(INBOX)
    cho.submit("approvals", action="release")
    assert f'data-request="{for_a_role}"' in other.open(INBOX)


@pytest.mark.parametrize("named", ["EVE", "eve.sorensen@example.com", "Eve Sorensen"])
def test_a_task_is_passed_on_to_whoever_is_named(
    browse: Browse, installed: Site, named: str
) -> None:
    request_id, ben, eve = waiting(installed), browse("ben"), browse("eve")
    ben.request(request_id)
    ben.submit("approvals", action="reassign", assignee=named, comment="you know her better")
    assert acts.names(installed, request_id) == ["EVE"]
    assert f'data-request="{request_id}"' in eve.open(INBOX)
    assert f'data-request="{request_id}"' not in ben.open(INBOX)
    assert "you know her better" in eve.request(request_id)


def test_a_task_is_passed_on_to_a_role(browse: Browse, installed: Site) -> None:
    request_id, ben = waiting(installed), browse("ben")
    ben.request(request_id)
    ben.submit("approvals", action="reassign", assignee="it security")
    assert acts.names(installed, request_id) == ["IT SECURITY"]


@pytest.mark.parametrize("named", ["nobody at all", ""])
def test_a_task_is_not_passed_on_to_nobody(browse: Browse, installed: Site, named: str) -> None:
    request_id, ben = waiting(installed), browse("ben")
    ben.request(request_id)
    ben.submit("approvals", action="reassign", assignee=named)
    assert ben.page.status_code == 409
    assert acts.names(installed, request_id) == ["BEN"]


def test_a_question_goes_to_the_requester_and_the_answer_back(
    browse: Browse, installed: Site
) -> None:
    request_id, ada, ben = waiting(installed), browse("ada"), browse("ben")
    ben.request(request_id)
    ben.submit("approvals", action="request information", comment="Until when?")
    assert acts.status(installed, request_id) == "Provide Information"
    assert acts.names(installed, request_id) == ["ADA"]
    assert f'data-request="{request_id}"' not in ben.open(INBOX)
    assert "Until when?" in ada.open(INBOX)
    ada.submit("approvals", comment="Until March.", action="submit information")
    assert acts.status(installed, request_id) == "Request Awaiting Approval"
    assert "Until March." in ben.request(request_id)
    ben.submit("approvals", action="approve")
    assert not acts.names(installed, request_id)


def test_a_suspended_task_is_resumed_before_it_is_decided(browse: Browse, installed: Site) -> None:
    request_id, ben = waiting(installed), browse("ben")
    ben.request(request_id)
    page = ben.submit("approvals", action="suspend")
    assert "Resume" in page
    assert "Approve<" not in page
    assert "Approve<" in ben.submit("approvals", action="resume")


def test_a_task_is_escalated_to_the_managers_manager(browse: Browse, installed: Site) -> None:
    request_id, ben = waiting(installed), browse("ben")
    ben.request(request_id)
    ben.submit("approvals", action="escalate")
    boss = installed.state.users[installed.state.by_login["BEN"].manager_key or ""]
    assert acts.names(installed, request_id) == [boss.login]


def test_a_stand_in_decides_and_reads_for_whom(browse: Browse, installed: Site) -> None:
    request_id, finn = waiting(installed), browse("finn")
    page = finn.open(INBOX)
    assert f'data-request="{request_id}"' in page
    assert "<dt>In place of</dt><dd>Ben Achterberg</dd>" in page
    finn.request(request_id)
    finn.submit("approvals", action="approve")
    assert acts.names(installed, request_id, "previous") == ["FINN"]


def test_what_is_no_action_is_refused(browse: Browse, installed: Site) -> None:
    request_id, ben = waiting(installed), browse("ben")
    ben.request(request_id)
    ben.submit("approvals", action="close")
    assert ben.page.status_code == 409
    assert acts.status(installed, request_id) == "Request Awaiting Approval"


def test_a_task_decided_elsewhere_meanwhile_is_gone(browse: Browse, installed: Site) -> None:
    request_id, ben = waiting(installed), browse("ben")
    ben.request(request_id)
    acts.act(installed, "ben", request_id, "approve")
    assert "completed already" in ben.submit("approvals", action="approve")
    assert ben.page.status_code == 404
