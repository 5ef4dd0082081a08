"""Scripted REST APIs of the scoped app, /api/<scope>/[v<n>/]<service>/<path>, run from its files.

ServiceNow docs, "Scripted REST APIs": path parameters in braces, a body that is read once, answers
wrapped in `result`, errors by `sn_ws_err`. Without such a resource the platform answers 400.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import HTTPException

from sandbox.servicenow.accounts import Account
from sandbox.servicenow.answers import ApiError, answer, caller, instance
from sandbox.servicenow.engine import ScriptFailed

blueprint = Blueprint("scripted_rest", __name__)
# `glide.rest.max_content_length`, in megabytes (KB0747638).
LARGEST_BODY = 10 * 1024 * 1024
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True)
class Resource:
    """One operation of a scripted API: its address as a pattern, and its script."""

    path: re.Pattern[str]
    method: str
    script: str
    consumes: str
    needs_account: bool


def read_resources(folder: Path) -> list[Resource]:
    """The active operations that the app's files define; none where it is not installed."""
    return [
        resource
        for source in sorted((folder / "scripted_rest").glob("*.json"))
        for resource in _resources(json.loads(source.read_text()))
    ]


def _resources(service: Mapping[str, Any]) -> Iterator[Resource]:
    for operation in service["operations"] if service["active"] else []:
        if operation["active"]:
            yield Resource(
                re.compile(_pattern(service, operation)),
                operation["http_method"],
                f"scripted_rest/{operation['script']}",
                service["consumes"],
                operation["requires_authentication"],
            )


def _pattern(service: Mapping[str, Any], operation: Mapping[str, Any]) -> str:
    """Without a version segment the default version answers."""
    versions = {each["version_id"]: each for each in service["versions"] if each["active"]}
    default = versions[operation["version"]]["is_default"]
    segment = f"(?:{operation['version']}/)" + ("?" if default else "")
    path = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", operation["relative_path"])
    return f"/api/{service['namespace']}/{segment}{service['service_id']}{path}"


@blueprint.route("/api/<path:_rest>", methods=_METHODS)
def run(_rest: str) -> Response:
    """Run the resource's script as the caller."""
    resource, parameters = _found()
    account = caller() if resource.needs_account else None
    body = _body(resource)
    given = {
        "pathParams": parameters,
        "queryParams": {name: request.args.getlist(name) for name in request.args},
        "headers": {name.lower(): value for name, value in request.headers.items()},
        "url": request.base_url,
        "uri": request.path,
        "queryString": request.query_string.decode(),
        "dataString": body,
    }
    return _answered(_told(resource, account, given))


def _found() -> tuple[Resource, dict[str, str]]:
    """Raises ApiError 400 for an address that is nothing, 405 for a verb that it does not take."""
    matches = [
        (resource, match)
        for resource in read_resources(instance().app_folder)
        if (match := resource.path.fullmatch(request.path))
    ]
    for resource, match in matches:
        if resource.method == request.method:
            return resource, match.groupdict()
    if matches or _takes_other_verbs():
        raise ApiError(405, "Method not supported")
    raise ApiError(400, "Requested URI does not represent any resource")


def _takes_other_verbs() -> bool:
    """Whether another API is served at this address, for another verb."""
    urls = current_app.create_url_adapter(request)
    assert urls is not None
    for verb in _METHODS:
        with suppress(HTTPException):
            if urls.match(method=verb)[0] != request.endpoint:
                return True
    return False


def _body(resource: Resource) -> str:
    length = request.content_length or 0
    if length > LARGEST_BODY:
        told = f"Rejected large REST payload with content-length = {length} bytes."
        detail = f"{told} Max allowed: {LARGEST_BODY} bytes."
        raise ApiError(400, "Exception while reading request", detail)
    body = request.get_data()
    if body and request.mimetype not in resource.consumes.split(","):
        raise ApiError(415, "Unsupported Media Type", "Unsupported media type in Content-Type")
    return body.decode("utf-8", "replace")


def _told(resource: Resource, account: Account | None, given: dict[str, Any]) -> dict[str, Any]:
    engine = instance().engine
    try:
        return engine.answer(resource.script, given, account.user_name if account else "guest")
    except ScriptFailed as error:
        engine.log("error", str(error), resource.script)
        raise ApiError(500, str(error).splitlines()[0], "") from error


def _answered(told: dict[str, Any]) -> Response:
    if told.get("error"):
        error = told["error"]
        raise ApiError(int(error["status"]), error["message"], error["detail"])
    wrapped = instance().switches.scripted_answers_wrapped
    body = {"result": told["body"]} if wrapped else told["body"]
    made = answer(body if told["hasBody"] else {}, int(told["status"]))
    if told["written"] is not None:
        made.set_data(told["written"])
    elif not told["hasBody"]:
        made.set_data(b"")
    if told["contentType"]:
        made.headers["Content-Type"] = told["contentType"]
    made.headers.update(told["headers"])
    return made
