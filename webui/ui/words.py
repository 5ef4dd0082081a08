"""Times, states and systems in words for people."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import Flask
from markupsafe import Markup

from broker.domain.access_requests import RequestState
from broker.domain.orders import Action, LineState
from webui.ui.context import now, the_broker

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
_STATE_WORDS: dict[str, str] = {
    RequestState.AWAITING_APPROVAL: "in approval",
    RequestState.IN_PROGRESS: "being set up",
}
# Where access is taken away, some states have other words.
_REMOVING_WORDS: dict[str, str] = {RequestState.IN_PROGRESS: "being removed"}
_ORDER_WORDS: dict[str, str] = {
    LineState.RECEIVED: "being checked",
    LineState.VERIFIED: "checked",
    LineState.SUBMITTING: "being passed on",
    LineState.UNCERTAIN: "being passed on",
    LineState.SUBMITTED: "under way",
    LineState.FULFILLED: "access granted",
    LineState.FAILED: "could not be granted",
    LineState.NEEDS_ATTENTION: "needs attention",
}
_REVOKING_WORDS: dict[str, str] = {
    LineState.FULFILLED: "access removed",
    LineState.FAILED: "could not be removed",
}
_STEPS = (
    (timedelta(days=365), "year"),
    (timedelta(days=30), "month"),
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "hour"),
    (timedelta(minutes=1), "minute"),
)


# A reading is old when this many of the timer's beats have passed it by.
_BEATS_MISSED = 3
_SHOWN = 3


def span(distance: timedelta) -> str:
    """ "2 hours", "3 days"; empty below a minute."""
    for step, name in _STEPS:
        if count := abs(distance) // step:
            return plural(count, name)
    return ""


def relative(at: datetime, present: datetime) -> str:
    """ "2 hours ago", "in 3 days", "just now"."""
    amount = span(present - at)
    if not amount:
        return "just now"
    return f"{amount} ago" if at < present else f"in {amount}"


def absolute(at: datetime) -> str:
    """ "31 Jan 2026, 08:15 UTC"."""
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def ago(at: datetime | None) -> Markup | str:
    """A time element that says how long ago, and on hovering when exactly."""
    return _time(at, relative(at, now()), "ago") if at else "–"


def age(at: datetime | None) -> Markup | str:
    """A time element that says for how long already: "3 days"."""
    return _time(at, span(now() - at) or "less than a minute", "age") if at else "–"


def is_old(at: datetime) -> bool:
    """Whether a reading of that moment should long have been followed by another."""
    beat = timedelta(minutes=the_broker().settings.sync_interval_minutes)
    return now() - at > _BEATS_MISSED * beat


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


def state_words(state: str, removes: bool = False) -> str:
    """A state of a request or task as people say it, or of a request that takes access away."""
    words = _STATE_WORDS | (_REMOVING_WORDS if removes else {})
    return words.get(state, state.replace("_", " "))


def order_words(state: str, action: str = Action.GRANT) -> str:
    """A state of an order that gives or takes, as the person who ordered would say it."""
    words = _ORDER_WORDS | (_REVOKING_WORDS if action == Action.REVOKE else {})
    return words.get(state, state.replace("_", " "))


def system_name(connection: str) -> str:
    """A connection's name as people know the product."""
    return _SYSTEMS.get(connection, connection)


def plural(count: int, one: str, many: str = "") -> str:
    """ "1 request", "5,000 requests"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def few(names: Sequence[str]) -> str:
    """ "Buyer, Clerk and 4 more": at most three, so that a line stays a line."""
    rest = len(names) - _SHOWN
    if rest <= 0:
        return ", ".join(names)
    return f"{', '.join(names[:_SHOWN])} and {rest} more"


def register(app: Flask) -> None:
    """Make the words known to the templates."""
    for function in (ago, age, is_old, on_day, at_moment, clock_time, tone, state_words,
                     order_words, system_name, plural, few):  # fmt: skip
        app.add_template_filter(function)
