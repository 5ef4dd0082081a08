"""Orders of the desk: a list, and each one's way through both systems."""

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from broker.store.views import orders as views
from webui.ui.context import reading, viewer
from webui.ui.live import live

orders = Blueprint("orders", __name__, url_prefix="/orders")
_LONGEST_SEARCH = 40


@orders.get("")
def mine() -> str:
    """The viewer's orders; for operators and auditors everybody's."""
    text = request.args.get("q", "").strip()[:_LONGEST_SEARCH]
    with reading() as session:
        found = views.orders(session, viewer(), text)
    return render_template("orders/list.html", found=found, q=text)


@orders.get("/<order_id>")
def one(order_id: str) -> Response:
    """One order with its timeline."""
    with reading() as session:
        page = views.order_page(session, viewer(), order_id)
    if page is None:
        abort(404)
    return live("orders", page, refreshing=not page.line.is_final)
