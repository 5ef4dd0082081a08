"""Everything about signing in, added to an app."""

from functools import cache

from flask import Flask
from flask_login import LoginManager
from flask_wtf import CSRFProtect

from broker.context import Broker
from broker.settings import BadSettings
from webui.auth import gate, sessions, views
from webui.auth.saml import selfcheck
from webui.auth.trust import ProviderSource, Trust


def register(
    app: Flask, broker: Broker, csrf: CSRFProtect, provider: ProviderSource | None
) -> None:
    """Add gate, sessions and SAML pages; BadSettings if SAML would not be safe here.

    Call it before anything else hooks into requests: the gate comes first.
    """
    _ensure_safe()
    app.extensions[views.EXTENSION] = provider or Trust(broker.settings, broker.clock)
    # flask-login only carries the current user; its own cookies and sessions stay unused.
    app.config.update(SESSION_PROTECTION=None, REMEMBER_COOKIE_NAME="broker_unused")
    people = LoginManager(app)
    people.request_loader(sessions.load)
    gate.register(app)
    app.register_blueprint(views.auth)
    # The answer is posted by the identity provider's page; its one-time handle takes the
    # token's place.
    csrf.exempt(views.answer)


@cache
def _ensure_safe() -> None:
    """Once a process: versions and libraries do not change while it runs."""
    try:
        selfcheck.ensure_safe()
    except RuntimeError as error:
        raise BadSettings([str(error)]) from error
