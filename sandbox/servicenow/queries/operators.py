"""Whether a stored value meets an operator and a value.

ServiceNow docs, "Operators available for filters and queries". Text is compared without regard to
case, as the database does; `is not` and its like hold for an empty column too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.servicenow.calendars import from_stored
from sandbox.servicenow.schema import Column
from sandbox.servicenow.switches import Switches

Test = Callable[[str], bool]
Converter = Callable[[str], Any]
NUMBERS = frozenset(
    {"integer", "decimal", "float", "longint", "percent_complete", "currency", "price", "currency2"}
)
TIMES = frozenset(
    {"glide_date_time", "glide_date", "due_date", "glide_duration", "calendar_date_time"}
)
OPPOSITES = {"!=": "=", "NOT IN": "IN", "NOT LIKE": "LIKE"}
_BOOLEANS = {"true": "true", "1": "true", "false": "false", "0": "false"}
_DATE = len("YYYY-MM-DD")


def always(_: str) -> bool:
    """What a condition finds that is left out."""
    return True


def never(_: str) -> bool:
    """What a value that makes no sense finds, whether it is denied or not."""
    return False


def value_test(column: Column, operator: str, wanted: str, switches: Switches) -> Test:
    """The test of one column's value. A value that the column cannot have gives `never`."""
    if operator in _EMPTINESS:
        return _EMPTINESS[operator]
    if operator in OPPOSITES:
        test = value_test(column, OPPOSITES[operator], wanted, switches)
        return test if test is never else _denied(test, switches.not_equal_finds_empty)
    fold = str.casefold if switches.text_ignores_case else str
    if operator in _TEXT:
        return _text_test(_TEXT[operator], fold, fold(wanted))
    if wanted == "":
        return _EMPTINESS["ISEMPTY"] if operator in ("=", "IN") else never
    return _compared(converter(column, fold), operator, wanted)


def _denied(test: Test, finds_empty: bool) -> Test:
    if finds_empty:
        return lambda have: not test(have)
    return lambda have: have != "" and not test(have)


def _compared(convert: Converter, operator: str, wanted: str) -> Test:
    if operator == "IN":
        return _member_test(convert, wanted)
    if operator == "BETWEEN":
        low, _, high = wanted.partition("@")
        return _both(_order_test(convert, ">=", low), _order_test(convert, "<=", high))
    if operator == "=":
        return _equal_test(convert, convert(wanted))
    return _order_test(convert, operator, wanted)


def converter(column: Column, fold: Callable[[str], str] = str.casefold) -> Converter:
    """What turns a column's text into something that compares; None for text it cannot have."""
    if column.kind in NUMBERS:
        return number
    if column.kind in TIMES:
        return _date if column.kind == "glide_date" else _time
    if column.kind == "boolean":
        return lambda text: _BOOLEANS.get(text.casefold())
    return fold


def number(text: str) -> float | None:
    """The number that a text is."""
    try:
        return float(text)
    except ValueError:
        return None


def _time(text: str) -> str | None:
    if len(text) == _DATE:
        text = f"{text} 00:00:00"
    return text if _looks_like_a_time(text) else None


def _date(text: str) -> str | None:
    return text[:_DATE] if _looks_like_a_time(text) else None


def _looks_like_a_time(text: str) -> bool:
    return text[:4].isdigit() and from_stored(text) is not None


def _equal_test(convert: Converter, want: object) -> Test:
    if want is None:
        return never
    if convert is _time:
        return lambda have: have == want
    return lambda have: have != "" and convert(have) == want


def _member_test(convert: Converter, wanted: str) -> Test:
    wants = {convert(member.strip()) for member in wanted.split(",")} - {None}
    return (lambda have: convert(have) in wants) if wants else never


def _both(one: Test, other: Test) -> Test:
    if never in (one, other):
        return never
    return lambda have: one(have) and other(have)


def _order_test(convert: Converter, operator: str, wanted: str) -> Test:
    want = convert(wanted) if wanted else None
    if want is None or operator not in ORDER:
        return never
    holds = ORDER[operator]
    if convert is _time:
        return lambda have: have != "" and holds(have, want)

    def test(have: str) -> bool:
        value = convert(have) if have else None
        return value is not None and holds(value, want)

    return test


def _text_test(holds: Callable[[str, str], bool], fold: Callable[[str], str], want: str) -> Test:
    return lambda have: holds(fold(have), want)


_EMPTINESS: dict[str, Test] = {
    "ISEMPTY": lambda have: have == "",
    "ISNOTEMPTY": lambda have: have != "",
    "ANYTHING": always,
}
_TEXT: dict[str, Callable[[str, str], bool]] = {
    "LIKE": lambda have, want: want in have,
    "STARTSWITH": lambda have, want: have.startswith(want),
    "ENDSWITH": lambda have, want: have.endswith(want),
}
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    ">": lambda have, want: bool(have > want),
    ">=": lambda have, want: bool(have >= want),
    "<": lambda have, want: bool(have < want),
    "<=": lambda have, want: bool(have <= want),
}
