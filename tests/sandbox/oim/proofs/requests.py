"""What an installation does with calls and requests, switch by switch."""

from __future__ import annotations

from typing import Any

from tests.sandbox.oim.proofs import Proof
from tests.sandbox.oim.sites import FACADE, TOKENS, Api, Site, wanted

INBOX = {"view": "pendingApprovals", "limit": 500}


def refused(api: Api, **params: object) -> bool:
    """Whether a list of requests is answered 400."""
    return api.call("GET", "/requests", params=params).status_code == 400


def first_row(site: Site, **params: object) -> Any:  # noqa: ANN401 -- JSON
    rows = site.as_("broker").get("/requests", limit=1, **params)["requests"]
    assert rows
    return rows[0]


def answer_to(site: Site, *items: dict[str, Any]) -> Any:  # noqa: ANN401 -- JSON
    """The whole answer to a POST, which must be a 200."""
    answer = site.as_("broker").call("POST", "/requests", json={"requests": list(items)})
    assert answer.status_code == 200
    return answer.json()


def a_good_one(site: Site) -> dict[str, Any]:
    return wanted(site.as_("broker").user("ADA"))


def waiting(site: Site) -> str:
    """The id of a request of ada's that waits for ben."""
    key = site.as_("broker").user("ADA")
    query = f"beneficiary eq {key} and reqStatus eq Request::Awaiting::Approval"
    return str(first_row(site, q=query)["id"])


def the_api_is_there(site: Site) -> None:
    assert site.as_("broker").call("GET", "/requests").status_code == 200


def a_password_is_good_for_a_token(site: Site) -> None:
    assert site.as_("broker").outside("POST", TOKENS).status_code == 200


def a_write_without_x_requested_by_is_ignored(site: Site) -> None:
    broker = site.as_("broker")
    del broker.http.headers["X-Requested-By"]
    assert broker.call("POST", "/requests", json={"requests": []}).status_code == 400


def the_time_an_answer_took_is_told_as_in_12c(site: Site) -> None:
    answer = site.as_("broker").call("GET", "/requests", params={"limit": 1})
    assert int(answer.headers.get("ResponseTime", "-1")) >= 0
    assert "X-Response-Time" not in answer.headers


def a_token_ends_after_half_an_hour(site: Site) -> None:
    broker = site.as_("broker")
    broker.take_token()
    site.state.clock.forward(1801)
    assert broker.call("GET", "/requests").status_code == 401


def a_tokens_life_is_text(site: Site) -> None:
    assert site.as_("broker").outside("POST", TOKENS).json()["expiresIn"] == "1799"


def the_facade_gives_a_token(site: Site) -> None:
    answer = site.as_("broker").outside("GET", FACADE)
    assert answer.status_code == 200
    bearer = site.as_("broker")
    bearer.bear(answer.json()["accessToken"])
    assert bearer.get("/requests", limit=1)["count"] == 1


def what_is_no_json_is_not_taken(site: Site) -> None:
    broker = site.as_("broker")
    headers = {"Content-Type": "application/xml"}
    assert broker.call("PUT", "/requests", data="<r/>", headers=headers).status_code == 415
    headers = {"Accept": "application/xml"}
    assert broker.call("GET", "/requests", headers=headers).status_code == 406


def ten_rows_are_a_page(site: Site) -> None:
    assert site.as_("broker").get("/requests")["count"] == 10


def the_first_row_has_offset_one(site: Site) -> None:
    broker = site.as_("broker")
    assert broker.get("/requests", offset=1)["requests"] == broker.get("/requests")["requests"]
    assert refused(broker, offset=0)


def nobody_counts_a_list(site: Site) -> None:
    assert site.as_("broker").get("/requests")["totalResult"] == -1


def a_page_leads_to_the_next(site: Site) -> None:
    links = site.as_("broker").get("/requests", limit=5)["links"]
    assert [link["rel"] for link in links] == ["self", "first", "next"]
    assert "offset=6&limit=5" in links[2]["href"]


def links_name_another_host(site: Site) -> None:
    assert "internal.example" in first_row(site)["links"][0]["href"]


def links_have_another_path(site: Site) -> None:
    assert "/adminservice/" in first_row(site)["links"][0]["href"]


def only_fields_asked_for_are_given(site: Site) -> None:
    assert set(first_row(site, fields="reqStatus")) == {"links", "id", "reqStatus"}


def a_field_without_a_value_is_absent(site: Site) -> None:
    rows = site.as_("broker").get("/requests", limit=500)["requests"]
    assert any("reqJustification" not in row for row in rows)
    assert None not in [value for row in rows for value in row.values()]


def a_list_has_no_items(site: Site) -> None:
    assert not {"reqTargetEntities", "reqModifiedOnDate"} & set(first_row(site))


def a_requester_is_a_key(site: Site) -> None:
    requester = first_row(site)["requester"]
    assert requester["name"] == "requesterId"
    assert requester["value"].isdigit()


def the_newest_comes_first(site: Site) -> None:
    rows = site.as_("broker").get("/requests", limit=20)["requests"]
    ids = [int(row["id"]) for row in rows]
    assert ids == sorted(ids, reverse=True)


def colons_stand_for_spaces(site: Site) -> None:
    row = first_row(site, q="reqStatus eq Request::Completed")
    assert row["reqStatus"] == "Request Completed"


def filters_compare_in_any_case(site: Site) -> None:
    assert first_row(site, q="reqStatus co WITHDRAW")["reqStatus"] == "Request Withdrawn"


def an_attribute_that_is_not_searchable_is_refused(site: Site) -> None:
    assert refused(site.as_("broker"), q="reqCreatedOn sw 2024")


def a_justification_is_not_searchable(site: Site) -> None:
    assert refused(site.as_("broker"), q="reqJustification co RITM")


def any_filter_drops_the_default_state(site: Site) -> None:
    found = site.as_("BEN").get("/requests", q="title co approval", **INBOX)["requests"]
    assert {"ASSIGNED", "COMPLETED"} <= {task["state"] for task in found}


def an_inbox_is_ones_own(site: Site) -> None:
    found = site.as_("broker").get("/requests", **INBOX)["requests"]
    assert "BEN" not in {task["assignee"] for task in found}


def a_manager_sees_what_reports_ask_for(site: Site) -> None:
    """Also what nobody asks the manager about."""
    key = site.as_("broker").user("ADA")
    made = site.as_("broker").ask(key)["id"]
    assert site.as_("BEN").call("GET", f"/requests/{made}").status_code == 200


def an_administrator_sees_everything(site: Site) -> None:
    broker = site.as_("broker")
    assert len(broker.get("/requests", limit=1000)["requests"]) == len(site.state.requests)
    assert broker.call("GET", f"/requests/{waiting(site)}").status_code == 200


def a_requester_does_not_see_who_decides(site: Site) -> None:
    assert "requestTaskDetails" not in site.as_("ada").get(f"/requests/{waiting(site)}")


def an_administrator_sees_who_decides(site: Site) -> None:
    detail = site.as_("broker").get(f"/requests/{waiting(site)}")
    assert "requestTaskDetails" in detail
    assert detail["requestTaskDetails"][0]["history"]["currentApprovers"]


def a_new_request_is_a_200(site: Site) -> None:
    answer_to(site, a_good_one(site))


def one_bad_entry_does_not_fail_the_call(site: Site) -> None:
    bad = a_good_one(site) | {"reqBeneficiaryList": []}
    results = answer_to(site, bad, a_good_one(site))["requests"]
    assert [result["status"] for result in results] == ["FAILURE", "SUCCESS"]


def the_callers_id_comes_back(site: Site) -> None:
    assert answer_to(site, a_good_one(site))["requests"][0].get("requestId") == "mine-1"


def a_new_id_is_text(site: Site) -> None:
    assert isinstance(answer_to(site, a_good_one(site))["requests"][0]["id"], str)


def the_same_entry_twice_makes_two_requests(site: Site) -> None:
    entry = a_good_one(site)
    ids = {answer_to(site, entry)["requests"][0]["id"] for _ in range(2)}
    assert ids == set(site.state.ledger)
    assert len(ids) == 2


def one_withdrawal_has_a_word_of_its_own(site: Site) -> None:
    broker = site.as_("broker")
    assert broker.call("DELETE", f"/requests/{waiting(site)}").json()["status"] == "withdrawn"
    body = {"requests": [{"id": waiting(site)}]}
    bulk = broker.call("DELETE", "/requests", json=body).json()["requests"]
    assert [item["status"] for item in bulk] == ["SUCCESS"]


def attachments_are_listed_by_task(site: Site) -> None:
    ben, path = site.as_("BEN"), f"/requests/{waiting(site)}/attachments"
    task_id = ben.get(path.removesuffix("/attachments"))["requestTaskDetails"][0]["taskId"]
    sent = {"taskId": task_id, "url": "https://wiki.example.com/why"}
    assert ben.call("POST", path, json=sent).status_code == 200
    (task,) = ben.get(path).get("requestTasks", [{}])
    assert task.get("taskId") == task_id


PROOFS: dict[str, Proof] = {
    "accepted-with-200": a_new_request_is_a_200,
    "administrators-see-all": an_administrator_sees_everything,
    "administrators-see-approvers": an_administrator_sees_who_decides,
    "approvers-hidden": a_requester_does_not_see_who_decides,
    "attachments-by-task": attachments_are_listed_by_task,
    "caller-ids-echoed": the_callers_id_comes_back,
    "case-ignored": filters_compare_in_any_case,
    "colons-are-spaces": colons_stand_for_spaces,
    "default-state-dropped": any_filter_drops_the_default_state,
    "empty-fields-absent": a_field_without_a_value_is_absent,
    "expires-in-is-text": a_tokens_life_is_text,
    "failures-inside-200": one_bad_entry_does_not_fail_the_call,
    "fields-narrow": only_fields_asked_for_are_given,
    "ids-are-text": a_new_id_is_text,
    "inbox-is-own": an_inbox_is_ones_own,
    "json-only": what_is_no_json_is_not_taken,
    "justification-unsearchable": a_justification_is_not_searchable,
    "links-lead-elsewhere": links_name_another_host,
    "links-under-adminservice": links_have_another_path,
    "lists-are-thin": a_list_has_no_items,
    "newest-first": the_newest_comes_first,
    "next-linked": a_page_leads_to_the_next,
    "no-idempotency": the_same_entry_twice_makes_two_requests,
    "offsets-from-one": the_first_row_has_offset_one,
    "pages-of-ten": ten_rows_are_a_page,
    "people-are-keys": a_requester_is_a_key,
    "profile-12c": the_time_an_answer_took_is_told_as_in_12c,
    "reports-seen": a_manager_sees_what_reports_ask_for,
    "self-service-deployed": the_api_is_there,
    "single-withdrawal-has-own-word": one_withdrawal_has_a_word_of_its_own,
    "token-facade-served": the_facade_gives_a_token,
    "token-service-deployed": a_password_is_good_for_a_token,
    "tokens-expire": a_token_ends_after_half_an_hour,
    "totals-unknown": nobody_counts_a_list,
    "unsearchable-refused": an_attribute_that_is_not_searchable_is_refused,
    "x-requested-by-guard": a_write_without_x_requested_by_is_ignored,
}
