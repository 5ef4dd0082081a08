"""How requests live, switch by switch."""

from __future__ import annotations

from sandbox.oim.records import Delays
from sandbox.oim.rules import DIRECT, Rule
from sandbox.oim.workflow_words import AWAITING_CHILDREN, COMPLETED, CREATED
from tests.sandbox.oim import acts
from tests.sandbox.oim.proofs import Proof
from tests.sandbox.oim.sites import Site

BOTH = (acts.ROLE, acts.OTHER_ROLE)


def a_new_request_is_created_and_moves_later(site: Site) -> None:
    result = site.as_("broker").order(acts.entry(site))
    assert result["reqStatus"] == CREATED
    acts.later(site)
    assert acts.status(site, result["id"]) == COMPLETED


def children_come_after_the_approval_of_their_parent(site: Site) -> None:
    site.state.delays = Delays(start=60, provisioning=60)
    parent = acts.ask(site, "broker", BOTH)
    assert acts.children(site, parent) == []
    acts.later(site, 600)
    assert len(acts.children(site, parent)) == 2


def a_child_says_why_its_parent_was_raised(site: Site) -> None:
    parent = acts.ask(site, "broker", BOTH, why="RITM0010023 month end")
    acts.later(site)
    said = [acts.detail(site, each).get("reqJustification") for each in acts.children(site, parent)]
    assert said == ["RITM0010023 month end"] * 2


def a_parent_with_a_closed_child_is_not_closed(site: Site) -> None:
    site.state.rules.insert(0, Rule(("manager",), requester="BROKER"))
    parent = acts.ask(site, "broker", BOTH)
    acts.later(site)
    first, _ = acts.children(site, parent)
    assert acts.act(site, "broker", first, "CLOSE") == ""
    assert "IAM-2050084" in acts.act(site, "broker", parent, "CLOSE")


def a_direct_rule_leaves_no_request(site: Site) -> None:
    site.state.rules.insert(0, Rule(DIRECT))
    result = site.as_("broker").order(acts.entry(site))
    assert (result["status"], "id" in result) == ("SUCCESS", False)
    assert "14" in acts.roles(site, "ADA")


def several_items_are_a_request_whatever_the_rule_says(site: Site) -> None:
    site.state.rules.insert(0, Rule(DIRECT))
    assert site.as_("broker").order(acts.entry(site, BOTH)).get("id")


def what_starts_later_is_carried_out_then(site: Site) -> None:
    request_id = acts.ask(site, "broker", startDate=acts.moment(site, 86400))
    acts.later(site)
    assert acts.status(site, request_id) == "Request Awaiting Completion"
    assert "14" not in acts.roles(site, "ADA")
    acts.later(site, 86400)
    assert acts.status(site, request_id) == COMPLETED


def items_that_conflict_are_reviewed(site: Site) -> None:
    site.state.sod[acts.ROLE, ("role", "34")] = "Reports and the intranet do not go together."
    request_id = acts.ask(site, "broker")
    acts.later(site)
    assert acts.names(site, request_id) == ["IT SECURITY"]


def a_roles_task_is_claimed_first(site: Site) -> None:
    site.state.rules.insert(0, Rule(("role:IT SECURITY",)))
    request_id = acts.ask(site)
    acts.later(site)
    assert "Claim" in acts.act(site, "cho", request_id, "approve")


def without_a_task_id_the_first_task_is_meant(site: Site) -> None:
    site.state.rules.insert(0, Rule(("user:BEN+user:CHO",)))
    request_id = acts.ask(site)
    acts.later(site)
    assert "not assigned to you" in acts.act(site, "cho", request_id, "approve")


def a_task_is_decided_once(site: Site) -> None:
    request_id = acts.ask(site)
    acts.later(site)
    assert acts.act(site, "ben", request_id, "approve") == ""
    assert "completed already" in acts.act(site, "ben", request_id, "approve")


def what_is_approved_is_not_withdrawn(site: Site) -> None:
    site.state.provisioning.disconnected.add(acts.ACCOUNT[1])
    request_id = acts.ask(site, "broker", [acts.ACCOUNT])
    acts.later(site)
    assert "no longer" in acts.withdraw(site, "broker", request_id)


def comments_are_in_the_detail(site: Site) -> None:
    request_id = acts.ask(site)
    acts.later(site)
    acts.act(site, "ben", request_id, "save", actionComment="asked ncox first")
    said = acts.approvers(site, request_id)[0].get("comments", [])
    assert [(each["addedBy"], each["comment"]) for each in said] == [("BEN", "asked ncox first")]


def every_word_is_a_known_one(site: Site) -> None:
    site.state.delays = Delays(start=1, provisioning=600)
    request_id = acts.ask(site, "broker")
    acts.later(site, 300)
    assert acts.status(site, request_id) == "Operation Initiated"


def a_parent_says_child_with_a_capital(site: Site) -> None:
    site.state.rules.insert(0, Rule(("manager",), requester="BROKER"))
    parent = acts.ask(site, "broker", BOTH)
    acts.later(site)
    assert acts.status(site, parent) == AWAITING_CHILDREN
    query = f"reqStatus eq {AWAITING_CHILDREN.replace(' ', '::')} and id eq {parent}"
    (row,) = site.as_("broker").get("/requests", q=query)["requests"]
    assert row["reqStatus"] == AWAITING_CHILDREN


PROOFS: dict[str, Proof] = {
    "bulk-never-direct": several_items_are_a_request_whatever_the_rule_says,
    "child-capitalized": a_parent_says_child_with_a_capital,
    "children-late": children_come_after_the_approval_of_their_parent,
    "children-repeat-justification": a_child_says_why_its_parent_was_raised,
    "claim-needed": a_roles_task_is_claimed_first,
    "closed-children-block-closing": a_parent_with_a_closed_child_is_not_closed,
    "comments-in-detail": comments_are_in_the_detail,
    "decided-once": a_task_is_decided_once,
    "direct-rules": a_direct_rule_leaves_no_request,
    "first-task-without-id": without_a_task_id_the_first_task_is_meant,
    "future-dates-waited-for": what_starts_later_is_carried_out_then,
    "sod-checked": items_that_conflict_are_reviewed,
    "steps-asynchronous": a_new_request_is_created_and_moves_later,
    "withdrawal-ends-with-approval": what_is_approved_is_not_withdrawn,
    "words-documented": every_word_is_a_known_one,
}
