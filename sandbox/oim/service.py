"""What every resource of the Self Service API does before its own work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, abort, request

from sandbox.oim.access import failure, guard, page_answer, state
from sandbox.oim.query import BadQuery
from sandbox.oim.workflow import Workflow

BASE = "/iam/governance/selfservice/api/v1"
JSON = "application/json"
_USUAL_LIMIT, _GENEROUS_LIMIT = 10, 100


def service(name: str, *also_taken: str) -> Blueprint:
    """A part of the API: knows its caller, speaks JSON, and looks at things as they are by now.
    `also_taken` are further media types that its bodies may have.
    """
    made = Blueprint(f"oim_{name}", __name__, url_prefix=BASE)
    made.before_request(_deployed)
    made.before_request(guard)
    made.before_request(_speaks(JSON, *also_taken))
    made.before_request(_catch_up)
    made.register_error_handler(BadQuery, _bad_query)
    return made


def _deployed() -> None:
    if not state().switches.self_service_deployed:
        abort(404)


def _speaks(*taken: str) -> Callable[[], Response | None]:
    """ "Media Types": the operations on requests list JSON only. 406 and 415 are documented."""

    def check() -> Response | None:
        if not state().switches.json_only:
            return None
        accepted = request.accept_mimetypes
        if accepted and not accepted.best_match([JSON]):
            return page_answer(406, "Error 406--Not Acceptable")
        sent = request.method in ("POST", "PUT", "PATCH") and request.content_length
        if sent and request.mimetype not in taken:
            return page_answer(415, "Error 415--Unsupported Media Type")
        return None

    return check


def _catch_up() -> None:
    Workflow(state()).advance()


def _bad_query(error: BadQuery) -> Response:
    return failure(400, f"IAM-2050002: {error}")


def paging() -> tuple[int, int]:
    """Offset from 1 and page size, 10 by default; nonsense is a 400."""
    switches = state().switches
    least = 1 if switches.offsets_from_one else 0
    usual = _USUAL_LIMIT if switches.pages_of_ten else _GENEROUS_LIMIT
    offset, limit = _number("offset", least), _number("limit", usual)
    if offset < least or limit < 1:
        abort(400)
    return offset + 1 - least, limit


def _number(name: str, otherwise: int) -> int:
    try:
        return int(request.args.get(name, otherwise))
    except ValueError:
        abort(400)


def body() -> Mapping[str, Any]:
    """The JSON object that was sent; anything else is a 400."""
    sent = request.get_json(force=True, silent=True)
    if not isinstance(sent, dict):
        abort(400)
    return sent


def entries() -> list[Mapping[str, Any]]:
    """What a bulk call sent under `requests`; anything but a list of objects is a 400."""
    sent = body().get("requests")
    if not isinstance(sent, list) or not all(isinstance(entry, dict) for entry in sent):
        abort(400)
    return sent


def objects(value: object) -> list[Mapping[str, Any]]:
    """The objects of a list; what is no list has none."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
