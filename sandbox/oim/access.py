"""Who is calling: Basic, or a token of the token service. And the product's ways of refusing.

Developer's Guide, "Using the JSON Web Token Service"; REST API for OIG Self Service, "Headers".
"""

from __future__ import annotations

import secrets
import time
from typing import NoReturn

from flask import Response, abort, current_app, g, jsonify, request
from werkzeug.exceptions import HTTPException

from sandbox.oim.records import Oim, User

TOKENS = "/iam/governance/token/api/v1"
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="weblogic"'}
_PAGE = (
    "<!DOCTYPE html><html><head><title>{title}</title></head><body><h2>{title}</h2></body></html>"
)


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


def unauthorized() -> Response:
    """Nobody whom we know."""
    return page_answer(401, "Error 401--Unauthorized", _CHALLENGE)


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
        return _bearer(oim, authorization.token or "")
    user = oim.by_login.get(str(authorization.username or "").upper())
    given = str(authorization.password or "").encode()
    known = user is not None and bool(user.password) and _able(user)
    right = user is not None and secrets.compare_digest(user.password.encode(), given)
    return user if known and right else None


def _bearer(oim: Oim, token: str) -> User | None:
    login = oim.tokens.login(token, expires=oim.switches.tokens_expire)
    user = oim.by_login.get(login.upper()) if login else None
    return user if user is not None and _able(user) else None


def _able(user: User) -> bool:
    return user.active and not user.locked


def known_caller() -> Response | None:
    """Before each API call: authentication."""
    g.asked_at = time.perf_counter()
    user = _who()
    if user is None:
        return unauthorized()
    g.caller = user
    return None


def guard() -> Response | None:
    """Authentication, then the Self Service API's guard against forged writes."""
    refused = known_caller()
    if refused is not None:
        return refused
    if request.method != "GET" and _guarded() and not request.headers.get("X-Requested-By"):
        return page_answer(400, "Error 400--Bad Request")
    return None


def _guarded() -> bool:
    """12c demands the header of every write; in 11g only the samples of the token service show it,
    and that it is demanded there is our own reading.
    """
    everywhere = state().profile == "12c" or request.path.startswith(TOKENS)
    return everywhere and state().switches.x_requested_by_guard


def timed(answer: Response) -> Response:
    """Say how many milliseconds an API call took: "Headers" of 12c and the overview of 11g differ
    in how the header is called.
    """
    if request.path.startswith("/iam/governance/"):
        taken = (time.perf_counter() - g.get("asked_at", time.perf_counter())) * 1000
        name = "ResponseTime" if state().profile == "12c" else "X-Response-Time"
        answer.headers[name] = str(int(taken))
    return answer


def web_server_error(error: HTTPException) -> Response:
    """What the application does not answer, WebLogic does, in HTML."""
    return page_answer(error.code or 500, f"Error {error.code}--{error.name}")
