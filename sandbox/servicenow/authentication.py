"""Who is calling: by API key, Bearer token, Basic password, or the cookie of a session.

ServiceNow docs, "REST API authentication", "Restrict basic authentication" and "API key".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from flask import Request

from sandbox.servicenow.accounts import Account
from sandbox.servicenow.instance import ServiceNow
from sandbox.servicenow.records import Row
from sandbox.servicenow.sessions import COOKIE

RESTRICTION = "glide.authenticate.basic_auth.restriction"
ALLOWED_ROLES = "glide.authenticate.basic_auth.allowed_roles"
ALLOWED_USERS = "glide.authenticate.basic_auth.allowed_users"
MID_SERVER_ROLE = "mid_server"
API_KEY = "x-sn-apikey"
# How a caller of an account with multi-factor authentication proves the second factor; the
# sandbox's phones all show the same digits.
# (Servers drop a request's headers with an underscore in their names.)
MFA_ANSWER, MFA_HEADER, MFA_CODE = "X-MFA_TOKEN", "X-MFA-TOKEN", "424242"
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class NotAuthenticated(Exception):
    """Nobody known is calling; `headers` say more in some cases."""

    def __init__(self, headers: dict[str, str] | None = None) -> None:
        super().__init__("User Not Authenticated")
        self.headers = headers or {}


def authenticate(instance: ServiceNow, request: Request) -> Account:
    """The account of the caller. Raises NotAuthenticated."""
    way = _way(request)
    account = way(instance, request) if way else None
    if account is None:
        raise NotAuthenticated
    return account


def _way(request: Request) -> Callable[[ServiceNow, Request], Account | None] | None:
    scheme = request.headers.get("Authorization", "").partition(" ")[0].lower()
    if API_KEY in request.headers:
        return _by_key
    if scheme:
        return {"bearer": _by_token, "basic": _by_password}.get(scheme)
    return _by_session


def _by_key(instance: ServiceNow, request: Request) -> Account | None:
    rows = instance.records.where("api_key", token=request.headers[API_KEY], active="true")
    live = [row for row in rows if not row["expires"] or row["expires"] > instance.records.now()]
    user = instance.records.find("sys_user", live[0]["user"]) if live else None
    return instance.accounts.account(user["user_name"]) if user else None


def _by_token(instance: ServiceNow, request: Request) -> Account | None:
    token = request.headers["Authorization"].partition(" ")[2].strip()
    user_name = instance.tokens.user_name(token)
    account = instance.accounts.account(user_name) if user_name else None
    if user_name and account is None and not instance.switches.tokens_end_with_their_user:
        return instance.accounts.whoever(user_name)
    if account is not None:
        instance.used_the_api(account.user_name, request.remote_addr or "", "oauth")
    return account


def _by_password(instance: ServiceNow, request: Request) -> Account | None:
    given = request.authorization
    if given is None:
        return None
    account = instance.accounts.check(given.username or "", given.password or "")
    if account is None:
        return None
    proved = _prove_second_factor(instance, request, account)
    if not proved and basic_is_restricted(instance, account):
        return None
    instance.used_the_api(account.user_name, request.remote_addr or "", "basicauth")
    return account


def _prove_second_factor(instance: ServiceNow, request: Request, account: Account) -> bool:
    """Whether a second factor was asked for and proved. Raises NotAuthenticated when not proved."""
    row = instance.records.find("sys_user", account.sys_id)
    if row is None or row.get("enable_multifactor_authn") != "true":
        return False
    if request.headers.get(MFA_HEADER) != MFA_CODE:
        raise NotAuthenticated({MFA_ANSWER: "invalid"})
    return True


def basic_is_restricted(instance: ServiceNow, account: Account) -> bool:
    """Whether the restriction is armed, its date has come, and nothing excepts the account."""
    if not instance.switches.basic_auth_restriction or not _restriction_is_due(instance):
        return False
    row = instance.records.find("sys_user", account.sys_id)
    roles = _listed(instance, ALLOWED_ROLES) | {MID_SERVER_ROLE}
    return not (
        (row is not None and row["web_service_access_only"] == "true")
        or account.roles & roles
        or _listed(instance, ALLOWED_USERS) & _names(row)
    )


def _restriction_is_due(instance: ServiceNow) -> bool:
    told = instance.properties
    armed = all(told.get(f"{RESTRICTION}.{name}") == "true" for name in ("active", "enforce"))
    date = told.get(f"{RESTRICTION}.enforcement_date", "")
    return armed and (not date or _moment(date) <= instance.clock())


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _listed(instance: ServiceNow, name: str) -> set[str]:
    return {part.strip() for part in instance.properties.get(name, "").split(",") if part.strip()}


def _names(row: Row | None) -> set[str]:
    return {row["user_name"], row["sys_id"]} if row else set()


def _by_session(instance: ServiceNow, request: Request) -> Account | None:
    """A live session's cookie is enough to read; a write must carry the session's own token."""
    session = instance.sessions.find(request.cookies.get(COOKIE))
    if session is None:
        return None
    if request.method not in _READS and request.headers.get("X-UserToken") != session.form_token:
        return None
    return instance.accounts.account(session.user_name)
