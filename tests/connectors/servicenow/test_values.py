"""ServiceNow's text values, and queries that mean only what they say."""

from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote

import pytest

from broker.connectors.desk.servicenow.values import (
    LABEL,
    Unsearchable,
    equals,
    is_sys_id,
    labelled,
    moment,
    one_of,
    one_word_of,
    stamp,
    true,
    unwrapped,
    within,
)


def test_values_are_unwrapped_whatever_the_display_mode() -> None:
    row = {
        "plain": "3",
        "reference": {"link": "https://x/api", "value": "abc"},
        "both": {"display_value": "Ada", "value": "def"},
        "shown": {"display_value": "REQ1", "link": "https://x/api"},
        "null": None,
        "none": {"display_value": None, "value": ""},
        "flag": True,
    }
    assert unwrapped(row) == {
        "plain": "3",
        "reference": "abc",
        "both": "def",
        "shown": "REQ1",
        "null": "",
        "none": "",
        "flag": "true",
    }


@pytest.mark.parametrize(
    "value",
    ["x" * 256, "a^b", "a\nb", "a\x00", "javascript:gs.now()", " JavaScript:x", "^NQactive=true"],
)
def test_a_value_that_is_syntax_is_refused(value: str) -> None:
    with pytest.raises(Unsearchable):
        equals("user_name", value)


@pytest.mark.parametrize("value", ["ada", "ada.o'neill@example.com", "not requested", "a=b", "Zoë"])
def test_a_value_that_is_a_value_is_taken(value: str) -> None:
    assert equals("user_name", value) == f"user_name={value}"


def test_labels_stand_beside_the_values() -> None:
    row = {
        "document_id": {"display_value": "Contract 7", "value": "abc"},
        "contact_type": {"display_value": None, "value": ""},
        "plain": "3",
    }
    assert labelled(row) == {
        "document_id": "abc",
        f"document_id{LABEL}": "Contract 7",
        "contact_type": "",
        f"contact_type{LABEL}": "",
        "plain": "3",
    }


def test_many_ids_are_asked_for_in_addresses_that_are_short_enough() -> None:
    ids = [f"{number:032x}" for number in range(401)]
    conditions = list(one_of("sysapproval", ids))
    assert [key for each in conditions for key in each.split("IN")[1].split(",")] == ids
    assert max(each.count(",") + 1 for each in conditions) <= 200
    assert max(len(quote(each)) for each in conditions) < 6000


@pytest.mark.parametrize("ids", [["a" * 31], ["a" * 32, "b^active=true"], ["", "a" * 32]])
def test_what_is_no_id_is_not_asked_for(ids: list[str]) -> None:
    with pytest.raises(Unsearchable):
        list(one_of("sysapproval", ids))


def test_words_are_asked_for_together_unless_one_would_be_several() -> None:
    assert one_word_of("state", ["requested", "not requested"]) == "stateINrequested,not requested"
    for words in (["a,b"], ["a^b"]):
        with pytest.raises(Unsearchable):
            one_word_of("state", words)


def test_moments_are_written_in_utc() -> None:
    at = datetime(2026, 1, 31, 9, 15, 30, 999, tzinfo=timezone(timedelta(hours=1)))
    assert stamp(at) == "2026-01-31 08:15:30"
    assert within("sys_updated_on", at, at) == (
        "sys_updated_on>=2026-01-31 08:15:30^sys_updated_on<=2026-01-31 08:15:30"
    )


@pytest.mark.parametrize(
    ("value", "valid"),
    [("0" * 32, True), ("0" * 31, False), ("G" * 32, False), ("", False), (None, False)],
)
def test_a_sys_id_has_32_hex_digits(value: str | None, valid: bool) -> None:
    assert is_sys_id(value) is valid


def test_a_sys_id_with_a_line_end_is_none() -> None:
    assert not is_sys_id("0" * 32 + "\n")


def test_times_are_utc_and_nonsense_is_none() -> None:
    assert moment("2026-01-31 08:15:30") == datetime(2026, 1, 31, 8, 15, 30, tzinfo=UTC)
    assert [moment(text) for text in ("", "31/01/2026", "soon")] == [None, None, None]


def test_only_true_is_true() -> None:
    assert [true(text) for text in ("true", "1", "TRUE", "false", "0", "", "yes")] == [
        True,
        True,
        True,
        False,
        False,
        False,
        False,
    ]
