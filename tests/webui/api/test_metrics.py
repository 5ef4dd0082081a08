"""What Prometheus reads, and who may."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from sqlalchemy import update

from broker.context import Broker
from broker.domain.orders import LineState
from broker.ports.queue import QueueName
from broker.store import audit, connector_calls, outbox, sync_runs
from broker.store.orders import OrderLineRow
from broker.store.outbox import OutboxRow
from tests.webui.api.posts import NOW, Program, a_login, an_order, code_of
from tests.webui.api.test_order_posts import no_database
from webui.api import register

TOKEN = "t" * 40
Read = Callable[[], dict[tuple[str, ...], float]]


def program_of(broker: Broker, **settings: object) -> Program:
    """A program that calls the same broker under other settings."""
    app = Flask("test")
    register(app, replace(broker, settings=broker.settings.model_copy(update=settings)))
    return Program(app.test_client())


@pytest.fixture
def read(broker: Broker) -> Read:
    """Reads the figures: by name, and the label's value where there is one."""

    def found() -> dict[tuple[str, ...], float]:
        text = program_of(broker, base_url="http://127.0.0.1").http.get("/metrics").text
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    return found


@pytest.mark.both
def test_the_figures_tell_what_is_owed_and_since_when(
    desk: Program, events: Program, broker: Broker, read: Read
) -> None:
    desk.post(an_order())
    events.post(a_login(), "/api/v1/events/login")
    with broker.sessions.begin() as session:
        longest = {"due_at": NOW - timedelta(minutes=2), "failures": 3}
        session.execute(update(OutboxRow).where(OutboxRow.queue == "orders").values(longest))
        later = NOW + timedelta(hours=1)
        outbox.owe(session, QueueName.SYNC, "sync.changes", "oim", later)
    found = read()
    assert [found["broker_outbox_owed", queue] for queue in QueueName] == [1, 1, 1]
    assert found["broker_outbox_oldest_due_seconds", "orders"] == 120
    assert found["broker_outbox_oldest_due_seconds", "sync"] == 0
    assert found["broker_outbox_failing", "orders"] == 1
    assert found["broker_outbox_failing", "interactive"] == 0
    assert found["broker_outbox_given_up",] == 0


def test_what_is_done_or_given_up_is_owed_no_more(
    desk: Program, broker: Broker, read: Read
) -> None:
    desk.post(an_order())
    with broker.sessions.begin() as session:
        session.execute(update(OutboxRow).values(given_up_at=NOW, failures=5))
    found = read()
    assert found["broker_outbox_owed", "orders"] == 0
    assert found["broker_outbox_oldest_due_seconds", "orders"] == 0
    assert found["broker_outbox_failing", "orders"] == 0
    assert found["broker_outbox_given_up",] == 1


def test_the_figures_tell_how_orders_stand(desk: Program, broker: Broker, read: Read) -> None:
    desk.post(an_order())
    found = read()
    assert found["broker_order_lines", "received"] == 1
    assert found["broker_order_lines", "closed"] == 0
    assert found["broker_orders_needing_attention",] == 0
    with broker.sessions.begin() as session:
        session.execute(update(OrderLineRow).values(state=LineState.NEEDS_ATTENTION))
    found = read()
    assert found["broker_order_lines", "needs_attention"] == 1
    assert found["broker_orders_needing_attention",] == 1


@pytest.mark.both
def test_the_figures_tell_how_connections_fare(broker: Broker, read: Read) -> None:
    found = read()
    assert found["broker_connection_silent", "oim"] == 0
    assert ("broker_connection_answered_seconds", "oim") not in found
    assert ("broker_sync_age_seconds", "oim") not in found
    with broker.sessions.begin() as session:
        run = sync_runs.start(session, "oim", "changes", NOW - timedelta(minutes=31))
        sync_runs.finish(session, run, NOW - timedelta(minutes=30))
        sync_runs.answered(session, "oim", NOW - timedelta(minutes=30))
        sync_runs.silent(session, "oim", NOW, "does not answer")
    found = read()
    assert found["broker_connection_silent", "oim"] == 1
    assert found["broker_connection_silent", "servicenow"] == 0
    assert found["broker_connection_answered_seconds", "oim"] == 30 * 60
    assert found["broker_sync_age_seconds", "oim"] == 31 * 60


@pytest.mark.both
def test_the_figures_tell_who_came_in_and_what_is_not_sealed(broker: Broker, read: Read) -> None:
    subject = ("person", "p1")
    with broker.sessions.begin() as session:
        for age, outcome in ((0, "done"), (30, "done"), (59, "refused"), (61, "done")):
            at = NOW - timedelta(minutes=age)
            audit.record(session, at, audit.Actor(*subject), "sign_in", subject, outcome)
        audit.record(session, NOW, audit.SYSTEM, "sign_out", subject)
    found = read()
    assert found["broker_sign_ins_last_hour", "done"] == 2
    assert found["broker_sign_ins_last_hour", "refused"] == 1
    assert found["broker_audit_unsealed",] == 5


@pytest.mark.both
def test_the_figures_tell_how_calls_to_other_systems_ended(broker: Broker, read: Read) -> None:
    with broker.sessions.begin() as session:
        connector_calls.add(session, "oim", "answered", 7, 1.5)
        connector_calls.add(session, "oim", "silent", 1, 30)
        connector_calls.add(session, "oim", "answered", 3, 0.5)
    found = read()
    assert found["broker_connector_calls_total", "oim", "answered"] == 10
    assert found["broker_connector_call_seconds_total", "oim", "answered"] == 2
    assert found["broker_connector_calls_total", "oim", "silent"] == 1


def test_nothing_is_negative_where_clocks_differ(broker: Broker, read: Read) -> None:
    with broker.sessions.begin() as session:
        sync_runs.answered(session, "oim", NOW + timedelta(seconds=3))
    assert read()["broker_connection_answered_seconds", "oim"] == 0


def test_the_text_is_what_prometheus_expects(broker: Broker) -> None:
    response = program_of(broker, base_url="http://localhost:8080").http.get("/metrics")
    assert response.content_type.startswith("text/plain; version=0.0.4")
    assert "# HELP broker_outbox_owed Messages owed" in response.text


@pytest.mark.parametrize(
    "sent", ["", "Bearer ", f"Bearer {'u' * 40}", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "ü"]
)
@pytest.mark.parametrize("token", [None, SecretStr(TOKEN)])
def test_off_loopback_figures_are_for_whoever_has_the_token(
    broker: Broker, sent: str, token: SecretStr | None
) -> None:
    program = program_of(broker, metrics_token=token)
    refused = program.http.get("/metrics", headers={"Authorization": sent})
    assert code_of(refused) == (401, "token_needed")
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert "broker_" not in refused.text


@pytest.mark.parametrize("base_url", ["https://broker.example.com", "http://127.0.0.1:8080"])
def test_the_token_opens_the_figures(broker: Broker, base_url: str) -> None:
    program = program_of(broker, metrics_token=SecretStr(TOKEN), base_url=base_url)
    assert program.http.get("/metrics").status_code == 401
    named = {"Authorization": f"Bearer {TOKEN}"}
    assert program.http.get("/metrics", headers=named).status_code == 200


def test_without_its_database_there_are_no_figures(broker: Broker) -> None:
    with no_database(broker):
        refused = program_of(broker, base_url="http://127.0.0.1:8080").http.get("/metrics")
    assert code_of(refused) == (503, "unavailable")


def test_alive_and_ready_are_told_to_everybody(broker: Broker) -> None:
    program = program_of(broker, metrics_token=SecretStr(TOKEN))
    assert program.http.get("/healthz").get_json() == {"status": "alive"}
    assert program.http.get("/readyz").get_json() == {"status": "ready"}
