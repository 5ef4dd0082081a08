"""Applies the rate limit rules to each API call, and tells about them in each answer."""

from __future__ import annotations

from flask import Flask, Response, g, request

from sandbox.servicenow.answers import ApiError, caller, instance

_APIS = {
    "table": "Table API",
    "stats": "Aggregate API",
    "import": "Import Set API",
    "attachment": "Attachment API",
    "batch": "Batch API",
    "servicecatalog": "Service Catalog API",
}


def install(app: Flask) -> None:
    """Count each call by its rule."""
    app.before_request(_count)
    app.after_request(_tell)


def _count() -> None:
    """Raises ApiError 429 once the calls of an hour are used up."""
    limited = request.path.startswith("/api/") and instance().switches.rate_limit_rules
    if not limited or not instance().rate_limits.is_any():
        return
    verdict = instance().rate_limits.count(caller(), request.method, request.path)
    g.rate_limit = verdict.headers() if verdict else {}
    if verdict is not None and verdict.exceeded:
        limit = f"Rate limit of {verdict.limit} requests per hour for {_api()} exceeded"
        raise ApiError(429, "Rate limit exceeded", limit)


def _tell(made: Response) -> Response:
    made.headers.update(g.get("rate_limit", {}))
    return made


def _api() -> str:
    """The name of the API that was called, as the limit's message has it."""
    parts = request.path.split("/")
    return next((_APIS[part] for part in parts if part in _APIS), "Scripted REST API")
