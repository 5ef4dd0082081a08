"""The gate before every page: no session, no answer, unless the view is marked as public."""

from flask import Flask, Request, Response, abort, current_app, make_response, redirect, request
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from webui.cookies import signed_out_cookie
from webui.errors import error_page
from webui.security import refuse_foreign_posts
from webui.ui.access import is_public, needed_role
from webui.ui.context import the_broker, viewer
from webui.ui.live import wants_fragment
from webui.ui.paths import own_path, page_before, path_of, sign_in_path

# Views that are not ours to mark: static files, which are the same for everybody.
PUBLIC_ENDPOINTS = frozenset({"static", "bootstrap.static"})
# The machine API checks a signature on each request instead of a session.
OWN_DOOR = frozenset({"api"})
SIGNED_OUT = "/saml/signed-out"


def register(app: Flask) -> None:
    """Put the gate before every view, the ones still to be written included."""
    app.before_request(guard)


def guard() -> AnyResponse | None:
    """Refuse what is neither public nor asked by somebody who may ask it."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or is_open(request):
        return None
    refuse_foreign_posts()
    _refuse_nul()
    if not current_user.is_authenticated:
        return _ask_to_sign_in()
    role = needed_role(view)
    if role and not viewer().has(role):
        abort(403)
    return None


def _refuse_nul() -> None:
    """No address or field of ours holds a NUL, and PostgreSQL fails on texts that do."""
    if "\0" in request.path or any("\0" in value for value in request.values.values()):
        abort(400)


def is_open(wanted: Request) -> bool:
    """Whether the request's view needs no session."""
    view = current_app.view_functions[wanted.endpoint or ""]
    named = wanted.endpoint in PUBLIC_ENDPOINTS or wanted.blueprint in OWN_DOOR
    return named or is_public(view)


def _ask_to_sign_in() -> AnyResponse:
    if wants_fragment():
        return _leave_page(path_of(request.headers.get("HX-Current-URL")))
    if request.method not in ("GET", "HEAD"):
        # A redirect would drop what was sent, without a word.
        back = page_before(request, the_broker().settings.base_url)
        return error_page(401, action="sign in again", back=back)
    query = request.query_string.decode("ascii", "replace")
    wanted = own_path(f"{request.path}?{query}" if query else request.path)
    # The public address, so that a sign-in begins and ends at the same one.
    return redirect(the_broker().settings.base_url + sign_in_path(wanted), 303)


def _leave_page(wanted: str) -> Response:
    """HTMX follows redirects by itself, out of our site even; so it is told to leave the page.

    Pages ask without anybody's doing. Where somebody has signed out on purpose, a page that
    stayed open must not sign them in again through the session at the identity provider.
    """
    stay_out = signed_out_cookie(the_broker().settings).value
    response = make_response("", 401)
    response.headers["HX-Redirect"] = SIGNED_OUT if stay_out else sign_in_path(wanted)
    return response
