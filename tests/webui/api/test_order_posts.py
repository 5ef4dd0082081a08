"""Posting orders: once, whole, and only for one's own desk."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from broker.context import Broker
from broker.store.orders import OrderRow
from tests.webui.api.posts import (
    LOGINS,
    NOTHING,
    ORDERS,
    Program,
    a_login,
    an_order,
    code_of,
    stored,
)


def test_an_order_is_taken_and_says_where_to_ask(desk: Program, broker: Broker) -> None:
    response = desk.post(an_order())
    said = response.get_json()
    assert response.status_code == 202
    assert response.headers["Location"] == said["status_url"]
    assert said["status_url"] == f"https://broker.example.com/api/v1/orders/{said['order_id']}"
    assert (said["state"], said["duplicate"]) == ("received", False)
    with broker.sessions() as session:
        assert session.get_one(OrderRow, said["order_id"]).client == "servicenow"


@pytest.mark.both
def test_the_same_post_again_gets_the_same_answer(desk: Program, broker: Broker) -> None:
    first = desk.post(an_order(), webhook_id="msg_1").get_json()
    assert desk.post(an_order(), webhook_id="msg_1").get_json() == first
    assert stored(broker)[:2] == (1, 1)


def test_the_same_item_under_another_id_is_a_duplicate_of_the_first(desk: Program) -> None:
    first = desk.post(an_order()).get_json()
    again = desk.post(an_order(justification="typed again")).get_json()
    assert (again["order_id"], again["duplicate"]) == (first["order_id"], True)


@pytest.mark.both
def test_the_same_id_with_another_body_is_refused(desk: Program, broker: Broker) -> None:
    desk.post(an_order(), webhook_id="msg_1")
    other = an_order(beneficiary={"user_name": "eve"})
    assert code_of(desk.post(other, webhook_id="msg_1")) == (422, "different_body")
    assert stored(broker)[0] == 1


def test_two_clients_may_choose_the_same_id(desk: Program, emea: Program) -> None:
    desk.post(an_order(), webhook_id="msg_1")
    said = emea.post(an_order(source="servicenow-emea"), webhook_id="msg_1")
    assert (said.status_code, said.get_json()["duplicate"]) == (202, False)


@pytest.mark.both
@pytest.mark.parametrize("webhook_id", ["msg_1", ""])
def test_twenty_at_once_make_one_order(
    app: Flask, desk: Program, broker: Broker, webhook_id: str
) -> None:
    begin = threading.Barrier(20)

    def post(_number: int) -> TestResponse:
        program = replace(desk, http=app.test_client())
        begin.wait()
        return program.post(an_order(), webhook_id=webhook_id)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(post, range(20)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.get_json()["order_id"] for answer in answers}) == 1
    assert stored(broker)[0] == 1


def test_a_source_of_another_client_is_refused(desk: Program, broker: Broker) -> None:
    refused = desk.post(an_order(source="servicenow-emea"))
    assert code_of(refused) == (403, "source_not_allowed")
    assert stored(broker) == NOTHING


def test_a_source_that_is_no_desk_of_ours_is_refused(desk: Program) -> None:
    gone = replace(desk, name="both").post(an_order(source="gone"))
    assert code_of(gone) == (403, "source_not_allowed")


@pytest.mark.parametrize(
    ("content", "headers", "expected"),
    [
        (b"{", {}, (400, "not_json")),
        (b"", {}, (400, "not_json")),
        (an_order(state="approved"), {}, (400, "unknown_field")),
        (b'{"source":"a","source":"a"}', {}, (400, "duplicate_key")),
        (b"[" * 1000 + b"]" * 1000, {}, (400, "too_deep")),
        (b'{"a":' * 900 + b"1" + b"}" * 900, {}, (400, "too_deep")),
        (b"[" * 60000, {}, (400, "too_deep")),
        (an_order(justification="x" * 70000), {}, (413, "too_large")),
        (an_order(), {"Content_Type": "text/plain"}, (415, "unsupported_media_type")),
        (an_order(), {"Content_Type": "application/json; charset=utf-16"},
         (415, "unsupported_media_type")),
        (an_order(), {"Content_Encoding": "gzip"}, (415, "unsupported_media_type")),
    ],
)  # fmt: skip
def test_a_post_that_cannot_be_read_is_refused_and_not_stored(
    desk: Program,
    broker: Broker,
    content: object,
    headers: dict[str, str],
    expected: tuple[int, str],
) -> None:
    assert code_of(desk.post(content, changed=None, **headers)) == expected
    assert stored(broker) == NOTHING


def test_a_body_without_a_length_is_limited_too(desk: Program) -> None:
    body = json.dumps(an_order(justification="x" * 70000)).encode()
    chunked = {"wsgi.input_terminated": True, "CONTENT_LENGTH": None}
    response = desk.http.post(ORDERS, data=body, environ_overrides=chunked)
    assert code_of(response) in {(413, "too_large"), (401, "signature_invalid")}


def test_what_a_post_says_is_never_echoed(desk: Program) -> None:
    response = desk.post(an_order(action="<script>secret</script>"))
    assert response.status_code == 400
    assert "action" in response.get_json()["detail"]
    assert "secret" not in response.text


@contextmanager
def no_database(broker: Broker) -> Iterator[None]:
    """Every connection fails, as when the database is down."""

    def refuse(*_arguments: object, **_options: object) -> None:
        raise OperationalError("connect", {}, Exception("down"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(broker.sessions.kw["bind"], "connect", refuse)
        yield


def test_without_its_database_the_broker_never_says_taken(
    desk: Program, events: Program, broker: Broker
) -> None:
    with no_database(broker):
        refused = [desk.post(an_order()), events.post(a_login(), LOGINS)]
        refused += [desk.get(f"{ORDERS}/x"), desk.http.get("/readyz")]
        assert desk.http.get("/healthz").status_code == 200
    assert [code_of(response) for response in refused] == [(503, "unavailable")] * 4
    assert all(int(response.headers["Retry-After"]) > 0 for response in refused)
    assert stored(broker) == NOTHING
