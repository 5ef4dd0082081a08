"""Who is calling: Basic, or a token of the token service. And the product's ways of refusing.

Developer's Guide, "Using the JSON Web Token Service"; REST API for OIG Self Service, "Headers".
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from functools import cached_property
from typing import Any, NoReturn

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Blueprint, Response, abort, current_app, g, jsonify, request
from werkzeug.exceptions import HTTPException

from sandbox.oim.clock import Clock
from sandbox.oim.records import Oim, User

_KEY_BITS, _KEY_EXPONENT = 2048, 65537
_BY_OUR_CLOCK: jwt.types.Options = {"verify_exp": False, "verify_iat": False}
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="weblogic"'}
_PAGE = (
    "<!DOCTYPE html><html><head><title>{title}</title></head><body><h2>{title}</h2></body></html>"
)


class Tokens:
    """The token service: RS256, half an hour, the life as a string of seconds."""

    def __init__(self, lifetime: timedelta, clock: Clock) -> None:
        self.lifetime, self._clock = lifetime, clock

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        """Made when first needed, for it takes a moment."""
        return rsa.generate_private_key(_KEY_EXPONENT, _KEY_BITS)

    def issue(self, user: User) -> dict[str, str]:
        """A token for this user."""
        at = self._clock.now()
        claims = {"sub": user.login, "prn": user.login, "iss": "www.oracle.com", "iat": at,
                  "exp": at + self.lifetime, "jti": secrets.token_hex(8)}  # fmt: skip
        token = jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": "xell"})
        seconds = max(0, int(self.lifetime.total_seconds()) - 1)
        return {"accessToken": token, "tokenType": "Bearer", "expiresIn": str(seconds)}

    def login(self, token: str) -> str | None:
        """Whose token this is; None if it is expired or not ours."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token, self._key.public_key(), ["RS256"], options=_BY_OUR_CLOCK
            )
        except jwt.InvalidTokenError:
            return None
        good = float(claims["exp"]) > self._clock.now().timestamp()
        return str(claims["sub"]) if good else None


def state() -> Oim:
    """This installation."""
    oim: Oim = current_app.extensions["oim"]
    return oim


def caller() -> User:
    """The user whose rights count in this call."""
    user: User = g.caller
    return user


def page_answer(status: int, title: str, headers: dict[str, str] | None = None) -> Response:
    """WebLogic's HTML, which is what callers get where the application is not reached."""
    return Response(_PAGE.format(title=title), status, headers, content_type="text/html")


def no_such(what: str) -> NoReturn:
    """End the call: there is no such record, or the caller may not see it. The application
    answers this itself, as data; a path without an application is WebLogic's page.
    """
    abort(failure(404, f"IAM-2050004: There is no such {what}."))


def failure(status: int, message: str) -> Response:
    """The application's own refusal, as JSON."""
    code = message.partition(":")[0] if message.startswith("IAM-") else "IAM-2050001"
    answer = jsonify(errorCode=code, errorMessage=message)
    answer.status_code = status
    return answer


def _who() -> User | None:
    authorization = request.authorization
    if authorization is None:
        return None
    oim = state()
    if authorization.type == "bearer":
        tokens: Tokens = current_app.extensions["oim_tokens"]
        login = tokens.login(authorization.token or "")
        return oim.by_login.get(login) if login else None
    user = oim.by_login.get(str(authorization.username or "").upper())
    given = str(authorization.password or "").encode()
    known = user is not None and bool(user.password) and user.active
    right = user is not None and secrets.compare_digest(user.password.encode(), given)
    return user if known and right else None


def guard() -> Response | None:
    """Before each API call: authentication, then the product's guard against forged writes."""
    user = _who()
    if user is None:
        return page_answer(401, "Error 401--Unauthorized", _CHALLENGE)
    if request.method != "GET" and not request.headers.get("X-Requested-By"):
        return page_answer(400, "Error 400--Bad Request")
    g.caller = user
    return None


def web_server_error(error: HTTPException) -> Response:
    """What the application does not answer, WebLogic does, in HTML."""
    return page_answer(error.code or 500, f"Error {error.code}--{error.name}")


token_service = Blueprint("oim_tokens", __name__, url_prefix="/iam/governance/token/api/v1")
token_service.before_request(guard)


@token_service.route("/tokens", methods=["POST", "PUT"])
def issue_token() -> dict[str, str]:
    """A token for the caller; PUT renews one that is still good."""
    tokens: Tokens = current_app.extensions["oim_tokens"]
    return tokens.issue(caller())
