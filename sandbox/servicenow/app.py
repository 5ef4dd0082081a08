"""Builds the Flask app of one sandbox instance."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from pathlib import Path

from flask import Flask, Response

from sandbox.fault_plan import FaultPlan
from sandbox.servicenow import (
    api_limits,
    api_sessions,
    attachment_api,
    batch_api,
    cart_api,
    catalog_api,
    import_api,
    negotiation,
    oauth_api,
    pages,
    scripted_rest,
    stats_api,
    table_api,
    tiny_url,
)
from sandbox.servicenow.answers import ApiError, error_answer
from sandbox.servicenow.compression import Compressed
from sandbox.servicenow.faults import FaultyFront
from sandbox.servicenow.filling import fill
from sandbox.servicenow.fronted import Fronted
from sandbox.servicenow.instance import (
    APP_FOLDER,
    ServiceNow,
    app_properties,
    utc_now,
)
from sandbox.servicenow.records import WriteRefused
from sandbox.servicenow.switches import SWITCHES, Switches
from sandbox.world.model import World

DEMO_ORDERS_SECRET = "whsec_" + base64.b64encode(b"request-broker-demo-orders-key-0001!").decode()
DEMO_EVENTS_SECRET = "whsec_" + base64.b64encode(b"request-broker-demo-events-key-0001!").decode()

_MODULES = (
    table_api,
    attachment_api,
    batch_api,
    cart_api,
    catalog_api,
    import_api,
    oauth_api,
    pages,
    scripted_rest,
    stats_api,
    tiny_url,
)


def create_app(
    world: World,
    *,
    broker_url: str | None = None,
    faults: Iterable[str] = frozenset(),
    plan: FaultPlan | None = None,
    latency_ms: int = 0,
    orders_secret: str = DEMO_ORDERS_SECRET,
    events_secret: str = DEMO_EVENTS_SECRET,
    clock: Callable[[], datetime] = utc_now,
    app_folder: Path = APP_FOLDER,
    past_orders: bool = False,
) -> Flask:
    """A ServiceNow instance with the people and catalogue of `world`, in memory.

    `broker_url` is where the scoped app's scripts post (None: they log that it is not set);
    `faults` are names from `faults.py`, and from `switches.py` to flip those; `plan` lets further
    faults happen now and then; `latency_ms` delays every answer, the secrets sign what the
    scripts post, `clock` gives aware times, `app_folder` holds the scoped app's sources, and with
    `past_orders` there is what people ordered before.
    The state is `app.extensions["servicenow"]`, a `ServiceNow` whose switches work while it runs.
    """
    instance = ServiceNow(
        clock=clock,
        faults=set(faults) - SWITCHES.keys(),
        switches=Switches.flipped(SWITCHES.keys() & set(faults)),
        plan=plan,
        latency_ms=latency_ms,
        properties=app_properties(app_folder, broker_url, orders_secret, events_secret),
        app_folder=app_folder,
    )
    fill(instance, world, past_orders=past_orders)
    return _flask_app(instance, world.company)


def _flask_app(instance: ServiceNow, company: str) -> Flask:
    app, routes = Flask(__name__, static_folder=None), _routes()
    app.url_map, app.view_functions = routes.url_map, routes.view_functions
    app.blueprints = routes.blueprints
    app.extensions["servicenow"] = instance
    app.config["COMPANY"] = company
    app.register_error_handler(ApiError, _on_error)
    app.register_error_handler(WriteRefused, _on_refused)
    api_sessions.install(app)
    negotiation.install(app)
    api_limits.install(app)
    inner = Fronted(FaultyFront(app.wsgi_app, instance))
    app.wsgi_app = Compressed(inner)  # type: ignore[method-assign]
    return app


@cache
def _routes() -> Flask:
    """The addresses of every instance, compiled once: most of what an app would cost."""
    app = Flask(__name__, static_url_path="/styles")
    for module in _MODULES:
        app.register_blueprint(module.blueprint)
    return app


def _on_error(error: ApiError) -> Response:
    return error_answer(error)


def _on_refused(refused: WriteRefused) -> Response:
    return error_answer(ApiError(403, refused.message, refused.detail))
