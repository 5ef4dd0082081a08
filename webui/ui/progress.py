"""Where a request or an order stands, as a few stages that anybody understands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Flask

from broker.domain.access_requests import RequestState
from broker.domain.orders import Action, LineState
from broker.store.views.lists import RequestLine
from broker.store.views.orders import OrderLine
from webui.ui.words import order_words, plural, state_words, system_name

_DONE, _NOW, _BAD, _HELP, _ENDED, _TO_COME = "done", "now", "bad", "help", "ended", "todo"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage. `mark` is done, now, bad (it failed here), help (somebody must look), ended
    (it went no further) or todo.
    """

    name: str
    mark: str
    note: str = ""
    at: datetime | None = None

    @property
    def is_now(self) -> bool:
        """Whether this is where it stands, or where it ended."""
        return self.mark in (_NOW, _BAD, _HELP, _ENDED)


def request_stages(line: RequestLine) -> list[Stage]:
    """Asked, decided, set up: where the request is, and where it ended if it did not go well."""
    reached, mark = _REQUEST_AT.get(line.stands, (2, _NOW))
    # What was approved at the desk may have to be decided in the IGA, too.
    decided = "Decision"
    if line.order and (reached != 1 or line.stands == RequestState.REQUESTED):
        decided = f"Approved in {system_name(line.order.source)}"
    done = "Taken away" if line.takes_away else "Set up"
    names = ["Asked", decided, f"{done} in {system_name(line.iga)}", "Done"]
    stands = state_words(line.stands, line.takes_away)
    note = _whom(line) if line.waiting else _parts(line) or stands
    return _stages(names, reached, mark, note, line.created_at, line.closed_at)


_REQUEST_AT: dict[str, tuple[int, str]] = {
    RequestState.REQUESTED: (1, _NOW),
    RequestState.AWAITING_APPROVAL: (1, _NOW),
    RequestState.IN_PROGRESS: (2, _NOW),
    RequestState.COMPLETED: (4, _DONE),
    RequestState.REJECTED: (1, _BAD),
    RequestState.WITHDRAWN: (1, _ENDED),
    RequestState.CLOSED: (1, _ENDED),
    RequestState.FAILED: (2, _BAD),
}


def _parts(line: RequestLine) -> str:
    parts = line.parts_in_approval
    return f"{plural(parts, 'part')} to be decided" if parts else ""


def _whom(line: RequestLine) -> str:
    names = ["you" if wait.is_viewer else wait.name for wait in line.waiting]
    return f"waiting for {names[0]}" + (f" and {len(names) - 1} more" if names[1:] else "")


def order_stages(order: OrderLine) -> list[Stage]:
    """Ordered, confirmed, passed on, granted: where the order is, and where it ended."""
    desk, iga = system_name(order.source), system_name(order.iga)
    names = [f"Checked with {desk}", f"Passed on to {iga}", f"Set up in {iga}", "Access granted"]
    if order.action == Action.REVOKE:
        names[2:] = [f"Taken away in {iga}", "Access removed"]
    reached, mark = _ORDER_AT.get(order.outcome, (0, _NOW))
    if order.outcome in _WHEREVER and any(line.iga_request_id for line in order.lines):
        reached = 2
    return _stages(names, reached, mark, order_words(order.outcome, order.action), None, None)


# These say that something is wrong, not where: the request in the IGA tells how far it came.
_WHEREVER = (LineState.NEEDS_ATTENTION, LineState.CANCELLED)
_ORDER_AT: dict[str, tuple[int, str]] = {
    LineState.RECEIVED: (0, _NOW),
    LineState.VERIFIED: (1, _NOW),
    LineState.SUBMITTING: (1, _NOW),
    LineState.UNCERTAIN: (1, _NOW),
    LineState.SUBMITTED: (2, _NOW),
    LineState.FULFILLED: (4, _DONE),
    LineState.REFUSED: (2, _BAD),
    LineState.FAILED: (2, _BAD),
    LineState.REJECTED: (0, _BAD),
    LineState.CANCELLED: (0, _ENDED),
    LineState.NEEDS_ATTENTION: (0, _HELP),
    LineState.CLOSED: (4, _DONE),
}


def _stages(
    names: Sequence[str],
    reached: int,
    mark: str,
    note: str,
    began_at: datetime | None,
    ended_at: datetime | None,
) -> list[Stage]:
    """Everything before `reached` is done, that one carries the mark, the rest is to come."""
    stages = []
    for place, name in enumerate(names):
        now = _DONE if place < reached else mark if place == reached else _TO_COME
        at = began_at if place == 0 and now == _DONE else None
        at = ended_at if place == len(names) - 1 and now == _DONE else at
        stages.append(Stage(name, now, note if place == reached else "", at))
    return stages


def register(app: Flask) -> None:
    """Make the stages known to the templates."""
    for function in (request_stages, order_stages):
        app.add_template_global(function)
