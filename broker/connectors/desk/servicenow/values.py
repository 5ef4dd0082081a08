"""Reading ServiceNow's values, all of them text, and writing its queries."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from broker.domain.errors import NotFound

Row = Mapping[str, str]
_SYS_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_STAMP = "%Y-%m-%d %H:%M:%S"
LABEL = " label"
# Of 245 ids in one address 8,182 bytes were measured; with commas encoded there is room for these.
_MOST_IDS = 150
_LONGEST_VALUE = 255


class Unsearchable(ValueError):
    """The value would change the meaning of the query it stands in."""


def sys_id(system: str, value: str | None) -> str:
    """`value` if it can be a sys_id; NotFound otherwise, for no record has it."""
    if not is_sys_id(value):
        raise NotFound(system, f"has no record {str(value)[:40]!r}: a sys_id has 32 hex digits")
    return str(value)


def is_sys_id(value: str | None) -> bool:
    """Whether this has the form of a sys_id."""
    return bool(value) and _SYS_ID.fullmatch(str(value)) is not None


def unwrapped(row: Mapping[str, object]) -> dict[str, str]:
    """A row as plain text: references and `display_value=all` wrap values, empties vary.

    ServiceNow docs, "Table API"; all values are strings, and empty ones are "" or null.
    """
    return {key: _plain(value) for key, value in row.items()}


def labelled(row: Mapping[str, object]) -> dict[str, str]:
    """A row asked for with both: the values, and what people see under the name and LABEL."""
    shown = {
        f"{key}{LABEL}": _plain(value.get("display_value"))
        for key, value in row.items()
        if isinstance(value, dict)
    }
    return unwrapped(row) | shown


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return _plain(value.get("value", value.get("display_value")))
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def equals(column: str, value: str) -> str:
    """One condition; Unsearchable if `value` holds what ServiceNow would read as syntax."""
    if "^" in value or not value.isprintable() or value.lower().lstrip().startswith("javascript:"):
        raise Unsearchable(value[:_LONGEST_VALUE])
    if len(value) > _LONGEST_VALUE:
        raise Unsearchable("too long")
    return f"{column}={value}"


def one_of(column: str, ids: Sequence[str]) -> Iterator[str]:
    """Conditions that ask for these ids together, for an address holds 8,192 bytes; Unsearchable
    if one of them is no sys_id.
    """
    if not all(map(is_sys_id, ids)):
        raise Unsearchable(column)
    for start in range(0, len(ids), _MOST_IDS):
        yield f"{column}IN{','.join(ids[start : start + _MOST_IDS])}"


def one_word_of(column: str, words: Sequence[str]) -> str:
    """One condition on several fixed words; Unsearchable if one of them is syntax or a list."""
    if any("," in equals(column, word) for word in words):
        raise Unsearchable(column)
    return f"{column}IN{','.join(words)}"


def within(column: str, first: datetime, last: datetime) -> str:
    """Conditions on a moment between these two, the seconds of both included."""
    return f"{column}>={stamp(first)}^{column}<={stamp(last)}"


def stamp(at: datetime) -> str:
    """A moment as ServiceNow stores it: UTC, to the second."""
    return f"{at.astimezone(UTC):{_STAMP}}"


def true(value: str) -> bool:
    """ServiceNow's booleans."""
    return value.lower() in ("true", "1")


def number(value: str) -> int:
    """A whole number; 0 for an empty one, as columns for numbers may be."""
    try:
        return int(value)
    except ValueError:
        return 0


def moment(value: str) -> datetime | None:
    """A date/time as stored: UTC, to the second; None if it is none."""
    try:
        return datetime.strptime(value, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def day_or_moment(value: str) -> datetime | None:
    """A date/time, or a day, which means its midnight UTC; None if it is neither."""
    return moment(value) or moment(f"{value} 00:00:00")
