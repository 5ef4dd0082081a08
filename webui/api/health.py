"""For those who run us: alive, able to serve, and how it goes."""

import hmac
from functools import cache

from flask import Response, jsonify, request

from broker.settings import Settings
from broker.store import migrations
from webui.api.guard import the_broker
from webui.api.metrics import exposition
from webui.api.problem import Problem, unavailable


def healthz() -> Response:
    """The process answers; nothing else is looked at."""
    return jsonify({"status": "alive"})


def readyz() -> Response:
    """The database answers and has the tables that this code needs; 503 otherwise.

    Newer tables serve as well: they came with an upgrade of which we are the last to hear.
    """
    has = migrations.revision_of(the_broker().sessions.kw["bind"])
    if has is None or (has != _needed() and migrations.knows(has)):
        raise unavailable("The database is not migrated: run request-broker db upgrade.")
    return jsonify({"status": "ready"})


def metrics() -> Response:
    """Prometheus' text format. Off loopback it is for whoever has the token only: how many orders
    there are, and which system is silent, is nobody else's business.
    """
    broker = the_broker()
    if not _may_read(broker.settings):
        sentence = "Send the token of BROKER_METRICS_TOKEN as Authorization: Bearer."
        raise Problem(401, "token_needed", sentence, {"WWW-Authenticate": "Bearer"})
    with broker.sessions() as session:
        text, kind = exposition(session, broker)
    return Response(text, content_type=kind)


def _may_read(settings: Settings) -> bool:
    if settings.metrics_token is None:
        return settings.on_loopback
    wanted = f"Bearer {settings.metrics_token.get_secret_value()}"
    return hmac.compare_digest(
        request.headers.get("Authorization", "").encode("utf-8", "replace"), wanted.encode()
    )


@cache
def _needed() -> str | None:
    return migrations.newest()
