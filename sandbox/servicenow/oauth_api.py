"""OAuth token endpoint: POST /oauth_token.do (ServiceNow docs, "OAuth API request parameters")."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request

from sandbox.servicenow.accounts import Grant
from sandbox.servicenow.answers import answer, instance
from sandbox.servicenow.instance import (
    CLIENT_CREDENTIALS,
    CLIENT_ID,
    CLIENT_SECRET,
    INTEGRATION_USER,
)

blueprint = Blueprint("oauth_api", __name__)


@blueprint.post("/oauth_token.do")
def token() -> Response:
    """An access token; parameters are taken from a form only."""
    if request.mimetype != "application/x-www-form-urlencoded":
        return _refused("server_error", "access_denied")
    if not _client_is_known():
        return _refused("invalid_client", "access_denied")
    grant = _GRANTS.get(request.form.get("grant_type", ""), lambda: None)()
    return _granted(grant) if grant else _refused("server_error", "access_denied")


def _client_is_known() -> bool:
    basic = request.authorization
    client = basic.username if basic else request.form.get("client_id", "")
    secret = basic.password if basic else request.form.get("client_secret", "")
    right = secrets.compare_digest((secret or "").encode(), CLIENT_SECRET.encode())
    return client == CLIENT_ID and right


def _password() -> Grant | None:
    user_name = request.form.get("username", "")
    account = instance().accounts.check(user_name, request.form.get("password", ""))
    if account is None:
        return None
    instance().used_the_api(account.user_name, request.remote_addr or "")
    return instance().tokens.issue(account.user_name)


def _client_credentials() -> Grant | None:
    if instance().properties.get(CLIENT_CREDENTIALS) != "true":
        return None
    instance().used_the_api(INTEGRATION_USER, request.remote_addr or "")
    return instance().tokens.issue(INTEGRATION_USER)


def _refresh() -> Grant | None:
    return instance().tokens.refresh(request.form.get("refresh_token", ""))


_GRANTS: dict[str, Callable[[], Grant | None]] = {
    "password": _password,
    "client_credentials": _client_credentials,
    "refresh_token": _refresh,
}


def _granted(grant: Grant) -> Response:
    body: dict[str, Any] = {
        "access_token": grant.access,
        "refresh_token": grant.refresh,
        "scope": "useraccount",
        "token_type": "Bearer",
        "expires_in": instance().tokens.seconds_left(grant),
    }
    return answer(body)


def _refused(error: str, description: str) -> Response:
    made = answer({"error": error, "error_description": description}, 401)
    del made.headers["X-Is-Logged-In"]
    return made
