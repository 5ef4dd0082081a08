"""How callers prove who they are, and what their sessions and tokens do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import requests

from tests.sandbox.servicenow.desks import Desk, fetch
from tests.sandbox.servicenow.proofs import Proof
from tests.sandbox.servicenow.test_oauth import PASSWORD, read_with, signer, token, with_jwt
from tests.sandbox.servicenow.test_sessions import full

RESTRICTION = "glide.authenticate.basic_auth.restriction"
ADA = {"username": "ada", "password": "demo"}


def ada(desk: Desk) -> dict[str, Any]:
    return desk.as_("admin").rows("sys_user", "user_name=ada")[0]


def read_as_ada(desk: Desk) -> requests.Response:
    return fetch("GET", f"{desk.url}/api/now/table/sys_user", auth=("ada", "demo"))


def a_restriction_that_is_due_refuses_basic(desk: Desk) -> None:
    assert read_as_ada(desk).status_code == 200
    desk.state.properties[f"{RESTRICTION}.active"] = "true"
    desk.state.properties[f"{RESTRICTION}.enforce"] = "true"
    assert read_as_ada(desk).status_code == 401


def the_token_endpoint_reads_no_json(desk: Desk) -> None:
    body = PASSWORD | {"client_id": "broker", "client_secret": "broker-secret"}
    assert fetch("POST", f"{desk.url}/oauth_token.do", json=body).status_code == 401


def asking_again_gives_the_same_token(desk: Desk) -> None:
    first, second = token(desk, **PASSWORD).json(), token(desk, **PASSWORD).json()
    assert first["access_token"] == second["access_token"]


def client_credentials_are_off_without_their_property(desk: Desk) -> None:
    name = "glide.oauth.inbound.client.credential.grant_type.enabled"
    desk.state.properties[name] = "false"
    assert token(desk, grant_type="client_credentials").status_code == 401


def a_web_service_account_gets_no_token_for_its_password(desk: Desk) -> None:
    desk.as_("admin").patch("sys_user", ada(desk)["sys_id"], web_service_access_only="true")
    assert token(desk, **PASSWORD | ADA).status_code == 401


def an_assertion_counts_once(desk: Desk) -> None:
    assertion = signer(desk)()
    assert with_jwt(desk, assertion).status_code == 200
    assert with_jwt(desk, assertion).status_code == 401


def a_call_is_the_last_login(desk: Desk) -> None:
    desk.as_("admin").patch("sys_user", ada(desk)["sys_id"], last_login_time="")
    assert read_as_ada(desk).status_code == 200
    assert ada(desk)["last_login_time"] != ""


def the_last_login_moves_once_a_minute(desk: Desk) -> None:
    for _ in range(3):
        read_as_ada(desk)
    query = f"name=login^parm1=ada^sys_created_on<={datetime.now(UTC):%Y-%m-%d} 23:59:59"
    assert len(desk.as_("admin").rows("sysevent", query)) == 1


def a_long_queue_of_one_session_is_202(desk: Desk) -> None:
    broker = desk.as_("broker")
    broker.table("sys_user", limit="1")
    session = desk.state.sessions.find(broker.http.cookies["glide_session_store"])
    assert session is not None
    with full(session.gate, waiting=10, places=2):
        assert broker.table("sys_user", limit="1").status_code == 202


def a_long_queue_of_the_node_is_429(desk: Desk) -> None:
    with full(desk.state.semaphores, waiting=50, places=4):
        assert desk.as_("broker").table("sys_user", limit="1").status_code == 429


def an_idle_session_ends(desk: Desk) -> None:
    now = [0.0]
    desk.state.sessions.clock = lambda: now[0]
    broker = desk.as_("broker")
    broker.table("sys_user", limit="1")
    now[0] = 3600.0
    assert "glide_session_store" in broker.table("sys_user", limit="1").cookies


def a_refresh_token_stays(desk: Desk) -> None:
    first = token(desk, **PASSWORD).json()
    renewed = token(desk, grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert renewed["access_token"] != first["access_token"]
    assert renewed["refresh_token"] == first["refresh_token"]


def a_client_may_name_itself_by_basic(desk: Desk) -> None:
    url, client = f"{desk.url}/oauth_token.do", ("broker", "broker-secret")
    assert fetch("POST", url, data=PASSWORD, auth=client).status_code == 200


def tokens_end_with_their_user(desk: Desk) -> None:
    given = token(desk, **PASSWORD | ADA).json()
    desk.as_("admin").patch("sys_user", ada(desk)["sys_id"], locked_out="true")
    assert read_with(desk, given["access_token"]) == 401


PROOFS: dict[str, Proof] = {
    "basic-auth-restriction": a_restriction_that_is_due_refuses_basic,
    "token-by-form-only": the_token_endpoint_reads_no_json,
    "same-token-until-expiry": asking_again_gives_the_same_token,
    "client-credentials-need-property": client_credentials_are_off_without_their_property,
    "password-grant-needs-interactive-user": a_web_service_account_gets_no_token_for_its_password,
    "refresh-token-stays": a_refresh_token_stays,
    "client-by-basic-taken": a_client_may_name_itself_by_basic,
    "tokens-end-with-their-user": tokens_end_with_their_user,
    "jwt-id-counts-once": an_assertion_counts_once,
    "api-calls-touch-last-login": a_call_is_the_last_login,
    "login-touch-throttled": the_last_login_moves_once_a_minute,
    "session-queue-limited": a_long_queue_of_one_session_is_202,
    "semaphores-limited": a_long_queue_of_the_node_is_429,
    "idle-sessions-end": an_idle_session_ends,
}
