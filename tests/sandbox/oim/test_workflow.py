"""From submission to the end: dates, work by hand, failures, conflicts, and all the words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from sandbox.oim import Oim, workflow_words
from sandbox.oim.clock import Agenda, Clock
from sandbox.oim.provisioning_tasks import DONE, failed
from sandbox.oim.records import Delays, Request
from sandbox.oim.rows import FINAL, Target
from sandbox.oim.rules import AUTOMATIC, BULK, Rule
from sandbox.oim.workflow import NotPossible, Workflow
from sandbox.world import World, build_world
from tests.sandbox.oim import acts
from tests.sandbox.oim.sites import Site, served


@pytest.fixture
def slow(world: World) -> Iterator[Site]:
    """An installation where nothing happens unless its clock is moved."""
    with served(world, start_seconds=600, provisioning_seconds=6000) as made:
        yield made


def course(site: Site, request_id: str, step: float = 200) -> list[str]:
    """Every status that it has in turn from now on, until time changes nothing any more."""
    words = [acts.status(site, request_id)]
    for _ in range(60):
        acts.later(site, step)
        words.append(acts.status(site, request_id))
    return [word for at, word in enumerate(words) if not at or word != words[at - 1]]


def two_levels(site: Site) -> None:
    site.state.switches.profile_12c = False


def test_a_request_nobody_is_asked_about_passes_through_these_words(slow: Site) -> None:
    request_id = acts.ask(slow, "broker")
    assert course(slow, request_id) == [
        "Request Created", "Request Auto Approved", "Operation Initiated", "Request Completed",
    ]  # fmt: skip


def test_the_older_generation_says_both_levels(slow: Site) -> None:
    two_levels(slow)
    request_id = acts.ask(slow, "broker")
    assert course(slow, request_id) == [
        "Request Created", "Request Approval Auto Approved", "Operation Approval Auto Approved",
        "Operation Initiated", "Operation Completed", "Post Operation Processing Initiated",
        "Request Completed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("older", "first", "second"),
    [
        (False, ["Request Created", "Request Awaiting Approval"], ["Request Awaiting Approval"]),
        (
            True,
            ["Request Created", "Obtaining Request Approval"],
            ["Request Approval Approved", "Obtaining Operation Approval"],
        ),
    ],
)
def test_two_stages_are_asked_at_one_level_or_at_two(
    slow: Site, older: bool, first: list[str], second: list[str]
) -> None:
    slow.state.switches.profile_12c = not older
    slow.state.rules[:] = [Rule(("user:BEN", "user:CHO"))]
    request_id = acts.ask(slow)
    assert course(slow, request_id) == first
    acts.act(slow, "ben", request_id, "approve")
    assert course(slow, request_id) == second
    acts.act(slow, "cho", request_id, "approve")
    approved = "Operation Approval Approved" if older else "Request Approved"
    assert course(slow, request_id)[:2] == [approved, "Operation Initiated"]
    assert acts.status(slow, request_id) == "Request Completed"


def test_in_the_older_generation_one_stage_leaves_the_second_level_to_itself(slow: Site) -> None:
    two_levels(slow)
    request_id = acts.ask(slow)
    acts.later(slow, 601)
    acts.act(slow, "ben", request_id, "approve")
    assert course(slow, request_id)[:3] == [
        "Request Approval Approved", "Operation Approval Auto Approved", "Operation Initiated",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("deciders", "word"),
    [(["ben"], "Request Approval Rejected"), (["ben", "cho"], "Operation Approval Rejected")],
)
def test_in_the_older_generation_a_rejection_says_its_level(
    slow: Site, deciders: list[str], word: str
) -> None:
    two_levels(slow)
    slow.state.rules[:] = [Rule(("user:BEN", "user:CHO"))]
    request_id = acts.ask(slow)
    for who in deciders:
        acts.later(slow, 3000)
        acts.act(slow, who, request_id, "reject" if who == deciders[-1] else "approve")
    assert acts.status(slow, request_id) == word


def test_in_the_older_generation_children_are_asked_about_at_the_second_level(slow: Site) -> None:
    two_levels(slow)
    slow.state.rules[:] = [Rule(("user:CHO",), operation=BULK), Rule(("user:BEN",))]
    parent = acts.ask(slow, items=[acts.ROLE, acts.OTHER_ROLE])
    acts.later(slow, 601)
    assert acts.status(slow, parent) == "Obtaining Request Approval"
    acts.act(slow, "cho", parent, "approve")
    acts.later(slow, 3000)
    first, second = acts.children(slow, parent)
    assert acts.status(slow, first) == "Obtaining Operation Approval"
    acts.act(slow, "ben", first, "approve")
    acts.act(slow, "ben", second, "reject")
    acts.later(slow, 20_000)
    assert acts.status(slow, parent) == "Request Partially Failed"


# REST API for OIG Self Service and `RequestStage`: everything that a request is known to say.
DOCUMENTED = """
Request Initialized|Request Created|SoD check not initiated|SoD check result pending
SoD check completed|Request Awaiting Approval|Provide Information|Obtaining Request Approval
Obtaining Operation Approval|Request Approved|Request Auto Approved|Request Approval Approved
Operation Approval Approved|Request Approval Auto Approved|Operation Approval Auto Approved
Operation Initiated|Operation Completed|Post Operation Processing Initiated
Request Approved Fulfillment Pending|Request Awaiting Completion
Request Awaiting Child Requests Completion|Request Awaiting Dependent Request Completion
Request Completed|Request Rejected|Request Failed|Request Partially Failed
Request Completed With Errors|Request Withdrawn|Request Closed|Request Draft Created
Request Approval Rejected|Operation Approval Rejected
"""


def test_both_generations_say_documented_words_alone_but_for_the_one_behind_a_switch() -> None:
    documented = set(DOCUMENTED.strip().replace("\n", "|").split("|"))
    ours = {word for name, word in vars(workflow_words).items()
            if name.isupper() and isinstance(word, str)}  # fmt: skip
    for spoken in (workflow_words.ONE_LEVEL, workflow_words.TWO_LEVELS):
        ours |= {*spoken.asking, *spoken.approved, *spoken.auto_approved, *spoken.rejected}
        ours |= {spoken.manual, *spoken.done, spoken.mixed_ends}
    assert ours - documented == {workflow_words.UNDOCUMENTED}
    assert documented - ours == {"Request Initialized"}


def test_a_new_request_is_in_lists_that_were_read_a_moment_before(slow: Site) -> None:
    broker, query = slow.as_("broker"), "reqStatus eq Request::Created"
    before = {row["id"] for row in broker.get("/requests", q=query, limit=500)["requests"]}
    request_id = acts.ask(slow)
    after = {row["id"] for row in broker.get("/requests", q=query, limit=500)["requests"]}
    assert after - before == {request_id}


def test_every_final_word_is_known_to_be_final(slow: Site) -> None:
    ends = {"Request Completed", "Request Failed", "Request Rejected", "Request Withdrawn",
            "Request Closed", "Request Completed With Errors", "Request Partially Failed",
            "Request Approval Rejected", "Operation Approval Rejected"}  # fmt: skip
    assert ends == FINAL


def test_what_starts_later_is_approved_now_and_given_then(slow: Site) -> None:
    day = 86_400.0
    request_id = acts.ask(slow, startDate=acts.moment(slow, 10 * day), endDate="2090-01-01")
    acts.later(slow, 601)
    acts.act(slow, "ben", request_id, "approve")
    acts.later(slow, 9 * day)
    assert acts.status(slow, request_id) == "Request Awaiting Completion"
    assert "14" not in acts.roles(slow, "ADA")
    assert "no longer" in acts.withdraw(slow, "ada", request_id)
    acts.later(slow, 2 * day)
    assert acts.status(slow, request_id) == "Request Completed"
    assert "14" in acts.roles(slow, "ADA")


def test_what_should_have_started_by_the_time_it_is_approved_starts_at_once(slow: Site) -> None:
    request_id = acts.ask(slow, startDate=acts.moment(slow, 3600))
    acts.later(slow, 86_400)
    acts.act(slow, "ben", request_id, "approve")
    assert course(slow, request_id) == [
        "Request Approved", "Operation Initiated", "Request Completed",
    ]  # fmt: skip


def test_what_ends_is_taken_away_on_its_day_and_the_request_stays_as_it_is(slow: Site) -> None:
    request_id = acts.ask(slow, "broker", endDate=acts.moment(slow, 90_000))
    acts.later(slow, 80_000)
    assert "14" in acts.roles(slow, "ADA")
    acts.later(slow, 20_000)
    assert "14" not in acts.roles(slow, "ADA")
    assert acts.status(slow, request_id) == "Request Completed"


@pytest.mark.parametrize("when", ["tomorrow", 5, True, [1], {"at": "2026-01-01"}])
def test_a_date_that_is_none_fails_the_entry(slow: Site, when: object) -> None:
    entry = acts.entry(slow)
    entry["reqTargetEntities"][0]["startDate"] = when
    result = slow.as_("ada").order(entry)
    assert (result["status"], "ISO 8601" in result["errorMessage"]) == ("FAILURE", True)


def test_work_by_hand_is_pending_until_somebody_says_that_it_is_done(slow: Site) -> None:
    slow.state.provisioning.disconnected.add(acts.ACCOUNT[1])
    request_id = acts.ask(slow, "broker", [acts.ACCOUNT])
    assert course(slow, request_id)[-1] == "Request Approved Fulfillment Pending"
    Workflow(slow.state).executed(slow.state.requests[request_id])
    assert acts.status(slow, request_id) == "Request Completed"


def test_work_by_hand_that_cannot_be_done_fails_the_request_once(slow: Site) -> None:
    slow.state.provisioning.disconnected.add(acts.ACCOUNT[1])
    request_id = acts.ask(slow, "broker", [acts.ACCOUNT])
    acts.later(slow, 20_000)
    assert acts.status(slow, request_id) == "Request Approved Fulfillment Pending"
    kept = slow.state.requests[request_id]
    Workflow(slow.state).executed(kept, "There is no licence left.")
    Workflow(slow.state).executed(kept)
    assert acts.status(slow, request_id) == "Request Failed"
    assert kept.failure == "There is no licence left."
    assert "licence" not in str(acts.detail(slow, request_id)), "the API does not say why"


def test_a_target_system_that_refuses_fails_the_request(slow: Site) -> None:
    slow.state.provisioning.failing[acts.ROLE] = "The target system is closed."
    request_id = acts.ask(slow, "broker")
    assert course(slow, request_id)[-2:] == ["Operation Initiated", "Request Failed"]
    assert slow.state.requests[request_id].failure == "The target system is closed."
    assert "14" not in acts.roles(slow, "ADA")


SALESFORCE, REPORTS = ("account", "54"), ("entitlement", "103")


def test_an_entitlement_waits_for_the_account_that_is_asked_for_with_it(slow: Site) -> None:
    slow.state.provisioning.disconnected.clear()
    slow.state.rules[:] = [Rule(("user:BEN",), operation="Provision ApplicationInstance")]
    parent = acts.ask(slow, "broker", [REPORTS, SALESFORCE])
    acts.later(slow, 9000)
    entitlement, account = acts.children(slow, parent)
    waits = "Request Awaiting Dependent Request Completion"
    assert acts.status(slow, entitlement) == waits
    acts.act(slow, "ben", account, "approve")
    acts.later(slow, 4000)
    assert acts.status(slow, entitlement) == waits
    acts.later(slow, 20_000)
    assert acts.status(slow, parent) == "Request Completed"


def test_an_entitlement_whose_account_is_refused_fails(slow: Site) -> None:
    slow.state.rules[:] = [Rule(("user:BEN",), operation="Provision ApplicationInstance")]
    parent = acts.ask(slow, "broker", [REPORTS, SALESFORCE])
    acts.later(slow, 9000)
    entitlement, account = acts.children(slow, parent)
    acts.act(slow, "ben", account, "reject")
    acts.later(slow, 20_000)
    assert acts.status(slow, entitlement) == "Request Failed"
    assert acts.status(slow, parent) == "Request Completed With Errors"


def test_what_is_closed_meanwhile_is_not_carried_out(slow: Site) -> None:
    request_id = acts.ask(slow, "broker")
    acts.later(slow, 601)
    assert acts.act(slow, "broker", request_id, "close") == ""
    acts.later(slow, 20_000)
    assert acts.status(slow, request_id) == "Request Closed"
    assert "14" not in acts.roles(slow, "ADA")


CONFLICT = "Who reports must not count stock."


def conflicting(site: Site) -> str:
    """A request for a role that must not go with one which ada gets before."""
    site.state.sod[acts.ROLE, acts.OTHER_ROLE] = CONFLICT
    acts.ask(site, "broker", [acts.OTHER_ROLE])
    acts.later(site, 20_000)
    return acts.ask(site)


def test_a_violation_is_looked_for_first_and_adds_a_stage(slow: Site) -> None:
    request_id = conflicting(slow)
    assert course(slow, request_id) == [
        "Request Created", "SoD check not initiated", "SoD check result pending",
        "SoD check completed", "Request Awaiting Approval",
    ]  # fmt: skip
    assert acts.names(slow, request_id, "future") == ["IT SECURITY"]
    acts.act(slow, "ben", request_id, "approve")
    acts.act(slow, "cho", request_id, "claim")
    assert acts.names(slow, request_id) == ["CHO"]
    acts.act(slow, "cho", request_id, "reject", actionComment=CONFLICT)
    assert acts.status(slow, request_id) == "Request Rejected"
    assert "14" not in acts.roles(slow, "ADA")


def test_a_violation_that_is_accepted_goes_through(slow: Site) -> None:
    request_id = conflicting(slow)
    acts.later(slow, 3000)
    acts.act(slow, "ben", request_id, "approve")
    acts.act(slow, "cho", request_id, "claim")
    acts.act(slow, "cho", request_id, "approve")
    acts.later(slow, 20_000)
    assert {"14", "20"} <= acts.roles(slow, "ADA")


def test_what_violates_nothing_is_checked_and_goes_its_way(slow: Site) -> None:
    slow.state.sod[acts.ROLE, ("role", "22")] = CONFLICT
    request_id = acts.ask(slow, "broker")
    assert course(slow, request_id)[2:5] == [
        "SoD check result pending", "SoD check completed", "Request Auto Approved",
    ]  # fmt: skip
    unconcerned = acts.ask(slow, "broker", [acts.OTHER_ROLE])
    assert course(slow, unconcerned)[1] == "Request Auto Approved"


def test_items_of_one_request_conflict_with_each_other(slow: Site) -> None:
    slow.state.sod[acts.ROLE, acts.OTHER_ROLE] = CONFLICT
    parent = acts.ask(slow, "broker", [acts.ROLE, acts.OTHER_ROLE])
    acts.later(slow, 20_000)
    assert [acts.names(slow, each) for each in acts.children(slow, parent)] == [["IT SECURITY"]] * 2


def test_a_comment_is_kept_beside_the_task_and_needs_one(slow: Site) -> None:
    request_id = acts.ask(slow)
    ada, kept = slow.state.by_login["ADA"], slow.state.requests[request_id]
    with pytest.raises(NotPossible, match="no task to comment on"):
        Workflow(slow.state).comment(ada, kept, "please hurry")
    acts.later(slow, 601)
    acts.status(slow, request_id)
    Workflow(slow.state).comment(ada, kept, "please hurry")
    (said,) = acts.approvers(slow, request_id)[0]["comments"]
    assert (said["addedBy"], said["comment"]) == ("ADA", "please hurry")
    assert said["addedOn"].endswith("Z")


@pytest.fixture(scope="module")
def quiet() -> World:
    return build_world(people=60, requests=300, open_share=0.2)


def revoking(oim: Oim, workflow: Workflow) -> Request:
    ada = oim.by_login["ADA"]
    item = oim.items["account", "51"]
    return workflow.submit(
        oim.by_login["BROKER"], [ada.key], [Target(item)], "left the team", "Revoke Account"
    )


def test_a_revocation_asks_the_rules_by_its_own_name_and_takes_the_access(quiet: World) -> None:
    oim = Oim(quiet, Delays())
    oim.rules[:] = [Rule(AUTOMATIC, operation="revoke account"), Rule(("user:BEN",))]
    workflow, place = Workflow(oim), ("account", "51")
    request = revoking(oim, workflow)
    assert request.type == "Revoke Account"
    assert place in oim.holdings[request.beneficiaries[0]]
    oim.clock.forward(60)
    workflow.advance()
    assert request.status == "Request Completed"
    assert place not in oim.holdings[request.beneficiaries[0]]


@pytest.mark.parametrize(("outcome", "status"), [(DONE, "Completed"), (failed("No."), "Failed")])
def test_what_is_about_no_access_is_done_by_what_it_brings_along(
    quiet: World, outcome: object, status: str
) -> None:
    oim = Oim(quiet, Delays())
    workflow, ada = Workflow(oim), oim.by_login["ADA"]
    request = workflow.submit(
        oim.by_login["BROKER"], [ada.key], [], "", "Modify User Profile",
        lambda _: outcome,  # type: ignore[arg-type,return-value]
    )  # fmt: skip
    oim.clock.forward(60)
    workflow.advance()
    assert request.status == f"Request {status}"


def test_a_step_looks_at_what_is_due_and_at_nothing_else(quiet: World) -> None:
    oim = Oim(quiet, Delays(start=5, provisioning=5))
    workflow = Workflow(oim)
    ada, broker = oim.by_login["ADA"].key, oim.by_login["BROKER"]
    item = oim.items["role", "14"]
    far = (oim.clock.now() + timedelta(days=9)).isoformat()
    waiting = [workflow.submit(broker, [ada], [Target(item, far)], "") for _ in range(300)]
    oim.clock.forward(60)
    workflow.advance()
    assert {request.status for request in waiting} == {"Request Awaiting Completion"}
    oim.requests.live.clear()  # whoever looks at one of them now fails
    before = oim.version
    oim.clock.forward(60)
    workflow.advance()
    assert oim.version == before


def test_time_is_moved_on_and_never_back() -> None:
    clock = Clock()
    before = clock.now()
    clock.forward(3600)
    assert timedelta(hours=1) <= clock.now() - before < timedelta(hours=2)
    with pytest.raises(ValueError, match="backwards"):
        clock.forward(-1)


def test_an_agenda_gives_what_is_due_in_order_with_what_is_noted_meanwhile() -> None:
    agenda, at = Agenda(), Clock().now()
    agenda.note(at + timedelta(seconds=2), 2)
    agenda.note(at, 1)
    agenda.note(at + timedelta(seconds=9), 9)
    seen = []
    for _, number in agenda.due(at + timedelta(seconds=5)):
        seen.append(number)
        if number == 1:
            agenda.note(at + timedelta(seconds=1), 3)
    assert seen == [1, 3, 2]
