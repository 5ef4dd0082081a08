"""From an order to closed records, as the platform does it by itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.servicenow.desks import Client, Desk


def tasks_of(desk: Desk, ritm: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = desk.as_("broker").rows(
        "sc_task", f"request_item={ritm['sys_id']}"
    )
    return rows


def request_of(desk: Desk, ritm: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = desk.as_("broker").rows("sc_request", f"sys_id={ritm['request']}")[0]
    return row


def test_an_order_makes_an_approved_request_and_an_item_that_waits(desk: Desk) -> None:
    ritm = desk.ordered()
    request = request_of(desk, ritm)
    assert (request["approval"], request["request_state"]) == ("approved", "in_process")
    assert (ritm["approval"], ritm["state"], ritm["active"]) == ("requested", "1", "true")
    assert ritm["number"] == "RITM0010001"
    assert ritm["requested_for"] == ritm["opened_by"] == desk.world.people["ada"].sys_id
    assert tasks_of(desk, ritm) == []


def test_order_now_gives_the_request_and_not_the_item(desk: Desk) -> None:
    item = desk.world.desk_items["finance_reporting"].sys_id
    answer = desk.as_("ada").order(item).json()["result"]
    assert (answer["table"], answer["parent_id"], answer["number"]) == (
        "sc_request",
        None,
        "REQ0010001",
    )


def test_the_answers_are_read_through_the_option_chain(desk: Desk, broker: Client) -> None:
    ritm = desk.ordered(role="Budget Approver")
    rows = broker.rows(
        "sc_item_option_mtom",
        f"request_item={ritm['sys_id']}",
        "sc_item_option.item_option_new.name,sc_item_option.value",
    )
    assert {
        row["sc_item_option.item_option_new.name"]: row["sc_item_option.value"] for row in rows
    }["role"] == "Budget Approver"


@pytest.mark.parametrize("variables", [{}, {"role": "No Such Role"}])
def test_an_order_without_proper_answers_is_400(desk: Desk, variables: dict[str, str]) -> None:
    item = desk.world.desk_items["business_role"].sys_id
    assert desk.as_("ada").order(item, variables=variables).status_code == 400
    assert desk.as_("broker").rows("sc_request") == []


def test_only_the_approver_decides(desk: Desk, broker: Client) -> None:
    ritm = desk.ordered()
    (approval,) = broker.rows("sysapproval_approver", f"sysapproval={ritm['sys_id']}")
    assert approval["approver"] == desk.world.people["ben"].sys_id
    key = approval["sys_id"]
    ada = desk.as_("ada").patch("sysapproval_approver", key, state="approved")
    eve = desk.as_("eve").patch("sysapproval_approver", key, state="approved")
    service = broker.patch("sysapproval_approver", key, state="approved")
    assert [ada.status_code, eve.status_code, service.status_code] == [403, 404, 403]


def test_approval_starts_the_task(desk: Desk) -> None:
    ritm = desk.ordered()
    desk.decide(ritm, "approved")
    (task,) = tasks_of(desk, ritm)
    assert desk.item(ritm["sys_id"])["approval"] == "approved"
    assert (task["number"], task["state"], task["parent"]) == ("SCTASK0010001", "1", ritm["sys_id"])


def test_the_first_decision_moots_the_other_approvers(desk: Desk, broker: Client) -> None:
    ritm = desk.ordered()
    values = {
        "approver": desk.world.people["finn"].sys_id,
        "sysapproval": ritm["sys_id"],
        "state": "requested",
    }
    other = desk.as_("admin").post("sysapproval_approver", **values).json()["result"]["sys_id"]
    desk.decide(ritm, "approved")
    (mooted,) = broker.rows("sysapproval_approver", f"sys_id={other}")
    assert mooted["state"] == "not_required"


def test_rejection_closes_item_and_request_as_incomplete(desk: Desk) -> None:
    ritm = desk.ordered()
    desk.decide(ritm, "rejected")
    item, request = desk.item(ritm["sys_id"]), request_of(desk, ritm)
    assert (item["approval"], item["state"], item["active"]) == ("rejected", "4", "false")
    assert (request["request_state"], request["active"]) == ("closed_incomplete", "false")
    assert tasks_of(desk, ritm) == []


@pytest.mark.parametrize(
    ("state", "request_state"),
    [("3", "closed_complete"), ("4", "closed_incomplete"), ("7", "closed_skipped")],
)
def test_closing_the_task_rolls_up(
    desk: Desk, broker: Client, state: str, request_state: str
) -> None:
    ritm = desk.ordered()
    desk.decide(ritm, "approved")
    (task,) = tasks_of(desk, ritm)
    broker.patch("sc_task", task["sys_id"], state=state, work_notes="done")
    (closed,), item = tasks_of(desk, ritm), desk.item(ritm["sys_id"])
    for row in (closed, item):
        assert (row["state"], row["active"]) == (state, "false")
        assert row["closed_at"] != ""
        assert row["closed_by"] == broker.rows("sys_user", "user_name=broker")[0]["sys_id"]
    assert request_of(desk, ritm)["request_state"] == request_state


def test_an_item_waits_for_all_its_tasks(desk: Desk, broker: Client) -> None:
    ritm = desk.ordered()
    desk.decide(ritm, "approved")
    broker.post("sc_task", request_item=ritm["sys_id"], request=ritm["request"])
    first, second = tasks_of(desk, ritm)
    broker.patch("sc_task", first["sys_id"], state="3")
    assert desk.item(ritm["sys_id"])["active"] == "true"
    broker.patch("sc_task", second["sys_id"], state="7")
    assert desk.item(ritm["sys_id"])["state"] == "3"


@pytest.mark.parametrize("approve_first", [False, True])
def test_cancelling_moots_approvals_and_closes_what_is_open(
    desk: Desk, broker: Client, approve_first: bool
) -> None:
    ritm = desk.ordered()
    if approve_first:
        desk.decide(ritm, "approved")
    desk.as_("admin").patch("sc_req_item", ritm["sys_id"], state="4", approval="cancelled")
    item = desk.item(ritm["sys_id"])
    (approval,) = broker.rows("sysapproval_approver", f"sysapproval={ritm['sys_id']}")
    assert (item["approval"], item["state"], item["active"]) == ("cancelled", "4", "false")
    assert approval["state"] == ("approved" if approve_first else "not_required")
    assert all(task["state"] == "4" for task in tasks_of(desk, ritm))
    assert request_of(desk, ritm)["active"] == "false"


def test_closing_only_the_item_leaves_its_task_an_orphan(desk: Desk, broker: Client) -> None:
    ritm = desk.ordered()
    desk.decide(ritm, "approved")
    broker.patch("sc_req_item", ritm["sys_id"], state="3")
    assert tasks_of(desk, ritm)[0]["active"] == "true"


def test_nobody_to_ask_means_approved(desk: Desk) -> None:
    boss = next(p for p in desk.world.people.values() if p.manager is None and p.desk_active)
    ritm = desk.ordered(str(boss.desk_user_name))
    assert (ritm["approval"], len(tasks_of(desk, ritm))) == ("approved", 1)


def test_every_write_stands_in_the_ledger(desk: Desk, broker: Client) -> None:
    ritm = desk.ordered()
    broker.patch("sc_req_item", ritm["sys_id"], correlation_id="42")
    last = [entry for entry in desk.state.ledger if entry.table == "sc_req_item"][-1]
    assert (last.operation, last.sys_id) == ("update", ritm["sys_id"])
    assert (last.actor, last.values["correlation_id"]) == ("broker", "42")
