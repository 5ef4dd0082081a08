"""Who may post: nobody without a fresh signature of their own family's key."""

import base64
import hmac
import json
from dataclasses import replace

import pytest
from werkzeug.datastructures import Headers

from broker.context import Broker
from tests.webui.api.posts import (
    EVENTS_KEY,
    LOGINS,
    NOTHING,
    NOW,
    OLD_ORDERS_KEY,
    ORDERS,
    ORDERS_KEY,
    Program,
    a_login,
    an_order,
    clients,
    code_of,
    later,
    sign,
    stored,
)
from webui.api import signature

REFUSED = (401, "signature_invalid")
GARBAGE = "v1 v1, v2,abc v1a,=== ,, \x7f v1,\xe9 v1,!!!"


def test_the_specification_s_own_example_is_signed_as_it_says() -> None:
    # standard-webhooks.md, "Signature scheme": the worked example of the reference libraries.
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}'
    assert signature.signature(key, signed) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_an_order_signed_by_hand_is_taken(desk: Program, broker: Broker) -> None:
    assert desk.post(an_order()).status_code == 202
    assert stored(broker)[0] == 1


def test_an_unsigned_post_is_refused_and_nothing_is_stored(desk: Program, broker: Broker) -> None:
    response = desk.http.post(ORDERS, json=an_order())
    assert code_of(response) == REFUSED
    assert response.headers["WWW-Authenticate"] == "StandardWebhooks"
    assert stored(broker) == NOTHING


def test_one_changed_byte_is_refused_and_nothing_is_stored(desk: Program, broker: Broker) -> None:
    body = json.dumps(an_order()).encode()
    assert code_of(desk.post(body, changed=body.replace(b"ada", b"eve"))) == REFUSED
    assert code_of(desk.post(body, changed=body + b" ")) == REFUSED
    assert code_of(desk.post(body, changed=b"")) == REFUSED
    assert stored(broker) == NOTHING


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_or_empty_header_is_refused(desk: Program, header: str) -> None:
    assert code_of(replace(desk, headers={header: ""}).post(an_order())) == REFUSED


@pytest.mark.parametrize(
    "seconds",
    [
        later(-301), later(301), 0, "", "-1769847330", "1e9", "1769847330.0", "+1769847330",
        " 1769847330", "١٧٦٩", 10**11, 10**20, 10**400, "NaN", "0x10", later(0) * 1000,
    ],
)  # fmt: skip
def test_a_time_that_is_not_near_ours_is_refused(
    desk: Program, broker: Broker, seconds: object
) -> None:
    if isinstance(seconds, str) and not seconds.isascii():
        seconds = seconds.encode().decode("latin-1")
    assert code_of(replace(desk, seconds=seconds).post(an_order())) == REFUSED
    assert stored(broker) == NOTHING


@pytest.mark.parametrize("seconds", [later(-300), later(300)])
def test_five_minutes_either_way_are_allowed(desk: Program, seconds: int) -> None:
    assert replace(desk, seconds=seconds).post(an_order()).status_code == 202


@pytest.mark.parametrize("webhook_id", ["a.b", "a b", "x" * 256, "\xe9"])
def test_an_id_that_could_be_read_in_two_ways_is_refused(desk: Program, webhook_id: str) -> None:
    key, seconds, body = desk.key, desk.seconds, json.dumps(an_order()).encode()
    signed = {"webhook-id": webhook_id, "webhook-signature": sign(key, webhook_id, seconds, body)}
    assert code_of(replace(desk, headers=signed).post(body)) == REFUSED


@pytest.mark.parametrize("given", ["", "v1", "v1,", GARBAGE, "v1,AAAA " * 200, " " * 5000])
def test_a_list_of_garbage_is_refused_quietly(desk: Program, given: str) -> None:
    assert code_of(replace(desk, headers={"webhook-signature": given}).post(an_order())) == REFUSED


def test_one_good_signature_among_garbage_is_enough(desk: Program) -> None:
    body, seconds = json.dumps(an_order()).encode(), desk.seconds
    given = f"{GARBAGE} {sign(ORDERS_KEY, 'msg_1', seconds, body)} v1,AAAA"
    good = {"webhook-id": "msg_1", "webhook-signature": given}
    assert replace(desk, headers=good).post(body).status_code == 202


def test_a_truncated_signature_is_refused(desk: Program) -> None:
    body, seconds = json.dumps(an_order()).encode(), desk.seconds
    short = sign(ORDERS_KEY, "msg_1", seconds, body)[:-4]
    bad = {"webhook-id": "msg_1", "webhook-signature": short}
    assert code_of(replace(desk, headers=bad).post(body)) == REFUSED


def test_an_unknown_client_gets_the_very_same_answer(desk: Program) -> None:
    unknown = replace(desk, name="nobody").post(an_order()).get_json()
    wrong = replace(desk, key=b"x" * 32).post(an_order()).get_json()
    assert unknown.pop("correlation_id") != wrong.pop("correlation_id")
    assert unknown == wrong


def test_the_keys_of_one_family_do_not_open_the_other(desk: Program, events: Program) -> None:
    assert code_of(replace(desk, key=EVENTS_KEY).post(an_order())) == REFUSED
    assert code_of(replace(events, key=ORDERS_KEY).post(a_login(), LOGINS)) == REFUSED


def test_the_key_of_one_client_does_not_open_for_another(desk: Program) -> None:
    assert code_of(replace(desk, name="emea").post(an_order())) == REFUSED


def test_a_family_without_keys_is_closed(emea: Program) -> None:
    for key in (b"", emea.key):
        assert code_of(replace(emea, key=key).post(a_login(), LOGINS)) == REFUSED


def test_old_and_new_key_are_both_good_while_they_are_exchanged(desk: Program) -> None:
    other = an_order(item={"number": "RITM0010008", "sys_id": "4" * 32})
    assert desk.post(an_order()).status_code == 202
    assert replace(desk, key=OLD_ORDERS_KEY).post(other).status_code == 202


def test_every_key_is_tried_and_every_signature_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []
    real = hmac.compare_digest

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(other)
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    good = sign(ORDERS_KEY, "a", later(0), b"x")
    headers = Headers(
        {"X-Broker-Client": "servicenow", "webhook-id": "a", "webhook-timestamp": str(later(0)),
         "webhook-signature": f"{good} v1,B v1,C"}
    )  # fmt: skip
    caller = signature.verify(clients(), "orders", headers, b"x", NOW)
    assert caller.webhook_id == "a"
    assert len(compared) == 6


def test_a_question_is_signed_with_its_path_and_query(desk: Program) -> None:
    order_id = desk.post(an_order()).get_json()["order_id"]
    assert desk.get(f"{ORDERS}/{order_id}").status_code == 200
    assert desk.get(f"{ORDERS}?item=RITM0010007").status_code == 200
    assert code_of(desk.get(f"{ORDERS}?item=RITM0010007", signed_path=ORDERS)) == REFUSED
    assert code_of(desk.get(f"{ORDERS}/{order_id}", signed_path=f"{ORDERS}/x")) == REFUSED
    assert code_of(desk.http.get(f"{ORDERS}/{order_id}")) == REFUSED


def test_a_stale_question_is_refused(desk: Program) -> None:
    assert code_of(replace(desk, seconds=later(-301)).get(f"{ORDERS}/x")) == REFUSED


def test_a_long_list_of_signatures_costs_one_hmac_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bytes] = []
    real = hmac.new

    def new(key: bytes, message: bytes, digest: str) -> hmac.HMAC:
        made.append(key)
        return real(key, message, digest)

    monkeypatch.setattr(hmac, "new", new)
    headers = Headers(
        {"X-Broker-Client": "servicenow", "webhook-id": "a", "webhook-timestamp": str(later(0)),
         "webhook-signature": "v1,AAAA " * 2000}
    )  # fmt: skip
    with pytest.raises(signature.BadSignature, match="no signature fits"):
        signature.verify(clients(), "orders", headers, b"x", NOW)
    assert made == [ORDERS_KEY, OLD_ORDERS_KEY]


def test_a_long_list_of_signatures_is_refused_like_any_other(desk: Program) -> None:
    long = replace(desk, headers={"webhook-signature": "v1,AAAA " * 2000})
    assert code_of(long.post(an_order())) == REFUSED
