"""Changing users, and the requests that this takes."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox.oim import Oim
from sandbox.oim.rules import DIRECT, Rule
from tests.sandbox.oim.belongings import fields
from tests.sandbox.oim.sites import Api, Site, until

MODIFY = "Modify User Profile"


def said(api: Api, key: str) -> dict[str, Any]:
    """A user's attributes by name."""
    return fields(api.get(f"/users/{key}"))


def put(api: Api, key: str, **values: str) -> requests.Response:
    """Change attributes; `First_Name` stands for First Name."""
    listed = [{"name": name.replace("_", " "), "value": value} for name, value in values.items()]
    return api.call("PUT", f"/users/{key}", json={"fields": listed})


def let_changes_be_direct(state: Oim, operation: str = MODIFY) -> None:
    state.rules.insert(0, Rule(DIRECT, operation=operation))


def test_a_change_is_a_request_and_follows_later(broker: Api) -> None:
    ada = broker.user("ADA")
    answer = put(broker, ada, Title="Head of Reporting").json()
    assert (answer["id"], answer["status"]) == (ada, "SUCCESS")
    detail = broker.get(f"/requests/{answer['request']['id']}")
    assert (detail["reqType"], detail["reqTargetEntities"]) == (MODIFY, [])
    broker.wait_for(detail["id"], "Request Completed")
    assert said(broker, ada)["Title"] == "Head of Reporting"


def test_a_change_of_ones_own_waits_for_ones_manager(ada: Api, ben: Api, broker: Api) -> None:
    key = broker.user("ADA")
    request_id = put(ada, key, Title="Chief of Everything").json()["request"]["id"]
    ada.wait_for(request_id, "Request Awaiting Approval")
    assert said(ada, key)["Title"] != "Chief of Everything"
    action = ben.call("PUT", f"/requests/{request_id}", json={"action": "approve"})
    assert action.status_code == 200, action.text
    ada.wait_for(request_id, "Request Completed")
    assert said(ada, key)["Title"] == "Chief of Everything"


def test_a_change_that_is_rejected_changes_nothing(ada: Api, ben: Api, broker: Api) -> None:
    key = broker.user("ADA")
    before = said(ada, key)
    request_id = put(ada, key, Last_Name="Rex").json()["request"]["id"]
    ada.wait_for(request_id, "Request Awaiting Approval")
    ben.call("PUT", f"/requests/{request_id}", json={"action": "reject"})
    ada.wait_for(request_id, "Request Rejected")
    assert said(ada, key) == before


def test_a_direct_change_has_no_request(broker: Api, installation: Oim) -> None:
    let_changes_be_direct(installation)
    ada = broker.user("ADA")
    answer = put(broker, ada, Display_Name="Ada L.").json()
    assert "request" not in answer
    assert said(broker, ada)["Display Name"] == "Ada L."


@pytest.mark.parametrize(
    ("name", "value"),
    [("Shoe Size", "42"), ("Manager", "NOBODY"), ("User Login", "BEN"), ("User Login", "")],
)
def test_what_cannot_be_changed_is_refused_at_once(broker: Api, name: str, value: str) -> None:
    ada = broker.user("ADA")
    answer = put(broker, ada, **{name: value})
    assert answer.status_code == 500
    assert answer.json()["errorMessage"].startswith("IAM-3050")
    assert said(broker, ada)["User Login"] == "ADA"


def test_a_new_mail_and_a_new_login_are_found(broker: Api, installation: Oim) -> None:
    let_changes_be_direct(installation)
    ada = broker.user("ADA")
    put(broker, ada, Email="ada@example.org", User_Login="alindqvist")
    (by_mail,) = broker.get("/users", q="Email eq ada@example.org")["users"]
    assert by_mail["id"] == ada == broker.user("ALINDQVIST")
    assert broker.get("/users", q="User::Login eq ADA")["users"] == []


def test_another_manager_has_another_report(broker: Api, installation: Oim) -> None:
    let_changes_be_direct(installation)
    ada, ben, cho = (broker.user(login) for login in ("ADA", "BEN", "CHO"))
    put(broker, ada, Manager="CHO")
    assert said(broker, ada)["usr_manager_key"] == int(cho)
    reports = {
        boss: {user["id"] for user in broker.get(f"/users/{boss}/directs", limit=200)["users"]}
        for boss in (ben, cho)
    }
    assert ada in reports[cho] - reports[ben]
    put(broker, ada, Manager="")
    assert "Manager Login" not in said(broker, ada)


def test_patch_adds_updates_and_empties(broker: Api) -> None:
    ada = broker.user("ADA")
    change = {
        "add": [{"name": "Last Name", "value": "Lind"}],
        "update": [{"name": "Title", "value": "Analyst"}],
        "delete": [{"name": "Employee Number"}],
    }
    answer = broker.call("PATCH", f"/users/{ada}", json=change).json()
    broker.wait_for(answer["request"]["requestId"], "Request Completed")
    now = said(broker, ada)
    assert (now["Last Name"], now["Title"]) == ("Lind", "Analyst")
    assert "Employee Number" not in now


def test_a_bulk_change_has_a_result_for_each(broker: Api) -> None:
    ada = broker.user("ADA")
    good = {"id": ada, "fields": [{"name": "Title", "value": "Lead"}]}
    bad = {"id": ada, "fields": [{"name": "Shoe Size", "value": "42"}]}
    nobody = {"id": "999999", "fields": []}
    answer = broker.call("PUT", "/users", json={"users": [good, bad, nobody]}).json()
    assert list(answer) == ["users"]
    states = [entry["status"] for entry in answer["users"]]
    assert states == ["SUCCESS", "FAILURE", "FAILURE"]
    broker.wait_for(answer["users"][0]["request"]["id"], "Request Completed")


def test_a_locked_user_cannot_sign_in(installed: Site, broker: Api) -> None:
    key = broker.user("ADA")
    for word, shown, code in (("lock", "Locked", 401), ("unlock", "Unlocked", 200)):
        answer = broker.call("PUT", f"/users/{key}/status", json={"status": word}).json()
        assert answer["status"] == "SUCCESS"
        assert said(broker, key)["Account Status"] == shown
        assert installed.as_("ada").call("GET", f"/users/{key}").status_code == code


def test_a_disabled_user_gets_nothing_any_more(broker: Api) -> None:
    key = broker.user("ADA")
    broker.call("PUT", f"/users/{key}/status", json={"status": "disable"})
    until(lambda: bool(said(broker, key)["Status"] == "Disabled"), "disabled")
    result = broker.ask(key)
    assert (result["status"], "disabled" in result["errorMessage"]) == ("FAILURE", True)
    broker.call("PUT", f"/users/{key}/status", json={"status": "enable"})
    until(lambda: bool(said(broker, key)["Status"] == "Active"), "enabled")
    assert broker.ask(key)["status"] == "SUCCESS"


def test_a_status_is_one_of_four_words_and_an_administrators(broker: Api, ada: Api) -> None:
    key = broker.user("ADA")
    place = f"/users/{key}/status"
    assert broker.call("PUT", place, json={"status": "dance"}).status_code == 500
    assert ada.call("PUT", place, json={"status": "lock"}).status_code == 403
    assert broker.call("PUT", place, json=[]).status_code == 400


def test_ones_own_password_can_be_changed(installed: Site, ada: Api, broker: Api) -> None:
    key = broker.user("ADA")
    new = {"oldPassword": "demo", "newPassword": "other", "confirmPassword": "other"}
    answer = ada.call("PUT", f"/users/{key}/password", json=new)
    assert (answer.status_code, answer.json()["id"]) == (200, key)
    assert ada.call("GET", f"/users/{key}").status_code == 401
    ada.http.auth = ("ada", "other")
    assert ada.call("GET", f"/users/{key}").status_code == 200
    assert installed.as_("ben").call("GET", "/users").status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"oldPassword": "wrong", "newPassword": "other", "confirmPassword": "other"},
        {"oldPassword": "demo", "newPassword": "other", "confirmPassword": "another"},
        {"oldPassword": "demo", "newPassword": "", "confirmPassword": ""},
    ],
)
def test_a_password_that_does_not_match_stays(
    ada: Api, broker: Api, change: dict[str, str]
) -> None:
    key = broker.user("ADA")
    assert ada.call("PUT", f"/users/{key}/password", json=change).status_code == 500
    assert ada.call("GET", f"/users/{key}").status_code == 200


def test_nobody_changes_the_password_of_somebody_else(broker: Api) -> None:
    change = {"oldPassword": "demo", "newPassword": "other", "confirmPassword": "other"}
    answer = broker.call("PUT", f"/users/{broker.user('ADA')}/password", json=change)
    assert answer.status_code == 500


@pytest.mark.parametrize("path", ["", "/directs", "/proxies"])
def test_whom_one_does_not_see_is_not_found(ada: Api, broker: Api, path: str) -> None:
    assert ada.call("GET", f"/users/{broker.user('EVE')}{path}").status_code == 404
