"""Users, what they hold, and the catalogue, as lists."""

import pytest

from sandbox.oim import Oim
from sandbox.world import World
from tests.sandbox.oim.belongings import fields
from tests.sandbox.oim.sites import Api


@pytest.mark.parametrize(
    "query",
    ["User::Login eq ADA", "User::Login eq ada", "Email eq ada.lindqvist@example.com"],
)
def test_a_user_is_found_by_login_and_email_in_any_case(broker: Api, query: str) -> None:
    (user,) = broker.get("/users", q=query)["users"]
    said = fields(user)
    assert said["Display Name"] == "Ada Lindqvist"
    assert said["usr_key"] == int(user["id"])
    assert said["Manager Login"] == "BEN"
    assert said["usr_manager_key"] == int(broker.user("BEN"))


def test_a_user_is_found_by_employee_number(broker: Api, world: World) -> None:
    number = world.people["jill"].employee_number
    (user,) = broker.get("/users", q=f"Employee::Number eq {number}")["users"]
    assert fields(user)["User Login"] == "JCARTER"


def test_the_shared_mailbox_belongs_to_two_users(broker: Api) -> None:
    found = broker.get("/users", q="Email eq infodesk@example.com")["users"]
    assert {fields(user)["User Login"] for user in found} == {"IPETROV", "IVANA"}
    without = next(user for user in found if fields(user)["User Login"] == "IPETROV")
    assert "Employee Number" not in fields(without)


def test_fields_narrow_a_user_but_usr_key_comes_unasked(broker: Api) -> None:
    user = broker.get("/users", q="User::Login eq KARL", fields="Status,User Login")["users"][0]
    assert set(fields(user)) == {"Status", "User Login", "usr_key"}
    assert fields(user)["Status"] == "Disabled"


def test_an_attribute_that_is_not_searchable_is_refused(broker: Api) -> None:
    assert broker.call("GET", "/users", params={"q": "Shoe::Size eq 42"}).status_code == 400


def test_all_users_can_be_paged_through(broker: Api, installation: Oim) -> None:
    seen, offset, more = [], 1, True
    while more:
        page = broker.get("/users", offset=offset, limit=50)
        seen += [user["id"] for user in page["users"]]
        offset, more = offset + 50, page["hasMore"]
    assert len(seen) == len(set(seen)) == len(installation.users)


def test_people_see_only_themselves_and_their_reports(ada: Api, ben: Api, broker: Api) -> None:
    key = broker.user("ADA")
    assert [user["id"] for user in ada.get("/users", limit=500)["users"]] == [key]
    assert key in {user["id"] for user in ben.get("/users", limit=500)["users"]}
    assert ada.call("GET", f"/users/{broker.user('EVE')}").status_code == 404
    assert ada.call("GET", "/roles", params={"userId": broker.user("EVE")}).status_code == 404


def test_directs_and_proxies_of_a_user(broker: Api) -> None:
    ben = broker.user("BEN")
    assert broker.user("ADA") in {u["id"] for u in broker.get(f"/users/{ben}/directs")["users"]}
    assert broker.get(f"/users/{ben}/proxies")["user"][0]["userLogin"] == "FINN"


def test_holdings_of_three_kinds(broker: Api) -> None:
    key = broker.user("ADA")
    assert "Employee" in {role["name"] for role in broker.get("/roles", userId=key)["roles"]}
    accounts = broker.get("/accounts", userId=key)["accounts"]
    assert "52" in {account["appInstanceId"] for account in accounts}
    assert {"Status": "Provisioned"}.items() <= fields(accounts[0]).items()
    held = broker.get("/entitlements", userId=key)["entitlements"]
    assert "SAP_FI_DISPLAY" in {entitlement["name"] for entitlement in held}


def test_members_of_a_role(broker: Api, installation: Oim) -> None:
    members = broker.get("/roles/34/members", limit=500)["users"]
    assert "ADA" in {member["userLogin"] for member in members}
    assert broker.call("GET", "/roles/999/members").status_code == 404


def test_the_catalogue_matches_beginnings_only(broker: Api) -> None:
    found = broker.get("/catalog", q="ENTITY_TYPE eq Role and ENTITY_DISPLAY_NAME sw Fin")
    assert [item["entityDisplayName"] for item in found["catalogs"]] == ["Finance Reporting"]
    assert found["catalogs"][0]["entityKey"] == "14"
    whole = broker.get("/catalog", q="ENTITY_DISPLAY_NAME eq Finance")["catalogs"]
    assert "Finance Reporting" in {item["entityDisplayName"] for item in whole}
    one = broker.get(f"/catalog/{found['catalogs'][0]['id']}")
    assert one["entityName"] == "Finance Reporting"


def test_unknown_paths_are_weblogics_404(broker: Api) -> None:
    answer = broker.call("GET", "/nothing")
    assert answer.status_code == 404
    assert "Error 404" in answer.text
