"""What the Table API reads: parameters, pages, refusals, headers and formats."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import requests

from tests.sandbox.servicenow.desks import Client, Desk

MIRROR = "x_rqbrk_access_request"
SYS_ID = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def admin(desk: Desk) -> Client:
    return desk.as_("admin")


def got(client: Client, table: str, **plain: str) -> list[dict[str, Any]]:
    """The rows of plain parameters."""
    answer = client.http.get(f"{client.url}/api/now/table/{table}", params=plain)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["result"]
    return found


def names(rows: list[dict[str, Any]]) -> set[str]:
    return {row["user_name"] for row in rows}


def test_plain_parameters_are_equalities(admin: Client) -> None:
    assert names(got(admin, "sys_user", user_name="ada", active="TRUE")) == {"ada"}
    assert got(admin, "sys_user", user_name="ada", active="false") == []
    assert names(got(admin, "sys_user", **{"manager.user_name": "ben", "user_name": "ada"})) == {
        "ada"
    }


def test_plain_parameters_take_what_people_see(desk: Desk, admin: Client) -> None:
    item = desk.ordered()
    for state in ("1", "Open", "open"):
        assert got(admin, "sc_req_item", number=item["number"], state=state)
    assert got(admin, "sc_req_item", number=item["number"], state="Closed Complete") == []
    assert "ada" in names(got(admin, "sys_user", manager="Ben Achterberg"))
    assert "ada" in names(got(admin, "sys_user", manager=desk.world.people["ben"].sys_id))
    assert got(admin, "sys_user", manager="Nobody At All") == []


def test_an_encoded_query_puts_plain_parameters_aside(admin: Client) -> None:
    assert names(got(admin, "sys_user", sysparm_query="user_name=ada", user_name="ben")) == {"ada"}


def test_a_plain_parameter_that_nobody_knows_is_dropped(admin: Client) -> None:
    assert names(got(admin, "sys_user", user_name="ada", nonsense="1")) == {"ada"}
    assert len(got(admin, "sys_user", nonsense="1", sysparm_limit="2")) == 2


def test_the_property_turns_a_bad_query_into_no_rows(desk: Desk, admin: Client) -> None:
    desk.state.properties["glide.invalid_query.returns_no_rows"] = "true"
    assert got(admin, "sys_user", sysparm_query="user_name=ada^nonsense=1") == []
    assert got(admin, "sys_user", user_name="ada", nonsense="1") == []
    assert names(got(admin, "sys_user", user_name="ada")) == {"ada"}


def test_a_scoped_table_refuses_what_it_does_not_have(admin: Client) -> None:
    refused = admin.table(MIRROR, query="nonsense=1")
    assert refused.status_code == 403
    error = {"message": "Insufficient rights to query records", "detail": None}
    assert refused.json() == {"error": error, "status": "failure"}
    assert admin.http.get(f"{admin.url}/api/now/table/{MIRROR}?nonsense=1").status_code == 403
    assert admin.table(MIRROR, query="^^^").status_code == 200
    assert admin.table(MIRROR).status_code == 200


def test_unknown_parameters_and_odd_values_are_ignored(admin: Client) -> None:
    odd = {"query_category": "x", "view": "mobile", "query_no_domain": "true", "nonsense": "1"}
    rows = admin.table("sys_user", query="user_name=ada", limit="x", display_value="maybe", **odd)
    (ada,) = rows.json()["result"]
    assert (ada["active"], ada["user_name"]) == ("true", "ada")


def test_fields_are_chosen_and_unknown_ones_left_out(admin: Client) -> None:
    fields = " user_name , manager.manager.user_name,nonsense,manager.nonsense,,sys_id"
    (ada,) = admin.table("sys_user", query="user_name=ada", fields=fields).json()["result"]
    assert set(ada) == {"user_name", "manager.manager.user_name", "sys_id"}


def test_display_times_follow_the_callers_zone(desk: Desk, admin: Client) -> None:
    key = desk.ordered()["sys_id"]

    def shown(client: Client) -> dict[str, str]:
        answer = client.table(f"sc_req_item/{key}", display_value="all", fields="opened_at")
        found: dict[str, str] = answer.json()["result"]["opened_at"]
        return found

    usual = shown(admin)
    me = desk.world.people["ada"].sys_id
    changed = {"time_zone": "Asia/Tokyo", "date_format": "dd/MM/yyyy"}
    assert admin.patch("sys_user", me, **changed).status_code == 200
    far = shown(desk.as_("ada"))
    assert far["value"] == usual["value"]
    assert far["display_value"] != usual["display_value"]
    assert re.fullmatch(r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d", far["display_value"])


def test_the_answer_of_a_write_is_shaped_like_a_read(desk: Desk, admin: Client) -> None:
    shape = {"sysparm_fields": "state,number", "sysparm_display_value": "true"}
    url = f"{desk.url}/api/now/table/sc_task"
    made = admin.http.post(url, json={"state": "2"}, params=shape)
    assert made.json()["result"]["state"] == "Work in Progress"
    assert set(made.json()["result"]) == {"state", "number"}


def links(page: requests.Response) -> dict[str, int]:
    """The offsets that a page's Link header names."""
    found = re.findall(r'sysparm_offset=(-?\d+)[^>]*>;rel="(\w+)"', page.headers.get("Link", ""))
    return {name: int(offset) for offset, name in found}


@pytest.mark.parametrize(
    ("limit", "offset", "expected"),
    [
        (2, 0, {"first": 0, "next": 2, "last": 6}),
        (2, 1, {"first": 0, "next": 3, "last": 6}),
        (2, 4, {"first": 0, "prev": 2, "next": 6, "last": 6}),
        (2, 6, {"first": 0, "prev": 4, "last": 6}),
        (3, 3, {"first": 0, "prev": 0, "next": 6, "last": 6}),
        (1, 0, {"first": 0, "prev": -1, "next": 1, "last": 6}),
        (1, 6, {"first": 0, "prev": 5, "last": 6}),
        (6, 0, {"first": 0, "next": 6, "last": 6}),
        (7, 0, {}),
        (2, 20, {"first": 0, "prev": 18, "last": 6}),
    ],
)
def test_links_follow_the_recorded_arithmetic(
    admin: Client, limit: int, offset: int, expected: dict[str, int]
) -> None:
    for number in range(7):
        admin.post(MIRROR, request_id=str(number))
    page = admin.table(MIRROR, query="ORDERBYrequest_id", limit=str(limit), offset=str(offset))
    assert (links(page), page.headers["X-Total-Count"]) == (expected, "7")
    told = [row["request_id"] for row in page.json()["result"]]
    assert told == [str(number) for number in range(7)][offset : offset + limit]


def test_links_repeat_the_other_parameters(admin: Client) -> None:
    query = "active=true^ORDERBYsys_id"
    page = admin.table("sys_user", query=query, limit="1", fields="sys_id")
    following = requests.utils.parse_header_links(page.headers["Link"])
    nextly = next(link["url"] for link in following if link["rel"] == "next")
    second = admin.http.get(nextly)
    assert (
        second.json()
        == admin.table("sys_user", query=query, limit="1", fields="sys_id", offset="1").json()
    )


def test_headers_can_be_left_out(admin: Client) -> None:
    bare = admin.table("sys_user", limit="1", suppress_pagination_header="true")
    assert "Link" not in bare.headers
    assert int(bare.headers["X-Total-Count"]) > 1
    uncounted = admin.table("sys_user", limit="1", no_count="true")
    assert not {"Link", "X-Total-Count"} & set(uncounted.headers)
    assert len(uncounted.json()["result"]) == 1


def test_a_page_behind_the_end_is_empty(admin: Client) -> None:
    page = admin.table("sys_user", limit="5", offset="100000")
    assert page.json() == {"result": []}
    assert int(page.headers["X-Total-Count"]) > 0


def test_links_name_the_configured_host_only_where_a_property_says_so(
    desk: Desk, admin: Client
) -> None:
    desk.state.properties["glide.servlet.uri"] = "https://desk.example.com/"
    (ada,) = got(admin, "sys_user", user_name="ada")
    assert ada["manager"]["link"].startswith(f"{desk.url}/api/now/table/")
    desk.state.properties["glide.rest.replace_request_host_with_property"] = "true"
    (ada,) = got(admin, "sys_user", user_name="ada")
    assert ada["manager"]["link"].startswith("https://desk.example.com/api/now/table/sys_user/")


def test_a_head_has_the_headers_without_the_rows(admin: Client) -> None:
    url = f"{admin.url}/api/now/table/sys_user?sysparm_limit=1"
    head, get = admin.http.head(url), admin.http.get(url)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["X-Total-Count"] == get.headers["X-Total-Count"]
    assert head.headers["Link"] == get.headers["Link"]


def test_every_answer_carries_the_recorded_headers(admin: Client) -> None:
    first, second = admin.table("sys_user", limit="1"), admin.table("nonsense")
    for answer in (first, second):
        assert answer.headers["Pragma"] == "no-store,no-cache"
        assert answer.headers["Cache-Control"] == "no-cache,no-store,must-revalidate,max-age=-1"
        assert answer.headers["Expires"] == "0"
        assert answer.headers["Server"] == "ServiceNow"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"
        assert answer.headers["X-Is-Logged-In"] == "true"
        assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
        assert re.fullmatch("[0-9a-f]{12}", answer.headers["X-Transaction-ID"])
    assert first.headers["X-Transaction-ID"] != second.headers["X-Transaction-ID"]


@pytest.mark.parametrize(
    "path", ["nonsense", "now", "now/v3/table/sys_user", "now/table", "now/x/y"]
)
def test_an_address_that_means_nothing_is_400(desk: Desk, admin: Client, path: str) -> None:
    answer = admin.http.get(f"{desk.url}/api/{path}")
    assert answer.status_code == 400
    error = {"message": "Requested URI does not represent any resource", "detail": None}
    assert answer.json() == {"error": error, "status": "failure"}


def test_pages_that_are_no_api_are_still_404(desk: Desk, admin: Client) -> None:
    assert admin.http.get(f"{desk.url}/nonsense").status_code == 404


def test_a_verb_that_an_address_does_not_take_is_405(desk: Desk, admin: Client) -> None:
    answer = admin.http.delete(f"{desk.url}/api/now/table/sys_user")
    assert answer.status_code == 405
    assert answer.json()["error"]["message"] == "Method not supported"


@pytest.mark.parametrize("verb", ["PATCH", "put", "DELETE", "GET"])
def test_a_post_may_stand_for_another_verb(admin: Client, verb: str) -> None:
    admin.post(MIRROR, sys_id=SYS_ID)
    url, headers = f"{admin.url}/api/now/table/{MIRROR}/{SYS_ID}", {"X-HTTP-Method-Override": verb}
    answer = admin.http.post(url, json={"request_id": "7"}, headers=headers)
    assert answer.status_code == (204 if verb == "DELETE" else 200)
    left = admin.rows(MIRROR, fields="request_id")
    written = [] if verb == "DELETE" else [{"request_id": "" if verb == "GET" else "7"}]
    assert left == written


def test_only_a_post_stands_for_another_verb(admin: Client) -> None:
    url = f"{admin.url}/api/now/table/sys_user?sysparm_limit=1"
    odd = [("GET", "DELETE"), ("POST", "NONSENSE")]
    answers = [
        admin.http.request(verb, url, json={}, headers={"X-HTTP-Method-Override": other})
        for verb, other in odd
    ]
    assert [answer.status_code for answer in answers] == [200, 201]


def test_a_refusal_keeps_its_body(admin: Client) -> None:
    url, headers = f"{admin.url}/api/now/table/nonsense", {"X-no-response-body": "true"}
    assert admin.http.post(url, json={}, headers=headers).json()["error"]["message"]
    listed = admin.http.get(f"{admin.url}/api/now/table/sys_user?sysparm_limit=1", headers=headers)
    assert len(listed.json()["result"]) == 1


def parsed(answer: requests.Response) -> ET.Element:
    return ET.fromstring(answer.content)  # noqa: S314 - what the sandbox itself wrote


def test_answers_and_bodies_may_be_xml(admin: Client) -> None:
    url = f"{admin.url}/api/now/table/{MIRROR}"
    xml = {"Accept": "application/xml", "Content-Type": "application/xml"}
    body = b"<request><entry><request_id>7</request_id><items>a &amp; b</items></entry></request>"
    made = admin.http.post(url, data=body, headers=xml)
    assert (made.status_code, made.headers["Content-Type"]) == (
        201,
        "application/xml;charset=UTF-8",
    )
    assert parsed(made).findtext("result/items") == "a & b"
    admin.post(MIRROR, request_id="8")
    listed = admin.http.get(url, headers={"Accept": "text/xml"})
    root = parsed(listed)
    assert (root.tag, len(root.findall("result"))) == ("response", 2)
    assert {each.findtext("request_id") for each in root} == {"7", "8"}


def test_an_error_may_be_xml_and_a_broken_body_is_400(admin: Client) -> None:
    url, xml = f"{admin.url}/api/now/table/{MIRROR}", {"Content-Type": "application/xml"}
    assert admin.http.post(url, data=b"<broken", headers=xml).status_code == 400
    refused = admin.http.get(
        f"{admin.url}/api/now/table/nonsense", headers={"Accept": "application/xml"}
    )
    root = parsed(refused)
    assert (refused.status_code, root.findtext("error/message")) == (400, "Invalid table nonsense")
    assert root.findtext("status") == "failure"


def test_json_comes_to_who_takes_anything(admin: Client) -> None:
    for accept in ("*/*", "application/json, application/xml", "application/*"):
        answer = admin.http.get(
            f"{admin.url}/api/now/table/sys_user?sysparm_limit=1", headers={"Accept": accept}
        )
        assert answer.headers["Content-Type"].startswith("application/json"), accept


def test_a_long_query_goes_by_its_short_form(admin: Client) -> None:
    query = "user_name=ada^sys_idNOT IN" + ",".join(f"{number:032x}" for number in range(400))
    long = requests.Request("GET", "http://x/y", params={"sysparm_query": query}).prepare().url
    assert long is not None
    assert len(long) > 8192
    body = {"url": "/api/now/table/sys_user?" + long.partition("?")[2]}
    short = admin.http.post(f"{admin.url}/api/now/v1/tinyurl", json=body)
    assert short.status_code == 201
    address = short.json()["result"]
    assert re.fullmatch(r"/api/now/table/sys_user\?sysparm_tiny=[0-9a-f]{32}", address)
    more = "&sysparm_fields=user_name&sysparm_limit=10"
    assert admin.http.get(admin.url + address + more).json() == {"result": [{"user_name": "ada"}]}


def test_a_short_form_that_nobody_handed_out_is_400(admin: Client) -> None:
    answer = admin.http.get(f"{admin.url}/api/now/table/sys_user?sysparm_tiny={SYS_ID}")
    assert answer.status_code == 400
    assert admin.http.post(f"{admin.url}/api/now/tinyurl", json={}).status_code == 400


def test_8192_bytes_are_served(admin: Client) -> None:
    def of(size: int) -> requests.Response:
        path = "/api/now/table/sys_user?sysparm_query=user_name="
        return admin.http.get(admin.url + path + "x" * (size - len(path)))

    assert [of(8192).status_code, of(8193).status_code] == [200, 414]


def test_a_table_closed_to_web_services_is_403(desk: Desk, admin: Client) -> None:
    closed = [table.name for table in desk.state.records.schema if not table.ws_access]
    for name in closed:
        assert admin.table(name).status_code == 403
