"""Pages that keep themselves fresh: the same address gives the page, or only its live part."""

import hashlib

from flask import Response, make_response, render_template, request
from flask_htmx import HTMX

htmx = HTMX()
_SLOW, _FAST = "every 15s", "every 1s"


def wants_fragment() -> bool:
    """Whether HTMX asks for a part of a page."""
    return bool(htmx) and not htmx.history_restore_request


def live(family: str, shown: object, refreshing: bool = False, **context: object) -> Response:
    """The page `<family>/page.html`, or for HTMX its part `<family>/_live.html`.

    204 when HTMX already shows this very version, so that nothing moves under the reader.
    """
    version = hashlib.sha256(repr((shown, context)).encode()).hexdigest()[:16]
    if wants_fragment() and request.args.get("seen") == version:
        return make_response("", 204)
    every = _FAST if refreshing else _SLOW
    template = f"{family}/_live.html" if wants_fragment() else f"{family}/page.html"
    page = render_template(template, shown=shown, version=version, every=every, **context)
    return make_response(page)
