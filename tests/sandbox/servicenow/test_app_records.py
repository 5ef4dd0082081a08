"""The installed app's records stand in the tables, as its files have them."""

from __future__ import annotations

import json

from sandbox.servicenow.instance import APP_FOLDER
from tests.sandbox.servicenow.desks import Desk


def test_the_application_tells_its_scope_and_version(desk: Desk) -> None:
    declared = json.loads((APP_FOLDER / "sys_app.json").read_text())
    (row,) = desk.as_("admin").rows("sys_app", "scope=x_rqbrk_access")
    assert (row["name"], row["version"]) == (declared["name"], declared["version"])
    assert desk.as_("admin").rows("sys_scope", "scope=x_rqbrk_access")[0]["sys_id"] == row["sys_id"]


def test_every_script_is_a_record_with_its_text(desk: Desk) -> None:
    admin = desk.as_("admin")
    (include,) = admin.rows("sys_script_include", "api_name=x_rqbrk_access.BrokerClient")
    assert include["script"] == (APP_FOLDER / "script_includes" / "BrokerClient.js").read_text()
    rules = admin.rows("sys_script", "nameSTARTSWITHRequest Broker^ORDERBYname")
    assert [(row["collection"], row["when"], row["filter_condition"]) for row in rules] == [
        ("sc_req_item", "async", "approvalCHANGESTOapproved^EQ"),
        ("sc_req_item", "async", "approvalCHANGESTOcancelled^EQ"),
        ("ecc_queue", "async", "queue=input^topic=RESTProbe^agent_correlatorSTARTSWITHrqbrk_^EQ"),
    ]
    actions = admin.rows("sysevent_script_action", "nameSTARTSWITHRequest Broker^ORDERBYname")
    assert [row["event_name"] for row in actions] == ["x_rqbrk_access.post_again", "login"]
    assert len(admin.rows("sysevent_register", "event_name=x_rqbrk_access.post_again")) == 1


def test_the_rest_resource_is_a_record(desk: Desk) -> None:
    admin = desk.as_("admin")
    (operation,) = admin.rows("sys_ws_operation", "operation_uriSTARTSWITH/api/x_rqbrk_access/")
    assert (operation["http_method"], operation["operation_uri"]) == (
        "GET", "/api/x_rqbrk_access/broker/version",
    )  # fmt: skip
    (service,) = admin.rows("sys_ws_definition", f"sys_id={operation['web_service_definition']}")
    assert (service["service_id"], service["namespace"]) == ("broker", "x_rqbrk_access")


def test_a_catalogue_item_may_name_one_of_these_workflows(desk: Desk) -> None:
    names = [row["name"] for row in desk.as_("admin").rows("wf_workflow", "ORDERBYname")]
    assert {"Group approval", "Manager and group approval"} <= set(names)
