"""The web application: a Broker, shown to people."""

from collections.abc import Callable

from flask import Flask
from flask_bootstrap import Bootstrap5
from flask_wtf import CSRFProtect

from broker.context import Broker
from webui import api, assets, errors, security
from webui.access.views import access
from webui.approvals.views import approvals
from webui.audit.views import audit
from webui.auth import door
from webui.auth.saml.provider import ServiceProvider
from webui.cookies import cookie
from webui.dashboard.views import dashboard
from webui.links.views import links
from webui.operations.views import operations
from webui.orders.console import console
from webui.orders.views import orders
from webui.requests.views import requests
from webui.ui import chronicle, frame, outside, progress, refusal, words
from webui.ui.live import htmx

PAGES = (dashboard, requests, approvals, access, orders, console, operations, audit, links)


def create_app(broker: Broker, *, provider: Callable[[], ServiceProvider] | None = None) -> Flask:
    """The Flask app for this Broker. Raises BadSettings when it could not be safe.

    `provider` gives the SAML trust; without it, it is read from the identity provider's metadata
    at the first sign-in, so that starting does not depend on anybody else.
    """
    app = Flask(__name__)
    app.extensions["broker"] = broker
    _configure(app, broker)
    security.configure(app, broker.settings)
    csrf = CSRFProtect()
    door.register(app, broker, csrf, provider)
    csrf.init_app(app)
    Bootstrap5(app)
    htmx.init_app(app)
    for part in (assets, words, chronicle, progress, frame, outside, refusal, errors):
        part.register(app)
    for pages in PAGES:
        app.register_blueprint(pages)
    api.register(app, broker)
    return app


def _configure(app: Flask, broker: Broker) -> None:
    form_cookie = cookie(broker.settings, "broker_form")
    app.config.update(
        SECRET_KEY=broker.settings.secret_key.get_secret_value(),
        # Flask's own cookie holds the forms' token and one-time messages, never who is signed in.
        SESSION_COOKIE_NAME=form_cookie.name,
        SESSION_COOKIE_SECURE=form_cookie.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # A page may stay open all day; its token lives as long as the session.
        WTF_CSRF_TIME_LIMIT=None,
        BOOTSTRAP_SERVE_LOCAL=True,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
