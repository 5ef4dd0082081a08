"""The stock tables that the broker's thread through ServiceNow touches.

Columns as ServiceNow returns them ("Request Management architecture", "Task table"); `sys_user` and
`sc_cat_item` carry the part of their columns that requests and people need.
"""

from __future__ import annotations

from sandbox.servicenow.schema import (
    Column,
    Table,
    choice,
    columns_of,
    make_table,
    references,
)

STATES = {
    "-5": "Pending",
    "1": "Open",
    "2": "Work in Progress",
    "3": "Closed Complete",
    "4": "Closed Incomplete",
    "7": "Closed Skipped",
}
CLOSED_STATES = frozenset({"3", "4", "7"})
APPROVALS = {
    "not requested": "Not Yet Requested",
    "requested": "Requested",
    "approved": "Approved",
    "rejected": "Rejected",
    "cancelled": "Cancelled",
    "not_required": "No Longer Required",
    "duplicate": "Duplicate",
}
REQUEST_STATES = {
    "requested": "Pending Approval",
    "in_process": "Approved",
    "closed_complete": "Closed Complete",
    "closed_incomplete": "Closed Incomplete",
    "closed_cancelled": "Closed Cancelled",
    "closed_rejected": "Closed Rejected",
    "closed_skipped": "Closed Skipped",
}


def _task_columns() -> list[Column]:
    return [
        *columns_of(
            "string",
            "sys_class_name number task_effective_number short_description description close_notes "
            "correlation_id correlation_display watch_list work_notes_list group_list user_input "
            "route_reason sys_domain_path additional_assignee_list delivery_plan delivery_task",
        ),
        *columns_of(
            "glide_date_time",
            "opened_at closed_at due_date expected_start work_start work_end activity_due sla_due "
            "follow_up approval_set",
        ),
        *columns_of("glide_duration", "business_duration calendar_duration time_worked"),
        *columns_of("journal_input", "work_notes comments"),
        *columns_of("journal_list", "comments_and_work_notes approval_history"),
        *references(
            parent="task",
            opened_by="sys_user",
            closed_by="sys_user",
            assigned_to="sys_user",
            assignment_group="sys_user_group",
            sys_domain="sys_user_group",
            cmdb_ci="cmdb_ci",
            business_service="cmdb_ci_service",
            service_offering="service_offering",
            company="core_company",
            location="cmn_location",
            contract="ast_contract",
            universal_request="task",
        ),
        Column("active", "boolean", default="true"),
        Column("made_sla", "boolean", default="true"),
        Column("knowledge", "boolean", default="false"),
        Column("reassignment_count", "integer", default="0"),
        Column("order", "integer"),
        Column("state", "integer", default="1", choices=STATES),
        Column("priority", "integer", default="4", choices={"3": "3 - Moderate", "4": "4 - Low"}),
        Column("impact", "integer", default="3", choices={"3": "3 - Low"}),
        Column("urgency", "integer", default="3", choices={"3": "3 - Low"}),
        Column("escalation", "integer", default="0", choices={"0": "Normal"}),
        Column("approval", "choice", default="not requested", choices=APPROVALS),
        choice("upon_approval", "proceed", proceed="Proceed to Next Task"),
        choice("upon_reject", "cancel", cancel="Cancel all future Tasks"),
        Column("contact_type", "string"),
    ]


TASK = make_table("task", "Task", _task_columns(), display="number")

SC_REQUEST = make_table(
    "sc_request",
    "Request",
    [
        *references(requested_for="sys_user"),
        *columns_of("string", "stage price delivery_address special_instructions calendar_stc"),
        Column("request_state", "choice", choices=REQUEST_STATES),
    ],
    extends=TASK,
    display="number",
    prefix="REQ",
)

SC_REQ_ITEM = make_table(
    "sc_req_item",
    "Requested Item",
    [
        *references(
            request="sc_request",
            cat_item="sc_cat_item",
            requested_for="sys_user",
            configuration_item="cmdb_ci",
            sc_catalog="sc_catalog",
            order_guide="sc_cat_item",
        ),
        *columns_of("string", "stage price recurring_price recurring_frequency context"),
        *columns_of("glide_date_time", "estimated_delivery"),
        Column("quantity", "integer", default="1"),
        Column("backordered", "boolean", default="false"),
        Column("billable", "boolean", default="false"),
    ],
    extends=TASK,
    display="number",
    prefix="RITM",
)

SC_TASK = make_table(
    "sc_task",
    "Catalog Task",
    [
        *references(request="sc_request", request_item="sc_req_item", sc_catalog="sc_catalog"),
        *columns_of("string", "calendar_stc"),
    ],
    extends=TASK,
    display="number",
    prefix="SCTASK",
)

APPROVER = make_table(
    "sysapproval_approver",
    "Approval",
    [
        *references(approver="sys_user", sysapproval="task", group="sysapproval_group"),
        *columns_of("string", "source_table document_id wf_activity iteration"),
        *columns_of("journal_input", "comments"),
        *columns_of("glide_date_time", "due_date expected_start"),
        Column("state", "choice", default="not requested", choices=APPROVALS),
    ],
)

SYS_USER = make_table(
    "sys_user",
    "User",
    [
        *columns_of(
            "string",
            "user_name email name first_name middle_name last_name employee_number title source "
            "phone mobile_phone roles time_zone city country federated_id user_password",
        ),
        *references(manager="sys_user", department="cmn_department", company="core_company"),
        *references(location="cmn_location", cost_center="cmn_cost_center"),
        *columns_of("glide_date_time", "last_login_time"),
        Column("last_login", "glide_date"),
        Column("active", "boolean", default="true"),
        Column("locked_out", "boolean", default="false"),
        Column("web_service_access_only", "boolean", default="false"),
        Column("vip", "boolean", default="false"),
        Column("notification", "integer", default="2", choices={"2": "Enable"}),
        Column("calendar_integration", "integer", default="1", choices={"1": "Outlook"}),
    ],
    display="name",
)

_PLAIN: list[Table] = [
    make_table(
        "sys_user_delegate",
        "Delegate",
        [
            *references(user="sys_user", delegate="sys_user"),
            *columns_of("glide_date_time", "starts ends"),
            *columns_of("boolean", "approvals assignments notifications"),
        ],
    ),
    make_table("cmn_department", "Department", columns_of("string", "name"), display="name"),
    make_table(
        "cmn_location", "Location", columns_of("string", "name city country"), display="name"
    ),
    make_table("cmn_cost_center", "Cost Center", columns_of("string", "name"), display="name"),
    make_table(
        "sc_cat_item",
        "Catalog Item",
        [
            *columns_of("string", "name short_description description category price"),
            Column("active", "boolean", default="true"),
        ],
        display="name",
    ),
    make_table(
        "item_option_new",
        "Variable",
        [
            *columns_of("string", "name question_text type"),
            *references(cat_item="sc_cat_item"),
            *columns_of("integer", "order"),
            *columns_of("boolean", "mandatory"),
        ],
        display="question_text",
    ),
    make_table(
        "question_choice",
        "Question Choice",
        [
            *references(question="item_option_new"),
            *columns_of("string", "text value"),
            *columns_of("integer", "order"),
        ],
        display="text",
    ),
    make_table(
        "sc_item_option",
        "Options",
        [
            *references(item_option_new="item_option_new"),
            *columns_of("string", "value cart_item"),
            *columns_of("integer", "order"),
        ],
    ),
    make_table(
        "sc_item_option_mtom",
        "Item Option Ownership",
        references(request_item="sc_req_item", sc_item_option="sc_item_option"),
    ),
    make_table(
        "sys_journal_field",
        "Journal Entry",
        columns_of("string", "name element_id element value"),
    ),
    make_table(
        "sysevent",
        "Event",
        columns_of("string", "name parm1 parm2 instance state")
        + columns_of("glide_date_time", "processed"),
        display="name",
    ),
    make_table("syslog", "Log Entry", columns_of("string", "level message source")),
    make_table(
        "sys_outbound_http_log",
        "Outbound HTTP Log",
        columns_of("string", "method url request_body response_body error_message user_agent")
        + columns_of("integer", "response_status response_time"),
    ),
]

STOCK_TABLES: list[Table] = [TASK, SC_REQUEST, SC_REQ_ITEM, SC_TASK, APPROVER, SYS_USER, *_PLAIN]
