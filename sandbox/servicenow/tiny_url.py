"""Short forms of long addresses: POST /api/now/tinyurl, then `sysparm_tiny=…` on the same address.

ServiceNow docs, "Tiny URL support"; clients use it where an address would be too long to be served.
"""

from __future__ import annotations

import secrets
from urllib.parse import parse_qsl

from flask import Blueprint, Response, current_app

from sandbox.servicenow.answers import ApiError, answer, caller, instance, json_body
from sandbox.servicenow.versions import routed

blueprint = Blueprint("tiny_url", __name__)
PARAMETER = "sysparm_tiny"


@routed(blueprint, "now", "tinyurl", ["POST"])
def shorten() -> Response:
    """Keep an address; the answer is its short form, with a token in place of the parameters."""
    caller()
    url = str(json_body().get("url") or "")
    if not instance().switches.tiny_urls_served or not url:
        raise ApiError(400, "Invalid URL", "url is missing")
    address, _, query = url.partition("?")
    token = secrets.token_hex(16)
    _kept()[token] = query
    return answer({"result": f"{address}?{PARAMETER}={token}"}, 201)


def parameters_of(token: str) -> list[tuple[str, str]]:
    """The parameters that a token stands for. Raises ApiError 400 for an unknown one."""
    query = _kept().get(token)
    if query is None:
        raise ApiError(400, "Invalid URL", f"{PARAMETER} is not known")
    return parse_qsl(query, keep_blank_values=True)


def _kept() -> dict[str, str]:
    kept: dict[str, str] = current_app.extensions.setdefault("servicenow.tiny_urls", {})
    return kept
