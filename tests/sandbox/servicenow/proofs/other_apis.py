"""How the APIs beside the Table API behave."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.sandbox.servicenow.desks import Desk, fetch
from tests.sandbox.servicenow.proofs import Proof
from tests.sandbox.servicenow.test_attachments import result, upload
from tests.sandbox.servicenow.test_batch import part, post
from tests.sandbox.servicenow.test_import_sets import grant, load


def attached(desk: Desk, table: str = "", record: str = "") -> dict[str, str]:
    """A file on a record, or on a new one of the mirror."""
    broker = desk.as_("broker")
    if not table:
        table = "x_rqbrk_access_request"
        record = broker.post(table, request_id="1").json()["result"]["sys_id"]
    answer = upload(broker, record, table=table)
    assert answer.status_code == 201
    return result(answer)


def calls_beyond_a_rules_limit_are_refused(desk: Desk) -> None:
    now = datetime.now(UTC)
    desk.state.rate_limits.clock = lambda: now
    values = {"name": "r", "request_limit_per_hour": "1", "active": "true"}
    desk.state.records.insert("sys_rate_limit_rules", values, "admin")
    statuses = [desk.as_("broker").table("sys_user", limit="1").status_code for _ in range(2)]
    assert statuses == [200, 429]


def a_batch_inside_a_batch_is_refused(desk: Desk) -> None:
    inner = part(1, "POST", "/api/now/v1/batch", batch_request_id="1", rest_requests=[])
    assert post(desk.as_("broker"), inner)["serviced_requests"][0]["status_code"] == 400


def a_part_that_is_too_large_ends_its_batch(desk: Desk) -> None:
    desk.state.properties["glide.rest.batch.max.inputSize"] = "10"
    large = part(1, "POST", "/api/now/table/x_rqbrk_access_request", title="x" * 20)
    assert post(desk.as_("broker"), large)["unserviced_requests"] == ["1"]


def an_order_needs_its_quantity(desk: Desk) -> None:
    item = desk.world.desk_items["standard_laptop"].sys_id
    url = f"{desk.url}/api/sn_sc/servicecatalog/items/{item}/order_now"
    assert desk.as_("ada").http.post(url, json={}).status_code == 400


def some_answers_have_a_key_that_no_manual_mentions(desk: Desk) -> None:
    item = desk.world.desk_items["standard_laptop"].sys_id
    assert desk.as_("ada").order(item).json()["result"].get("$$uiNotification") == []


def a_failed_import_is_answered_201(desk: Desk) -> None:
    for old in desk.state.records.where("sys_transform_map", source_table="imp_user"):
        desk.state.records.update("sys_transform_map", old["sys_id"], {"active": "false"}, "admin")
    answer = load(desk.as_("admin"), user_id="new.one")
    assert answer.status_code == 201
    assert answer.json()["result"][0]["status"] == "error"


def an_unreadable_import_has_no_body(desk: Desk) -> None:
    grant(desk, "ada", "import_set_loader")
    answer = load(desk.as_("ada"), user_id="new.one")
    assert (answer.status_code, answer.content) == (201, b"")


def a_file_is_pending_at_first(desk: Desk) -> None:
    desk.state.attachments.seconds_pending = 600
    assert attached(desk)["state"] == "pending"


def a_file_is_hidden_with_its_record(desk: Desk) -> None:
    ritm = desk.ordered("ada")
    key = attached(desk, "sc_req_item", ritm["sys_id"])["sys_id"]
    url = f"{desk.url}/api/now/attachment/{key}"
    assert desk.as_("ada").http.get(url).status_code == 200
    assert desk.as_("eve").http.get(url).status_code == 404


def a_download_may_be_kept(desk: Desk) -> None:
    answer = desk.as_("broker").http.get(attached(desk)["download_link"])
    assert answer.status_code == 200
    assert "Cache-Control" not in answer.headers


def a_password_is_set_as_a_display_value(desk: Desk) -> None:
    body = {"user_name": "new.one", "user_password": "secret"}
    url = f"{desk.url}/api/now/table/sys_user"
    desk.as_("admin").http.post(url, json=body, params={"sysparm_input_display_value": "true"})
    assert fetch("GET", url, auth=("new.one", "secret")).status_code == 200


PROOFS: dict[str, Proof] = {
    "rate-limit-rules": calls_beyond_a_rules_limit_are_refused,
    "quantity-required": an_order_needs_its_quantity,
    "ui-notifications-told": some_answers_have_a_key_that_no_manual_mentions,
    "import-errors-created": a_failed_import_is_answered_201,
    "unreadable-imports-empty": an_unreadable_import_has_no_body,
    "attachments-pending-first": a_file_is_pending_at_first,
    "attachments-follow-records": a_file_is_hidden_with_its_record,
    "downloads-may-be-kept": a_download_may_be_kept,
    "display-passwords-taken": a_password_is_set_as_a_display_value,
    "oversized-parts-unserviced": a_part_that_is_too_large_ends_its_batch,
    "nested-batches-refused": a_batch_inside_a_batch_is_refused,
}
