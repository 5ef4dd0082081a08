"""How rows are found, shown and counted."""

from __future__ import annotations

from typing import Any

import requests

from tests.sandbox.servicenow.desks import Desk, fetch
from tests.sandbox.servicenow.proofs import Proof

MIRROR = "x_rqbrk_access_request"
NOBODY = "f" * 32


def found(desk: Desk, query: str, table: str = "sys_user") -> list[dict[str, Any]]:
    """The rows of a query as the administrator sees them; a refusal is a broken promise."""
    answer = desk.as_("admin").table(table, query=query)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["result"]
    return rows


def names(desk: Desk, query: str) -> set[str]:
    return {row["user_name"] for row in found(desk, query)}


def shown(desk: Desk, table: str, key: str, column: str) -> Any:  # noqa: ANN401 - JSON
    """One cell with value and display value, as the administrator sees it."""
    answer = desk.as_("admin").table(f"{table}/{key}", display_value="all", fields=column)
    return answer.json()["result"][column]


def made(desk: Desk, table: str, **values: object) -> str:
    """The sys_id of a new row of the administrator's."""
    answer = desk.as_("admin").post(table, **values)
    assert answer.status_code == 201, answer.text
    key: str = answer.json()["result"]["sys_id"]
    return key


def a_page_is_cut_before_rows_are_hidden(desk: Desk) -> None:
    keys = [desk.ordered(name)["sys_id"] for name in ("ada", "eve")]
    query = f"sys_idIN{','.join(keys)}^ORDERBYnumber"
    assert desk.as_("eve").table("sc_req_item", query=query, limit="1").json()["result"] == []
    second = desk.as_("eve").table("sc_req_item", query=query, limit="1", offset="1")
    assert [row["sys_id"] for row in second.json()["result"]] == keys[1:]


def the_total_counts_what_is_hidden(desk: Desk) -> None:
    key = desk.ordered("ada")["sys_id"]
    page = desk.as_("eve").table("sc_req_item", query=f"sys_id={key}")
    assert (page.json()["result"], page.headers["X-Total-Count"]) == ([], "1")


def one_page_has_no_links(desk: Desk) -> None:
    assert "Link" not in desk.as_("admin").table("sys_user", query="user_name=ada").headers


def the_first_of_single_rows_has_an_odd_prev(desk: Desk) -> None:
    links = desk.as_("admin").table("sys_user", limit="1").headers["Link"]
    assert 'sysparm_offset=-1>;rel="prev"' in links


def links_repeat_the_version(desk: Desk) -> None:
    answer = desk.as_("admin").http.get(f"{desk.url}/api/now/v2/table/sys_user?user_name=ada")
    link = answer.json()["result"][0]["manager"]["link"]
    assert link.startswith(f"{desk.url}/api/now/v2/table/sys_user/")


def version_1_finds_nothing_with_404(desk: Desk) -> None:
    url = f"{desk.url}/api/now/v1/table/sys_user?user_name=nobody"
    assert desk.as_("admin").http.get(url).status_code == 404


def nonsense_finds_everybody(desk: Desk) -> None:
    assert len(found(desk, "nonsense=1")) > 1


def scoped_tables_refuse_unknown_columns(desk: Desk) -> None:
    answer = desk.as_("broker").table(MIRROR, query="nonsense=1")
    assert answer.status_code == 403
    assert answer.json()["error"]["message"] == "Insufficient rights to query records"


def an_or_belongs_to_the_condition_before_it(desk: Desk) -> None:
    assert names(desk, "user_name=ada^user_name=ben^ORuser_name=eve") == set()


def a_bad_value_finds_nobody(desk: Desk) -> None:
    assert found(desk, "active=maybe") == []


def not_equal_finds_the_empty_too(desk: Desk) -> None:
    assert names(desk, f"user_name=admin^manager!={NOBODY}") == {"admin"}


def text_is_compared_without_case(desk: Desk) -> None:
    assert names(desk, "user_name=ADA") == {"ada"}


def a_class_is_exact(desk: Desk) -> None:
    key = desk.ordered()["sys_id"]
    assert found(desk, f"sys_class_name=task^sys_id={key}", "task") == []


def a_reference_contains_what_people_see(desk: Desk) -> None:
    assert names(desk, "user_name=ada^managerLIKEben") == {"ada"}


def strange_script_is_refused(desk: Desk) -> None:
    assert found(desk, "user_name=javascript:new Evil().run()") == []


def values_are_strings(desk: Desk) -> None:
    (ada,) = found(desk, "user_name=ada")
    assert (ada["active"], type(ada["sys_mod_count"])) == ("true", str)


def times_are_shown_where_the_reader_is(desk: Desk) -> None:
    cell = shown(desk, "sc_req_item", desk.ordered()["sys_id"], "opened_at")
    assert cell["display_value"] != cell["value"]


def numbers_are_shown_in_thousands(desk: Desk) -> None:
    key = made(desk, "sc_task", order=102197)
    assert shown(desk, "sc_task", key, "order")["display_value"] == "102,197"


def durations_are_shown_in_words(desk: Desk) -> None:
    key = made(desk, "sc_task", business_duration="1970-01-02 04:23:00")
    cell = shown(desk, "sc_task", key, "business_duration")
    assert cell["display_value"] == "1 Day 4 Hours 23 Minutes"


def an_empty_choice_is_shown_as_null(desk: Desk) -> None:
    cell = shown(desk, "sc_task", made(desk, "sc_task", contact_type=""), "contact_type")
    assert cell == {"display_value": None, "value": ""}


def an_empty_due_date_is_shown_as_unknown(desk: Desk) -> None:
    cell = shown(desk, "sc_task", made(desk, "sc_task"), "sla_due")
    assert cell == {"display_value": "UNKNOWN", "value": ""}


def amounts_have_their_currency(desk: Desk) -> None:
    key = made(desk, "sc_req_item", price="1699.99")
    assert shown(desk, "sc_req_item", key, "price") == {
        "display_value": "$1,699.99",
        "currency_display_value": "USD;1699.99",
        "value": "1699.99",
    }


def a_journal_has_no_value(desk: Desk) -> None:
    key = desk.ordered()["sys_id"]
    desk.as_("admin").patch("sc_req_item", key, work_notes="seen")
    read = desk.as_("admin").table(f"sc_req_item/{key}", fields="work_notes")
    assert read.json()["result"] == {"work_notes": ""}


def a_reference_to_nothing_has_a_link(desk: Desk) -> None:
    answer = desk.as_("broker").post(MIRROR, requested_for="no value")
    assert answer.json()["result"]["requested_for"] == {
        "link": f"{desk.url}/api/now/table/sys_user/no value",
        "value": "no value",
    }


def posted(desk: Desk, path: str, **headers: str) -> requests.Response:
    return desk.as_("broker").http.post(
        f"{desk.url}/api/now/{path}", json={"request_id": "7"}, headers=headers
    )


def a_post_stands_for_another_verb(desk: Desk) -> None:
    key = desk.as_("broker").post(MIRROR).json()["result"]["sys_id"]
    answer = posted(desk, f"table/{MIRROR}/{key}", **{"X-HTTP-Method-Override": "PATCH"})
    assert answer.status_code == 200
    assert answer.json()["result"]["request_id"] == "7"


def a_body_is_left_out_on_demand(desk: Desk) -> None:
    answer = posted(desk, f"table/{MIRROR}", **{"X-no-response-body": "true"})
    assert (answer.status_code, answer.content) == (201, b"")


def strange_formats_are_refused(desk: Desk) -> None:
    http, url = desk.as_("admin").http, f"{desk.url}/api/now/table/{MIRROR}"
    assert http.get(url, headers={"Accept": "text/csv"}).status_code == 406
    assert http.post(url, data=b"{}", headers={"Content-Type": "text/csv"}).status_code == 415


def a_long_address_has_a_short_form(desk: Desk) -> None:
    http = desk.as_("admin").http
    url = "api/now/table/sys_user?sysparm_query=user_name%3Dada&sysparm_fields=user_name"
    short = http.post(f"{desk.url}/api/now/tinyurl", json={"url": url})
    assert short.status_code == 201
    answer = http.get(f"{desk.url}/{short.json()['result']}")
    assert answer.json() == {"result": [{"user_name": "ada"}]}


def hidden_rows_are_not_counted_for_anybody(desk: Desk) -> None:
    desk.ordered("ada")
    url = f"{desk.url}/api/now/stats/sc_req_item?sysparm_count=true"
    assert fetch("GET", url, auth=("eve", "demo")).status_code == 403


PROOFS: dict[str, Proof] = {
    "limit-before-acl": a_page_is_cut_before_rows_are_hidden,
    "total-ignores-acl": the_total_counts_what_is_hidden,
    "one-page-has-no-links": one_page_has_no_links,
    "prev-link-of-minus-one": the_first_of_single_rows_has_an_odd_prev,
    "links-repeat-the-version": links_repeat_the_version,
    "empty-v1-list-is-404": version_1_finds_nothing_with_404,
    "invalid-parts-dropped": nonsense_finds_everybody,
    "unknown-columns-refused": scoped_tables_refuse_unknown_columns,
    "or-binds-to-the-condition-before": an_or_belongs_to_the_condition_before_it,
    "bad-values-find-nothing": a_bad_value_finds_nobody,
    "not-equal-finds-empty": not_equal_finds_the_empty_too,
    "text-ignores-case": text_is_compared_without_case,
    "class-is-exact": a_class_is_exact,
    "references-compare-by-display": a_reference_contains_what_people_see,
    "script-guarded": strange_script_is_refused,
    "values-are-strings": values_are_strings,
    "times-shown-in-own-zone": times_are_shown_where_the_reader_is,
    "numbers-shown-separated": numbers_are_shown_in_thousands,
    "durations-shown-in-words": durations_are_shown_in_words,
    "empty-choices-shown-null": an_empty_choice_is_shown_as_null,
    "empty-due-dates-shown-unknown": an_empty_due_date_is_shown_as_unknown,
    "currencies-have-three-keys": amounts_have_their_currency,
    "journals-read-empty": a_journal_has_no_value,
    "dangling-references-linked": a_reference_to_nothing_has_a_link,
    "verbs-overridden": a_post_stands_for_another_verb,
    "bodies-suppressed": a_body_is_left_out_on_demand,
    "other-formats-refused": strange_formats_are_refused,
    "tiny-urls-served": a_long_address_has_a_short_form,
    "stats-need-every-row": hidden_rows_are_not_counted_for_anybody,
}
