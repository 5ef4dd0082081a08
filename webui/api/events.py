"""What a desk tells us of its own: somebody signed in there."""

from flask import Response, jsonify

from broker.orders.post import BadPost, Instant, Name, Source, Strict, read
from broker.sync import wanted
from webui.api.guard import check_source, json_body, signed, the_broker
from webui.api.problem import Problem
from webui.api.signature import Caller


class LoginEvent(Strict):
    """Somebody signed in at the desk."""

    source: Source
    user_name: Name
    occurred_at: Instant


@signed("events")
def login(caller: Caller) -> Response:
    """Owe a refresh of this person. People we do not know get the same answer."""
    try:
        event = read(LoginEvent, json_body())
    except BadPost as bad:
        raise Problem(400, bad.code, bad.sentence) from bad
    check_source(caller, event.source)
    wanted.login_seen(the_broker(), event.source, event.user_name)
    response = jsonify({"state": "accepted"})
    response.status_code = 202
    return response
