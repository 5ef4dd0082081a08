"""Around the calls: problems for every address, health, counts, the description."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask, abort
from flask_wtf import CSRFProtect
from openapi_spec_validator import validate
from sqlalchemy import text

from broker.context import Broker
from broker.store.base import open_store
from tests.webui.api.posts import ORDERS, Program, an_order, code_of
from webui.api import openapi, register
from webui.app import create_app

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1/nothing", "/api/v2/orders"])
def test_an_address_that_leads_nowhere_is_a_problem_too(desk: Program, path: str) -> None:
    assert code_of(desk.http.get(path)) == (404, "not_found")


def test_a_wrong_method_names_the_right_ones(desk: Program) -> None:
    response = desk.http.delete(ORDERS)
    assert code_of(response) == (405, "method_not_allowed")
    assert {"GET", "POST"} <= set(response.headers["Allow"].split(", "))


def test_addresses_beside_the_api_are_left_to_the_pages(app: Flask, desk: Program) -> None:
    app.register_error_handler(404, lambda _error: ("a page", 404))
    assert desk.http.get("/nothing").text == "a page"
    assert desk.http.get("/apiary").text == "a page"
    assert code_of(desk.http.get("/api/nothing")) == (404, "not_found")


def test_a_fault_of_ours_is_a_problem_without_its_story(
    app: Flask, desk: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.register_error_handler(500, lambda _error: ("a page", 500))
    app.register_error_handler(Exception, lambda _error: ("a page", 500))
    monkeypatch.setattr("webui.api.health._needed", lambda: abort(500, "a secret"))
    response = desk.http.get("/readyz")
    assert code_of(response) == (500, "internal_error")
    assert "secret" not in response.text

    def fail() -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr("webui.api.health._needed", fail)
    response = desk.http.get("/readyz")
    assert code_of(response) == (500, "internal_error")
    assert "secret" not in response.text


def test_posts_of_programs_need_no_csrf_token(broker: Broker) -> None:
    app = Flask("with pages")
    app.secret_key = "s" * 40
    CSRFProtect(app)
    register(app, broker)
    response = Program(app.test_client()).post(an_order())
    assert response.status_code == 202
    assert "Set-Cookie" not in response.headers


def test_the_whole_application_leaves_the_api_to_its_own_door(broker: Broker) -> None:
    local = broker.settings.model_copy(update={"base_url": "http://localhost"})
    whole = create_app(replace(broker, settings=local)).test_client()
    program = Program(whole)
    response = program.post(an_order())
    assert response.status_code == 202
    assert "Set-Cookie" not in response.headers
    assert program.get(f"{ORDERS}?item=RITM0010007").status_code == 200
    assert code_of(whole.post(ORDERS, json=an_order())) == (401, "signature_invalid")
    assert code_of(whole.get("/api/nothing")) == (404, "not_found")
    assert code_of(whole.delete(ORDERS)) == (405, "method_not_allowed")
    for path in ("/healthz", "/readyz", "/metrics", "/api/openapi.json"):
        assert whole.get(path).status_code == 200


def test_answers_are_not_cached(desk: Program) -> None:
    assert desk.post(an_order()).headers["Cache-Control"] == "no-store"


# ---- health --------------------------------------------------------------------------------------


def test_a_migrated_database_is_ready(desk: Program) -> None:
    assert desk.http.get("/readyz").get_json() == {"status": "ready"}


@pytest.fixture
def unready(broker: Broker, tmp_path: Path) -> Iterator[Broker]:
    """The same broker on a database without tables."""
    migrated = broker.sessions.kw["bind"]
    empty = open_store(f"sqlite:///{tmp_path}/no-tables.sqlite")
    broker.sessions.configure(bind=empty)
    yield broker
    broker.sessions.configure(bind=migrated)
    empty.dispose()


def test_a_database_without_tables_is_not_ready(unready: Broker, desk: Program) -> None:
    response = desk.http.get("/readyz")
    assert code_of(response) == (503, "unavailable")
    assert "db upgrade" in response.get_json()["detail"]


def test_the_tables_of_the_next_version_serve_as_well(unready: Broker, desk: Program) -> None:
    """During an upgrade the old pages go on until they are restarted."""
    with unready.sessions.begin() as session:
        session.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        session.execute(text("INSERT INTO alembic_version VALUES ('9999')"))
    assert desk.http.get("/readyz").get_json() == {"status": "ready"}


# ---- the description -----------------------------------------------------------------------------


def test_the_description_is_valid_and_served(desk: Program) -> None:
    served = desk.http.get("/api/openapi.json").get_json()
    validate(served)
    assert served == json.loads(openapi.text())


def test_the_description_names_every_address_and_no_other(app: Flask) -> None:
    described = {
        (path.replace("{order_id}", "<order_id>"), method.upper())
        for path, methods in openapi.document()["paths"].items()
        for method in methods
    }
    served = {
        (rule.rule, method)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert described == served


def test_the_kept_description_is_up_to_date() -> None:
    assert openapi.main(["--check", str(ROOT / "docs" / "openapi.json")]) == 0


def test_an_outdated_description_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "openapi.json"
    assert openapi.main(["--check", str(path)]) == 1
    assert "--write" in capsys.readouterr().err
    assert openapi.main(["--write", str(path)]) == 0
    assert openapi.main(["--check", str(path)]) == 0
