"""The Import Set API: staging, transform maps with coalescing fields, and what answers tell."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox.servicenow.desks import Client, Desk
from tools.servers import wait_until

STAGING = "imp_user"


@pytest.fixture
def admin(desk: Desk) -> Client:
    return desk.as_("admin")


def insert(desk: Desk, table: str, **values: object) -> str:
    return desk.state.records.insert(table, values, "admin")["sys_id"]


@pytest.fixture
def user_map(desk: Desk) -> str:
    """A transform map for people, which coalesces on the user name."""
    for old in desk.state.records.where("sys_transform_map", source_table=STAGING):
        desk.state.records.update("sys_transform_map", old["sys_id"], {"active": "false"}, "admin")
    values = {"source_table": STAGING, "target_table": "sys_user", "active": True, "order": 100}
    key = insert(desk, "sys_transform_map", name="User", **values)
    for source, target in {
        "user_id": "user_name",
        "last_name": "last_name",
        "email": "email",
        "department": "department",
        "manager": "manager",
    }.items():
        field(desk, key, source, target, coalesce=target == "user_name")
    return key


def field(desk: Desk, key: str, source: str, target: str, **more: object) -> str:
    values = {"map": key, "source_field": source, "target_field": target, **more}
    return insert(desk, "sys_transform_entry", **values)


def load(client: Client, version: str = "", **values: object) -> requests.Response:
    return client.http.post(f"{client.url}/api/now/{version}import/{STAGING}", json=values)


def only(answer: requests.Response) -> dict[str, Any]:
    (told,) = answer.json()["result"]
    result: dict[str, Any] = told
    return result


def users(client: Client, name: str) -> list[dict[str, Any]]:
    return client.rows("sys_user", f"user_name={name}")


def grant(desk: Desk, user_name: str, role: str) -> None:
    """Give somebody a role by its rows."""
    user = desk.state.records.where("sys_user", user_name=user_name)[0]["sys_id"]
    known = desk.state.records.where("sys_user_role", name=role)
    key = known[0]["sys_id"] if known else insert(desk, "sys_user_role", name=role)
    insert(desk, "sys_user_has_role", user=user, role=key, state="active")


@pytest.mark.parametrize("version", ["", "v1/", "v2/"])
def test_an_import_tells_what_became_of_its_row(user_map: str, admin: Client, version: str) -> None:
    answer = load(admin, version, user_id="new.one", last_name="One", email="one@example.com")
    assert answer.status_code == 201
    body = answer.json()
    assert body["import_set"].startswith("ISET")
    assert body["staging_table"] == STAGING
    told, (row,) = only(answer), users(admin, "new.one")
    assert (told["transform_map"], told["table"], told["status"]) == (
        "User",
        "sys_user",
        "inserted",
    )
    assert told["sys_id"] == row["sys_id"]
    assert told["record_link"] == f"{admin.url}/api/now/{version}table/sys_user/{row['sys_id']}"
    assert told["display_name"] == "name"
    assert row["email"] == "one@example.com"


def test_the_row_can_be_read_back(user_map: str, admin: Client) -> None:
    answer = load(admin, user_id="new.one")
    again = admin.http.get(answer.headers["Location"])
    assert again.status_code == 200
    assert again.json() == answer.json()
    url = f"{admin.url}/api/now/import/{STAGING}"
    assert admin.http.get(f"{url}/{'0' * 32}").status_code == 404


def test_a_coalescing_field_makes_it_an_upsert(user_map: str, admin: Client) -> None:
    first = only(load(admin, user_id="new.one", last_name="One"))
    second = only(load(admin, user_id="new.one", last_name="Two"))
    third = only(load(admin, user_id="new.one", last_name="Two"))
    assert [told["status"] for told in (first, second, third)] == ["inserted", "updated", "ignored"]
    assert first["sys_id"] == second["sys_id"] == third["sys_id"]
    assert [row["last_name"] for row in users(admin, "new.one")] == ["Two"]
    assert third["status_message"] == "No field values changed"


def test_an_empty_coalescing_field_finds_nobody(user_map: str, admin: Client) -> None:
    first, second = only(load(admin, last_name="X")), only(load(admin, last_name="X"))
    assert first["sys_id"] != second["sys_id"]


def test_references_are_found_by_what_people_see(desk: Desk, user_map: str, admin: Client) -> None:
    ben = desk.world.people["ben"]
    load(admin, user_id="new.one", manager=ben.display_name, department=ben.department)
    (row,) = users(admin, "new.one")
    assert row["manager"] == ben.sys_id
    assert row["department"] != ""


@pytest.mark.parametrize(
    ("action", "status", "made"),
    [("ignore", "inserted", 0), ("create", "inserted", 1), ("reject", "ignored", 0)],
)
def test_an_unknown_reference_is_ignored_created_or_rejected(
    desk: Desk, user_map: str, admin: Client, action: str, status: str, made: int
) -> None:
    field(desk, user_map, "title", "location", choice_action=action)
    told = only(load(admin, user_id="new.one", title="Atlantis"))
    assert told["status"] == status
    assert len(admin.rows("cmn_location", "name=Atlantis")) == made


def test_a_failed_row_is_answered_201(desk: Desk, user_map: str, admin: Client) -> None:
    values = {"target_table": "no_such_table"}
    desk.state.records.update("sys_transform_map", user_map, values, "admin")
    answer = load(admin, user_id="new.one")
    told = only(answer)
    assert (answer.status_code, told["status"]) == (201, "error")
    assert told["error_message"]
    assert users(admin, "new.one") == []


def test_without_a_map_there_is_an_error_in_the_result(
    desk: Desk, user_map: str, admin: Client
) -> None:
    desk.state.records.update("sys_transform_map", user_map, {"active": "false"}, "admin")
    assert only(load(admin, user_id="new.one"))["status"] == "error"


def test_several_maps_each_have_their_result(desk: Desk, user_map: str, admin: Client) -> None:
    values = {"source_table": STAGING, "target_table": "cmn_department", "active": True}
    second = insert(desk, "sys_transform_map", name="Department", order=200, **values)
    field(desk, second, "department", "name", coalesce=True)
    answer = load(admin, user_id="new.one", department="Cartography")
    told = answer.json()["result"]
    assert [each["transform_map"] for each in told] == ["User", "Department"]
    assert told[1]["display_value"] == "Cartography"


def test_values_are_stored_as_text_and_unknown_names_dropped(user_map: str, admin: Client) -> None:
    answer = load(admin, user_id="new.one", title={"a": 1}, nonsense="x", sys_import_state="x")
    staged = admin.rows(STAGING, "user_id=new.one")[0]
    assert staged["title"] == "{a=1}"
    assert (staged["sys_import_state"], answer.status_code) == ("inserted", 201)


def test_what_is_no_staging_table_is_400(admin: Client) -> None:
    for table in ("sys_user", "no_such_table", "sys_import_set_row"):
        answer = admin.http.post(f"{admin.url}/api/now/import/{table}", json={})
        assert answer.status_code == 400


def test_only_loaders_load(desk: Desk, user_map: str) -> None:
    assert load(desk.as_("ada"), user_id="new.one").status_code == 403


def test_who_may_write_but_not_read_gets_201_with_no_body(
    desk: Desk, user_map: str, admin: Client
) -> None:
    grant(desk, "ada", "import_set_loader")
    answer = load(desk.as_("ada"), user_id="new.one")
    assert (answer.status_code, answer.content) == (201, b"")
    assert len(users(admin, "new.one")) == 1
    assert desk.as_("ada").http.get(answer.headers["Location"]).status_code == 404


# ---- many at once ----


def load_many(client: Client, *records: dict[str, str], **query: str) -> requests.Response:
    url = f"{client.url}/api/now/import/{STAGING}/insertMultiple"
    return client.http.post(url, json={"records": list(records)}, params=query)


def test_many_rows_are_named_by_labels_and_transformed_later(user_map: str, admin: Client) -> None:
    answer = load_many(admin, {"User id": "new.one"}, {"User id": "new.two", "Last name": "Two"})
    assert answer.status_code == 201
    told = answer.json()
    assert told.keys() == {"import_set_id", "multi_import_set_id"}
    wait_until(lambda: bool(users(admin, "new.two")), "the transformation")
    wait_until(
        lambda: (
            admin.rows("sys_import_set", f"sys_id={told['import_set_id']}")[0]["state"]
            == "processed"
        ),
        "the end of the import set",
    )
    assert [row["last_name"] for row in users(admin, "new.two")] == ["Two"]


def test_a_setting_has_them_named_by_columns_and_transformed_at_once(
    desk: Desk, user_map: str, admin: Client
) -> None:
    insert(
        desk, "sys_rest_insert_multiple", source_table=STAGING, active=True,
        transformation="synchronous", column_mapping="column_name",
    )  # fmt: skip
    load_many(admin, {"user_id": "new.one"})
    assert len(users(admin, "new.one")) == 1


def test_import_sets_may_be_grouped(user_map: str, admin: Client) -> None:
    first = load_many(admin, {"User id": "new.one"}).json()["multi_import_set_id"]
    second = load_many(admin, {"User id": "new.two"}, multi_import_set_id=first).json()
    assert second["multi_import_set_id"] == first


@pytest.mark.parametrize("body", [{}, {"records": "x"}, {"records": ["x"]}])
def test_many_need_an_array(user_map: str, admin: Client, body: dict[str, object]) -> None:
    url = f"{admin.url}/api/now/import/{STAGING}/insertMultiple"
    assert admin.http.post(url, json=body).status_code == 400


def test_people_are_imported_by_the_stock_map(admin: Client) -> None:
    told = only(load(admin, user_id="new.one", first_name="New", last_name="One"))
    assert (told["transform_map"], told["status"]) == ("User", "inserted")
    assert only(load(admin, user_id="new.one", title="Clerk"))["status"] == "updated"
    assert [row["title"] for row in users(admin, "new.one")] == ["Clerk"]
