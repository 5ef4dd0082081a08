"""The order post is read strictly, and says what it claims."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.orders.post import MAX_BYTES, BadPost, parse
from broker.orders.strict_json import MAX_DEPTH, read_object

ITEM = {"number": "RITM0010007", "sys_id": "2" * 32}
ROLE = {"type": "role", "name": "Finance Reporting"}


def body(**changes: object) -> bytes:
    """The least that makes an order, with changes."""
    order = {
        "source": "servicenow",
        "item": ITEM,
        "action": "grant",
        "beneficiary": {"user_name": "ada"},
    }
    return json.dumps(order | changes).encode()


def refusal(content: bytes) -> BadPost:
    with pytest.raises(BadPost) as bad:
        parse(content)
    return bad.value


def test_the_least_order_is_taken() -> None:
    post = parse(body())
    assert (post.items, post.task, post.request, post.justification) == (None, None, None, None)


def test_null_is_as_good_as_nothing_where_a_field_is_optional() -> None:
    assert parse(body(task=None, request=None, items=None, start_date=None)) == parse(body())


def test_names_in_any_script_are_kept_as_they_are() -> None:
    post = parse(body(justification="Gänge – 漢字 🎉\nzweite Zeile"))
    assert post.justification == "Gänge – 漢字 🎉\nzweite Zeile"


def test_times_are_kept_in_utc() -> None:
    post = parse(body(start_date="2026-02-01T01:00:00+02:00", end_date="2026-03-01T00:00:00.5Z"))
    assert post.start_date == datetime(2026, 1, 31, 23, tzinfo=UTC)
    assert post.end_date == datetime(2026, 3, 1, 0, 0, 0, 500000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not_json"),
        (b"null", "not_json"),
        (b"[]", "not_json"),
        (b"{} {}", "not_json"),
        (b"\xef\xbb\xbf{}", "not_json"),
        (b'{"a": "\xff"}', "not_json"),
        (b'{"a": NaN}', "not_json"),
        (b'{"a": -Infinity}', "not_json"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not_json"),
        (b'{"a": 1, "a": 1}', "duplicate_key"),
        (b'{"a": {"b": 1, "\\u0062": 2}}', "duplicate_key"),
        (b'{"a": "\\ud800"}', "bad_text"),
        (b'{"\\udfff": 1}', "bad_text"),
        (b'{"a": ["\\u0000"]}', "bad_text"),
        (b'{"a":' * 9 + b"{}" + b"}" * 9, "too_deep"),
        (b'{"a":' + b"[" * 30000, "too_deep"),
        (b'{"a": "' + b"x" * MAX_BYTES + b'"}', "too_large"),
    ],
)
def test_json_that_others_pass_over_is_refused(content: bytes, code: str) -> None:
    assert refusal(content).code == code


def test_json_as_deep_and_as_large_as_allowed_is_read() -> None:
    deep = '{"a":' * (MAX_DEPTH - 1) + "{}" + "}" * (MAX_DEPTH - 1)
    assert read_object(deep.encode())
    assert read_object(b'{"a":"' + b"x" * (MAX_BYTES - 8) + b'"}')


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"source": ""}, "source"),
        ({"source": "Service Now"}, "source"),
        ({"item": None}, "item"),
        ({"item": {"number": "RITM1"}}, "item.sys_id"),
        ({"item": ITEM | {"sys_id": "A" * 32}}, "item.sys_id"),
        ({"item": ITEM | {"sys_id": "2" * 31}}, "item.sys_id"),
        ({"item": ITEM | {"sys_id": "2" * 32 + "\n"}}, "item.sys_id"),
        ({"item": ITEM | {"number": "RITM 1"}}, "item.number"),
        ({"item": ITEM | {"number": ""}}, "item.number"),
        ({"task": {"number": "", "sys_id": ""}}, "task.number"),
        ({"action": "GRANT"}, "action"),
        ({"action": 1}, "action"),
        ({"beneficiary": "ada"}, "beneficiary"),
        ({"beneficiary": {"user_name": " "}}, "beneficiary.user_name"),
        ({"beneficiary": {"user_name": "a\x85b"}}, "beneficiary.user_name"),
        ({"beneficiary": {"user_name": "x" * 256}}, "beneficiary.user_name"),
        ({"beneficiary": {"user_name": 7}}, "beneficiary.user_name"),
        ({"approved_by": None}, "approved_by"),
        ({"approved_by": [{"user_name": "ben", "at": "2026-01-31"}]}, "approved_by.0.at"),
        ({"items": []}, "items"),
        ({"items": {}}, "items"),
        ({"items": [{"type": "group", "name": "x"}]}, "items.0.type"),
        ({"items": [{"type": "role", "name": f"r{n}"} for n in range(51)]}, "items"),
        ({"items": [ROLE, ROLE]}, "items"),
        ({"justification": "x" * 8001}, "justification"),
        ({"justification": 1}, "justification"),
        ({"start_date": "2026-01-31T08:15:30"}, "start_date"),
        ({"start_date": "2026-02-30T08:15:30Z"}, "start_date"),
        ({"start_date": "0001-01-01T00:00:00+23:59"}, "start_date"),
        ({"start_date": 1769847330}, "start_date"),
        ({"start_date": "2026-02-01T00:00:00Z", "end_date": "2026-02-01T00:00:00Z"}, "end_date"),
    ],
)
def test_a_field_that_is_wrong_is_named(changes: dict[str, Any], field: str) -> None:
    bad = refusal(body(**changes))
    assert bad.code == "invalid_field"
    assert bad.sentence.startswith(field)
    assert bad.sentence.endswith(".")


def test_a_field_we_do_not_know_is_refused_at_every_depth() -> None:
    assert refusal(body(approved=True)).code == "unknown_field"
    assert refusal(body(item=ITEM | {"state": "3"})).code == "unknown_field"


def test_the_sentence_names_no_value_and_stays_short() -> None:
    bad = refusal(body(**{f"field{n}{'x' * 500}": "secret" for n in range(50)}))
    assert "secret" not in bad.sentence
    assert "and 47 more" in bad.sentence
    assert len(bad.sentence) < 500


# ---- what an order claims ------------------------------------------------------------------------


def claims(**changes: object) -> dict[str, object]:
    return parse(body(**changes)).claims()


def test_claims_are_json_safe() -> None:
    said = claims(items=[ROLE], start_date="2026-02-01T00:00:00Z")
    assert json.loads(json.dumps(said)) == said


def test_the_words_around_an_order_claim_nothing() -> None:
    task = {"number": "SCTASK1", "sys_id": "3" * 32}
    approved = [{"user_name": "ben", "at": "2026-01-31T08:10:00Z"}]
    assert claims(justification="x", approved_by=approved) == claims()
    assert claims(task=task) != claims()


def test_case_and_order_make_no_difference() -> None:
    other = {"type": "account", "name": "SAP ERP"}
    ada = claims(items=[ROLE, other], beneficiary={"user_name": "ADA"})
    assert ada == claims(items=[other, ROLE])


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "revoke"},
        {"beneficiary": {"user_name": "eve"}},
        {"items": [ROLE]},
        {"item": ITEM | {"number": "RITM0010008"}},
        {"start_date": "2026-02-01T00:00:00Z"},
        {"end_date": "2026-02-01T00:00:00Z"},
    ],
)
def test_whatever_matters_makes_another_claim(changes: dict[str, Any]) -> None:
    assert claims(**changes) != claims()


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_in_words(content: bytes) -> None:
    with pytest.raises(BadPost):
        parse(content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["source", "item", "items", "start_date", "x"]), JSON))
def test_any_json_is_read_or_refused_in_words(changes: dict[str, Any]) -> None:
    with suppress(BadPost):
        assert parse(body(**changes)).claims()
