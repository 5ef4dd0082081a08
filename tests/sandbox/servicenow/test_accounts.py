"""Signing in by Basic and OAuth, and what may go wrong there."""

from __future__ import annotations

import pytest
import requests

from tests.sandbox.servicenow.desks import Desk, fetch

CLIENT = {"client_id": "broker", "client_secret": "broker-secret"}


def token(desk: Desk, **form: str) -> requests.Response:
    return fetch("POST", f"{desk.url}/oauth_token.do", data=CLIENT | form)


def read_with(desk: Desk, access_token: str) -> int:
    headers = {"Authorization": f"Bearer {access_token}"}
    return fetch("GET", f"{desk.url}/api/now/table/sys_user", headers=headers).status_code


@pytest.mark.parametrize(
    "form",
    [
        {"grant_type": "client_credentials"},
        {"grant_type": "password", "username": "broker", "password": "broker"},
    ],
)
def test_a_token_opens_the_api(desk: Desk, form: dict[str, str]) -> None:
    answer = token(desk, **form).json()
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 1799
    assert read_with(desk, answer["access_token"]) == 200


def test_asking_again_gives_the_same_ageing_token(desk: Desk) -> None:
    now = [0.0]
    desk.state.tokens.clock = lambda: now[0]
    first = token(desk, grant_type="client_credentials").json()
    now[0] = 600.0
    second = token(desk, grant_type="client_credentials").json()
    assert second["access_token"] == first["access_token"]
    assert second["expires_in"] == 1199


def test_a_token_that_ran_out_is_refused_and_can_be_refreshed(desk: Desk) -> None:
    now = [0.0]
    desk.state.tokens.clock = lambda: now[0]
    first = token(desk, grant_type="client_credentials").json()
    now[0] = 1801.0
    assert read_with(desk, first["access_token"]) == 401
    renewed = token(desk, grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert renewed["refresh_token"] == first["refresh_token"]
    assert read_with(desk, renewed["access_token"]) == 200


def test_client_credentials_need_the_property(desk: Desk) -> None:
    desk.state.properties["glide.oauth.inbound.client.credential.grant_type.enabled"] = "false"
    answer = token(desk, grant_type="client_credentials")
    assert answer.status_code == 401
    assert answer.json() == {"error": "server_error", "error_description": "access_denied"}


def test_a_wrong_client_or_password_or_json_gets_no_token(desk: Desk) -> None:
    wrong = token(desk, grant_type="client_credentials", client_secret="x")
    nobody = token(desk, grant_type="password", username="broker", password="x")
    as_json = fetch("POST", f"{desk.url}/oauth_token.do", json=CLIENT)
    assert wrong.json()["error"] == "invalid_client"
    assert [wrong.status_code, nobody.status_code, as_json.status_code] == [401, 401, 401]


def test_the_client_may_be_given_by_basic(desk: Desk) -> None:
    url, form = f"{desk.url}/oauth_token.do", {"grant_type": "client_credentials"}
    assert fetch("POST", url, data=form, auth=("broker", "broker-secret")).status_code == 200


def test_somebody_disabled_cannot_sign_in(desk: Desk) -> None:
    assert desk.as_("lena").table("sys_user").status_code == 401
    form = {"user_name": "lena", "user_password": "demo"}
    assert fetch("POST", f"{desk.url}/login.do", data=form).status_code == 401


def test_somebody_who_is_not_in_servicenow_has_no_account(desk: Desk) -> None:
    assert desk.as_("hugo").table("sys_user").status_code == 401
    assert desk.as_("broker").rows("sys_user", "user_name=hugo") == []
