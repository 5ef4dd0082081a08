"""Accounts: read, revoked, given another password."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.oim import Oim
from sandbox.oim.rules import DIRECT, Rule
from tests.sandbox.oim.belongings import account, fields, given, keys, rows
from tests.sandbox.oim.sites import Api

ACTIVE_DIRECTORY, SERVICENOW, VPN = "51", "53", "100"
REVOKE = "Revoke Account"


def revoke(api: Api, account_id: str) -> dict[str, Any]:
    answer = api.call("DELETE", f"/accounts/{account_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_an_accounts_row_is_as_documented(broker: Api) -> None:
    ada = broker.user("ADA")
    row = broker.get(f"/accounts/{account(broker, ada, ACTIVE_DIRECTORY)}")
    said = fields(row)
    assert (row["name"], row["userId"], row["requestId"]) == ("ada", ada, "")
    assert (said["Status"], said["Account Type"]) == ("Provisioned", "primary")
    assert isinstance(said["Process Instance Key"], int)
    assert said["Provisioned-On Date"].endswith("Z")


def test_an_account_knows_the_request_that_gave_it(broker: Api) -> None:
    ada = broker.user("ADA")
    revoked = revoke(broker, account(broker, ada, SERVICENOW))
    broker.wait_for(revoked["requestId"], "Request Completed")
    request_id = given(broker, ada, "appinstance", SERVICENOW)
    (row,) = [r for r in rows(broker, "account", ada) if r["appInstanceId"] == SERVICENOW]
    assert row["requestId"] == request_id


def test_accounts_are_ones_own_by_default_and_under_either_spelling(ada: Api, broker: Api) -> None:
    key = broker.user("ADA")
    own = ada.get("/accounts", limit=500)["accounts"]
    assert own == ada.get("/accounts", userid=key, limit=500)["accounts"]
    assert own == broker.get("/accounts", userId=key, limit=500)["accounts"]


def test_all_accounts_of_an_application(broker: Api, ada: Api) -> None:
    found = broker.get("/accounts", appInstance="ServiceNow", limit=1000)["accounts"]
    assert {row["appInstanceId"] for row in found} == {SERVICENOW}
    assert broker.user("ADA") in {row["userId"] for row in found}
    (own,) = ada.get("/accounts", appInstance="ServiceNow")["accounts"]
    assert own["userId"] == broker.user("ADA")


def test_accounts_are_filtered_and_narrowed(broker: Api) -> None:
    asked = {"userId": broker.user("ADA"), "limit": 500}
    (row,) = broker.get("/accounts", q="applicationInstance eq ServiceNow", **asked)["accounts"]
    assert row["appInstanceId"] == SERVICENOW
    assert broker.get("/accounts", q="accountStatus eq Revoked", **asked)["accounts"] == []
    (thin,) = broker.get(
        "/accounts", q="applicationInstance eq ServiceNow", fields="name", **asked
    )["accounts"]
    assert set(thin) == {"links", "id", "name"}


def test_revoking_an_account_is_a_request(broker: Api) -> None:
    ada = broker.user("ADA")
    answer = revoke(broker, account(broker, ada, SERVICENOW))
    assert (answer["status"], answer["name"]) == ("SUCCESS", "ada")
    detail = broker.get(f"/requests/{answer['requestId']}")
    assert detail["reqType"] == REVOKE
    assert detail["reqBeneficiaryList"][0]["id"] == ada
    assert [one["entityId"] for one in detail["reqTargetEntities"]] == [SERVICENOW]
    broker.wait_for(detail["id"], "Request Completed")
    assert SERVICENOW not in keys(broker, "account", ada)
    assert broker.call("DELETE", f"/accounts/{answer['id']}").status_code == 404


def test_what_a_person_revokes_waits_for_the_manager(ada: Api, ben: Api, broker: Api) -> None:
    key = broker.user("ADA")
    request_id = revoke(ada, account(ada, key, SERVICENOW))["requestId"]
    ada.wait_for(request_id, "Request Awaiting Approval")
    assert SERVICENOW in keys(ada, "account", key)
    ben.call("PUT", f"/requests/{request_id}", json={"action": "reject"})
    ada.wait_for(request_id, "Request Rejected")
    assert SERVICENOW in keys(ada, "account", key)


def test_a_direct_revocation_has_an_empty_request_id(broker: Api, installation: Oim) -> None:
    installation.rules.insert(0, Rule(DIRECT, operation=REVOKE))
    ada = broker.user("ADA")
    answer = revoke(broker, account(broker, ada, SERVICENOW))
    assert (answer["requestId"], answer["status"]) == ("", "Revoked")
    assert SERVICENOW not in keys(broker, "account", ada)


def test_entitlements_go_with_their_account_only(broker: Api) -> None:
    ada = broker.user("ADA")
    given(broker, ada, "entitlement", VPN)
    revoked = revoke(broker, account(broker, ada, SERVICENOW))
    broker.wait_for(revoked["requestId"], "Request Completed")
    assert VPN in keys(broker, "entitlement", ada)
    revoked = revoke(broker, account(broker, ada, ACTIVE_DIRECTORY))
    broker.wait_for(revoked["requestId"], "Request Completed")
    assert VPN not in keys(broker, "entitlement", ada)


@pytest.mark.parametrize("verb", ["GET", "DELETE"])
def test_somebody_elses_account_is_not_found(broker: Api, ada: Api, verb: str) -> None:
    theirs = account(broker, broker.user("EVE"), SERVICENOW)
    assert ada.call(verb, f"/accounts/{theirs}").status_code == 404
    assert broker.call(verb, "/accounts/999999").status_code == 404


def test_the_password_of_an_account_can_be_changed(broker: Api) -> None:
    place = f"/accounts/{account(broker, broker.user('ADA'), SERVICENOW)}/password"
    answer = broker.call("PUT", place, json={"requestId": "101", "password": "N3w-one"})
    assert (answer.json()["requestId"], answer.json()["status"]) == ("101", "UPDATED")
    assert broker.call("PUT", place, json={"requestId": "101"}).status_code == 500
