"""What can be done with a task besides approving it, by whom, and what it refuses."""

from __future__ import annotations

import pytest

from sandbox.oim.rules import Rule
from tests.sandbox.oim import acts
from tests.sandbox.oim.sites import Site

AWAITING = "Request Awaiting Approval"


def waiting(site: Site, *stages: str) -> str:
    """A request of ada's that waits for the first of these stages."""
    site.state.rules[:] = [Rule(stages or ("user:BEN",))]
    request_id = acts.ask(site)
    acts.later(site)
    assert acts.status(site, request_id) == AWAITING
    return request_id


def test_a_role_s_task_is_claimed_by_a_member_and_then_nobody_elses(installed: Site) -> None:
    request_id = waiting(installed, "role:IT SECURITY")
    assert "not assigned" in acts.act(installed, "ben", request_id, "claim")
    assert acts.act(installed, "cho", request_id, "CLAIM") == ""
    assert acts.names(installed, request_id) == ["CHO"]
    task = next(row for row in acts.inbox(installed, "cho") if row["id"] == request_id)
    assert (task["assignee"], task["acquiredBy"]) == ("IT SECURITY", "CHO")
    assert "not assigned" in acts.act(installed, "cmills", request_id, "approve")
    assert request_id not in {row["id"] for row in acts.inbox(installed, "cmills")}
    assert acts.act(installed, "cho", request_id, "approve") == ""


def test_a_task_is_claimed_once_and_only_if_it_is_offered_to_several(installed: Site) -> None:
    request_id = waiting(installed, "role:IT SECURITY")
    acts.act(installed, "cho", request_id, "claim")
    assert "somebody's already" in acts.act(installed, "cho", request_id, "claim")
    own = waiting(installed)
    for who in ("ben", "finn"):
        assert "somebody's already" in acts.act(installed, who, own, "claim")


def test_a_released_task_is_everybodys_again(installed: Site) -> None:
    request_id = waiting(installed, "role:IT SECURITY")
    assert "not claimed" in acts.act(installed, "cho", request_id, "release")
    acts.act(installed, "cho", request_id, "claim")
    assert acts.act(installed, "cho", request_id, "release") == ""
    assert acts.names(installed, request_id) == ["IT SECURITY"]
    assert "Claim" in acts.act(installed, "cho", request_id, "approve")


@pytest.mark.parametrize("written", ["CHO", "cho", {"name": "Cho"}])
def test_a_task_is_reassigned_and_the_list_tells_nothing_of_it(
    installed: Site, written: object
) -> None:
    request_id = waiting(installed)
    query = {"q": f"id eq {request_id}"}
    before = installed.as_("broker").get("/requests", **query)["requests"]
    done = acts.act(installed, "ben", request_id, "REASSIGN", assignees=[written])
    assert done == ""
    assert acts.names(installed, request_id) == ["CHO"]
    assert installed.as_("broker").get("/requests", **query)["requests"] == before
    assert "not assigned" in acts.act(installed, "ben", request_id, "approve")
    assert acts.act(installed, "cho", request_id, "approve") == ""


def test_a_task_reassigned_to_several_is_claimed_by_one_of_them(installed: Site) -> None:
    request_id = waiting(installed)
    acts.act(installed, "ben", request_id, "reassign", assignees=["CHO", "DEE"])
    (offered,) = acts.approvers(installed, request_id)
    assert offered["approvers"] == ["CHO", "DEE"]
    task = next(row for row in acts.inbox(installed, "dee") if row["id"] == request_id)
    assert task["assignee"] == "CHO, DEE"
    assert "Claim" in acts.act(installed, "dee", request_id, "approve")
    acts.act(installed, "dee", request_id, "claim")
    assert acts.names(installed, request_id) == ["DEE"]
    assert acts.act(installed, "dee", request_id, "approve") == ""


def test_an_administrator_reassigns_anybodys_task_also_to_a_role(installed: Site) -> None:
    request_id = waiting(installed)
    for nobody in ([], ["NOBODY"], ["KARL"]):
        assert acts.act(installed, "broker", request_id, "reassign", assignees=nobody)
    assert acts.act(installed, "broker", request_id, "reassign", assignees=["it security"]) == ""
    assert acts.names(installed, request_id) == ["IT SECURITY"]


def test_an_escalated_task_goes_to_the_manager_and_at_the_top_to_the_administrators(
    installed: Site,
) -> None:
    request_id = waiting(installed)
    for who, then in (
        ("ben", "NCOX"), ("ncox", "JKIRKPATRICK"), ("jkirkpatrick", "SYSTEM ADMINISTRATORS")
    ):  # fmt: skip
        assert acts.act(installed, who, request_id, "ESCALATE") == ""
        assert acts.names(installed, request_id) == [then]


def test_a_suspended_task_waits_until_it_is_resumed(installed: Site) -> None:
    request_id = waiting(installed)
    assert "not suspended" in acts.act(installed, "ben", request_id, "resume")
    assert acts.act(installed, "ben", request_id, "SUSPEND") == ""
    assert acts.approvers(installed, request_id)[0]["status"] == "SUSPENDED"
    suspended = acts.inbox(installed, "ben", "state eq Suspended")
    assert request_id in {row["id"] for row in suspended}
    assert acts.approvers(installed, request_id, "previous") == []
    assert "suspended" in acts.act(installed, "ben", request_id, "approve")
    assert acts.status(installed, request_id) == AWAITING
    assert request_id not in {row["id"] for row in acts.inbox(installed, "ben")}
    assert acts.act(installed, "ben", request_id, "RESUME") == ""
    assert acts.act(installed, "ben", request_id, "approve") == ""


def test_a_request_for_information_is_the_requesters_to_answer(installed: Site) -> None:
    request_id = waiting(installed)
    ask = {"action": "request information", "actionComment": "which cost centre?"}
    assert acts.act(installed, "ben", request_id, **ask) == ""
    assert acts.status(installed, request_id) == "Provide Information"
    assert acts.names(installed, request_id) == ["ADA"]
    assert acts.approvers(installed, request_id)[0]["status"] == "INFO_REQUESTED"
    (task,) = acts.inbox(installed, "ada", "state eq Information::Required")
    assert (task["id"], task["state"]) == (request_id, "INFO_REQUESTED")
    for action in ("approve", "claim", "escalate"):
        assert "waits for information" in acts.act(installed, "ada", request_id, action)
    assert "not assigned" in acts.act(installed, "ben", request_id, "approve")
    answer = {"action": "submit information", "actionComment": "4711"}
    assert acts.act(installed, "ada", request_id, **answer) == ""
    assert acts.status(installed, request_id) == AWAITING
    said = [each["comment"] for each in acts.approvers(installed, request_id)[0]["comments"]]
    assert said == ["which cost centre?", "4711"]
    assert "No information" in acts.act(installed, "ben", request_id, "submit information")
    assert acts.act(installed, "ben", request_id, "approve") == ""


def test_information_may_be_asked_of_somebody_else(installed: Site) -> None:
    request_id = waiting(installed)
    acts.act(installed, "ben", request_id, "request information", assignees=["DEE"])
    assert acts.names(installed, request_id) == ["DEE"]


def test_everybody_of_a_parallel_stage_has_to_agree_in_any_order(installed: Site) -> None:
    request_id = waiting(installed, "user:BEN+user:CHO", "user:DEE")
    tasks = {each["approvers"]: each["taskId"] for each in acts.approvers(installed, request_id)}
    assert acts.act(installed, "cho", request_id, "approve", taskId=tasks["CHO"]) == ""
    assert acts.names(installed, request_id) == ["BEN"]
    assert acts.names(installed, request_id, "future") == ["DEE"]
    assert acts.act(installed, "ben", request_id, "approve", taskId=tasks["BEN"]) == ""
    assert acts.names(installed, request_id) == ["DEE"]


def test_a_subtask_is_one_decision_more_of_the_same_stage(installed: Site) -> None:
    request_id = waiting(installed, "user:BEN", "user:DEE")
    said = {"assignees": ["CHO"], "actionComment": "please look"}
    assert acts.act(installed, "ben", request_id, "CreateSubTask", **said) == ""
    assert acts.names(installed, request_id) == ["BEN", "CHO"]
    assert acts.act(installed, "ben", request_id, "approve") == ""
    assert acts.names(installed, request_id) == ["CHO"]
    assert acts.act(installed, "cho", request_id, "approve") == ""
    assert acts.names(installed, request_id) == ["DEE"]


def test_one_rejection_ends_what_others_were_asked_too(installed: Site) -> None:
    request_id = waiting(installed, "user:BEN+user:CHO")
    tasks = {each["approvers"]: each["taskId"] for each in acts.approvers(installed, request_id)}
    acts.act(installed, "cho", request_id, "reject", taskId=tasks["CHO"], actionComment="no")
    assert acts.status(installed, request_id) == "Request Rejected"
    ends = {e["approvers"]: e["status"] for e in acts.approvers(installed, request_id, "previous")}
    assert ends == {"BEN": "WITHDRAWN", "CHO": "REJECT"}
    assert "completed already" in acts.act(
        installed, "ben", request_id, "approve", taskId=tasks["BEN"]
    )


def test_an_administrator_may_leave_somebody_out(installed: Site) -> None:
    request_id = waiting(installed, "user:BEN", "user:DEE")
    assert "Only an administrator" in acts.act(installed, "ben", request_id, "SKIPASSIGNMENT")
    assert acts.act(installed, "broker", request_id, "SKIPASSIGNMENT") == ""
    assert acts.names(installed, request_id) == ["DEE"]


def test_save_keeps_a_comment_and_decides_nothing(installed: Site) -> None:
    request_id = waiting(installed)
    acts.act(installed, "ben", request_id, "SAVE", actionComment="on my list")
    acts.act(installed, "ben", request_id, "approve", actionComment="fine")
    done = acts.approvers(installed, request_id, "previous")[0]
    said = [(each["addedBy"], each["comment"]) for each in done["comments"]]
    assert said == [("BEN", "on my list"), ("BEN", "fine")]


def test_a_request_may_be_withdrawn_by_an_action_too(installed: Site) -> None:
    request_id = waiting(installed)
    assert "Only the requester" in acts.act(installed, "ben", request_id, "WITHDRAW")
    assert acts.act(installed, "ada", request_id, "WITHDRAW") == ""
    assert acts.status(installed, request_id) == "Request Withdrawn"


@pytest.mark.parametrize(
    ("request_of", "action", "said"),
    [
        ("waiting", "CREATESUBTASK", "Nobody was named"),
        ("waiting", "DELETE", "not supported"),
        ("waiting", "", "not supported"),
        ("automatic", "approve", "no such task"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(
    installed: Site, request_of: str, action: str, said: str
) -> None:
    request_id = waiting(installed) if request_of == "waiting" else acts.ask(installed, "broker")
    who = "ben" if request_of == "waiting" else "broker"
    assert said in acts.act(installed, who, request_id, action)


def test_a_task_of_another_id_is_not_this_requests(installed: Site) -> None:
    request_id = waiting(installed)
    assert "no such task" in acts.act(installed, "ben", request_id, "approve", taskId="other")


def test_a_stand_in_decides_for_the_one_they_stand_in_for(installed: Site) -> None:
    request_id = waiting(installed)
    assert acts.act(installed, "finn", request_id, "approve") == ""
    assert acts.names(installed, request_id, "previous") == ["FINN"]
