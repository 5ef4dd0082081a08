"""The token endpoint: clients, grants, how long tokens last, and how they end."""

from __future__ import annotations

import time
from collections.abc import Callable

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.sandbox.servicenow.desks import Desk, fetch

CLIENT = {"client_id": "broker", "client_secret": "broker-secret"}
PASSWORD = {"grant_type": "password", "username": "broker", "password": "broker"}
REFUSED = {"error": "server_error", "error_description": "access_denied"}
ENABLED = "glide.oauth.inbound.client.credential.grant_type.enabled"


def token(desk: Desk, **form: str) -> requests.Response:
    return fetch("POST", f"{desk.url}/oauth_token.do", data=CLIENT | form)


def read_with(desk: Desk, access_token: str) -> int:
    headers = {"Authorization": f"Bearer {access_token}"}
    url = f"{desk.url}/api/now/table/sys_user?sysparm_limit=1"
    return fetch("GET", url, headers=headers).status_code


@pytest.fixture
def wait(desk: Desk) -> Callable[[float], None]:
    """Let seconds pass for the tokens."""
    now = [0.0]
    desk.state.tokens.clock = lambda: now[0]

    def pass_by(seconds: float) -> None:
        now[0] += seconds

    return pass_by


@pytest.mark.parametrize("form", [{"grant_type": "client_credentials"}, PASSWORD])
def test_a_token_opens_the_api(desk: Desk, form: dict[str, str]) -> None:
    answer = token(desk, **form).json()
    assert answer["token_type"] == "Bearer"
    assert answer["scope"] == "useraccount"
    assert answer["expires_in"] == 1799
    assert read_with(desk, answer["access_token"]) == 200


def test_asking_again_gives_the_same_ageing_token(
    desk: Desk, wait: Callable[[float], None]
) -> None:
    first = token(desk, grant_type="client_credentials").json()
    wait(600)
    second = token(desk, grant_type="client_credentials").json()
    assert second["access_token"] == first["access_token"]
    assert second["expires_in"] == 1199


def test_a_token_that_ran_out_is_refused_and_can_be_refreshed(
    desk: Desk, wait: Callable[[float], None]
) -> None:
    first = token(desk, **PASSWORD).json()
    wait(1801)
    assert read_with(desk, first["access_token"]) == 401
    renewed = token(desk, grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert renewed["refresh_token"] == first["refresh_token"]
    assert renewed["access_token"] != first["access_token"]
    assert renewed["expires_in"] == 1799
    assert read_with(desk, renewed["access_token"]) == 200


def test_a_refresh_token_lasts_100_days(desk: Desk, wait: Callable[[float], None]) -> None:
    first = token(desk, **PASSWORD).json()
    wait(8_639_999)
    assert token(desk, grant_type="refresh_token", refresh_token=first["refresh_token"]).ok
    wait(1)
    late = token(desk, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (late.status_code, late.json()) == (401, REFUSED)
    wait(1800)
    assert token(desk, **PASSWORD).json()["refresh_token"] != first["refresh_token"]


def test_the_registry_says_how_long_a_clients_tokens_last(desk: Desk) -> None:
    row = desk.state.records.where("oauth_entity", client_id="broker")[0]
    desk.as_("admin").patch("oauth_entity", row["sys_id"], access_token_lifespan="60")
    assert token(desk, **PASSWORD).json()["expires_in"] == 59


def test_each_client_has_its_own_tokens(desk: Desk) -> None:
    other = {"client_id": "other", "client_secret": "other-secret"}
    assert token(desk, **other, **PASSWORD).json()["error"] == "invalid_client"
    assert desk.as_("admin").post("oauth_entity", name="Other", **other).status_code == 201
    mine, others = token(desk, **PASSWORD).json(), token(desk, **other, **PASSWORD).json()
    assert mine["access_token"] != others["access_token"]
    stolen = token(desk, **other, grant_type="refresh_token", refresh_token=mine["refresh_token"])
    assert stolen.status_code == 401


def test_client_credentials_need_the_property_and_a_user(desk: Desk) -> None:
    desk.state.properties[ENABLED] = "false"
    answer = token(desk, grant_type="client_credentials")
    assert (answer.status_code, answer.json()) == (401, REFUSED)
    desk.state.properties[ENABLED] = "true"
    row = desk.state.records.where("oauth_entity", client_id="broker")[0]
    desk.as_("admin").patch("oauth_entity", row["sys_id"], user="")
    assert token(desk, grant_type="client_credentials").json() == REFUSED


def test_a_wrong_client_or_password_or_grant_gets_no_token(desk: Desk) -> None:
    wrong = token(desk, grant_type="client_credentials", client_secret="x")
    nobody = token(desk, grant_type="password", username="broker", password="x")
    other = token(desk, grant_type="authorization_code")
    assert wrong.json()["error"] == "invalid_client"
    assert [wrong.status_code, nobody.status_code, other.status_code] == [401, 401, 401]
    assert nobody.json() == REFUSED


def test_parameters_are_read_from_a_form_only(desk: Desk) -> None:
    url = f"{desk.url}/oauth_token.do"
    as_json = fetch("POST", url, json=CLIENT | PASSWORD)
    in_address = fetch("POST", url, params=CLIENT | PASSWORD)
    assert (as_json.status_code, in_address.status_code) == (401, 401)
    assert as_json.json() == REFUSED


def test_a_property_lets_the_address_have_them(desk: Desk) -> None:
    desk.state.properties["glide.oauth.allow.parameters.in.post.body.only"] = "false"
    url, form = f"{desk.url}/oauth_token.do", {"Content-Type": "application/x-www-form-urlencoded"}
    assert fetch("POST", url, params=CLIENT | PASSWORD, headers=form).status_code == 200


def test_the_client_may_be_given_by_basic(desk: Desk) -> None:
    url = f"{desk.url}/oauth_token.do"
    assert fetch("POST", url, data=PASSWORD, auth=("broker", "broker-secret")).status_code == 200
    assert fetch("POST", url, data=PASSWORD, auth=("broker", "x")).status_code == 401


def test_a_web_service_account_gets_no_token_for_its_password(desk: Desk) -> None:
    row = desk.state.records.where("sys_user", user_name="ada")[0]
    ada = PASSWORD | {"username": "ada", "password": "demo"}
    assert token(desk, **ada).status_code == 200
    desk.as_("admin").patch("sys_user", row["sys_id"], web_service_access_only="true")
    assert token(desk, **ada).json() == REFUSED


@pytest.mark.parametrize("change", [{"active": "false"}, {"locked_out": "true"}])
def test_tokens_of_a_disabled_or_locked_user_stop_working(
    desk: Desk, change: dict[str, str]
) -> None:
    given = token(desk, grant_type="password", username="ada", password="demo").json()
    assert read_with(desk, given["access_token"]) == 200
    row = desk.state.records.where("sys_user", user_name="ada")[0]
    desk.as_("admin").patch("sys_user", row["sys_id"], **change)
    assert read_with(desk, given["access_token"]) == 401
    again = token(desk, grant_type="refresh_token", refresh_token=given["refresh_token"])
    assert again.status_code == 401


def test_anybody_may_revoke_an_access_token(desk: Desk) -> None:
    given = token(desk, **PASSWORD).json()
    url = f"{desk.url}/oauth_revoke_token.do"
    assert fetch("GET", url, params={"token": given["access_token"]}).status_code == 200
    assert read_with(desk, given["access_token"]) == 401
    renewed = token(desk, grant_type="refresh_token", refresh_token=given["refresh_token"])
    assert renewed.status_code == 200


def test_revoking_a_refresh_token_ends_what_came_of_it(desk: Desk) -> None:
    given = token(desk, **PASSWORD).json()
    url = f"{desk.url}/oauth_revoke_token.do"
    assert fetch("POST", url, data={"token": given["refresh_token"]}).status_code == 200
    assert read_with(desk, given["access_token"]) == 401
    renewed = token(desk, grant_type="refresh_token", refresh_token=given["refresh_token"])
    assert renewed.status_code == 401


@pytest.fixture
def signed(desk: Desk) -> Callable[..., str]:
    return signer(desk)


def signer(desk: Desk) -> Callable[..., str]:
    """Signs an assertion with the key whose verifier is registered."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    desk.as_("admin").post(
        "jwt_verifier_map", name="v", kid="k1", client_id="broker", certificate=pem.decode()
    )
    usual = {"aud": "broker", "iss": "broker", "sub": "ada", "jti": "1", "exp": time.time() + 60}

    def sign(kid: str = "k1", **changed: object) -> str:
        return jwt.encode(usual | changed, key, "ES256", {"kid": kid})

    return sign


def with_jwt(desk: Desk, assertion: str) -> requests.Response:
    grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    return token(desk, grant_type=grant, assertion=assertion)


def test_a_signed_assertion_gets_a_token_once(desk: Desk, signed: Callable[..., str]) -> None:
    given = with_jwt(desk, signed())
    assert read_with(desk, given.json()["access_token"]) == 200
    assert with_jwt(desk, signed()).json() == REFUSED
    assert with_jwt(desk, signed(jti="2")).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "other"},
        {"iss": "other"},
        {"sub": "nobody"},
        {"exp": 1},
        {"kid": "k2"},
    ],
)
def test_a_wrong_assertion_gets_none(
    desk: Desk, signed: Callable[..., str], wrong: dict[str, object]
) -> None:
    assert with_jwt(desk, signed(**wrong)).json() == REFUSED
    assert with_jwt(desk, "no.jwt.at.all").json() == REFUSED


def test_clocks_may_differ_by_five_minutes(desk: Desk, signed: Callable[..., str]) -> None:
    assert with_jwt(desk, signed(exp=time.time() - 240)).status_code == 200
    assert with_jwt(desk, signed(exp=time.time() - 900, jti="2")).status_code == 401
