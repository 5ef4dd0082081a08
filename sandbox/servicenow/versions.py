"""The version segment of an API's address: none, `v1`, `v2` (ServiceNow docs, "REST API")."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from flask import Blueprint, Response, request

VERSIONS = ("", "v1/", "v2/")
View = TypeVar("View", bound=Callable[..., Response])


def routed(
    blueprint: Blueprint, namespace: str, rule: str, methods: Sequence[str]
) -> Callable[[View], View]:
    """Serve a view at `/api/{namespace}/{rule}`, with and without a version segment."""

    def add(view: View) -> View:
        for version in VERSIONS:
            blueprint.add_url_rule(
                f"/api/{namespace}/{version}{rule}",
                endpoint=f"{view.__name__}_{version.strip('/')}",
                view_func=view,
                methods=list(methods),
            )
        return view

    return add


def segment() -> str:
    """The version segment of the request with its slash, empty when it has none.

    Links and `Location` in an answer repeat it (recorded).
    """
    parts = request.path.split("/")
    asked = f"{parts[3]}/" if len(parts) > 3 else ""  # noqa: PLR2004 - "", api, now, version
    return asked if asked in VERSIONS else ""
