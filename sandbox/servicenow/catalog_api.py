"""Service Catalog API, /api/sn_sc[/v1]/servicecatalog (ServiceNow docs, "Service Catalog API").

Unlike the Table API its answers use real JSON numbers and booleans. `order_now` gives the request.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from sandbox.servicenow.accounts import Account
from sandbox.servicenow.answers import (
    ApiError,
    answer,
    caller,
    instance,
    json_body,
    no_record,
)
from sandbox.servicenow.ordering import OrderRefused, place_order, questions_of
from sandbox.servicenow.records import Row

blueprint = Blueprint("catalog_api", __name__)
_ROOTS = ("/api/sn_sc/servicecatalog", "/api/sn_sc/v1/servicecatalog")


def list_items() -> Response:
    """The active items by name; `sysparm_text` looks in it, `sysparm_limit` defaults to 10."""
    caller()
    text = request.args.get("sysparm_text", "").casefold()
    rows = [r for r in _active_items() if text in r["name"].casefold()]
    limit = int(request.args.get("sysparm_limit", "10"))
    offset = int(request.args.get("sysparm_offset", "0"))
    return answer({"result": [_summary(row) for row in rows[offset : offset + limit]]})


def read_item(sys_id: str) -> Response:
    """One item with its variables."""
    caller()
    row = _item(sys_id)
    variables = [_variable(question) for question in questions_of(instance().records, sys_id)]
    return answer({"result": _summary(row) | {"variables": variables}})


def order_now(sys_id: str) -> Response:
    """Order one item for the caller or for `sysparm_requested_for`."""
    account, body = caller(), json_body()
    if str(body.get("sysparm_quantity", "1")) != "1":
        raise ApiError(400, "Invalid quantity value", "one item is ordered at a time here")
    return answer({"result": _ordered(account, _item(sys_id), body)})


def _ordered(account: Account, item: Row, body: dict[str, Any]) -> dict[str, Any]:
    variables = {str(k): str(v) for k, v in (body.get("variables") or {}).items()}
    requested_for = str(body.get("sysparm_requested_for") or account.sys_id)
    try:
        made = place_order(instance(), account, item, requested_for, variables)
    except OrderRefused as error:
        raise ApiError(400, str(error)) from error
    return {
        "sys_id": made["sys_id"],
        "number": made["number"],
        "request_number": made["number"],
        "parent_id": None,
        "request_id": made["sys_id"],
        "parent_table": "task",
        "table": "sc_request",
    }


for _root in _ROOTS:
    _name = _root.replace("/", "_")
    blueprint.add_url_rule(f"{_root}/items", f"list{_name}", list_items)
    blueprint.add_url_rule(f"{_root}/items/<sys_id>", f"read{_name}", read_item)
    blueprint.add_url_rule(
        f"{_root}/items/<sys_id>/order_now", f"order{_name}", order_now, methods=["POST"]
    )


def _active_items() -> list[Row]:
    return sorted(
        instance().records.where("sc_cat_item", active="true"), key=lambda row: row["name"]
    )


def _item(sys_id: str) -> Row:
    row = instance().records.find("sc_cat_item", sys_id)
    if row is None or row["active"] != "true":
        raise no_record()
    return row


def _summary(row: Row) -> dict[str, Any]:
    return {
        "sys_id": row["sys_id"],
        "name": row["name"],
        "short_description": row["short_description"],
        "category": {"title": row["category"]},
        "price": "$0.00",
        "show_price": False,
        "type": "catalog_item",
    }


def _variable(question: Row) -> dict[str, Any]:
    choices = instance().records.where("question_choice", question=question["sys_id"])
    return {
        "id": question["sys_id"],
        "name": question["name"],
        "label": question["question_text"],
        "mandatory": question["mandatory"] == "true",
        "type": int(question["type"]),
        "choices": [{"label": c["text"], "value": c["value"]} for c in choices],
    }
