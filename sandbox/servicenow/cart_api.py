"""The cart of the Service Catalog API (ServiceNow docs, "Service Catalog API").

Checking out in one step orders at once; where the instance takes two steps (property
`glide.sc.checkout.twostep`), `checkout` only shows what `submit_order` will order.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from sandbox.servicenow.accounts import Account
from sandbox.servicenow.answers import answer, caller, instance, json_body, no_content
from sandbox.servicenow.carts import CART, CART_ITEM
from sandbox.servicenow.catalog_api import (
    TWO_STEP,
    carts,
    line_of,
    noted,
    ordered,
    quantity_of,
    refusal,
    variables_of,
)
from sandbox.servicenow.catalog_shapes import priced
from sandbox.servicenow.ordering import (
    NOT_ALLOWED,
    Line,
    OrderRefused,
    amount,
    demand_orderable,
    place_lines,
    questions_of,
)
from sandbox.servicenow.records import Row
from sandbox.servicenow.versions import routed

blueprint = Blueprint("cart_api", __name__)
_EMPTIERS = frozenset({"admin", "catalog_admin"})
_ALL_TIME = "none"


@routed(blueprint, "sn_sc", "servicecatalog/items/<sys_id>/add_to_cart", ["POST"])
def add_to_cart(sys_id: str) -> Response:
    """Put an item into the caller's cart; tells what the cart holds then."""
    account = caller()
    line = line_of(account, sys_id, json_body())
    _demand_orderable(account, line)
    cart = carts().add(account, line)
    items = [_shown(row) for row in carts().items_of(cart)]
    return answer({"result": {"cart_id": cart, "subtotal": _subtotal(cart), "items": items}})


@routed(blueprint, "sn_sc", "servicecatalog/cart", ["GET"])
def read_cart() -> Response:
    """The caller's cart."""
    return answer({"result": noted(_summary(carts().cart_of(caller())))})


@routed(blueprint, "sn_sc", "servicecatalog/cart/<sys_id>", ["PUT"])
def change_cart(sys_id: str) -> Response:
    """Another quantity and other answers for one item of the cart."""
    account, body = caller(), json_body()
    row = _mine(account, sys_id)
    old = carts().line(row)
    variables = variables_of(body) or old.variables
    line = Line(old.item, old.requested_for, variables, quantity_of(body))
    _demand_orderable(account, line)
    carts().change(account, row, line)
    return answer({"result": _summary(carts().cart_of(account))}, 201)


@routed(blueprint, "sn_sc", "servicecatalog/cart/<sys_id>", ["DELETE"])
def remove_from_cart(sys_id: str) -> Response:
    """Take one item out of the caller's cart."""
    account = caller()
    carts().remove(account, _mine(account, sys_id))
    return no_content()


@routed(blueprint, "sn_sc", "servicecatalog/cart/<sys_id>/empty", ["DELETE"])
def empty_cart(sys_id: str) -> Response:
    """Empty a cart and throw it away; one of somebody else's takes a catalogue administrator."""
    account = caller()
    cart = instance().records.find(CART, sys_id)
    if cart is None or not (cart["user"] == account.sys_id or account.roles & _EMPTIERS):
        raise refusal("Invalid cart, or no access to it")
    carts().empty(account, sys_id)
    return no_content()


@routed(blueprint, "sn_sc", "servicecatalog/cart/checkout", ["POST"])
def check_out() -> Response:
    """Order what the cart holds, or show it where a second step follows."""
    account = caller()
    if instance().properties.get(TWO_STEP) != "true":
        return _order(account)
    cart = carts().cart_of(account)
    _filled(cart)
    told = {
        "requested_for": account.sys_id,
        "requested_for_user": instance().records.display_of("sys_user", account.sys_id),
        "delivery_address": "",
        "special_instructions": cart["special_instructions"],
    }
    return answer({"result": _summary(cart) | told})


@routed(blueprint, "sn_sc", "servicecatalog/cart/submit_order", ["POST"])
def submit_order() -> Response:
    """Order what the cart holds."""
    return _order(caller())


@routed(blueprint, "sn_sc", "servicecatalog/cart/delivery_address/<user>", ["GET"])
def delivery_address(user: str) -> Response:
    """Where a user's things are brought."""
    caller()
    person = instance().records.find("sys_user", user)
    if person is None:
        raise refusal("Invalid user")
    place = instance().records.find("cmn_location", person["location"])
    lines = [(place or {}).get(name, "") for name in ("street", "city", "country")]
    return answer({"result": "\n".join(line for line in lines if line)})


def _order(account: Account) -> Response:
    cart = carts().cart_of(account)
    rows = _filled(cart)
    try:
        lines = [carts().line(row) for row in rows]
        made = place_lines(instance(), account, lines)
    except OrderRefused as error:
        raise refusal(str(error)) from error
    carts().empty(account, cart["sys_id"])
    return answer({"result": ordered(made)})


def _filled(cart: Row) -> list[Row]:
    rows = carts().items_of(cart["sys_id"])
    if not rows:
        raise refusal("Cart is empty")
    return rows


def _demand_orderable(account: Account, line: Line) -> None:
    try:
        demand_orderable(instance(), account, line)
    except OrderRefused as error:
        raise refusal(str(error)) from error


def _mine(account: Account, sys_id: str) -> Row:
    row = instance().records.find(CART_ITEM, sys_id)
    if row is None or row["cart"] != carts().cart_of(account)["sys_id"]:
        raise refusal(NOT_ALLOWED)
    return row


def _subtotal(cart: str) -> str:
    lines = [carts().line(row) for row in carts().items_of(cart)]
    return priced(sum(amount(line.item) * line.quantity for line in lines))


def _summary(cart: Row) -> dict[str, Any]:
    """A cart as it is read: what is paid once stands under `none`."""
    rows = carts().items_of(cart["sys_id"])
    total = {
        "subtotal_price": _subtotal(cart["sys_id"]),
        "subtotal_recurring_frequency": "",
        "subtotal_recurring_price": priced(0),
        "total_title": "Total",
        "show_subtotal_price": "true",
        "subtotal_title": "Subtotal",
    }
    told: dict[str, Any] = {"cart_id": cart["sys_id"], **total}
    if rows:
        items = [_detailed(row) for row in rows]
        told[_ALL_TIME] = {**total, "frequency_label": None, "items": items}
    return told


def _shown(row: Row) -> dict[str, Any]:
    line = carts().line(row)
    once, again = priced(amount(line.item)), priced(amount(line.item, "recurring_price"))
    return {
        "cart_item_id": row["sys_id"],
        "catalog_item_id": line.item["sys_id"],
        "item_name": line.item["name"],
        "quantity": str(line.quantity),
        "price": once,
        "localized_price": once,
        "recurring_price": again,
        "localized_recurring_price": again,
        "recurring_frequency": line.item["recurring_frequency"] or None,
    }


def _detailed(row: Row) -> dict[str, Any]:
    line = carts().line(row)
    labels = {
        question["name"]: question["question_text"]
        for question in questions_of(instance().records, line.item["sys_id"])
    }
    subtotal = amount(line.item) * line.quantity
    return _shown(row) | {
        "sys_id": row["sys_id"],
        "item_id": line.item["sys_id"],
        "name": line.item["name"],
        "short_description": line.item["short_description"],
        "sys_class_name": line.item.get("sys_class_name") or "sc_cat_item",
        "picture": line.item["picture"],
        "delivery_time": "",
        "order_guide": "",
        "show_price": bool(amount(line.item)),
        "show_quantity": line.item["no_quantity"] != "true",
        "show_recurring_price": bool(amount(line.item, "recurring_price")),
        "subtotal": round(subtotal, 2),
        "subtotal_price": priced(subtotal),
        "recurring_subtotal": 0,
        "recurring_subtotal_price": priced(0),
        "variables": {labels.get(name, name): value for name, value in line.variables.items()},
        "created_by": row["sys_created_by"],
        "created_on": row["sys_created_on"],
        "updated_by": row["sys_updated_by"],
        "updated_on": row["sys_updated_on"],
    }
