"""Service Catalog API, /api/sn_sc[/v1|/v2]/servicecatalog (ServiceNow docs, of that name).

`order_now` gives the request, not the item. The cart is in `cart_api.py`.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from sandbox.servicenow.accounts import Account
from sandbox.servicenow.answers import ApiError, answer, caller, instance, json_body
from sandbox.servicenow.carts import Carts
from sandbox.servicenow.catalog_shapes import Shapes
from sandbox.servicenow.ordering import (
    BAD_QUANTITY,
    NOT_ALLOWED,
    REQUESTED_FOR,
    Line,
    OrderRefused,
    may_order_for,
    person_named,
    place_lines,
    questions_of,
)
from sandbox.servicenow.paging import page_of
from sandbox.servicenow.records import Row
from sandbox.servicenow.versions import routed

blueprint = Blueprint("catalog_api", __name__)
TWO_STEP = "glide.sc.checkout.twostep"
_NOT_FOR_SEVERAL = {
    "errCode": "42202",
    "errMsg": "This item cannot be submitted for multiple people as it is not configured with "
    "Requested For",
}


@routed(blueprint, "sn_sc", "servicecatalog/catalogs", ["GET"])
def list_catalogs() -> Response:
    """The active catalogues; `sysparm_text` looks in their titles."""
    caller()
    rows = instance().records.where("sc_catalog", active="true")
    rows.sort(key=lambda row: (row["title"], row["sys_id"]))
    return _listed([_shapes().catalog(row) for row in rows if _sought(row, "title")])


@routed(blueprint, "sn_sc", "servicecatalog/catalogs/<sys_id>", ["GET"])
def read_catalog(sys_id: str) -> Response:
    """One catalogue with its categories."""
    caller()
    row = _active("sc_catalog", sys_id)
    categories = [
        {
            "header_image": "",
            "sys_id": each["sys_id"],
            "title": each["title"],
            "description": each["description"] or None,
        }
        for each in _shapes().categories_of(sys_id)
    ]
    return answer({"result": _shapes().catalog(row) | {"categories": categories}})


@routed(blueprint, "sn_sc", "servicecatalog/catalogs/<sys_id>/categories", ["GET"])
def list_categories(sys_id: str) -> Response:
    """The categories of a catalogue."""
    caller()
    _active("sc_catalog", sys_id)
    top_only = request.args.get("sysparm_top_level_only", "").lower() == "true"
    rows = [row for row in _shapes().categories_of(sys_id) if not (top_only and row["parent"])]
    return _listed([_shapes().category(row) for row in rows])


@routed(blueprint, "sn_sc", "servicecatalog/categories/<sys_id>", ["GET"])
def read_category(sys_id: str) -> Response:
    """One category with its children."""
    caller()
    return answer({"result": _shapes().category_read(_active("sc_category", sys_id))})


@routed(blueprint, "sn_sc", "servicecatalog/items", ["GET"])
def list_items() -> Response:
    """The active items by name, of one catalogue, one category, or with a text in them."""
    caller()
    catalog = request.args.get("sysparm_catalog", "")
    category = request.args.get("sysparm_category", "")
    rows = [
        row
        for row in _shapes().active_items()
        if (not catalog or catalog in row["sc_catalogs"])
        and (not category or category == row["category"])
        and _sought(row, "name", "short_description", "description")
    ]
    return _listed([_shapes().item(row) for row in rows])


@routed(blueprint, "sn_sc", "servicecatalog/items/<sys_id>", ["GET"])
def read_item(sys_id: str) -> Response:
    """One item with its variables."""
    caller()
    return answer({"result": noted(_shapes().item_read(_active("sc_cat_item", sys_id)))})


@routed(blueprint, "sn_sc", "servicecatalog/items/<sys_id>/order_now", ["POST"])
def order_now(sys_id: str) -> Response:
    """Order one item for the caller or for `sysparm_requested_for`.

    Where the instance checks out in two steps, this only fills the cart.
    """
    account, body = caller(), json_body()
    line = line_of(account, sys_id, body)
    try:
        if instance().properties.get(TWO_STEP) == "true":
            return answer({"result": {"cart_id": carts().add(account, line)}})
        made = place_lines(instance(), account, [line])
    except OrderRefused as error:
        raise refusal(str(error)) from error
    return answer({"result": ordered(made)})


@routed(blueprint, "sn_sc", "servicecatalog/items/<sys_id>/delegation/<user>", ["GET"])
def may_be_ordered_for(sys_id: str, user: str) -> Response:
    """Whether the caller may order this item for that user."""
    account = caller()
    _active("sc_cat_item", sys_id)
    person = person_named(instance().records, user)
    may = person is not None and may_order_for(instance(), account, person)
    return answer({"result": {"result": may}})


@routed(blueprint, "sn_sc", "servicecatalog/items/<sys_id>/get_invalid_delegated_users", ["POST"])
def who_may_not_be_ordered_for(sys_id: str) -> Response:
    """The names of those among `sysparm_also_request_for` for whom the caller may not order."""
    account, body = caller(), json_body()
    _active("sc_cat_item", sys_id)
    if REQUESTED_FOR not in {q["type"] for q in questions_of(instance().records, sys_id)}:
        return answer({"result": _NOT_FOR_SEVERAL})
    people = {name: person_named(instance().records, name) for name in _also_for(body)}
    invalid = [
        person["name"] if person else name
        for name, person in people.items()
        if person is None or not may_order_for(instance(), account, person)
    ]
    return answer({"result": {"invalidUsers": invalid}})


def carts() -> Carts:
    """The carts of the instance."""
    return Carts(instance().records)


def line_of(account: Account, sys_id: str, body: dict[str, Any]) -> Line:
    """What a body asks to be ordered. Raises ApiError 400."""
    item = instance().records.find("sc_cat_item", sys_id)
    if item is None:
        raise refusal(NOT_ALLOWED)
    return Line(
        item,
        str(body.get("sysparm_requested_for") or account.sys_id),
        variables_of(body),
        quantity_of(body),
        _also_for(body),
    )


def quantity_of(body: dict[str, Any]) -> int:
    """How many; a number, or digits. Raises ApiError 400."""
    given = str(body.get("sysparm_quantity", ""))
    if not given and not instance().switches.quantity_required:
        return 1
    if not given.isdecimal() or int(given) == 0:
        raise refusal(BAD_QUANTITY)
    return int(given)


def variables_of(body: dict[str, Any]) -> dict[str, str]:
    """The answers by variable name."""
    given = body.get("variables")
    return {str(k): str(v) for k, v in given.items()} if isinstance(given, dict) else {}


def ordered(made: Row) -> dict[str, Any]:
    """What an order tells: the request, though clients often want its items."""
    return noted(
        {
            "sys_id": made["sys_id"],
            "number": made["number"],
            "request_number": made["number"],
            "parent_id": None,
            "request_id": made["sys_id"],
            "parent_table": "task",
            "table": "sc_request",
        }
    )


def noted(told: dict[str, Any]) -> dict[str, Any]:
    """Some answers have a key that no manual mentions (recorded)."""
    return told | ({"$$uiNotification": []} if instance().switches.ui_notifications_told else {})


def refusal(message: str) -> ApiError:
    """A 400 of this API, which tells no detail."""
    return ApiError(400, message, "")


def _also_for(body: dict[str, Any]) -> list[str]:
    names = str(body.get("sysparm_also_request_for") or "").split(",")
    return [name.strip() for name in names if name.strip()]


def _active(table: str, sys_id: str) -> Row:
    row = instance().records.find(table, sys_id)
    if row is None or row["active"] != "true":
        raise refusal("Invalid sys_id, or no access to it")
    return row


def _sought(row: Row, *columns: str) -> bool:
    text = request.args.get("sysparm_text", "").strip('"').casefold()
    return any(text in row[column].casefold() for column in columns)


def _listed(told: list[dict[str, Any]]) -> Response:
    """A page of a list; these lists tell no total."""
    return answer({"result": told[page_of(request.args).slice]})


def _shapes() -> Shapes:
    return Shapes(instance().records)
