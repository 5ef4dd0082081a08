"""Roles and their members, administration roles, organisations."""

from __future__ import annotations

import pytest

from sandbox.oim import Oim
from sandbox.oim.rules import Rule
from sandbox.world import World
from tests.sandbox.oim.belongings import fields, given, keys
from tests.sandbox.oim.sites import Api

REPORTING, EMPLOYEE = "14", "34"


def test_roles_are_found_by_their_names(broker: Api) -> None:
    (role,) = broker.get("/roles", q="Role::Name eq finance::reporting")["roles"]
    assert (role["id"], fields(role)["Role Key"]) == (REPORTING, 14)
    found = broker.get("/roles", q="Role::Display::Name sw Fin")["roles"]
    assert "Finance Reporting" in {fields(row)["Role Display Name"] for row in found}


def test_fields_narrow_a_role(broker: Api) -> None:
    role = broker.get(f"/roles/{REPORTING}", fields="Role Name,Role Key")
    assert set(fields(role)) == {"Role Name", "Role Key"}
    assert broker.call("GET", "/roles/999").status_code == 404


def test_roles_that_only_approve_are_roles_but_not_in_the_catalogue(
    broker: Api, world: World
) -> None:
    (role,) = broker.get("/roles", q="Role::Name eq IT::SECURITY")["roles"]
    members = broker.get(f"/roles/{role['id']}/members", limit=500)["users"]
    wanted = {world.people[key].iga_login for key in world.queues["IT SECURITY"]}
    assert {member["userLogin"] for member in members} == wanted
    asked = "ENTITY_TYPE eq Role and ENTITY_NAME sw IT::SECURITY"
    assert broker.get("/catalog", q=asked)["catalogs"] == []


def test_the_administrators_are_members_of_their_role(broker: Api) -> None:
    (role,) = broker.get("/roles", q="Role::Name eq SYSTEM::ADMINISTRATORS")["roles"]
    members = broker.get(f"/roles/{role['id']}/members")["users"]
    assert {member["userLogin"] for member in members} == {"XELSYSADM", "BROKER"}


def test_a_member_has_a_login_a_mail_and_a_date(broker: Api) -> None:
    ada = broker.user("ADA")
    members = broker.get(f"/roles/{EMPLOYEE}/members", membershipType="DIRECT", limit=1000)
    (own,) = [member for member in members["users"] if member["id"] == ada]
    assert (own["userLogin"], own["email"]) == ("ADA", "ada.lindqvist@example.com")
    assert own["startDate"].endswith("Z")
    indirect = broker.get(f"/roles/{EMPLOYEE}/members", membershipType="INDIRECT")
    assert indirect["users"] == []


def test_somebody_who_gets_a_role_becomes_a_member(broker: Api) -> None:
    eve = broker.user("EVE")
    given(broker, eve, "role", REPORTING)
    members = broker.get(f"/roles/{REPORTING}/members", limit=500)["users"]
    assert eve in {member["id"] for member in members}
    assert REPORTING in keys(broker, "role", eve)


def test_people_see_which_of_their_reports_are_members(ben: Api, ada: Api, broker: Api) -> None:
    mine = {m["userLogin"] for m in ada.get(f"/roles/{EMPLOYEE}/members", limit=500)["users"]}
    ours = {m["userLogin"] for m in ben.get(f"/roles/{EMPLOYEE}/members", limit=500)["users"]}
    assert mine == {"ADA"}
    assert {"ADA", "BEN"} <= ours
    everybody = broker.get(f"/roles/{EMPLOYEE}/members", limit=1000)["users"]
    assert len(everybody) > len(ours)


@pytest.mark.parametrize("path", ["/adminroles", "/organizations"])
def test_one_of_a_list_can_be_read_alone(broker: Api, path: str) -> None:
    (first,) = broker.get(path, limit=1)[path[1:]]
    assert broker.get(f"{path}/{first['id']}") == first
    assert broker.call("GET", f"{path}/999").status_code == 404


def test_administration_roles_are_found_and_narrowed(broker: Api) -> None:
    asked = {"q": "ROLE_DISPLAY_NAME eq Help::Desk", "fields": "id,displayName"}
    (role,) = broker.get("/adminroles", **asked)["adminroles"]
    assert set(role) == {"links", "id", "displayName"}
    newest = broker.get("/adminroles", orderBy="ROLE_ID:descending", limit=2)["adminroles"]
    assert [row["id"] for row in newest] == ["6", "5"]


def test_departments_are_organisations(broker: Api) -> None:
    (found,) = broker.get("/organizations", q="Organization::Name eq Finance")["organizations"]
    assert fields(found)["Organization Name"] == "Finance"


def test_a_role_of_the_catalogue_approves_by_its_members(
    broker: Api, ada: Api, ben: Api, installation: Oim
) -> None:
    given(broker, broker.user("BEN"), "role", REPORTING)
    installation.rules.insert(0, Rule(("role:FINANCE REPORTING",), requester="ADA"))
    request_id = ada.ask(broker.user("ADA"), role="15")["id"]
    ada.wait_for(request_id, "Request Awaiting Approval")
    (task,) = [t for t in ben.get("/requests", view="pendingApprovals", limit=100)["requests"]
               if t["id"] == request_id]  # fmt: skip
    assert task["assignee"] == "FINANCE REPORTING"
    for action in ("claim", "approve"):
        answer = ben.call("PUT", f"/requests/{request_id}", json={"action": action})
        assert answer.status_code == 200, answer.text
    ada.wait_for(request_id, "Request Completed")
    assert request_id in {row["id"] for row in ben.get("/requests", limit=100)["requests"]}
