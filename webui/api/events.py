"""What a desk tells us of its own: somebody signed in there, or an order was taken back."""

from typing import Literal, TypeVar

from flask import Response, jsonify

from broker.orders import cancellation
from broker.orders.post import BadPost, Instant, Name, RecordRef, Source, Strict, read
from broker.store.audit import Actor
from broker.sync import wanted
from webui.api.guard import check_source, json_body, signed, the_broker
from webui.api.problem import Problem
from webui.api.signature import Caller


class LoginEvent(Strict):
    """Somebody signed in at the desk."""

    source: Source
    user_name: Name
    occurred_at: Instant


class OrderEvent(Strict):
    """An item of the desk was cancelled there."""

    source: Source
    item: RecordRef
    event: Literal["cancelled"]


Event = TypeVar("Event", LoginEvent, OrderEvent)


@signed("events")
def login(caller: Caller) -> Response:
    """Owe a refresh of this person. People we do not know get the same answer."""
    event = _read(LoginEvent, caller)
    wanted.login_seen(the_broker(), event.source, event.user_name)
    return _accepted()


@signed("events")
def order(caller: Caller) -> Response:
    """Owe a question to the desk. An item of which we have no order gets the same answer."""
    event = _read(OrderEvent, caller)
    actor, item = Actor("client", caller.client.name), event.item
    cancellation.announced(the_broker(), actor, event.source, item.number, item.sys_id)
    return _accepted()


def _read(model: type[Event], caller: Caller) -> Event:
    try:
        event = read(model, json_body())
    except BadPost as bad:
        raise Problem(400, bad.code, bad.sentence) from bad
    check_source(caller, event.source)
    return event


def _accepted() -> Response:
    response = jsonify({"state": "accepted"})
    response.status_code = 202
    return response
