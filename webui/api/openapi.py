"""The API's description (OpenAPI 3.1), built from the very models that read the posts.

`python -m webui.api.openapi --check docs/openapi.json` fails when the file is not what the
code says; `--write` makes it so.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from broker.domain.orders import LineState
from broker.orders.post import OrderPost
from webui.api.events import LoginEvent, OrderEvent

Json = dict[str, Any]

_ABOUT = """\
Signed as in the Standard Webhooks specification, version 1: `webhook-signature` holds
`v1,` and the base64 HMAC-SHA256 of `webhook-id`, `webhook-timestamp` and the body, joined by
dots. For a GET the signed body is the path with its query. `X-Broker-Client` names the client.
Each family of addresses (orders, events) has keys of its own. The time may differ by five
minutes; the id has no dot, and is the same whenever the same post is repeated."""

_REFUSALS = {
    "400": "The body or query cannot be read.",
    "401": "Not signed by a known client, or without the token.",
    "403": "The client may not speak for this source.",
    "404": "Nothing that this client may see.",
    "413": "Larger than 64 KB.",
    "415": "Not application/json.",
    "422": "The webhook-id was used with another body.",
    "429": "Too fast for one client; repeat the same request after Retry-After.",
    "500": "A fault of ours; repeat the same request later.",
    "503": "The database does not answer; repeat the same request after Retry-After.",
}


def document() -> Json:
    """The whole description."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Request Broker", "version": "1", "description": _ABOUT},
        "paths": _paths(),
        "components": {
            "schemas": _schemas(),
            "parameters": {name: _header(name, words, schema) for name, words, schema in _HEADERS},
            "securitySchemes": {
                "signature": {"type": "apiKey", "in": "header", "name": "webhook-signature"}
            },
        },
        "security": [{"signature": []}],
    }


_HEADERS: Sequence[tuple[str, str, Json]] = (
    ("webhook-id", "Names this post; the same for each repetition.",
     {"type": "string", "maxLength": 255, "pattern": "^[!-\\-/-~]+$"}),
    ("webhook-timestamp", "Unix seconds of this attempt.",
     {"type": "string", "pattern": "^[0-9]{1,12}$"}),
    ("X-Broker-Client", "The client's name.", {"type": "string"}),
)  # fmt: skip


def _paths() -> Json:
    orders, events = "orders", "events"
    return {
        "/api/v1/events/login": {
            "post": _call("Tell of a sign-in", events, _accepted("Accepted"), "LoginEvent")
        },
        "/api/v1/events/order": {
            "post": _call(
                "Tell that an item was cancelled", events, _accepted("Accepted"), "OrderEvent"
            )
        },
        "/api/v1/orders": {
            "post": _call(
                "Post an approved order", orders, _accepted("OrderTaken"), "OrderPost", "422"
            ),
            "get": _call(
                "Find the order about an item", orders, _ok("Order"), None, "404",
                parameters=[_query("item", True), _query("source", False)],
            ),
        },
        "/api/v1/orders/preview": {
            "post": _call(
                "Say what would become of an order", orders, _ok("Preview"), "OrderPost"
            )
        },
        "/api/v1/orders/{order_id}": {
            "get": _call(
                "Show an order", orders, _ok("Order"), None, "404", parameters=[_order_id()]
            )
        },
        "/api/openapi.json": {"get": _open("This description", _ok("Description"))},
        "/healthz": {"get": _open("Is the process alive?", _ok("Status"))},
        "/readyz": {"get": _open("Can it serve?", _ok("Status"), "503")},
        "/metrics": {"get": _open("Counts for Prometheus", _METRICS, "401", "503")},
    }  # fmt: skip


_METRICS: Json = {
    "200": {
        "description": "Prometheus' text format.",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    }
}


def _call(
    summary: str,
    family: str,
    good: Json,
    body: str | None,
    *refusals: str,
    parameters: Sequence[Json] = (),
) -> Json:
    usual = (
        ("400", "401", "403", "413", "415", "429", "500", "503")
        if body
        else ("400", "401", "429", "500", "503")
    )
    call: Json = {
        "summary": summary,
        "tags": [family],
        "parameters": [*_references("parameters", [name for name, *_ in _HEADERS]), *parameters],
        "responses": good | _refusals(*usual, *refusals),
    }
    if body:
        content = {"application/json": {"schema": _schema(body)}}
        call["requestBody"] = {"required": True, "content": content}
    return call


def _open(summary: str, good: Json, *refusals: str) -> Json:
    return {
        "summary": summary,
        "tags": ["operation"],
        "security": [],
        "responses": good | _refusals(*refusals),
    }


def _refusals(*statuses: str) -> Json:
    return {
        status: _content("Problem", "application/problem+json", _REFUSALS[status])
        for status in sorted(statuses)
    }


def _references(kind: str, names: Sequence[str]) -> list[Json]:
    return [{"$ref": f"#/components/{kind}/{name}"} for name in names]


def _schema(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _content(schema: str, kind: str, words: str) -> Json:
    return {"description": words, "content": {kind: {"schema": _schema(schema)}}}


def _ok(schema: str) -> Json:
    return {"200": _content(schema, "application/json", "As asked.")}


def _accepted(schema: str) -> Json:
    return {"202": _content(schema, "application/json", "Taken; the work follows.")}


def _header(name: str, words: str, schema: Json) -> Json:
    return {"name": name, "in": "header", "required": True, "description": words, "schema": schema}


def _query(name: str, required: bool) -> Json:
    words = {
        "item": "The item's number at the desk.",
        "source": "The desk; needed if the client speaks for several.",
    }
    schema = {"type": "string"}
    return {
        "name": name, "in": "query", "required": required, "description": words[name],
        "schema": schema,
    }  # fmt: skip


def _order_id() -> Json:
    return {"name": "order_id", "in": "path", "required": True, "schema": {"type": "string"}}


def _schemas() -> Json:
    _, posts = models_json_schema(
        [(model, "validation") for model in (OrderPost, LoginEvent, OrderEvent)],
        ref_template="#/components/schemas/{model}",
    )
    return {**posts["$defs"], **_ANSWERS}


def _object(properties: Mapping[str, Json]) -> Json:
    return {"type": "object", "properties": dict(properties), "required": list(properties)}


_TEXT: Json = {"type": "string"}
_MAYBE: Json = {"type": ["string", "null"]}
_TIME: Json = {"type": "string", "format": "date-time"}
_STATE: Json = {"type": "string", "enum": [state.value for state in LineState]}
_LINE = _object(
    {
        "type": _MAYBE, "name": _MAYBE, "state": _STATE, "reason": _TEXT, "iga": _TEXT,
        "iga_request_id": _MAYBE, "iga_request_link": _MAYBE,
    }
)  # fmt: skip
_ITEM = _object({"type": _TEXT, "name": _TEXT})
_PERSON = _object({"login": _TEXT, "display_name": _TEXT})
_STEP = _object({"at": _TIME, "event": _TEXT, "sentence": _TEXT})
_TAKEN = {"order_id": _TEXT, "state": _STATE, "status_url": _TEXT}

_ANSWERS: Json = {
    "Accepted": _object({"state": {"const": "accepted"}}),
    "Status": _object({"status": _TEXT}),
    "Description": {"type": "object"},
    "OrderTaken": _object({**_TAKEN, "duplicate": {"type": "boolean"}}),
    "Order": _object(
        {
            **_TAKEN,
            "source": _TEXT,
            "item": _object({"number": _TEXT, "sys_id": _TEXT}),
            "action": _TEXT,
            "received_at": _TIME,
            "lines": {"type": "array", "items": _LINE},
            "history": {"type": "array", "items": _STEP},
            "other_order_ids": {"type": "array", "items": _TEXT},
        }
    ),
    "Preview": _object(
        {
            "acceptable": {"type": "boolean"},
            "beneficiary": {"anyOf": [_PERSON, {"type": "null"}]},
            "items": {"type": "array", "items": _ITEM},
            "already_held": {"type": "array", "items": _ITEM},
            "problems": {"type": "array", "items": _TEXT},
        }
    ),
    "Problem": _object(
        {
            "type": _TEXT, "title": _TEXT, "status": {"type": "integer"}, "detail": _TEXT,
            "instance": _TEXT, "code": _TEXT, "correlation_id": _TEXT,
        }
    ),
}  # fmt: skip


def text() -> str:
    """The description as it is kept in the documentation."""
    return json.dumps(document(), indent=2) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Check or write the file; the exit code is 1 when the check finds a difference."""
    parser = argparse.ArgumentParser(prog="python -m webui.api.openapi")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", metavar="FILE", type=Path, help="is the file up to date?")
    what.add_argument("--write", metavar="FILE", type=Path, help="write the file")
    chosen = parser.parse_args(arguments)
    if chosen.write:
        chosen.write.write_text(text(), encoding="utf-8")
        return 0
    return _check(chosen.check)


def _check(path: Path) -> int:
    if path.is_file() and path.read_text(encoding="utf-8") == text():
        return 0
    again = f"run python -m webui.api.openapi --write {path}"
    print(f"{path} is not what the code says: {again}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
