"""Times, states and systems in words for people."""

from datetime import datetime, timedelta

from flask import Flask
from markupsafe import Markup

from broker.domain.access_requests import RequestState
from broker.domain.orders import LineState
from webui.ui.context import now

_SYSTEMS = {"oim": "OIM", "servicenow": "ServiceNow", "broker": "Request Broker"}
_TONES: dict[str, str] = {
    RequestState.REQUESTED: "wait",
    RequestState.AWAITING_APPROVAL: "wait",
    RequestState.IN_PROGRESS: "run",
    RequestState.COMPLETED: "good",
    RequestState.REJECTED: "bad",
    RequestState.FAILED: "bad",
    LineState.VERIFIED: "run",
    LineState.SUBMITTING: "run",
    LineState.UNCERTAIN: "run",
    LineState.SUBMITTED: "run",
    LineState.RECEIVED: "wait",
    LineState.FULFILLED: "good",
    LineState.REFUSED: "bad",
    LineState.NEEDS_ATTENTION: "bad",
    "approved": "good",
}
_ORDER_WORDS: dict[str, str] = {
    LineState.RECEIVED: "being checked",
    LineState.VERIFIED: "checked",
    LineState.SUBMITTING: "being passed on",
    LineState.UNCERTAIN: "being passed on",
    LineState.SUBMITTED: "under way",
    LineState.FULFILLED: "access granted",
    LineState.NEEDS_ATTENTION: "needs attention",
}
_STEPS = (
    (timedelta(days=365), "year"),
    (timedelta(days=30), "month"),
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "hour"),
    (timedelta(minutes=1), "minute"),
)


def relative(at: datetime, present: datetime) -> str:
    """ "2 hours ago", "in 3 days", "just now"."""
    distance = abs(present - at)
    for step, name in _STEPS:
        count = distance // step
        if count:
            amount = f"{count} {name}{'s' if count > 1 else ''}"
            return f"{amount} ago" if at < present else f"in {amount}"
    return "just now"


def absolute(at: datetime) -> str:
    """ "31 Jan 2026, 08:15 UTC"."""
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def ago(at: datetime | None) -> Markup | str:
    """A time element that says how long ago, and on hovering when exactly."""
    return _time(at, relative(at, now()), "ago") if at else "–"


def on_day(at: datetime | None) -> Markup | str:
    """A time element that says the day."""
    return _time(at, f"{at.day} {at:%b %Y}", "day") if at else "–"


def at_moment(at: datetime | None) -> Markup | str:
    """A time element that says day, hour and minute."""
    return _time(at, absolute(at), "moment") if at else "–"


def clock_time(at: datetime | None) -> Markup | str:
    """A time element that says hour and minute, and the day unless it is today."""
    if at is None:
        return "–"
    return _time(at, f"{at:%H:%M} UTC" if at.date() == now().date() else absolute(at), "clock")


def _time(at: datetime, text: str, kind: str) -> Markup:
    return Markup('<time datetime="{}" title="{}" data-time="{}">{}</time>').format(
        at.isoformat(timespec="seconds"), absolute(at), kind, text
    )


def tone(state: str) -> str:
    """The colour family of a state's badge."""
    return _TONES.get(state, "quiet")


def state_words(state: str) -> str:
    """A state of a request or task as people say it."""
    return state.replace("_", " ")


def order_words(state: str) -> str:
    """A state of an order as the person who ordered would say it."""
    return _ORDER_WORDS.get(state, state.replace("_", " "))


def system_name(connection: str) -> str:
    """A connection's name as people know the product."""
    return _SYSTEMS.get(connection, connection)


def plural(count: int, one: str, many: str = "") -> str:
    """ "1 request", "3 requests"."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def register(app: Flask) -> None:
    """Make the words known to the templates."""
    for function in (ago, on_day, at_moment, clock_time, tone, state_words, order_words,
                     system_name, plural):  # fmt: skip
        app.add_template_filter(function)
