"""The machine API: signed posts and questions of a desk, and the health of this process."""

from flask import Blueprint, Flask, Response, jsonify

from broker.context import Broker
from webui.api import events, health, orders, problem
from webui.api.guard import EXTENSION, PACE
from webui.api.pace import Pace


def register(app: Flask, broker: Broker) -> None:
    """Add the API to `app`. Nothing here knows sessions or cookies, so CSRF does not apply;
    call it after `CSRFProtect` was given the app.
    """
    app.extensions[EXTENSION] = broker
    app.extensions[PACE] = Pace(broker.settings.api_calls_per_second)
    api = blueprint()
    if "csrf" in app.extensions:
        app.extensions["csrf"].exempt(api)
    app.before_request(problem.refuse_unrouted)
    app.register_blueprint(api)


def blueprint() -> Blueprint:
    """Every address of the API; none of them is for browsers."""
    api = Blueprint("api", __name__)
    problem.handle(api)
    api.after_request(_never_cached)
    api.add_url_rule("/api/v1/events/login", view_func=events.login, methods=["POST"])
    api.add_url_rule("/api/v1/events/order", "order", events.order, methods=["POST"])
    api.add_url_rule("/api/v1/orders", "receive", orders.receive, methods=["POST"])
    api.add_url_rule("/api/v1/orders", "find", orders.find)
    api.add_url_rule("/api/v1/orders/preview", "preview", orders.preview, methods=["POST"])
    api.add_url_rule("/api/v1/orders/<order_id>", "show", orders.show)
    api.add_url_rule("/api/openapi.json", "openapi", _described)
    api.add_url_rule("/healthz", view_func=health.healthz)
    api.add_url_rule("/readyz", view_func=health.readyz)
    api.add_url_rule("/metrics", view_func=health.metrics)
    return api


def _described() -> Response:
    # Imported when asked for, because the module is a command as well.
    from webui.api import openapi

    return jsonify(openapi.document())


def _never_cached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
