"""What every page of the console stands on: who is signed in, whether a form is ours, the words."""

from __future__ import annotations

import secrets
from datetime import date, datetime
from typing import Any

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask import Response as FlaskResponse
from werkzeug.wrappers import Response

from sandbox.oim.access import state
from sandbox.oim.console.tasks import inbox_of
from sandbox.oim.console_session import Session
from sandbox.oim.fulfilment import Fulfilment
from sandbox.oim.records import Request, User
from sandbox.oim.rows import FINAL
from sandbox.oim.sign_in import ask_to_sign_in, current
from sandbox.oim.workflow import Workflow

Page = str | tuple[str, int] | Response
KIND_NAMES = {"role": "Role", "account": "Application account", "entitlement": "Entitlement"}
_DONE = frozenset({"Request Completed", "Request Auto Approved"})
_ENDED_WELL = frozenset({"Request Withdrawn", "Request Closed"})
_WAITING = ("awaiting", "obtaining", "provide information", "pending", "draft", "created")

console = Blueprint("oim_console", __name__, template_folder="../templates")


@console.before_request
def _signed_in() -> Response | None:
    session = current()
    if session is None:
        return ask_to_sign_in()
    g.session = session
    Workflow(state()).advance()
    if request.method == "POST" and not _own_form(session):
        abort(403)
    return None


@console.after_request
def _unframed(answer: FlaskResponse) -> FlaskResponse:
    """Other sites may lead here, and not show it in a frame of theirs."""
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    return answer


def _own_form(session: Session) -> bool:
    """The form was made for this session."""
    return secrets.compare_digest(session.csrf.encode(), request.form.get("_csrf", "").encode())


def session() -> Session:
    """The session of this call; there is one on every page of the console."""
    found: Session = g.session
    return found


def me() -> User:
    """Who looks."""
    return state().users[session().key]


def say(text: str) -> None:
    """Shown once, on the next page of this session."""
    session().notice = text


def take_notice() -> str:
    """What was said since the last page."""
    text, session().notice = session().notice, ""
    return text


def to_request(request_id: str, part: str = "") -> Response:
    """On to the page of one request, and to a part of it."""
    address = url_for("oim_console.home", tf="request_details", requestId=request_id,
                      _anchor=part or None)  # fmt: skip
    return redirect(address, 303)


def to_submitted(made: Request) -> Response:
    """On to what was made of a submission: its request, or what was carried out without one."""
    if made.id:
        say(f"Your request has been submitted. Its number is {made.id}.")
        return to_request(made.id)
    say("It was carried out at once; no request was necessary.")
    return redirect(url_for("oim_console.home", tf="my_access_roles"), 303)


def refused(text: str, status: int, title: str = "Not possible") -> tuple[str, int]:
    """A page that says why something was not done."""
    return render_template("oim/message.html", title=title, text=text), status


def display_name(key: str) -> str:
    """A user's name as people say it."""
    return state().users[key].display_name


def tone(status: str) -> str:
    """The colour of a request's status: `good`, `bad`, `quiet`, `wait` or `run`."""
    if status in _DONE:
        return "good"
    if status in _ENDED_WELL:
        return "quiet"
    if status in FINAL:
        return "bad"
    return "wait" if any(word in status.lower() for word in _WAITING) else "run"


@console.context_processor
def _words() -> dict[str, Any]:
    signed_in: Session | None = g.get("session")
    if signed_in is None:
        return {"session": None}
    return {
        "session": signed_in,
        "me": me(),
        "kinds": KIND_NAMES,
        "name": display_name,
        "notice": take_notice,
        "waiting": len(inbox_of(state(), me())),
        "by_hand_waiting": len(Fulfilment(state()).waiting_for(me())),
    }


console.add_app_template_filter(tone, "tone")


@console.app_template_filter("shown")
def _shown(at: datetime | None) -> str:
    return f"{at:%d %b %Y, %H:%M} UTC" if at else "–"


@console.app_template_filter("day")
def _day(text: str | None) -> str:
    """The day of a date as requests carry it: with or without a time."""
    return f"{date.fromisoformat(text[:10]):%d %b %Y}" if text else "–"


@console.app_template_filter("day_of")
def _day_of(at: datetime) -> str:
    """The day of a moment."""
    return f"{at:%d %b %Y}"
