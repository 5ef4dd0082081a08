"""Where a browser may be sent after signing in: addresses of our own pages, by their shape."""

import re
from urllib.parse import urlsplit

HOME = "/"
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
