"""The Aggregate API: what is counted, grouped, kept and ordered."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox.servicenow.records import stored_row
from tests.sandbox.servicenow.desks import Client, Desk

ADA, BEN = "a" * 32, "b" * 32
# assigned_to, state, order
TASKS = [(ADA, "1", "10"), (ADA, "1", "20"), (ADA, "2", "1000"), (BEN, "3", ""), ("", "3", "5")]


@pytest.fixture
def admin(desk: Desk) -> Client:
    people = [(ADA, "Ada Lindqvist"), (BEN, "Ben Achterberg")]
    rows = [stored_row({"sys_id": key, "name": name, "user_name": key}) for key, name in people]
    desk.state.records.load("sys_user", rows)
    for number, (assigned, state, order) in enumerate(TASKS):
        values = {"assigned_to": assigned, "state": state, "order": order, "number": f"T{number}"}
        row = values | {"sys_id": f"{number:032x}", "sys_class_name": "sc_task"}
        desk.state.records.load("sc_task", [stored_row(row | {"description": "counted"})])
    return desk.as_("admin")


def ask(client: Client, version: str = "", **parameters: str) -> requests.Response:
    named = {f"sysparm_{name}": value for name, value in parameters.items()}
    named["sysparm_query"] = "^".join(
        filter(None, [named.get("sysparm_query"), "description=counted"])
    )
    return client.http.get(f"{client.url}/api/now/{version}stats/sc_task", params=named)


def result(client: Client, **parameters: str) -> Any:  # noqa: ANN401 - JSON of either shape
    answer = ask(client, **parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def counts(client: Client, **parameters: str) -> list[tuple[str, str]]:
    """Value of the first group column, and count."""
    groups = result(client, count="true", **parameters)
    return [(each["groupby_fields"][0]["value"], each["stats"]["count"]) for each in groups]


def test_a_count_is_a_string_in_every_version(admin: Client) -> None:
    for version in ("", "v1/", "v2/"):
        told = ask(admin, version, count="true")
        assert told.json() == {"result": {"stats": {"count": "5"}}}


def test_nothing_is_aggregated_that_nobody_asked_for(admin: Client) -> None:
    assert result(admin) == {"stats": {}}
    assert result(admin, avg_fields="nonsense") == {"stats": {}}


def test_an_encoded_query_narrows_what_is_counted(admin: Client) -> None:
    assert result(admin, count="true", query=f"assigned_to={ADA}") == {"stats": {"count": "3"}}
    assert result(admin, count="true", query="state=99") == {"stats": {"count": "0"}}


def test_numbers_are_added_and_compared_as_numbers(admin: Client) -> None:
    fields = dict.fromkeys(("sum_fields", "min_fields", "max_fields", "avg_fields"), "order")
    assert result(admin, **fields) == {
        "stats": {
            "avg": {"order": "258.75"},
            "min": {"order": "5"},
            "max": {"order": "1000"},
            "sum": {"order": "1035"},
        }
    }


def test_text_has_a_first_and_a_last_but_no_sum(admin: Client) -> None:
    told = result(admin, min_fields="number", max_fields="number", sum_fields="number")
    assert told["stats"] == {
        "min": {"number": "T0"},
        "max": {"number": "T4"},
        "sum": {"number": ""},
    }


def test_groups_have_their_own_stats(admin: Client) -> None:
    told = result(admin, count="true", sum_fields="order", group_by="state")
    assert told == [
        group("state", "1", {"count": "2", "sum": {"order": "30"}}),
        group("state", "2", {"count": "1", "sum": {"order": "1000"}}),
        group("state", "3", {"count": "2", "sum": {"order": "5"}}),
    ]


def group(column: str, value: str, stats: dict[str, Any]) -> dict[str, Any]:
    return {"stats": stats, "groupby_fields": [{"field": column, "value": value}]}


def test_groups_may_be_of_several_columns_and_dotted(admin: Client) -> None:
    told = result(admin, count="true", group_by="assigned_to.name,state,nonsense")
    fields = [[each["value"] for each in entry["groupby_fields"]] for entry in told]
    assert fields == [
        ["", "3"],
        ["Ada Lindqvist", "1"],
        ["Ada Lindqvist", "2"],
        ["Ben Achterberg", "3"],
    ]


def test_groups_are_shown_as_people_see_them(admin: Client) -> None:
    shown = result(admin, group_by="assigned_to", display_value="true", query="state=2")
    both = result(admin, group_by="assigned_to", display_value="all", query="state=2")
    assert shown[0]["groupby_fields"] == [{"field": "assigned_to", "value": "Ada Lindqvist"}]
    assert both[0]["groupby_fields"] == [
        {"field": "assigned_to", "display_value": "Ada Lindqvist", "value": ADA}
    ]


@pytest.mark.parametrize(
    ("having", "kept"),
    [
        ("count^state^>^1", ["1", "3"]),
        ("count^state^=^1", ["2"]),
        ("count^state^!=^1", ["1", "3"]),
        ("sum^order^>=^30", ["1", "2"]),
        ("sum^order^<^30", ["3"]),
        ("count^state^>^1,avg^order^<=^5", ["3"]),
        ("nonsense", ["1", "2", "3"]),
        ("count^state^>^many", []),
    ],
)
def test_groups_are_kept_by_what_they_amount_to(
    admin: Client, having: str, kept: list[str]
) -> None:
    assert [value for value, _ in counts(admin, group_by="state", having=having)] == kept


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("count", ["2", "1", "3"]),
        ("COUNT^DESC", ["1", "3", "2"]),
        ("state^desc", ["3", "2", "1"]),
        ("sum^order^desc", ["2", "1", "3"]),
        ("count^desc,state^desc", ["3", "1", "2"]),
        ("nonsense", ["1", "2", "3"]),
    ],
)
def test_groups_are_ordered(admin: Client, order: str, expected: list[str]) -> None:
    assert [value for value, _ in counts(admin, group_by="state", order_by=order)] == expected


def test_plain_parameters_narrow_as_well(admin: Client) -> None:
    url = f"{admin.url}/api/now/stats/sc_task?sysparm_count=true&description=counted&state=Open"
    assert admin.http.get(url).json() == {"result": {"stats": {"count": "2"}}}


def test_a_table_that_does_not_exist_is_400(admin: Client) -> None:
    answer = admin.http.get(f"{admin.url}/api/now/stats/nonsense?sysparm_count=true")
    assert answer.status_code == 400


def test_who_may_not_read_every_row_counts_none(desk: Desk) -> None:
    desk.ordered("ada")
    url = f"{desk.url}/api/now/stats/sc_req_item?sysparm_count=true"
    refused = desk.as_("eve").http.get(url)
    assert refused.status_code == 403
    assert refused.json()["error"]["message"] == "Insufficient rights to query records"
    mine = desk.world.people["ada"].sys_id
    own = desk.as_("ada").http.get(f"{url}&sysparm_query=requested_for={mine}")
    assert int(own.json()["result"]["stats"]["count"]) > 0
