"""Reads the words of the demo data: text files that people can change, and draws from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from sandbox.servicenow.rows import StoredRow, platform_time, stored_row
from sandbox.world.model import sys_id

_FOLDER = Path(__file__).resolve().parent / "words"
_FIRST_DAY = "2023-02-18 09:04:52"
_LAST_DAY = datetime(2026, 7, 1, 12, tzinfo=UTC)
WRITER = "system"
Rows = Iterator[tuple[str, StoredRow]]


def _lines(name: str) -> Iterator[str]:
    for line in (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.strip()


@cache
def sections(name: str) -> Mapping[str, tuple[str, ...]]:
    """The lines of a file under its headings in brackets."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in _lines(name):
        if line.startswith("[") and line.endswith("]"):
            current = found.setdefault(line[1:-1], [])
        else:
            current.append(line)
    return {heading: tuple(lines) for heading, lines in found.items()}


def words(name: str, heading: str) -> tuple[str, ...]:
    """The single words under a heading."""
    return tuple(" ".join(sections(name)[heading]).split())


@cache
def table(name: str, fields: int, heading: str = "") -> tuple[list[str], ...]:
    """One row a line, its fields between bars; missing ones are empty."""
    lines = sections(name)[heading] if heading else tuple(_lines(name))
    rows = ([part.strip() for part in line.split("|")] for line in lines)
    return tuple(row + [""] * (fields - len(row)) for row in rows)


@cache
def keyed(name: str, fields: int, column: int, heading: str = "") -> Mapping[str, str]:
    """One field of such a table by the first one."""
    return {row[0]: row[column] for row in table(name, fields, heading)}


def made(table: str, key: str, created: str = _FIRST_DAY, /, **values: object) -> StoredRow:
    """A row of a table; `key` makes its sys_id unless there is one among the values.

    True and False become the platform's words; `changed` is the time of the last change.
    """
    changed, writer = str(values.pop("changed", created)), values.pop("writer", WRITER)
    row = {name: _text(value) for name, value in values.items()}
    row["sys_id"] = row.get("sys_id") or sys_id(table, key)
    stamps = {"sys_created_on": created, "sys_created_by": str(writer), "sys_mod_count": "0"}
    stamps |= {"sys_updated_on": changed, "sys_updated_by": str(writer)}
    return stored_row(stamps | row)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def moment(days_ago: float) -> str:
    """A time of the demo data's past, which ends on a day of its own: rows stay the same."""
    return platform_time(_LAST_DAY - timedelta(days=days_ago))
