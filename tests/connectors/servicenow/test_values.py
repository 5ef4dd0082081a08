"""ServiceNow's text values, and queries that mean only what they say."""

from datetime import UTC, datetime

import pytest

from broker.connectors.desk.servicenow.values import (
    Unsearchable,
    equals,
    is_sys_id,
    moment,
    true,
    unwrapped,
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
    "value", ["a^b", "a\nb", "a\x00", "javascript:gs.now()", " JavaScript:x", "^NQactive=true"]
)
def test_a_value_that_is_syntax_is_refused(value: str) -> None:
    with pytest.raises(Unsearchable):
        equals("user_name", value)


@pytest.mark.parametrize("value", ["ada", "ada.o'neill@example.com", "not requested", "a=b", "Zoë"])
def test_a_value_that_is_a_value_is_taken(value: str) -> None:
    assert equals("user_name", value) == f"user_name={value}"


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
