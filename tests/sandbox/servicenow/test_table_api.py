"""The Table API of the sandbox, by the statements of the vendor's manual."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.sandbox.servicenow.desks import Client, Desk, fetch

ADA_FIELDS = "name,manager,manager.user_name,nonsense"
SYS_ID = "0123456789abcdef0123456789abcdef"
MIRROR = "x_rqbrk_access_request"


def test_values_are_strings_and_references_carry_a_link(desk: Desk, broker: Client) -> None:
    ada = broker.table("sys_user", query="user_name=ada", fields=ADA_FIELDS).json()["result"][0]
    manager = desk.world.people["ben"].sys_id
    assert ada == {
        "name": "Ada Lindqvist",
        "manager": {"link": f"{desk.url}/api/now/table/sys_user/{manager}", "value": manager},
        "manager.user_name": "ben",
    }


def test_links_repeat_the_version_of_the_call(desk: Desk, broker: Client) -> None:
    answer = broker.http.get(f"{desk.url}/api/now/v2/table/sys_user?user_name=ada")
    assert "/api/now/v2/table/sys_user/" in answer.json()["result"][0]["manager"]["link"]


def test_display_mode_all_pairs_every_value_with_its_label(broker: Client) -> None:
    answer = broker.table(
        "sys_user", query="user_name=ada", fields="manager,active", display_value="all"
    )
    ada = answer.json()["result"][0]
    assert ada["manager"]["display_value"] == "Ben Achterberg"
    assert ada["active"] == {"display_value": "true", "value": "true"}


def test_references_without_links_are_bare_strings(desk: Desk, broker: Client) -> None:
    (ada,) = broker.rows("sys_user", "user_name=ada", "manager")
    assert ada == {"manager": desk.world.people["ben"].sys_id}


def test_display_times_are_not_utc(desk: Desk, broker: Client) -> None:
    ritm = desk.ordered()
    answer = broker.table(f"sc_req_item/{ritm['sys_id']}", display_value="all", fields="opened_at")
    opened = answer.json()["result"]["opened_at"]
    assert opened["value"] == ritm["opened_at"] != opened["display_value"]


def test_an_empty_list_is_200_but_404_in_version_1(desk: Desk, broker: Client) -> None:
    nobody = "sysparm_query=user_name=nobody"
    assert broker.http.get(f"{desk.url}/api/now/table/sys_user?{nobody}").json() == {"result": []}
    old = broker.http.get(f"{desk.url}/api/now/v1/table/sys_user?{nobody}")
    assert old.status_code == 404
    assert old.json()["error"]["message"] == "No Record found"


def test_a_table_that_does_not_exist_is_400(broker: Client) -> None:
    answer = broker.table("nonsense")
    assert answer.status_code == 400
    assert answer.json()["error"] == {"message": "Invalid table nonsense", "detail": None}


def test_no_credentials_are_refused_as_json_with_a_challenge(desk: Desk) -> None:
    answer = fetch("GET", f"{desk.url}/api/now/table/sys_user")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Service-now"'
    assert answer.json()["error"]["message"] == "User Not Authenticated"
    assert "X-Transaction-ID" not in answer.headers


def test_an_insert_answers_201_with_its_location_and_drops_unknown_keys(
    desk: Desk, broker: Client
) -> None:
    answer = broker.post(MIRROR, request_id="42", nonsense="x", active=True)
    made = answer.json()["result"]
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{desk.url}/api/now/table/{MIRROR}/{made['sys_id']}"
    assert made["request_id"] == "42"
    assert made["active"] == "true"
    assert "nonsense" not in made


def test_a_caller_may_choose_the_sys_id_but_there_is_no_upsert(broker: Client) -> None:
    assert broker.post(MIRROR, sys_id=SYS_ID, request_id="1").status_code == 201
    again = broker.post(MIRROR, sys_id=SYS_ID, request_id="2")
    assert again.status_code == 403
    assert again.json()["error"]["message"] == "Operation Failed"
    assert broker.rows(MIRROR, fields="request_id") == [{"request_id": "1"}]


def test_references_are_not_checked_and_hold_32_characters(broker: Client) -> None:
    link = {"link": "https://instance.service-now.com/x", "value": "y"}
    made = broker.post(MIRROR, requested_for="no value", requested_by=link).json()["result"]
    assert made["requested_for"]["value"] == "no value"
    assert made["requested_by"]["value"] == "{link=https://instance.service-now.com/x"[:32]


def test_an_update_that_changes_nothing_leaves_the_record_alone(broker: Client) -> None:
    broker.post(MIRROR, sys_id=SYS_ID, state="open")
    same = broker.patch(MIRROR, SYS_ID, state="open").json()["result"]
    other = broker.patch(MIRROR, SYS_ID, state="closed").json()["result"]
    assert (same["sys_mod_count"], other["sys_mod_count"]) == ("0", "1")
    assert other["sys_updated_by"] == "broker"


def test_patching_or_deleting_nothing_is_404(desk: Desk, broker: Client) -> None:
    assert broker.patch(MIRROR, SYS_ID, state="x").status_code == 404
    assert broker.http.delete(f"{desk.url}/api/now/table/{MIRROR}/{SYS_ID}").status_code == 404


def test_a_deleted_record_is_gone(desk: Desk, broker: Client) -> None:
    broker.post(MIRROR, sys_id=SYS_ID)
    gone = broker.http.delete(f"{desk.url}/api/now/table/{MIRROR}/{SYS_ID}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert broker.table(f"{MIRROR}/{SYS_ID}").status_code == 404


def test_an_invalid_choice_is_dropped_without_a_word(desk: Desk, broker: Client) -> None:
    ritm = desk.ordered()
    changed = broker.patch("sc_req_item", ritm["sys_id"], state="99")
    assert changed.status_code == 200
    assert changed.json()["result"]["state"] == "1"


def test_journals_read_empty_in_value_mode_and_whole_in_display_mode(
    desk: Desk, broker: Client
) -> None:
    key = desk.ordered()["sys_id"]
    broker.patch("sc_req_item", key, work_notes="first")
    changed = broker.patch("sc_req_item", key, work_notes="second").json()["result"]
    shown = broker.table(f"sc_req_item/{key}", fields="work_notes", display_value="true").json()
    text = shown["result"]["work_notes"]
    assert changed["work_notes"] == ""
    assert text.index("second") < text.index("first")
    assert " - Request Broker (Work notes)\nsecond\n\n" in text


def test_journal_entries_are_rows_of_their_own(desk: Desk, broker: Client) -> None:
    key = desk.ordered()["sys_id"]
    broker.patch("sc_req_item", key, comments="Access granted")
    (entry,) = broker.rows("sys_journal_field", f"element_id={key}^element=comments")
    assert entry["value"] == "Access granted"
    assert entry["name"] == "sc_req_item"


def test_the_total_and_the_links_follow_the_recorded_arithmetic(broker: Client) -> None:
    page = broker.table("sys_user", query="ORDERBYsys_id", limit="5", offset="5")
    total = int(page.headers["X-Total-Count"])
    last = (total - 1) // 5 * 5
    assert len(page.json()["result"]) == 5
    offsets = [part.split("sysparm_offset=")[1] for part in page.headers["Link"].split(",")]
    assert offsets == [
        '0>;rel="first"',
        '0>;rel="prev"',
        '10>;rel="next"',
        f'{last}>;rel="last"',
    ]


def test_one_page_has_no_link_header(broker: Client) -> None:
    assert "Link" not in broker.table("sys_user", query="user_name=ada").headers


def test_people_see_only_their_own_and_the_limit_comes_before_that(desk: Desk) -> None:
    desk.ordered("ada")
    eve = desk.as_("eve").table("sc_req_item")
    assert (eve.json()["result"], eve.headers["X-Total-Count"]) == ([], "1")
    assert len(desk.as_("ada").rows("sc_req_item")) == 1


def test_a_hidden_record_looks_like_a_missing_one(desk: Desk) -> None:
    key = desk.ordered("ada")["sys_id"]
    assert desk.as_("eve").table(f"sc_req_item/{key}").status_code == 404


def test_employees_write_nothing_but_their_decisions(desk: Desk) -> None:
    key = desk.ordered("ada")["sys_id"]
    refused = desk.as_("ada").patch("sc_req_item", key, state="3")
    assert refused.status_code == 403
    assert refused.json()["error"]["detail"].startswith("ACL Exception Update Failed")
    assert desk.as_("ada").post(MIRROR, request_id="1").status_code == 403


def test_bad_bodies_are_refused(desk: Desk, broker: Client) -> None:
    url = f"{desk.url}/api/now/table/{MIRROR}"
    broken = broker.http.post(url, data=b"{", headers={"Content-Type": "application/json"})
    form = broker.http.post(url, data={"request_id": "1"})
    csv = broker.http.get(url, headers={"Accept": "text/csv"})
    assert [broken.status_code, form.status_code, csv.status_code] == [400, 415, 406]


def test_a_url_over_8192_bytes_is_414_in_html(broker: Client) -> None:
    answer = broker.table("sys_user", query="sys_idIN" + ",".join([SYS_ID] * 300))
    assert answer.status_code == 414
    assert answer.headers["Content-Type"].startswith("text/html")


def call(number: str, method: str, url: str, **body: str) -> dict[str, Any]:
    headers = [{"name": "Content-Type", "value": "application/json"}]
    encoded = base64.b64encode(json.dumps(body).encode()).decode()
    return {"id": number, "method": method, "url": url, "headers": headers, "body": encoded}


def batch(desk: Desk, *calls: dict[str, Any]) -> dict[str, Any]:
    body = {"batch_request_id": 7, "rest_requests": list(calls)}
    answer = desk.as_("broker").http.post(f"{desk.url}/api/now/v1/batch", json=body)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_batch_runs_each_part_on_its_own(desk: Desk, broker: Client) -> None:
    made = batch(
        desk,
        call("a", "POST", f"/api/now/table/{MIRROR}", sys_id=SYS_ID, request_id="1"),
        call("b", "PATCH", f"/api/now/table/{MIRROR}/{'f' * 32}", request_id="2"),
        call("c", "PATCH", f"/api/now/table/{MIRROR}/{SYS_ID}", state="open"),
    )
    assert made["batch_request_id"] == "7"
    assert [part["status_code"] for part in made["serviced_requests"]] == [201, 404, 200]
    first = json.loads(base64.b64decode(made["serviced_requests"][0]["body"]))
    assert first["result"]["sys_created_by"] == "broker"
    assert broker.rows(MIRROR, fields="state") == [{"state": "open"}]


def test_what_does_not_fit_a_batch_comes_back_unserviced(desk: Desk) -> None:
    desk.state.batch_limit = 1
    calls = [call(str(n), "POST", f"/api/now/table/{MIRROR}", request_id="1") for n in range(3)]
    made = batch(desk, *calls)
    assert [part["id"] for part in made["serviced_requests"]] == ["0"]
    assert made["unserviced_requests"] == ["1", "2"]


@pytest.mark.parametrize("form", [{"id": "1"}, {"id": "1", "body": "?"}])
def test_a_batch_that_is_none_is_400(desk: Desk, form: dict[str, str]) -> None:
    body: dict[str, Any] = {"rest_requests": [form | {"url": "/x"}]} if "body" in form else {}
    answer = desk.as_("broker").http.post(f"{desk.url}/api/now/v1/batch", json=body)
    assert answer.status_code == 400
