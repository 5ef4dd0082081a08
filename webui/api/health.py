"""For those who run us: alive, able to serve, and how it goes."""

from functools import cache

from flask import Response, jsonify

from broker.store import migrations
from webui.api.guard import the_broker
from webui.api.metrics import exposition
from webui.api.problem import unavailable


def healthz() -> Response:
    """The process answers; nothing else is looked at."""
    return jsonify({"status": "alive"})


def readyz() -> Response:
    """The database answers and has the tables that this code needs; 503 otherwise."""
    if migrations.revision_of(the_broker().sessions.kw["bind"]) != _needed():
        raise unavailable("The database is not migrated: run request-broker db upgrade.")
    return jsonify({"status": "ready"})


def metrics() -> Response:
    """Prometheus' text format."""
    broker = the_broker()
    with broker.sessions() as session:
        text, kind = exposition(session, broker)
    return Response(text, content_type=kind)


@cache
def _needed() -> str | None:
    return migrations.newest()
