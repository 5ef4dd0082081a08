"""What a column keeps of a value that is written to it: the platform's silent losses.

ServiceNow docs, "Table API": references are not checked (and hold 32 characters), a choice that
does not exist is dropped (`glide.rest.choice.allow_non_existing_value` is false).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.servicenow.schema import Column, Schema

REFERENCE_LENGTH = 32
_READ_ONLY = frozenset(
    {
        "sys_created_on",
        "sys_created_by",
        "sys_updated_on",
        "sys_updated_by",
        "sys_mod_count",
        "sys_class_name",
        "user_password",
    }
)


def as_text(value: object) -> str:
    """What the platform stores for a JSON value: always a string, an object as `{key=value}`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={as_text(item)}" for key, item in value.items()) + "}"
    return json.dumps(value) if isinstance(value, list) else str(value)


def accepted(schema: Schema, table: str, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The columns that take their value, as they keep it; everything else is dropped in silence."""
    for name, value in values.items():
        column = schema.column(table, name)
        if column is None or name in _READ_ONLY or column.kind.startswith("journal"):
            continue
        text = stored(column, as_text(value))
        if text is not None:
            yield name, text


def stored(column: Column, text: str) -> str | None:
    """The text as the column keeps it; None when it is dropped without a word."""
    if column.kind == "reference":
        return text[:REFERENCE_LENGTH]
    if column.choices and text and text not in column.choices:
        return None
    if column.kind == "boolean":
        return "true" if text.lower() in ("true", "1") else "false"
    return text[: column.max_length] if column.max_length else text
