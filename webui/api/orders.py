"""Orders as the programs of a desk post them and ask about them."""

from collections.abc import Sequence

from flask import Response, jsonify, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker.domain.errors import ConnectorError
from broker.orders import intake
from broker.orders import preview as previews
from broker.orders.post import BadPost, OrderPost, parse
from broker.store.orders import OrderLineRow, OrderRow
from broker.store.receipts import DifferentBody
from webui.api.guard import check_source, json_body, signed, the_broker
from webui.api.problem import Problem
from webui.api.signature import Caller


@signed("orders")
def receive(caller: Caller) -> Response:
    """Take an order, once. Whatever happens later, the answer to this post stays the same."""
    body = json_body()
    post = _post(body)
    check_source(caller, post.source)
    try:
        taken = intake.receive(the_broker(), caller.client.name, caller.webhook_id, body, post)
    except DifferentBody:
        sentence = "This webhook-id was used before, with another body: use a new one."
        raise Problem(422, "different_body", sentence) from None
    url = _status_url(str(taken["order_id"]))
    response = jsonify({**taken, "status_url": url})
    response.status_code, response.headers["Location"] = 202, url
    return response


@signed("orders")
def preview(caller: Caller) -> Response:
    """Say what would become of the order. Nothing is stored, and the id is not remembered."""
    post = _post(json_body())
    check_source(caller, post.source)
    try:
        return jsonify(previews.preview(the_broker(), caller.client.name, post))
    except ConnectorError as error:
        sentence = f"{error.system} does not answer just now: ask again later."
        raise Problem(503, "system_silent", sentence) from error


def _post(body: bytes) -> OrderPost:
    try:
        return parse(body)
    except BadPost as bad:
        raise Problem(400, bad.code, bad.sentence) from bad


@signed("orders")
def show(caller: Caller, order_id: str) -> Response:
    """One order, by our id."""
    with the_broker().sessions() as session:
        order = session.get(OrderRow, order_id)
        if order is None or order.source not in caller.client.sources:
            raise Problem(404)
        return jsonify(_document(order, _others(session, order)))


@signed("orders")
def find(caller: Caller) -> Response:
    """The order about an item of the desk: the one that carries it out, or else the newest."""
    source, number = _wanted(caller)
    with the_broker().sessions() as session:
        known = _about(session, source, number)
        if not known:
            raise Problem(404)
        order = next((order for order in known if order.carried_item), known[0])
        return jsonify(_document(order, _others(session, order)))


def _wanted(caller: Caller) -> tuple[str, str]:
    given = request.args
    if set(given) - {"item", "source"} or len(list(given.items(multi=True))) != len(given):
        raise Problem(400, "bad_query", "Ask with ?item= and ?source=, each once.")
    sources = caller.client.sources
    if not given.get("item"):
        raise Problem(400, "item_needed", "Name an item: ?item=RITM0010007.")
    if "source" not in given and len(sources) != 1:
        raise Problem(400, "source_needed", "Several desks may use this number: add &source=.")
    source = given.get("source") or next(iter(sources))
    if source not in sources:
        raise Problem(404)
    return source, given["item"]


def _about(session: Session, source: str, number: str) -> Sequence[OrderRow]:
    query = select(OrderRow).where(OrderRow.source == source, OrderRow.item_number == number)
    return session.scalars(query.order_by(OrderRow.received_at.desc(), OrderRow.id)).all()


def _others(session: Session, order: OrderRow) -> list[str]:
    known = _about(session, order.source, order.item_number)
    return [other.id for other in known if other is not order]


def _document(order: OrderRow, others: Sequence[str]) -> dict[str, object]:
    return {
        "order_id": order.id,
        "status_url": _status_url(order.id),
        "source": order.source,
        "item": {"number": order.item_number, "sys_id": order.item_id},
        "action": order.action,
        "state": order.state.value,
        "received_at": order.received_at.isoformat(),
        "lines": [_line(order, line) for line in order.lines],
        "history": [
            {"at": step.at.isoformat(), "event": step.event, "sentence": step.sentence}
            for step in order.history
        ],
        "other_order_ids": list(others),
    }


def _line(order: OrderRow, line: OrderLineRow) -> dict[str, object]:
    return {
        "type": line.kind or None,
        "name": line.name or None,
        "state": line.state,
        "reason": line.reason,
        "iga": order.iga,
        "iga_request_id": line.iga_request_id,
        "iga_request_link": _link(order.iga, line.iga_request_id),
    }


def _link(iga: str, request_id: str | None) -> str | None:
    connection = the_broker().igas.get(iga)
    return connection.request_link(request_id) if connection and request_id else None


def _status_url(order_id: str) -> str:
    return f"{the_broker().settings.base_url}/api/v1/orders/{order_id}"
