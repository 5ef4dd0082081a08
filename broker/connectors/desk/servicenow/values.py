"""Reading ServiceNow's values, all of them text, and writing its queries."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from broker.domain.errors import NotFound

Row = Mapping[str, str]
_SYS_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


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


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return _plain(value.get("value", value.get("display_value")))
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def equals(column: str, value: str) -> str:
    """One condition; Unsearchable if `value` holds what ServiceNow would read as syntax."""
    if "^" in value or not value.isprintable() or value.lower().lstrip().startswith("javascript:"):
        raise Unsearchable(value)
    return f"{column}={value}"


def one_of(column: str, ids: list[str]) -> str:
    """One condition on several ids. At most 200: an address may have 8,192 bytes."""
    return f"{column}IN{','.join(ids)}"


def true(value: str) -> bool:
    """ServiceNow's booleans."""
    return value.lower() in ("true", "1")


def moment(value: str) -> datetime | None:
    """A date/time as stored: UTC, to the second; None if it is none."""
    try:
        return datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def day_or_moment(value: str) -> datetime | None:
    """A date/time, or a day, which means its midnight UTC; None if it is neither."""
    return moment(value) or moment(f"{value} 00:00:00")
