"""Reading requested items, against the sandbox's ServiceNow."""

import dataclasses
from datetime import UTC, datetime

import pytest

from broker.domain.errors import NotFound
from broker.ports.desk import DeskApproval, OrderRef
from tests.connectors.conftest import DeskSite


def test_an_approved_item_is_read_as_the_desk_has_it(desk: DeskSite) -> None:
    ref = desk.approved("business_role", role="Finance Reporting")
    order = desk.desk.order(ref)
    (task,) = desk.state.records.where("sc_task", request_item=ref.item_id)
    assert (order.approval, order.active) == (DeskApproval.APPROVED, True)
    assert order.ref.task_id == task["sys_id"]
    assert order.ref.task_number == task["number"]
    assert (order.ref.request_number or "").startswith("REQ")
    assert order.catalogue_item == desk.world.desk_items["business_role"].sys_id
    assert order.catalogue_label == "Access to a business role"
    assert order.variables == {"role": "Finance Reporting"}


def test_people_come_with_what_the_match_needs(desk: DeskSite) -> None:
    order = desk.desk.order(desk.approved("finance_reporting"))
    ada = desk.world.people["ada"]
    assert order.requested_for is not None
    assert order.requested_for == order.opened_by
    assert order.requested_for.key == ada.sys_id
    assert order.requested_for.login == "ada"
    assert order.requested_for.employee_number == ada.employee_number
    assert order.requested_for.email == ada.email
    assert order.requested_for.active


def test_decisions_name_the_approver_and_the_time(desk: DeskSite) -> None:
    order = desk.desk.order(desk.approved("finance_reporting"))
    (decision,) = order.decisions
    assert (decision.approver, decision.decision) == ("ben", "approved")
    assert decision.name == desk.row("sys_user", desk.world.people["ben"].sys_id)["name"]
    assert decision.at is not None
    assert decision.at.tzinfo is not None


def test_the_evidence_holds_versions_and_approvals_as_read(desk: DeskSite) -> None:
    ref = desk.approved("business_role", role="Finance Reporting")
    evidence = desk.desk.order(ref).evidence
    item, approvals = evidence["item"], evidence["approvals"]
    assert isinstance(item, dict)
    assert isinstance(approvals, list)
    assert item["sys_mod_count"] == desk.row("sc_req_item", ref.item_id)["sys_mod_count"]
    assert [row["state"] for row in approvals] == ["approved"]
    assert evidence["variables"] == {"role": "Finance Reporting"}


def test_an_item_nobody_decided_on_is_pending(desk: DeskSite) -> None:
    order = desk.desk.order(desk.order("finance_reporting"))
    assert order.approval is DeskApproval.PENDING
    assert [d.at for d in order.decisions] == [None]
    assert order.ref.task_id is None


def test_a_rejected_item_is_rejected(desk: DeskSite) -> None:
    ref = desk.order("finance_reporting")
    desk.decide(ref, "rejected")
    assert desk.desk.order(ref).approval is DeskApproval.REJECTED


@pytest.mark.parametrize("change", [{"approval": "cancelled"}, {"state": "4", "active": "false"}])
def test_an_item_closed_before_approval_is_cancelled(
    desk: DeskSite, change: dict[str, str]
) -> None:
    ref = desk.order("finance_reporting")
    desk.state.records.update("sc_req_item", ref.item_id, change, "admin")
    assert desk.desk.order(ref).approval is DeskApproval.CANCELLED


def test_an_approved_item_that_was_closed_is_approved_but_not_active(desk: DeskSite) -> None:
    ref = desk.approved("finance_reporting")
    desk.state.records.update("sc_req_item", ref.item_id, {"state": "3"}, "admin")
    order = desk.desk.order(ref)
    assert (order.approval, order.active) == (DeskApproval.APPROVED, False)


def test_an_unknown_word_is_never_approved(desk: DeskSite) -> None:
    ref = desk.approved("finance_reporting")
    own_words = desk.connect(approved_words="waved through")
    assert own_words.order(ref).approval is DeskApproval.UNKNOWN


def test_an_approval_of_the_request_above_does_not_approve_the_item(desk: DeskSite) -> None:
    ref = desk.order("finance_reporting")
    request = desk.row("sc_req_item", ref.item_id)["request"]
    above = {
        "approver": desk.world.people["ben"].sys_id,
        "sysapproval": request,
        "state": "approved",
    }
    desk.state.records.insert("sysapproval_approver", above, "admin")
    order = desk.desk.order(ref)
    assert order.approval is DeskApproval.PENDING
    assert sorted(d.decision for d in order.decisions) == ["approved", "requested"]


def test_an_item_under_another_number_is_not_found(desk: DeskSite) -> None:
    ref = desk.order("finance_reporting")
    with pytest.raises(NotFound, match="knows this item as"):
        desk.desk.order(dataclasses.replace(ref, item_number="RITM0099999"))


@pytest.mark.parametrize("item_id", ["0" * 32, "", "x^ORactive=true", "A" * 32])
def test_an_item_that_is_not_there_is_not_found(desk: DeskSite, item_id: str) -> None:
    with pytest.raises(NotFound):
        desk.desk.order(OrderRef("servicenow", item_id, "RITM0000001"))


def another_task(desk: DeskSite, ref: OrderRef, **values: str) -> str:
    row = {"request_item": ref.item_id, "state": "1", "active": "true", **values}
    return str(desk.state.records.insert("sc_task", row, "admin")["sys_id"])


def test_a_task_of_another_item_is_no_task_of_this_one(desk: DeskSite) -> None:
    mine, other = desk.approved("finance_reporting"), desk.approved("finance_reporting")
    (own,) = desk.state.records.where("sc_task", request_item=mine.item_id)
    (task,) = desk.state.records.where("sc_task", request_item=other.item_id)
    order = desk.desk.order(dataclasses.replace(mine, task_id=task["sys_id"]))
    assert (order.task_ids, order.ref.task_id) == ((own["sys_id"],), own["sys_id"])


def test_the_only_open_task_wins_over_the_posted_one(desk: DeskSite) -> None:
    ref = desk.approved("finance_reporting")
    (own,) = desk.state.records.where("sc_task", request_item=ref.item_id)
    done = another_task(desk, ref, state="3", active="false")
    order = desk.desk.order(dataclasses.replace(ref, task_id=done))
    assert order.ref.task_id == own["sys_id"]
    assert set(order.task_ids) == {own["sys_id"], done}


def test_of_several_open_tasks_the_posted_one_is_taken_and_none_without(desk: DeskSite) -> None:
    ref = desk.approved("finance_reporting")
    second = another_task(desk, ref)
    assert desk.desk.order(dataclasses.replace(ref, task_id=second)).ref.task_id == second
    assert desk.desk.order(ref).ref.task_id is None


def answered(desk: DeskSite, **answers: str) -> OrderRef:
    ref = desk.approved("finance_reporting")
    for name, value in answers.items():
        records = desk.state.records
        question = records.insert("item_option_new", {"name": name}, "admin")["sys_id"]
        option = {"item_option_new": question, "value": value}
        held = records.insert("sc_item_option", option, "admin")["sys_id"]
        link = {"request_item": ref.item_id, "sc_item_option": held}
        records.insert("sc_item_option_mtom", link, "admin")
    return ref


def test_dates_and_justification_are_read_from_the_variables(desk: DeskSite) -> None:
    said = {"start_date": "2026-03-01 08:15:30", "end_date": "2026-03-31"}
    order = desk.desk.order(answered(desk, **said, justification="month end"))
    assert order.start_at == datetime(2026, 3, 1, 8, 15, 30, tzinfo=UTC)
    assert order.end_at == datetime(2026, 3, 31, tzinfo=UTC)
    assert (order.justification, order.unclear) == ("month end", "")


def test_a_date_that_cannot_be_read_is_said_and_not_dropped(desk: DeskSite) -> None:
    order = desk.desk.order(answered(desk, end_date="31/03/2026"))
    assert order.end_at is None
    assert "gives “31/03/2026” as a date, which cannot be read" in order.unclear


def test_the_variables_may_have_other_names(desk: DeskSite) -> None:
    ref = answered(desk, valid_to="2026-03-31", reason="audit")
    own = desk.connect(end_variable="valid_to", justification_variable="reason")
    order = own.order(ref)
    assert (order.end_at, order.justification) == (datetime(2026, 3, 31, tzinfo=UTC), "audit")


def test_without_a_variable_the_description_justifies(desk: DeskSite) -> None:
    ref = desk.approved("finance_reporting")
    for column in ("short_description", "description"):
        desk.state.records.update("sc_req_item", ref.item_id, {column: f"my {column}"}, "admin")
        assert desk.desk.order(ref).justification == f"my {column}"


@pytest.mark.parametrize("name", ["business_justification", "reason", "Comments"])
def test_what_a_person_answered_justifies_under_any_usual_name(desk: DeskSite, name: str) -> None:
    ref = answered(desk, **{name: "month end"})
    words = {"description": "something else"}
    desk.state.records.update("sc_req_item", ref.item_id, words, "admin")
    assert desk.desk.order(ref).justification == "month end"


def test_the_words_of_the_catalogue_justify_nothing(desk: DeskSite) -> None:
    ref = desk.approved("finance_reporting")
    item, records = desk.row("sc_req_item", ref.item_id), desk.state.records
    assert desk.desk.order(ref).justification == ""
    words = {"description": "<p>Gives &amp; takes</p>\n<b>reports</b>"}
    records.update("sc_cat_item", item["cat_item"], words, "admin")
    records.update("sc_req_item", ref.item_id, {"description": "Gives & takes Reports"}, "admin")
    assert desk.desk.order(ref).justification == ""
    records.update("sc_req_item", ref.item_id, {"description": "I need the reports"}, "admin")
    assert desk.desk.order(ref).justification == "I need the reports"


def test_a_beneficiary_pointing_nowhere_is_nobody(desk: DeskSite) -> None:
    ref = desk.order("finance_reporting")
    desk.state.records.update("sc_req_item", ref.item_id, {"requested_for": "no value"}, "admin")
    assert desk.desk.order(ref).requested_for is None


def test_the_link_leads_to_the_portal(desk: DeskSite) -> None:
    ref = desk.order("finance_reporting")
    wanted = f"/sp?id=ticket&table=sc_req_item&sys_id={ref.item_id}"
    assert desk.desk.item_link(ref) == desk.url + wanted
    elsewhere = desk.connect(portal_url="https://help.example.com/", portal_path="/esc")
    assert elsewhere.item_link(ref).startswith("https://help.example.com/esc?id=ticket")
