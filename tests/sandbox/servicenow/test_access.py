"""Who may read, write and see what, by the roles that the instance's own rows give."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.servicenow.desks import Client, Desk

MIRROR = "x_rqbrk_access_request"


@pytest.fixture
def admin(desk: Desk) -> Client:
    return desk.as_("admin")


def role(admin: Client, name: str) -> str:
    """The sys_id of a role; it is added when there is none of that name."""
    found = admin.rows("sys_user_role", f"name={name}", "sys_id")
    row: dict[str, Any] = found[0] if found else admin.post("sys_user_role", name=name).json()
    return str(row["sys_id"] if found else row["result"]["sys_id"])


def give(desk: Desk, user_name: str, name: str) -> str:
    """Give somebody a role as an administrator does; the link's sys_id."""
    user = desk.world.people[user_name].sys_id
    admin = desk.as_("admin")
    made = admin.post("sys_user_has_role", user=user, role=role(admin, name))
    return str(made.json()["result"]["sys_id"])


def an_incident(admin: Client) -> str:
    return str(admin.post("incident", short_description="x").json()["result"]["sys_id"])


def test_a_role_given_and_taken_over_the_api_counts_at_once(desk: Desk, admin: Client) -> None:
    key = an_incident(admin)
    ada = desk.as_("ada")
    assert ada.table(f"incident/{key}").status_code == 404
    link = give(desk, "ada", "itil")
    assert ada.table(f"incident/{key}").status_code == 200
    assert ada.patch("incident", key, urgency="1").status_code == 200
    admin.http.delete(f"{admin.url}/api/now/table/sys_user_has_role/{link}")
    assert ada.table(f"incident/{key}").status_code == 404


def test_a_group_brings_its_roles_to_its_members(desk: Desk, admin: Client) -> None:
    key = an_incident(admin)
    group = admin.post("sys_user_group", name="Night shift").json()["result"]["sys_id"]
    admin.post("sys_group_has_role", group=group, role=role(admin, "itil"))
    admin.post("sys_user_grmember", group=group, user=desk.world.people["ada"].sys_id)
    assert desk.as_("ada").table(f"incident/{key}").status_code == 200


def test_a_role_brings_the_roles_that_it_contains(desk: Desk, admin: Client) -> None:
    outer = role(admin, "outer_role")
    admin.post("sys_user_role_contains", role=outer, contains=role(admin, "middle_role"))
    inner = {"role": role(admin, "middle_role"), "contains": role(admin, "sn_request_read")}
    admin.post("sys_user_role_contains", **inner)
    key = desk.ordered("ada")["sys_id"]
    give(desk, "eve", "outer_role")
    assert desk.as_("eve").table(f"sc_req_item/{key}").status_code == 200


@pytest.mark.parametrize("table", ["incident", "sys_properties", "sys_dictionary", "syslog"])
def test_a_table_that_is_not_for_the_caller_is_an_empty_list(desk: Desk, table: str) -> None:
    answer = desk.as_("broker").table(table, limit="5")
    assert (answer.status_code, answer.json()) == (200, {"result": []})


@pytest.mark.parametrize("table", ["sys_db_object", "metric_definition", "sys_plugins"])
def test_a_few_platform_tables_say_no(desk: Desk, table: str) -> None:
    assert desk.as_("broker").table(table).status_code == 403
    assert desk.as_("admin").table(table, limit="1").status_code == 200


def test_choices_show_labels_to_all_and_the_rest_to_administrators(desk: Desk) -> None:
    for row in desk.as_("ada").table("sys_choice", limit="3").json()["result"]:
        assert list(row) == ["label"]
    shown = desk.as_("ada").table("sys_choice", limit="3", fields="label,value").json()["result"]
    assert {name for row in shown for name in row} == {"label"}
    assert "value" in desk.as_("admin").table("sys_choice", limit="1").json()["result"][0]


@pytest.mark.parametrize("query", ["element=state", "ORDERBYvalue", "label=Open^ORname=task"])
def test_a_query_by_a_hidden_column_is_refused(desk: Desk, query: str) -> None:
    refused = desk.as_("broker").table("sys_choice", query=query)
    assert refused.status_code == 403
    assert refused.json()["error"]["message"] == "Insufficient rights to query records"
    assert desk.as_("admin").table("sys_choice", query=query, limit="1").status_code == 200


def test_who_may_read_requests_may_not_write_them(desk: Desk) -> None:
    key = desk.ordered("ada")["sys_id"]
    give(desk, "eve", "sn_request_read")
    refused = desk.as_("eve").patch("sc_req_item", key, correlation_id="x")
    assert refused.status_code == 403
    assert refused.json()["error"] == {
        "message": "Operation Failed",
        "detail": "ACL Exception Update Failed due to security constraints",
    }
    give(desk, "eve", "sn_request_write")
    assert desk.as_("eve").patch("sc_req_item", key, correlation_id="x").status_code == 200


@pytest.mark.parametrize(
    ("verb", "detail"), [("POST", "Insert"), ("PUT", "Update"), ("DELETE", "Delete")]
)
def test_a_refused_write_says_which(desk: Desk, verb: str, detail: str) -> None:
    key = desk.ordered("ada")["sys_id"]
    path = "sc_req_item" if verb == "POST" else f"sc_req_item/{key}"
    ada = desk.as_("ada")
    refused = ada.http.request(verb, f"{desk.url}/api/now/table/{path}", json={"state": "3"})
    assert refused.status_code == 403
    assert refused.json()["error"]["detail"] == (
        f"ACL Exception {detail} Failed due to security constraints"
    )


def test_a_fulfiller_changes_incidents_and_deletes_none(desk: Desk, admin: Client) -> None:
    key = an_incident(admin)
    give(desk, "eve", "itil")
    eve = desk.as_("eve")
    assert eve.post("incident", short_description="y").status_code == 201
    url = f"{desk.url}/api/now/table/incident/{key}"
    assert eve.http.delete(url).status_code == 403
    give(desk, "eve", "itil_admin")
    assert eve.http.delete(url).status_code == 204


def test_the_read_only_role_takes_writing_away_and_gives_nothing(desk: Desk, admin: Client) -> None:
    key = an_incident(admin)
    give(desk, "eve", "snc_read_only")
    assert desk.as_("eve").table(f"incident/{key}").status_code == 404
    give(desk, "eve", "itil")
    assert desk.as_("eve").table(f"incident/{key}").status_code == 200
    assert desk.as_("eve").patch("incident", key, urgency="1").status_code == 403


def test_an_approval_is_written_by_its_approver_and_by_approval_administrators(
    desk: Desk,
) -> None:
    desk.ordered("ada")
    (approval,) = desk.as_("ben").rows("sysapproval_approver", "state=requested")
    key = approval["sys_id"]
    assert desk.as_("eve").patch("sysapproval_approver", key, state="approved").status_code == 404
    refused = desk.as_("broker").patch("sysapproval_approver", key, state="approved")
    assert refused.status_code == 403
    give(desk, "eve", "approval_admin")
    decided = desk.as_("eve").patch("sysapproval_approver", key, state="approved")
    assert decided.json()["result"]["state"] == "approved"


def test_people_read_no_internal_notes_of_their_requests(desk: Desk) -> None:
    key = desk.ordered("ada")["sys_id"]
    desk.as_("broker").patch("sc_req_item", key, work_notes="secret", comments="public")
    ada = desk.as_("ada").table(f"sc_req_item/{key}", display_value="true").json()["result"]
    assert "public" in ada["comments"]
    assert not {"work_notes", "comments_and_work_notes"} & ada.keys()


def test_people_see_their_own_record_and_staff_sees_all(desk: Desk) -> None:
    assert [row["user_name"] for row in desk.as_("ada").rows("sys_user")] == ["ada"]
    assert len(desk.as_("broker").rows("sys_user")) > 1


def test_nobody_but_administrators_sees_passwords(desk: Desk) -> None:
    assert "user_password" not in desk.as_("broker").rows("sys_user", "user_name=ada")[0]


def test_once_its_own_rules_are_active_the_api_demands_its_role(desk: Desk) -> None:
    desk.state.switches.flip("rest-rules-inactive")
    refused = desk.as_("ada").table("sc_cat_item")
    assert refused.status_code == 403
    assert refused.json()["error"]["detail"] == "Failed API level ACL Validation"
    assert desk.as_("broker").table("sc_cat_item").status_code == 200


def test_mirror_tables_are_kept_by_who_fulfils(desk: Desk) -> None:
    assert desk.as_("broker").post(MIRROR, request_id="1").status_code == 201
    assert desk.as_("ada").post(MIRROR, request_id="1").status_code == 403
