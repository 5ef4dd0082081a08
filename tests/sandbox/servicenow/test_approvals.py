"""Approvals by rule, by group and by delegate, and of things that are no tasks."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.servicenow.decisions import DecisionRule
from tests.sandbox.servicenow.desks import Client, Desk
from tools.servers import wait_until

APPROVED, REJECTED, WAITING, MOOT = "approved", "rejected", "requested", "not_required"


def made(answer: Any) -> dict[str, Any]:  # noqa: ANN401 - a response of requests
    assert answer.status_code == 201, answer.text
    row: dict[str, Any] = answer.json()["result"]
    return row


def person(desk: Desk, name: str) -> str:
    return desk.world.people[name].sys_id


def group(desk: Desk, *members: str) -> str:
    """A new group of these people."""
    admin = desk.as_("admin")
    key = str(made(admin.post("sys_user_group", name="Role owners"))["sys_id"])
    for name in members:
        made(admin.post("sys_user_grmember", group=key, user=person(desk, name)))
    return key


def put_to_group(desk: Desk, ritm: dict[str, Any], key: str, **more: str) -> dict[str, Any]:
    values = {"parent": ritm["sys_id"], "assignment_group": key, "approval": "requested"}
    return made(desk.as_("admin").post("sysapproval_group", **values, **more))


def states(desk: Desk, **query: str) -> dict[str, str]:
    """The state of each approval, by its approver's user name."""
    wanted = "^".join(f"{column}={value}" for column, value in query.items())
    rows = desk.as_("broker").rows(
        "sysapproval_approver", f"{wanted}^ORDERBYsys_created_on", "state,approver.user_name"
    )
    return {row["approver.user_name"]: row["state"] for row in rows}


def decide(desk: Desk, who: str, state: str, approver: str = "", **query: str) -> int:
    """Decide one's (or a delegator's) open approval; the status."""
    wanted = {"approver": person(desk, approver or who), "state": "requested"} | query
    query_text = "^".join(f"{column}={value}" for column, value in wanted.items())
    (row,) = desk.as_("admin").rows("sysapproval_approver", query_text)
    return desk.as_(who).patch("sysapproval_approver", row["sys_id"], state=state).status_code


@pytest.mark.parametrize(
    ("rule", "given", "outcome"),
    [
        (DecisionRule("any"), [WAITING, WAITING], None),
        (DecisionRule("any"), [APPROVED, WAITING], APPROVED),
        (DecisionRule("any"), [REJECTED, WAITING], REJECTED),
        (DecisionRule("any", hears_all=True), [REJECTED, WAITING], None),
        (DecisionRule("any", hears_all=True), [REJECTED, APPROVED], APPROVED),
        (DecisionRule("any", hears_all=True), [REJECTED, REJECTED], REJECTED),
        (DecisionRule("all"), [APPROVED, WAITING], None),
        (DecisionRule("all"), [APPROVED, APPROVED], APPROVED),
        (DecisionRule("all"), [REJECTED, WAITING], REJECTED),
        (DecisionRule("all", hears_all=True), [REJECTED, WAITING], None),
        (DecisionRule("all", hears_all=True), [REJECTED, APPROVED], REJECTED),
        (DecisionRule("first"), [APPROVED, WAITING], APPROVED),
        (DecisionRule("first"), [REJECTED, WAITING], REJECTED),
        (DecisionRule("any"), [MOOT, MOOT], None),
        (DecisionRule("all"), [APPROVED, MOOT], APPROVED),
    ],
)
def test_rules_decide(rule: DecisionRule, given: list[str], outcome: str | None) -> None:
    assert rule.outcome(given) == outcome


def test_a_group_is_asked_by_a_row_for_each_active_member(desk: Desk) -> None:
    """Each once, however often somebody is a member."""
    ritm = desk.ordered()
    key = group(desk, "eve", "finn", "finn", "cho")
    desk.as_("admin").patch("sys_user", person(desk, "cho"), active="false")
    asked = put_to_group(desk, ritm, key)
    assert asked["number"].startswith("GAPRV")
    assert states(desk, group=asked["sys_id"]) == {"eve": WAITING, "finn": WAITING}
    (row,) = desk.as_("broker").rows(
        "sysapproval_approver", f"group={asked['sys_id']}^approver={person(desk, 'eve')}"
    )
    assert (row["sysapproval"], row["document_id"], row["source_table"]) == (
        ritm["sys_id"], ritm["sys_id"], "sc_req_item",
    )  # fmt: skip


def test_one_member_decides_for_the_group_and_moots_the_rest(desk: Desk) -> None:
    ritm = desk.ordered()
    asked = put_to_group(desk, ritm, group(desk, "eve", "finn"))
    assert decide(desk, "eve", "approved") == 200
    assert states(desk, sysapproval=ritm["sys_id"]) == {"ben": MOOT, "eve": APPROVED, "finn": MOOT}
    (row,) = desk.as_("admin").rows("sysapproval_group", f"sys_id={asked['sys_id']}")
    assert (row["approval"], desk.item(ritm["sys_id"])["approval"]) == (APPROVED, APPROVED)


def test_everybody_of_a_group_may_have_to_approve(desk: Desk) -> None:
    ritm = desk.ordered()
    put_to_group(desk, ritm, group(desk, "eve", "finn"), wait_for="all")
    decide(desk, "eve", "approved")
    assert desk.item(ritm["sys_id"])["approval"] == WAITING
    decide(desk, "finn", "approved")
    assert desk.item(ritm["sys_id"])["approval"] == APPROVED


def test_a_group_may_hear_everybody_before_it_rejects(desk: Desk) -> None:
    ritm = desk.ordered()
    key = group(desk, "eve", "finn")
    put_to_group(desk, ritm, key, wait_for="any", reject_handling="wait")
    decide(desk, "eve", "rejected")
    assert desk.item(ritm["sys_id"])["approval"] == WAITING
    decide(desk, "finn", "approved")
    assert desk.item(ritm["sys_id"])["approval"] == APPROVED


def test_a_group_that_is_asked_later_asks_its_members_then(desk: Desk) -> None:
    ritm = desk.ordered()
    values = {"parent": ritm["sys_id"], "assignment_group": group(desk, "eve")}
    asked = made(desk.as_("admin").post("sysapproval_group", **values))
    assert states(desk, group=asked["sys_id"]) == {"eve": "not requested"}
    desk.as_("admin").patch("sysapproval_group", asked["sys_id"], approval="requested")
    assert states(desk, group=asked["sys_id"]) == {"eve": WAITING}


def workflow(desk: Desk, name: str, *members: str) -> None:
    """The business role's catalogue item goes by this workflow."""
    admin = desk.as_("admin")
    flow = admin.rows("wf_workflow", f"name={name}")[0]["sys_id"]
    item = desk.world.desk_items["business_role"].sys_id
    given = {"workflow": flow, "group": group(desk, *members)}
    assert admin.patch("sc_cat_item", item, **given).status_code == 200


def test_an_item_may_be_put_to_a_group_alone(desk: Desk) -> None:
    workflow(desk, "Group approval", "eve", "finn")
    ritm = desk.ordered()
    assert states(desk, sysapproval=ritm["sys_id"]) == {"eve": WAITING, "finn": WAITING}
    decide(desk, "finn", "rejected")
    assert desk.item(ritm["sys_id"])["approval"] == REJECTED


def test_an_item_may_need_its_manager_and_a_group(desk: Desk) -> None:
    workflow(desk, "Manager and group approval", "eve", "finn")
    ritm = desk.ordered()
    decide(desk, "eve", "approved")
    assert states(desk, sysapproval=ritm["sys_id"]) == {
        "ben": WAITING,
        "eve": APPROVED,
        "finn": MOOT,
    }
    assert desk.item(ritm["sys_id"])["approval"] == WAITING
    decide(desk, "ben", "approved")
    assert desk.item(ritm["sys_id"])["approval"] == APPROVED


@pytest.mark.parametrize(
    ("activity", "first", "outcome"),
    [
        ("Everyone approves", "approved", WAITING),
        ("Everyone approves", "rejected", REJECTED),
        ("Everyone answers", "rejected", WAITING),
        ("Anyone approves", "approved", APPROVED),
        ("First response", "rejected", REJECTED),
    ],
)
def test_the_activity_says_whose_answers_count(
    desk: Desk, activity: str, first: str, outcome: str
) -> None:
    ritm = desk.ordered()
    key = desk.as_("admin").rows("wf_activity", f"name={activity}")[0]["sys_id"]
    for row in desk.as_("admin").rows("sysapproval_approver", f"sysapproval={ritm['sys_id']}"):
        desk.as_("admin").patch("sysapproval_approver", row["sys_id"], wf_activity=key)
    values = {"approver": person(desk, "eve"), "sysapproval": ritm["sys_id"]}
    desk.as_("admin").post("sysapproval_approver", **values, state="requested", wf_activity=key)
    decide(desk, "ben", first)
    assert desk.item(ritm["sys_id"])["approval"] == outcome


def test_a_delegate_decides_and_the_row_stays_the_delegators(desk: Desk) -> None:
    ritm = desk.ordered()
    assert decide(desk, "finn", "approved", approver="ben") == 200
    (row,) = desk.as_("broker").rows("sysapproval_approver", f"sysapproval={ritm['sys_id']}")
    assert (row["approver"], row["sys_updated_by"]) == (person(desk, "ben"), "finn")
    assert desk.item(ritm["sys_id"])["approval"] == APPROVED


@pytest.mark.parametrize(
    "change",
    [
        {"ends": "2020-01-01 00:00:00"},
        {"starts": "2099-01-01 00:00:00", "ends": "2099-02-01 00:00:00"},
        {"approvals": "false"},
    ],
)
def test_a_delegate_decides_only_while_the_delegation_lasts(
    desk: Desk, change: dict[str, str]
) -> None:
    desk.ordered()
    (delegation,) = desk.as_("admin").rows(
        "sys_user_delegate", f"delegate={person(desk, 'finn')}^user={person(desk, 'ben')}"
    )
    desk.as_("admin").patch("sys_user_delegate", delegation["sys_id"], **change)
    assert decide(desk, "finn", "approved", approver="ben") in (403, 404)


def test_who_may_decide_for_everybody_has_a_role_of_its_own(desk: Desk) -> None:
    ritm = desk.ordered()
    assert decide(desk, "broker", "approved", approver="ben") == 403
    assert decide(desk, "admin", "approved", approver="ben") == 200
    assert desk.item(ritm["sys_id"])["approval"] == APPROVED


def test_an_approval_administrator_acts_for_others_under_his_own_name(desk: Desk) -> None:
    ritm, admin = desk.ordered(), desk.as_("admin")
    (role,) = admin.rows("sys_user_role", "name=approval_admin")
    made(admin.post("sys_user_has_role", user=person(desk, "eve"), role=role["sys_id"]))
    assert decide(desk, "eve", "approved", approver="ben") == 200
    (row,) = admin.rows("sysapproval_approver", f"sysapproval={ritm['sys_id']}")
    assert (row["approver"], row["sys_updated_by"]) == (person(desk, "ben"), "eve")


def test_an_approval_of_no_task_names_its_document(desk: Desk, broker: Client) -> None:
    about = made(broker.post("x_rqbrk_access_request", request_id="77"))["sys_id"]
    for name in ("ben", "eve"):
        values = {"approver": person(desk, name), "state": "requested", "document_id": about}
        made(desk.as_("admin").post(
            "sysapproval_approver", **values, source_table="x_rqbrk_access_request",
        ))  # fmt: skip
    assert decide(desk, "eve", "approved") == 200
    rows = broker.rows("sysapproval_approver", f"document_id={about}")
    assert {(row["sysapproval"], row["state"]) for row in rows} == {("", APPROVED), ("", MOOT)}


def test_an_approval_is_stamped_and_told_in_the_history(desk: Desk) -> None:
    ritm = desk.ordered()
    assert ritm["approval_set"] != ""
    desk.decide(ritm, "approved")
    (entry,) = desk.as_("admin").rows(
        "sys_journal_field", f"element_id={ritm['sys_id']}^element=approval_history"
    )
    assert entry["value"] == "Ben Achterberg approved the task"
    assert desk.item(ritm["sys_id"])["approval_history"] == ""


@pytest.mark.parametrize("decision", [APPROVED, REJECTED])
def test_a_decided_task_raises_its_event(desk: Desk, decision: str) -> None:
    ritm = desk.ordered()
    desk.decide(ritm, decision)
    wait_until(
        lambda: bool(desk.state.records.where("sysevent", name=f"task.{decision}")), "the event"
    )
    (event,) = desk.state.records.where("sysevent", name=f"task.{decision}")
    assert event["parm1"] == ritm["sys_id"]


def test_a_plain_request_is_approved_inside_its_insert(desk: Desk) -> None:
    row = made(desk.as_("admin").post("sc_request", short_description="by hand"))
    assert (row["approval"], row["request_state"], row["stage"]) == (
        "approved", "in_process", "requested",
    )  # fmt: skip
    assert (row["state"], row["price"], row["upon_approval"]) == ("1", "0", "proceed")
    assert (row["upon_reject"], row["sys_mod_count"]) == ("cancel", "0")
    assert row["approval_set"] == row["sys_created_on"]


def test_a_plain_item_waits_for_nobody(desk: Desk) -> None:
    """No workflow comes with an insert by the Table API."""
    row = made(desk.as_("admin").post("sc_req_item", short_description="by hand"))
    assert row["approval"] == "not requested"
    assert states(desk, sysapproval=row["sys_id"]) == {}


def test_a_request_that_is_inserted_closed_keeps_what_it_was_given(desk: Desk) -> None:
    given = {"state": "4", "active": "false", "closed_at": "2016-01-19 04:52:04"}
    row = made(desk.as_("admin").post("sc_request", **given))
    told = {name: row[name] for name in (*given, "approval", "request_state", "stage")}
    assert told == given | {
        "approval": "approved", "request_state": "in_process", "stage": "requested",
    }  # fmt: skip


def test_cancelling_a_request_cancels_its_items(desk: Desk) -> None:
    ritm = desk.ordered()
    desk.as_("admin").patch("sc_request", ritm["request"], request_state="closed_cancelled")
    item = desk.item(ritm["sys_id"])
    assert (item["approval"], item["active"]) == ("cancelled", "false")
    assert states(desk, sysapproval=ritm["sys_id"]) == {"ben": MOOT}
    (request,) = desk.as_("broker").rows("sc_request", f"sys_id={ritm['request']}")
    assert (request["request_state"], request["state"], request["active"]) == (
        "closed_cancelled", "4", "false",
    )  # fmt: skip


def test_a_record_that_is_opened_again_is_active(desk: Desk, broker: Client) -> None:
    ritm = desk.ordered()
    desk.decide(ritm, "approved")
    (task,) = broker.rows("sc_task", f"request_item={ritm['sys_id']}")
    broker.patch("sc_task", task["sys_id"], state="3")
    opened = broker.patch("sc_task", task["sys_id"], state="2").json()["result"]
    assert (opened["active"], opened["closed_at"], opened["closed_by"]) == ("true", "", "")


def test_closing_is_one_change_of_the_record(desk: Desk, broker: Client) -> None:
    ritm = desk.ordered()
    desk.decide(ritm, "approved")
    (task,) = broker.rows("sc_task", f"request_item={ritm['sys_id']}")
    closed = broker.patch("sc_task", task["sys_id"], state="3").json()["result"]
    assert int(closed["sys_mod_count"]) == int(task["sys_mod_count"]) + 1
