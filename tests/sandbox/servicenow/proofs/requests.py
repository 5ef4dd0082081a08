"""Approvals, and how tasks, items and requests close each other."""

from __future__ import annotations

from typing import Any

from tests.sandbox.servicenow.desks import Desk
from tests.sandbox.servicenow.proofs import Proof
from tools.servers import wait_until


def person(desk: Desk, name: str) -> str:
    return desk.world.people[name].sys_id


def states(desk: Desk, ritm: dict[str, Any]) -> list[str]:
    query = f"sysapproval={ritm['sys_id']}"
    rows = desk.as_("admin").rows("sysapproval_approver", query, "state")
    return sorted(row["state"] for row in rows)


def asked_twice(desk: Desk) -> dict[str, Any]:
    """An item that waits for ben and for eve."""
    ritm = desk.ordered()
    values = {"approver": person(desk, "eve"), "sysapproval": ritm["sys_id"], "state": "requested"}
    desk.as_("admin").post("sysapproval_approver", **values)
    return ritm


def fulfilled(desk: Desk, state: str = "3") -> dict[str, Any]:
    """An approved item whose task was closed."""
    ritm = desk.ordered()
    desk.decide(ritm, "approved")
    (task,) = desk.as_("broker").rows("sc_task", f"request_item={ritm['sys_id']}")
    desk.as_("broker").patch("sc_task", task["sys_id"], state=state)
    return ritm


def a_plain_request_is_approved_inside_its_insert(desk: Desk) -> None:
    row = desk.as_("admin").post("sc_request", short_description="x").json()["result"]
    assert (row["approval"], row["request_state"]) == ("approved", "in_process")
    assert row["sys_mod_count"] == "0"


def the_first_decision_moots_the_others(desk: Desk) -> None:
    ritm = asked_twice(desk)
    desk.decide(ritm, "approved")
    assert states(desk, ritm) == ["approved", "not_required"]


def cancelling_moots_approvals(desk: Desk) -> None:
    ritm = asked_twice(desk)
    desk.as_("admin").patch("sc_req_item", ritm["sys_id"], approval="cancelled")
    assert states(desk, ritm) == ["not_required", "not_required"]


def a_members_second_membership_does_not_count(desk: Desk) -> None:
    admin, ritm = desk.as_("admin"), desk.ordered()
    group = admin.post("sys_user_group", name="Owners").json()["result"]["sys_id"]
    for _ in range(2):
        admin.post("sys_user_grmember", group=group, user=person(desk, "eve"))
    admin.post("sysapproval_group", parent=ritm["sys_id"], assignment_group=group)
    assert states(desk, ritm) == ["not requested", "requested"]


def a_delegate_decides(desk: Desk) -> None:
    ritm = desk.ordered()
    (row,) = desk.as_("broker").rows("sysapproval_approver", f"sysapproval={ritm['sys_id']}")
    answer = desk.as_("finn").patch("sysapproval_approver", row["sys_id"], state="approved")
    assert answer.status_code == 200
    assert answer.json()["result"]["sys_updated_by"] == "finn"


def an_approval_is_stamped(desk: Desk) -> None:
    assert desk.ordered()["approval_set"] != ""


def a_decision_stands_in_the_history(desk: Desk) -> None:
    ritm = desk.ordered()
    desk.decide(ritm, "approved")
    query = f"element_id={ritm['sys_id']}^element=approval_history"
    assert len(desk.as_("admin").rows("sys_journal_field", query)) == 1


def a_closed_task_is_inactive(desk: Desk) -> None:
    ritm = fulfilled(desk)
    (task,) = desk.as_("broker").rows("sc_task", f"request_item={ritm['sys_id']}")
    assert task["active"] == "false"
    assert "" not in (task["closed_at"], task["closed_by"])


def the_last_task_closes_item_and_request(desk: Desk) -> None:
    ritm = fulfilled(desk, "7")
    item = desk.item(ritm["sys_id"])
    (request,) = desk.as_("broker").rows("sc_request", f"sys_id={ritm['request']}")
    assert (item["state"], request["request_state"]) == ("7", "closed_skipped")


def an_item_closes_alone(desk: Desk) -> None:
    ritm = desk.ordered()
    desk.decide(ritm, "approved")
    desk.as_("broker").patch("sc_req_item", ritm["sys_id"], state="3")
    (task,) = desk.as_("broker").rows("sc_task", f"request_item={ritm['sys_id']}")
    assert task["active"] == "true"


def a_sign_in_has_two_events(desk: Desk) -> None:
    desk.as_("ada").rows("sys_user")
    wait_until(lambda: bool(events(desk, "login")), "the login event")
    assert [row["instance"] for row in events(desk, "session.established")] == [
        row["instance"] for row in events(desk, "login")
    ]


def events(desk: Desk, name: str) -> list[dict[str, Any]]:
    return desk.as_("admin").rows("sysevent", f"name={name}^parm1=ada")


PROOFS: dict[str, Proof] = {
    "plain-requests-approved": a_plain_request_is_approved_inside_its_insert,
    "first-decision-moots": the_first_decision_moots_the_others,
    "cancelling-moots": cancelling_moots_approvals,
    "groups-asked-once-each": a_members_second_membership_does_not_count,
    "delegates-decide": a_delegate_decides,
    "approvals-stamped": an_approval_is_stamped,
    "approvals-told-in-history": a_decision_stands_in_the_history,
    "closing-deactivates": a_closed_task_is_inactive,
    "closing-rolls-up": the_last_task_closes_item_and_request,
    "items-close-alone": an_item_closes_alone,
    "sessions-announced": a_sign_in_has_two_events,
}
