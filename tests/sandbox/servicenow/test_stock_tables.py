"""The stock tables: their columns as recorded, and what the instance says about them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.servicenow.stock_tables import STOCK_TABLES, reading
from sandbox.world import World
from tests.sandbox.servicenow.desks import Client, Desk, served

TABLES = {table.name: table for table in STOCK_TABLES}
SYSTEM = "sys_created_on sys_created_by sys_updated_by"
# As recorded on real instances (value mode, every column).
TASK = f"""{SYSTEM} parent made_sla watch_list upon_reject sys_updated_on task_effective_number
approval_history number opened_by user_input sys_domain state route_reason knowledge order closed_at
cmdb_ci contract impact active work_notes_list business_service priority sys_domain_path time_worked
expected_start opened_at business_duration group_list work_end approval_set work_notes
universal_request short_description correlation_display correlation_id work_start assignment_group
additional_assignee_list description calendar_duration close_notes service_offering sys_class_name
closed_by follow_up sys_id contact_type urgency company reassignment_count activity_due assigned_to
comments approval sla_due comments_and_work_notes due_date sys_mod_count sys_tags escalation
upon_approval location delivery_plan delivery_task"""
RECORDED = {
    "task": TASK,
    "sc_req_item": f"""{TASK} backordered billable cat_item configuration_item context
        estimated_delivery order_guide price quantity recurring_frequency recurring_price request
        sc_catalog stage requested_for""",
    "sc_task": f"{TASK} calendar_stc request request_item sc_catalog",
    "incident": f"""{TASK} business_impact business_stc calendar_stc caller_id category cause
        caused_by child_incidents close_code hold_reason incident_state notify origin_id
        origin_table parent_incident problem_id reopen_count reopened_by reopened_time resolved_at
        resolved_by rfc severity subcategory""",
    "sys_user_group": f"""{SYSTEM} parent manager roles sys_mod_count active description source
        sys_updated_on sys_tags type sys_id cost_center default_assignee name exclude_manager email
        include_members""",
    "sys_user": f"""{SYSTEM} calendar_integration country user_password last_login_time source
        sys_updated_on building web_service_access_only notification enable_multifactor_authn
        sys_domain state vip zip home_phone time_format last_login default_perspective active
        sys_domain_path cost_center phone name employee_number password_needs_reset gender city
        failed_attempts user_name roles title sys_class_name sys_id internal_integration_user
        ldap_server mobile_phone street company department first_name email introduction
        preferred_language manager locked_out sys_mod_count last_name photo avatar middle_name
        sys_tags time_zone schedule date_format location federated_id""",
    "sys_journal_field": """sys_id name element_id element value sys_created_on sys_created_by
        sys_tags""",
}
HIERARCHY = {
    "incident": "task", "problem": "task", "change_request": "task", "sc_request": "task",
    "sc_req_item": "task", "sc_task": "task", "sysapproval_group": "task",
    "cmdb_ci_linux_server": "cmdb_ci_server", "cmdb_ci_server": "cmdb_ci_computer",
    "cmdb_ci": "cmdb", "alm_hardware": "alm_asset", "bsm_chart": "sys_metadata",
    "sys_script": "sys_metadata", "item_option_new": "question",
}  # fmt: skip


@pytest.fixture(scope="module")
def admin(world: World) -> Iterator[Client]:
    """The administrator of one instance for all of these: they only read."""
    with served(world) as desk:
        yield desk.as_("admin")


@pytest.mark.parametrize("table", RECORDED)
def test_a_table_has_exactly_the_columns_that_were_recorded(table: str) -> None:
    assert set(TABLES[table].columns) == set(RECORDED[table].split())


@pytest.mark.parametrize(
    ("table", "many"), [("incident", 92), ("sys_user", 59), ("sys_user_group", 20)]
)
def test_there_are_as_many_columns_as_were_recorded(table: str, many: int) -> None:
    assert len(TABLES[table].columns) == many


def test_a_row_is_answered_with_every_column(admin: Client) -> None:
    (row,) = admin.table("incident", limit="1").json()["result"]
    assert set(row) == set(RECORDED["incident"].split())


def test_an_incident_of_next_to_nothing_has_the_recorded_defaults(desk: Desk) -> None:
    made = desk.as_("admin").post("incident", short_description="x").json()["result"]
    wanted = {
        "state": "1", "incident_state": "1", "impact": "3", "urgency": "3", "priority": "5",
        "severity": "3", "category": "inquiry", "notify": "1", "escalation": "0",
        "approval": "not requested", "upon_approval": "proceed", "upon_reject": "cancel",
        "made_sla": "true", "knowledge": "false", "contact_type": "", "child_incidents": "0",
        "reopen_count": "0", "reassignment_count": "0", "number": "INC0010001", "active": "true",
    }  # fmt: skip
    assert {name: made[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("table", "first"),
    [("problem", "PRB0010001"), ("change_request", "CHG0010001"), ("sc_request", "REQ0010001"),
     ("sc_req_item", "RITM0010001"), ("sc_task", "SCTASK0010001"), ("problem_task", "PTASK0010001"),
     ("change_task", "CTASK0010001")],
)  # fmt: skip
def test_new_records_are_numbered_above_the_demo_data(desk: Desk, table: str, first: str) -> None:
    assert desk.as_("admin").post(table).json()["result"]["number"] == first


def test_two_tables_asked_for_by_name_are_two(admin: Client) -> None:
    answer = admin.table("sys_db_object", query="name=alm_asset^ORname=bsm_chart", fields="name")
    assert sorted(row["name"] for row in answer.json()["result"]) == ["alm_asset", "bsm_chart"]


@pytest.mark.parametrize(("table", "parent"), HIERARCHY.items())
def test_a_table_names_the_one_that_it_extends(admin: Client, table: str, parent: str) -> None:
    (row,) = admin.rows("sys_db_object", f"name={table}", "super_class.name,ws_access")
    assert row == {"super_class.name": parent, "ws_access": "true"}


def test_every_table_has_its_row_and_nothing_else_has(admin: Client) -> None:
    rows = admin.rows("sys_db_object", "", "name")
    mirrors = {row["name"] for row in rows if row["name"].startswith("x_")}
    assert {row["name"] for row in rows} - mirrors == set(TABLES)
    assert mirrors >= {"x_rqbrk_access_request", "x_rqbrk_access_approval"}


def test_the_dictionary_says_what_a_column_is(admin: Client) -> None:
    fields = "internal_type,reference,column_label,default_value,max_length"
    (caller,) = admin.rows("sys_dictionary", "name=incident^element=caller_id", fields)
    (number,) = admin.rows("sys_dictionary", "name=task^element=correlation_id", fields)
    assert (caller["internal_type"], caller["reference"]) == ("reference", "sys_user")
    assert (number["internal_type"], number["max_length"]) == ("string", "100")


def test_the_dictionary_lists_only_what_a_table_adds_or_changes(admin: Client) -> None:
    rows = admin.rows("sys_dictionary", "name=sc_task^elementISNOTEMPTY", "element")
    assert {row["element"] for row in rows} == {
        "request", "request_item", "sc_catalog", "calendar_stc",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("table", "element", "labels"),
    [
        ("task", "state", {"-5": "Pending", "1": "Open", "2": "Work in Progress",
                           "3": "Closed Complete", "4": "Closed Incomplete",
                           "7": "Closed Skipped"}),
        ("incident", "state", {"1": "New", "2": "In Progress", "3": "On Hold", "6": "Resolved",
                               "7": "Closed", "8": "Canceled"}),
        ("problem", "state", {"101": "New", "102": "Assess", "103": "Root Cause Analysis",
                              "104": "Fix in Progress", "106": "Resolved", "107": "Closed"}),
        ("change_request", "state", {"-5": "New", "-4": "Assess", "-3": "Authorize",
                                     "-2": "Scheduled", "-1": "Implement", "0": "Review",
                                     "3": "Closed", "4": "Canceled"}),
        ("sysapproval_approver", "state", {
            "not requested": "Not Yet Requested", "requested": "Requested", "approved": "Approved",
            "rejected": "Rejected", "cancelled": "Cancelled", "not_required": "No Longer Required",
            "duplicate": "Duplicate"}),
    ],
)  # fmt: skip
def test_choices_are_rows_with_their_labels(
    admin: Client, table: str, element: str, labels: dict[str, str]
) -> None:
    rows = admin.rows("sys_choice", f"name={table}^element={element}", "value,label")
    assert {row["value"]: row["label"] for row in rows} == labels


def test_a_number_format_is_a_row(admin: Client) -> None:
    (row,) = admin.rows("sys_number", "prefix=INC", "prefix,maximum_digits,number")
    assert row == {"prefix": "INC", "maximum_digits": "7", "number": "10000"}


def test_every_reference_of_a_request_table_names_a_table_that_exists() -> None:
    for name in (
        "task",
        "sc_request",
        "sc_req_item",
        "sc_task",
        "sysapproval_approver",
        "sys_user",
    ):
        for column in TABLES[name].columns.values():
            assert column.reference in {"", *TABLES}, (name, column.name)


def test_a_line_that_says_nothing_sensible_is_refused() -> None:
    with pytest.raises(ValueError, match="no column"):
        reading.column("string", "a b", {})


def test_a_word_says_default_reference_length_and_choices() -> None:
    made = reading.column("string", "name=not requested>sys_user:40{list}", {"list": {"a": "A"}})
    assert (made.name, made.default, made.reference) == ("name", "not requested", "sys_user")
    assert (made.max_length, made.choices) == (40, {"a": "A"})
