"""Where a browser may be sent after signing in: addresses of our own pages, by their shape."""

import re
from urllib.parse import urlencode, urlsplit

from flask import Request

HOME = "/"
SIGN_IN = "/saml/login"
_LONGEST = 500
_SHAPE = re.compile(
    r"/(?:"
    r"|history|approvals|access|orders|orders/new|operations|audit"
    r"|(?:requests|approvals|orders)/[0-9a-f]{32}"
    r"|go/[a-z]{1,20}(?:/[A-Za-z0-9._-]{1,100})?"
    r")(?:\?[A-Za-z0-9._~%=&+-]*)?",
    re.ASCII,
)


def own_path(wanted: str | None) -> str:
    """`wanted` if it is the path of a page of ours, otherwise the front page."""
    text = wanted or ""
    return text if len(text) <= _LONGEST and _SHAPE.fullmatch(text) else HOME


def path_of(address: str | None) -> str:
    """The path and query of an address, if it is a page of ours; the host is ignored."""
    try:
        parts = urlsplit(address or "")
    except ValueError:
        return HOME
    return own_path(f"{parts.path}?{parts.query}" if parts.query else parts.path)


def page_before(request: Request, public_address: str) -> str:
    """The page of ours from which a form was sent, otherwise the front page.

    The browser says it itself where it names a page of this very origin; else the form does.
    """
    came_from = request.headers.get("Referer", "")
    ours = (request.host_url, f"{public_address}/")
    if came_from.startswith(ours) and (named := path_of(came_from)) != HOME:
        return named
    return own_path(request.form.get("back"))


def sign_in_path(wanted: str) -> str:
    """Where to sign in, to land on `wanted`."""
    return f"{SIGN_IN}?{urlencode({'next': wanted})}"
