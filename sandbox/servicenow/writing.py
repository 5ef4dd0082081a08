"""What a column keeps of a value, whoever writes it: text, cut to what the column holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.servicenow.schema import Column, Schema
from sandbox.servicenow.switches import Switches

REFERENCE_LENGTH = 32
SYSTEM_COLUMNS = frozenset(
    {
        "sys_created_on",
        "sys_created_by",
        "sys_updated_on",
        "sys_updated_by",
        "sys_mod_count",
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


def accepted(
    schema: Schema, table: str, values: Mapping[str, Any], switches: Switches
) -> Iterator[tuple[str, str]]:
    """The columns that take their value, as they keep it; everything else is dropped in silence."""
    for name, value in values.items():
        column = schema.column(table, name)
        if column is None or column.kind.startswith("journal"):
            continue
        if name not in SYSTEM_COLUMNS or not switches.system_columns_kept:
            yield name, stored(column, as_text(value), switches)


def stored(column: Column, text: str, switches: Switches) -> str:
    """The text as the column keeps it."""
    if column.kind == "reference":
        return text[:REFERENCE_LENGTH] if switches.references_cut else text
    if column.kind == "boolean":
        return "true" if text.lower() in ("true", "1") else "false"
    return text[: column.max_length] if column.max_length else text


def template_values(text: str) -> dict[str, str]:
    """The values that a template sets: `field=value^field=value^EQ`."""
    parts = (part.partition("=") for part in text.removesuffix("^EQ").split("^"))
    return {name: value for name, _, value in parts if name}
