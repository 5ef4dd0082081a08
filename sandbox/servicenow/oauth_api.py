"""OAuth endpoints: POST /oauth_token.do and /oauth_revoke_token.do.

ServiceNow docs, "OAuth API request parameters", "Client credentials", "JWT bearer grant". An error
tells no more than `access_denied`; the reason stands in the system log only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request

from sandbox.servicenow.accounts import Account
from sandbox.servicenow.answers import answer, instance
from sandbox.servicenow.instance import CLIENT_CREDENTIALS
from sandbox.servicenow.jwt_grant import JWT_BEARER, account_of
from sandbox.servicenow.records import Row
from sandbox.servicenow.tokens import ACCESS_SECONDS, REFRESH_SECONDS, Grant

blueprint = Blueprint("oauth_api", __name__)
BODY_ONLY = "glide.oauth.allow.parameters.in.post.body.only"
FORM = "application/x-www-form-urlencoded"


@blueprint.post("/oauth_token.do")
def token() -> Response:
    """An access token; parameters are taken from a form only."""
    if instance().switches.token_by_form_only and request.mimetype != FORM:
        return _refused("server_error")
    client = _client()
    if client is None:
        return _refused("invalid_client")
    grant = _GRANTS.get(_parameter("grant_type"), _unknown)(client)
    return _granted(grant) if grant else _refused("server_error")


@blueprint.route("/oauth_revoke_token.do", methods=["GET", "POST"])
def revoke() -> Response:
    """End a token. Nobody need sign in for that (ServiceNow docs, "Revoke an OAuth token")."""
    instance().tokens.revoke(request.values.get("token", ""))
    return _bare(Response("", 200, content_type="text/html;charset=UTF-8"))


def _parameter(name: str) -> str:
    """From the form; from the address as well where a property allows that."""
    address_too = instance().properties.get(BODY_ONLY, "true") == "false"
    found: object = (request.values if address_too else request.form).get(name, "")
    if not found and request.is_json:
        found = (request.get_json(silent=True) or {}).get(name, "")
    return str(found)


def _client() -> Row | None:
    """The caller's row of the application registry; named in the form or by HTTP Basic."""
    basic = request.authorization
    by_basic = basic is not None and basic.type == "basic"
    if basic is not None and by_basic and instance().switches.client_by_basic_taken:
        return instance().registry.find(basic.username or "", basic.password or "")
    return instance().registry.find(_parameter("client_id"), _parameter("client_secret"))


def _unknown(_: Row) -> Grant | None:
    return None


def _password(client: Row) -> Grant | None:
    """The account must be able to open an interactive session as well."""
    account = instance().accounts.check(_parameter("username"), _parameter("password"))
    if account is None or _may_not_interact(account):
        return None
    return _issued(client, account)


def _may_not_interact(account: Account) -> bool:
    row = instance().records.find("sys_user", account.sys_id)
    bound = row is not None and row["web_service_access_only"] == "true"
    return bound and instance().switches.password_grant_needs_interactive_user


def _client_credentials(client: Row) -> Grant | None:
    """Needs the property, and a user on the registry's record."""
    asked = instance().switches.client_credentials_need_property
    if asked and instance().properties.get(CLIENT_CREDENTIALS) != "true":
        return None
    user = instance().records.find("sys_user", client["user"])
    account = instance().accounts.account(user["user_name"]) if user else None
    return _issued(client, account) if account else None


def _refresh(client: Row) -> Grant | None:
    grant = instance().tokens.refresh(
        client["client_id"],
        _parameter("refresh_token"),
        _seconds(client, "access", ACCESS_SECONDS),
        stays=instance().switches.refresh_token_stays,
    )
    known = grant is not None and instance().accounts.account(grant.user_name) is not None
    return grant if known else None


def _jwt_bearer(client: Row) -> Grant | None:
    assertion = _parameter("assertion") or request.headers.get("Authentication", "")
    account = account_of(instance(), client["client_id"], assertion.removeprefix("Bearer "))
    return _issued(client, account) if account else None


_GRANTS: dict[str, Callable[[Row], Grant | None]] = {
    "password": _password,
    "client_credentials": _client_credentials,
    "refresh_token": _refresh,
    JWT_BEARER: _jwt_bearer,
}


def _issued(client: Row, account: Account) -> Grant:
    instance().used_the_api(account.user_name, request.remote_addr or "", "oauth")
    return instance().tokens.issue(
        client["client_id"],
        account.user_name,
        _seconds(client, "access", ACCESS_SECONDS),
        _seconds(client, "refresh", REFRESH_SECONDS),
        anew=not instance().switches.same_token_until_expiry,
    )


def _seconds(client: Row, token: str, usual: int) -> int:
    text = client.get(f"{token}_token_lifespan") or ""
    return int(text) if text.isdecimal() else usual


def _granted(grant: Grant) -> Response:
    body: dict[str, Any] = {
        "access_token": grant.access,
        "refresh_token": grant.refresh,
        "scope": "useraccount",
        "token_type": "Bearer",
        "expires_in": instance().tokens.seconds_left(grant),
    }
    return _bare(answer(body))


def _refused(error: str) -> Response:
    return _bare(answer({"error": error, "error_description": "access_denied"}, 401))


def _bare(made: Response) -> Response:
    """The endpoint is no API: nobody is logged in by it."""
    made.headers.pop("X-Is-Logged-In", None)
    return made
