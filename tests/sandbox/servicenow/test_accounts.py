"""Signing in by password, key, and cookie, and what may go wrong there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sandbox.servicenow.instance import utc_now
from tests.sandbox.servicenow.desks import Desk, fetch

RESTRICTION = "glide.authenticate.basic_auth.restriction"


def read_as(desk: Desk, user_name: str, password: str = "demo", **headers: str) -> int:
    """The status of a call by Basic, in a session of its own."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"{desk.url}/api/now/table/sys_user?sysparm_limit=1"
    return fetch("GET", url, auth=(user_name, password), headers=named).status_code


def change_user(desk: Desk, user_name: str, **values: str) -> None:
    row = desk.state.records.where("sys_user", user_name=user_name)[0]
    assert desk.as_("admin").patch("sys_user", row["sys_id"], **values).status_code == 200


def restrict(desk: Desk, **values: str) -> None:
    desk.state.properties[f"{RESTRICTION}.active"] = "true"
    desk.state.properties[f"{RESTRICTION}.enforce"] = "true"
    for name, value in values.items():
        desk.state.properties[f"glide.authenticate.basic_auth.{name}"] = value


def test_a_wrong_password_is_refused_in_json_with_a_challenge(desk: Desk) -> None:
    url = f"{desk.url}/api/now/table/sys_user"
    answer = fetch("GET", url, auth=("admin", "this is not a real password"))
    assert answer.status_code == 401
    assert answer.json() == {
        "error": {
            "message": "User Not Authenticated",
            "detail": "Required to provide Auth information",
        },
        "status": "failure",
    }
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Service-now"'
    assert not {"X-Is-Logged-In", "X-Transaction-ID"} & set(answer.headers)
    assert set(answer.cookies.keys()) == {"JSESSIONID", "BIGipServerpool_sandbox"}


def test_an_unknown_scheme_is_nobody(desk: Desk) -> None:
    url = f"{desk.url}/api/now/table/sys_user"
    assert fetch("GET", url, headers={"Authorization": "Digest x"}).status_code == 401
    assert fetch("GET", url, headers={"Authorization": "Basic %"}).status_code == 401


def test_somebody_disabled_cannot_sign_in(desk: Desk) -> None:
    assert desk.as_("lena").table("sys_user").status_code == 401
    form = {"user_name": "lena", "user_password": "demo"}
    assert fetch("POST", f"{desk.url}/login.do", data=form).status_code == 401


def test_somebody_who_is_not_in_servicenow_has_no_account(desk: Desk) -> None:
    assert desk.as_("hugo").table("sys_user").status_code == 401
    assert desk.as_("broker").rows("sys_user", "user_name=hugo") == []


def test_basic_is_restricted_only_when_enforced_and_due(desk: Desk) -> None:
    restrict(desk)
    assert read_as(desk, "ada") == 401
    desk.state.properties[f"{RESTRICTION}.enforce"] = "false"
    assert read_as(desk, "ada") == 200
    tomorrow = utc_now() + timedelta(days=1)
    restrict(desk, **{"restriction.enforcement_date": f"{tomorrow:%Y-%m-%d %H:%M:%S}"})
    assert read_as(desk, "ada") == 200


def test_the_restriction_spares_tokens(desk: Desk) -> None:
    restrict(desk)
    form = {"client_id": "broker", "client_secret": "broker-secret"}
    form |= {"grant_type": "password", "username": "ada", "password": "demo"}
    given = fetch("POST", f"{desk.url}/oauth_token.do", data=form).json()
    headers = {"Authorization": f"Bearer {given['access_token']}"}
    url = f"{desk.url}/api/now/table/sys_user"
    assert fetch("GET", url, headers=headers).status_code == 200


def test_the_restriction_spares_listed_users_and_roles_and_service_accounts(desk: Desk) -> None:
    change_user(desk, "cho", web_service_access_only="true")
    restrict(desk, allowed_users="ada, ben", allowed_roles="snc_basic_auth_api_access,admin")
    assert [read_as(desk, name) for name in ("ada", "ben", "cho", "dee")] == [200, 200, 200, 401]
    assert read_as(desk, "admin", "admin") == 200


def test_a_second_factor_is_asked_for_by_header(desk: Desk) -> None:
    change_user(desk, "ada", enable_multifactor_authn="true")
    url = f"{desk.url}/api/now/table/sys_user"
    refused = fetch("GET", url, auth=("ada", "demo"))
    assert (refused.status_code, refused.headers["X-MFA_TOKEN"]) == (401, "invalid")
    assert read_as(desk, "ada", X_MFA_TOKEN="424242") == 200
    assert read_as(desk, "ada", X_MFA_TOKEN="000000") == 401


def test_a_second_factor_passes_the_restriction(desk: Desk) -> None:
    change_user(desk, "ada", enable_multifactor_authn="true")
    restrict(desk)
    assert read_as(desk, "ada", X_MFA_TOKEN="424242") == 200


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({}, 200),
        ({"active": "false"}, 401),
        ({"expires": "2020-01-01 00:00:00"}, 401),
        ({"expires": "2120-01-01 00:00:00"}, 200),
    ],
)
def test_a_key_opens_the_api_while_it_lasts(
    desk: Desk, values: dict[str, str], status: int
) -> None:
    ada = desk.state.records.where("sys_user", user_name="ada")[0]["sys_id"]
    made = desk.as_("admin").post("api_key", name="k", token="now_key", user=ada, **values)
    assert made.status_code == 201
    url = f"{desk.url}/api/now/table/sys_user"
    answer = fetch("GET", url, headers={"x-sn-apikey": "now_key"})
    assert answer.status_code == status
    assert fetch("GET", url, headers={"x-sn-apikey": "another"}).status_code == 401
