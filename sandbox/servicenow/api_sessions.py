"""The sessions of API calls: their cookies, their queue, and the node's few semaphores.

Cookies as recorded; ServiceNow support, KB3047080 (202), KB0755706 (two at a time), KB0622240
(semaphores). Browsers take a `Secure` cookie over https only, so over plain HTTP it goes without.
"""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime, timedelta

from flask import Flask, Response, g, request

from sandbox.servicenow.accounts import Account
from sandbox.servicenow.answers import instance
from sandbox.servicenow.faults import INNER
from sandbox.servicenow.sessions import COOKIE, Gate

IDLE_MINUTES = "glide.integration.session_timeout"
_LONG_AGO = datetime(1970, 1, 1, 0, 0, 10, tzinfo=UTC)
_UNAUTHORISED = 401
_FOR_EVER = 2_147_483_647
_HALF_AN_HOUR = 1800


def install(app: Flask) -> None:
    """Let API calls queue for their session and the node, and carry its cookies."""
    app.before_request(_enter)
    app.after_request(_finish)
    app.teardown_request(_leave)


def _enter() -> Response | None:
    """Wait for the session and for a semaphore; an answer when one of them takes no more."""
    if INNER in request.environ:
        return None  # the batch itself has waited
    g.gates, g.waits = [], {"sem_wait": 0.0, "sesh_wait": 0.0}
    if not request.path.startswith("/api/"):
        return None
    switches, session = instance().switches, instance().sessions.find(request.cookies.get(COOKIE))
    if session and switches.session_queue_limited and not _pass("sesh_wait", session.gate):
        return Response("", 202, content_type="application/json")
    if switches.semaphores_limited and not _pass("sem_wait", instance().semaphores):
        return Response("", 429)
    return None


def _pass(name: str, gate: Gate) -> bool:
    began = time.monotonic()
    if not gate.enter():
        return False
    g.gates.append(gate)
    g.waits[name] = (time.monotonic() - began) * 1000
    return True


def _leave(_: BaseException | None) -> None:
    if INNER in request.environ:
        return
    for gate in g.pop("gates", []):
        gate.leave()


def _finish(made: Response) -> Response:
    if INNER in request.environ:
        return made
    account: Account | None = g.get("account")
    if made.status_code == _UNAUTHORISED and request.path.startswith("/api/"):
        _set(made, "JSESSIONID", secrets.token_hex(16).upper())
        _set(made, "BIGipServerpool_sandbox", secrets.token_hex(16))
    elif "X-Is-Logged-In" in made.headers and account is not None:
        made.headers["Server-Timing"] = ", ".join(
            f"{name};dur={milliseconds:.0f}" for name, milliseconds in g.waits.items()
        )
        _keep_session(made, account)
    return made


def _keep_session(made: Response, account: Account) -> None:
    """Set the cookies of a first call; ServiceNow asks integrations to send them back."""
    session = instance().sessions.find(request.cookies.get(COOKIE))
    if session is not None and session.user_name == account.user_name:
        return
    idle = 60.0 * float(instance().properties.get(IDLE_MINUTES) or 1)
    idle_seconds = idle if instance().switches.idle_sessions_end else None
    key = instance().sessions.start(account.user_name, idle_seconds)
    _set(made, "JSESSIONID", secrets.token_hex(16).upper())
    for name in ("glide_user", "glide_user_session"):
        _set(made, name, "", 0)
    _set(made, "glide_user_route", "glide." + secrets.token_hex(16), _FOR_EVER)
    _set(made, COOKIE, key, _HALF_AN_HOUR)
    _set(made, "BIGipServerpool_sandbox", secrets.token_hex(16))


def _set(made: Response, name: str, value: str, age: int | None = None) -> None:
    """A cookie worded as recorded, which is older than the wording of the standard."""
    parts = [f"{name}={value}"]
    if age is not None:
        ends = datetime.now(UTC) + timedelta(seconds=age) if age else _LONG_AGO
        parts += [f"Max-Age={age}", f"Expires={ends:%a, %d-%b-%Y %H:%M:%S} GMT"]
    secure = request.is_secure
    parts += ["Path=/", "HttpOnly", "SameSite=None" if secure else "SameSite=Lax"]
    made.headers.add("Set-Cookie", "; ".join(parts + (["Secure"] if secure else [])))
