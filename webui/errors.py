"""What people read when something does not work."""

import structlog
from flask import Flask, Response, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.exceptions import HTTPException

from broker.domain.errors import ConnectorError
from webui.ui.context import now, the_broker
from webui.ui.paths import HOME, page_before, sign_in_path
from webui.ui.words import system_name

_log = structlog.get_logger(__name__)
_WORDS = {
    400: ("That did not arrive in one piece", "Go back, load the page again and try once more."),
    401: (
        "Please sign in again",
        "You are not signed in any more. Nothing you sent was carried out.",
    ),
    403: ("This is not yours to open", "Ask an operator of the Request Broker if you need it."),
    404: (
        "There is nothing here for you",
        "The address is wrong, or what it names is not yours to see.",
    ),
    405: ("That is not possible here", "Go back to the overview and start from there."),
    413: ("That was too much at once", "What you sent is larger than this page accepts."),
    500: (
        "Something went wrong on our side",
        "It has been noted. Nothing you asked for was lost; try again in a minute.",
    ),
    503: (
        "Not available just now",
        "A part of the Request Broker does not answer. Try again in a minute.",
    ),
}
_OTHER = ("That did not work", "Go back to the overview and start from there.")


def error_page(
    status: int, title: str = "", sentence: str = "", action: str = "", back: str = HOME
) -> Response:
    """A page in users' words. It needs no database, so that it can always be shown.

    `action` may be `start again`, for a sign-in that did not work, or `sign in again`; `back` is
    the page of ours on which they land then.
    """
    words = _WORDS.get(status, _OTHER)
    page = render_template(
        "error.html",
        title=title or words[0],
        sentence=sentence or words[1],
        status=status,
        moment=now(),
        action=action,
        back=back,
        sign_in=sign_in_path(back),
    )
    return make_response(page, status)


def register(app: Flask) -> None:
    """Show our pages for every error, and never a stack trace."""

    @app.errorhandler(CSRFError)
    def _expired(_error: CSRFError) -> Response:
        sentence = "This form had been open in another session. Load the page again, then send it."
        back = page_before(request, the_broker().settings.base_url)
        return error_page(400, "That form is too old", sentence, back=back)

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        if error.response is not None:
            return make_response(error.response)
        return error_page(error.code or 500)

    @app.errorhandler(ConnectorError)
    def _silent(error: ConnectorError) -> Response:
        _log.warning("a page needed a system that failed", system=error.system, why=error.reason)
        return error_page(503, sentence=f"{system_name(error.system)} does not answer just now.")

    @app.errorhandler(Exception)
    def _unexpected(error: Exception) -> Response:
        _log.exception("a page failed", path=request.path)
        return error_page(503 if _is_database(error) else 500)


def _is_database(error: Exception) -> bool:
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    return lost or isinstance(error, OperationalError)
