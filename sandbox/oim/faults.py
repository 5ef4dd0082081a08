"""Things that go wrong on purpose. Tests change `Oim.faults` while the server runs."""

from __future__ import annotations

from flask import Response, request

from sandbox.oim.access import page_answer, state
from sandbox.oim.records import Oim
from sandbox.web import hang_up

DROP_AFTER_ACCEPT = "drop-after-accept"
DOWN = "down"
FAULTS = frozenset({DROP_AFTER_ACCEPT, DOWN})


def lose_the_answer(oim: Oim) -> None:
    """With `drop-after-accept`: what was asked for is done, and the caller never hears of it."""
    if DROP_AFTER_ACCEPT in oim.faults:
        hang_up(request.environ)


def be_down() -> Response | None:
    """With `down`: every call is a 503."""
    if DOWN in state().faults:
        return page_answer(503, "Error 503--Service Unavailable")
    return None
