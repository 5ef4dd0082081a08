"""Answers that no sandbox gives: cut by a quota, about something else, or silent."""

import base64
import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from broker.domain.errors import Misconfigured, NotFound, Refused, Unavailable, UnknownOutcome
from broker.ports.desk import Desk, MirrorRow, OrderRef
from tests.connectors.conftest import servicenow_at

BASE = "https://desk.example.com"
TABLE = f"{BASE}/api/now/table"
BATCH = f"{BASE}/api/now/v1/batch"
ITEM = "a" * 32
ROW = MirrorRow("x_app", "b" * 32, {"state": "open"})
REF = OrderRef("servicenow", ITEM, "RITM1")


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def desk() -> Desk:
    return servicenow_at(BASE, client_id="")


def test_a_success_that_ends_in_an_error_is_none(wire: responses.RequestsMock, desk: Desk) -> None:
    cut = {"result": [], "error": {"message": "Transaction cancelled"}, "status": "failure"}
    wire.add("GET", f"{TABLE}/sys_user", json=cut)
    with pytest.raises(Unavailable):
        desk.account_named("ada")


@pytest.mark.parametrize("answer", [{}, {"result": "x"}, [], None])
def test_an_answer_without_a_list_is_no_empty_list(
    wire: responses.RequestsMock, desk: Desk, answer: object
) -> None:
    wire.add("GET", f"{TABLE}/sys_user", json=answer)
    with pytest.raises(Unavailable):
        desk.account_named("ada")


def test_a_dropped_condition_finds_nobody_else(wire: responses.RequestsMock, desk: Desk) -> None:
    ben = [{"sys_id": ITEM, "user_name": "ben"}]
    wire.add("GET", f"{TABLE}/sys_user", json={"result": ben}, headers={"X-Total-Count": "1"})
    assert desk.account_named("ada") is None


def test_another_record_than_the_one_asked_for_is_not_found(
    wire: responses.RequestsMock, desk: Desk
) -> None:
    wire.add("GET", f"{TABLE}/sc_req_item/{ITEM}", json={"result": {"sys_id": "c" * 32}})
    with pytest.raises(NotFound):
        desk.order(REF)


def test_pages_follow_each_other_where_nobody_says_how_many(
    wire: responses.RequestsMock,
) -> None:
    for rows in ([ITEM, "b" * 32], ["c" * 32], []):
        result = [{"sys_id": key, "user_name": key[:2]} for key in rows]
        wire.add("GET", f"{TABLE}/sys_user", json={"result": result})
    desk = servicenow_at(BASE, client_id="", page_size=2)
    assert [a.key[0] for a in desk.accounts()] == ["a", "b", "c"]
    asked = [parse_qs(urlsplit(call.request.url or "").query) for call in wire.calls]
    assert [each["sysparm_query"] for each in asked] == [
        ["ORDERBYsys_id"],
        [f"sys_id>{'b' * 32}^ORDERBYsys_id"],
        [f"sys_id>{'c' * 32}^ORDERBYsys_id"],
    ]
    assert {name for each in asked for name in each} == {
        "sysparm_query",
        "sysparm_limit",
        "sysparm_fields",
        "sysparm_display_value",
        "sysparm_exclude_reference_link",
    }


def test_an_instance_that_ignores_range_and_order_is_for_the_operator(
    wire: responses.RequestsMock,
) -> None:
    result = [{"sys_id": key * 32, "user_name": key} for key in "ab"]
    wire.add("GET", f"{TABLE}/sys_user", json={"result": result})
    with pytest.raises(Misconfigured, match="does not give sys_user in the order of sys_id"):
        list(servicenow_at(BASE, client_id="", page_size=2).accounts())


def test_users_of_another_company_are_left_out_though_they_are_answered(
    wire: responses.RequestsMock,
) -> None:
    users = {"a": "Ours", "b": "Theirs", "c": "OURS"}
    result = [
        {"sys_id": key * 32, "user_name": key, "company.name": name} for key, name in users.items()
    ]
    for page in (result, []):
        wire.add("GET", f"{TABLE}/sys_user", json={"result": page})
    desk = servicenow_at(BASE, client_id="", people_company="Ours")
    assert [account.login for account in desk.accounts()] == ["a", "c"]


def test_more_rows_than_can_be_true_are_an_error_and_no_end(wire: responses.RequestsMock) -> None:
    result = [{"sys_id": key * 32, "user_name": key} for key in "abc"]
    wire.add("GET", f"{TABLE}/sys_user", json={"result": result}, headers={"X-Total-Count": "3"})
    with pytest.raises(Misconfigured, match="has more than 2 rows of sys_user"):
        list(servicenow_at(BASE, client_id="", most_rows=2).accounts())


def test_a_page_that_was_cut_off_is_asked_for_again_smaller(wire: responses.RequestsMock) -> None:
    cut = {"result": [], "error": {"message": "Transaction cancelled: maximum execution time"}}
    wire.add("GET", f"{TABLE}/sys_user", json=cut)
    whole = {"result": [{"sys_id": ITEM, "user_name": "ada"}]}
    wire.add("GET", f"{TABLE}/sys_user", json=whole, headers={"X-Total-Count": "1"})
    assert [a.login for a in servicenow_at(BASE, client_id="").accounts()] == ["ada"]
    limits = [parse_qs(urlsplit(c.request.url or "").query)["sysparm_limit"] for c in wire.calls]
    assert limits == [["1000"], ["500"]]


def test_a_data_policy_refuses_the_record_and_is_no_matter_of_rights(
    wire: responses.RequestsMock, desk: Desk
) -> None:
    held = {"sys_id": ITEM, "work_notes": "", "value": ""}
    wire.add("GET", f"{TABLE}/sc_req_item/{ITEM}", json={"result": held})
    wire.add("GET", f"{TABLE}/sys_journal_field", json={"result": []})
    policy = "Data Policy Exception: The following fields are mandatory: Close notes"
    error = {"error": {"message": "Operation Failed", "detail": policy}}
    wire.add("PATCH", f"{TABLE}/sc_req_item/{ITEM}", status=403, json=error)
    with pytest.raises(Refused, match="mandatory: Close notes"):
        desk.note(REF, "m", "Hello.")


def test_a_write_whose_answer_is_a_page_is_an_unknown_outcome(
    wire: responses.RequestsMock, desk: Desk
) -> None:
    wire.add("GET", f"{TABLE}/sc_req_item/{ITEM}", json={"result": {"sys_id": ITEM}})
    wire.add("GET", f"{TABLE}/sys_journal_field", status=403, json={})
    wire.add("PATCH", f"{TABLE}/sc_req_item/{ITEM}", body="<html>", content_type="text/html")
    with pytest.raises(UnknownOutcome):
        desk.note(REF, "m", "Hello.")


def part(status: int, body: object) -> dict[str, object]:
    encoded = base64.b64encode(json.dumps(body).encode()).decode()
    return {"serviced_requests": [{"id": "0", "status_code": status, "body": encoded}]}


def sent(wire: responses.RequestsMock) -> list[str]:
    return [json.loads(c.request.body or b"")["rest_requests"][0]["method"] for c in wire.calls]


REFUSED = {"error": {"message": "Operation Failed", "detail": "ACL"}}
HELD = {"result": {"sys_id": ROW.id, "state": "open"}}


@pytest.mark.parametrize("status", [400, 403, 409, 500])
def test_whatever_refuses_a_new_row_a_change_of_it_is_tried(
    wire: responses.RequestsMock, desk: Desk, status: int
) -> None:
    wire.add("POST", BATCH, json=part(status, REFUSED))
    wire.add("POST", BATCH, json=part(200, HELD))
    assert desk.mirror([ROW]) == []
    assert sent(wire) == ["POST", "PATCH"]


def test_only_a_missing_row_makes_the_refusal_final(
    wire: responses.RequestsMock, desk: Desk
) -> None:
    wire.add("POST", BATCH, json=part(403, REFUSED))
    wire.add("POST", BATCH, json=part(404, {}))
    (fault,) = desk.mirror([ROW])
    assert fault.reason == "answered 403 (Operation Failed: ACL)"
    assert sent(wire) == ["POST", "PATCH"]


@pytest.mark.parametrize("status", [202, 401, 429, 503])
def test_what_was_not_carried_out_is_sent_again_unchanged(
    wire: responses.RequestsMock, desk: Desk, status: int
) -> None:
    wire.add("POST", BATCH, json=part(status, {}))
    wire.add("POST", BATCH, json=part(201, HELD))
    assert desk.mirror([ROW]) == []
    assert sent(wire) == ["POST", "POST"]


def test_a_row_stored_under_another_id_is_a_fault(wire: responses.RequestsMock, desk: Desk) -> None:
    wire.add("POST", BATCH, json=part(201, {"result": {"sys_id": "c" * 32, "state": "open"}}))
    (fault,) = desk.mirror([ROW])
    assert fault.reason == f"was stored under another id, {'c' * 32}"


@pytest.mark.parametrize(
    "answer", [{}, {"serviced_requests": None}, {"serviced_requests": [{"id": "0"}]}]
)
def test_a_batch_that_says_nothing_about_a_row_is_for_later(
    wire: responses.RequestsMock, desk: Desk, answer: object
) -> None:
    wire.add("POST", BATCH, json=answer)
    with pytest.raises(Unavailable):
        desk.mirror([ROW])
