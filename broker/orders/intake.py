"""Receiving an order: stored in one commit with what it owes, or not at all."""

import hashlib

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from broker.context import Broker
from broker.domain.orders import LineState
from broker.domain.people import normal
from broker.domain.references import canonical, fingerprint
from broker.orders import steps
from broker.orders.post import OrderPost
from broker.ports.queue import QueueName
from broker.store import audit, orders, receipts
from broker.store.orders import OrderLineRow, OrderRow

Answer = dict[str, object]


def receive(
    broker: Broker,
    client: str,
    webhook_id: str,
    body: bytes,
    post: OrderPost,
    actor: audit.Actor | None = None,
) -> Answer:
    """Store the order, once, and owe its verification; answers order_id, state, duplicate.

    `actor` is who announces it, if that is not the client itself.

    The same webhook-id with the same body gets the same answer; with another body it raises
    DifferentBody. A post that says the same of the same item is a duplicate of the first, unless
    that one was rejected or cancelled before it carried the item out: then it is a new order.
    """
    by = actor or audit.Actor("client", client)
    try:
        return _receive(broker, client, webhook_id, body, post, by)
    except IntegrityError:
        # Somebody else stored the same post in this very moment; now it can be found.
        return _receive(broker, client, webhook_id, body, post, by)


def _receive(
    broker: Broker, client: str, webhook_id: str, body: bytes, post: OrderPost, actor: audit.Actor
) -> Answer:
    sha256 = hashlib.sha256(body).hexdigest()
    with broker.sessions.begin() as session:
        earlier = receipts.earlier_answer(session, client, "orders", webhook_id, sha256)
        if earlier:
            return earlier
        order, duplicate = _same_order(session, post), True
        if order is None:
            order, duplicate = _store(broker, session, client, sha256, post, actor), False
        answer: Answer = {"order_id": order.id, "state": order.state.value, "duplicate": duplicate}
        receipts.keep(session, client, "orders", webhook_id, sha256, answer, broker.clock.now())
    broker.bell.ring(QueueName.ORDERS)
    return answer


def _same_order(session: Session, post: OrderPost) -> OrderRow | None:
    """The order that already says what this post says: word for word, or once resolved."""
    claims = fingerprint(post.claims())
    known = orders.of_item(session, post.source, post.item.sys_id)
    same = next((order for order in known if order.claims == claims), None)
    if same and orders.ended_unconfirmed(same):
        orders.release_claims(session, same)
        same = None
    return same or next((order for order in known if _agrees(order, post)), None)


def _agrees(order: OrderRow, post: OrderPost) -> bool:
    if order.carried_item is None or order.action != post.action:
        return False
    told = orders.posted(order)["beneficiary"]
    for_same = isinstance(told, dict) and normal(told["user_name"]) == normal(
        post.beneficiary.user_name
    )
    items = {(item.type, item.name) for item in post.items or ()}
    dates = (order.start_at, order.end_at) == (post.start_date, post.end_date)
    return for_same and dates and items in (set(), {(line.kind, line.name) for line in order.lines})


def _store(
    broker: Broker,
    session: Session,
    client: str,
    sha256: str,
    post: OrderPost,
    actor: audit.Actor,
) -> OrderRow:
    at = broker.clock.now()
    order = order_row(broker, client, post)
    session.add(order)
    session.flush()
    session.refresh(order)
    orders.remember_step(session, order, at, "receive", _told(actor, post))
    facts = {"body_sha256": sha256, "claims": order.claims}
    audit.record(session, at, actor, "order.receive", ("order", order.id), "received", facts)
    steps.owe(session, "order.verify", order, at)
    return order


def _told(actor: audit.Actor, post: OrderPost) -> str:
    if actor == audit.SYSTEM:
        return f"{post.item.number} was found approved at {post.source}, and nobody had said so."
    who = "An operator" if actor.kind == "person" else post.source
    return f"{who} announced {post.item.number}."


def order_row(broker: Broker, client: str, post: OrderPost) -> OrderRow:
    """The order that a post announces, as a row that is not stored yet."""
    at = broker.clock.now()
    wanted: list[tuple[str, str]] = [(item.type, item.name) for item in post.items or ()]
    return OrderRow(
        source=post.source,
        client=client,
        item_id=post.item.sys_id,
        item_number=post.item.number,
        task_id=post.task.sys_id if post.task else None,
        task_number=post.task.number if post.task else None,
        desk_request_id=post.request.sys_id if post.request else None,
        desk_request_number=post.request.number if post.request else None,
        action=post.action,
        claims=fingerprint(post.claims()),
        posted=canonical(post.model_dump(mode="json")),
        iga=broker.settings.iga,
        justification=post.justification or "",
        start_at=post.start_date,
        end_at=post.end_date,
        received_at=at,
        lines=[
            OrderLineRow(
                position=position,
                kind=kind,
                name=name,
                state=LineState.RECEIVED,
                changed_at=at,
            )
            for position, (kind, name) in enumerate(wanted or [("", "")])
        ],
    )
