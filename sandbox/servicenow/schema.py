"""The tables of the sandbox: columns, types, choices, and how tables extend each other.

Stock tables follow the ServiceNow docs ("Request Management architecture", "Table API");
the scoped app's tables are read from its own sources, so that what ships is what is tested.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SYSTEM_COLUMNS = (
    "sys_id",
    "sys_created_on",
    "sys_created_by",
    "sys_updated_on",
    "sys_updated_by",
    "sys_mod_count",
    "sys_tags",
)


@dataclass(frozen=True)
class Column:
    """One column; `kind` is the dictionary's internal type (choice lists are strings or integers).

    `default` is what an insert gives it; `read_only` columns take no value from a caller.
    """

    name: str
    kind: str = "string"
    reference: str = ""
    max_length: int = 0
    default: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    label: str = ""
    mandatory: bool = False
    read_only: bool = False

    @property
    def title(self) -> str:
        """The label that people see; made of the name where none is given."""
        return self.label or self.name.removeprefix("u_").replace("_", " ").capitalize()


@dataclass(frozen=True)
class Table:
    """One table with its own columns and, below `task`, those it inherits."""

    name: str
    label: str
    columns: Mapping[str, Column]
    parent: str = ""
    display: str = "sys_id"
    prefix: str = ""
    ws_access: bool = True


class Schema:
    """Every table by name."""

    def __init__(self, tables: Iterator[Table] | list[Table]) -> None:
        self._tables = {table.name: table for table in tables}
        self._children: dict[str, list[str]] = {}
        for table in self._tables.values():
            self._children.setdefault(table.parent, []).append(table.name)
        self._classes = {name: tuple(self._family(name)) for name in self._tables}

    def __contains__(self, name: object) -> bool:
        return name in self._tables

    def __iter__(self) -> Iterator[Table]:
        return iter(self._tables.values())

    def table(self, name: str) -> Table:
        """The table of that name; KeyError if there is none."""
        return self._tables[name]

    def column(self, table: str, name: str) -> Column | None:
        """A table's column, or None where the table has no such column."""
        return self._tables[table].columns.get(name) if table in self._tables else None

    def classes(self, name: str) -> tuple[str, ...]:
        """The table and everything that extends it."""
        return self._classes[name]

    def lineage(self, name: str) -> Iterator[Table]:
        """The table and what it extends, up to the root."""
        table = self._tables.get(name)
        while table is not None:
            yield table
            table = self._tables.get(table.parent)

    def root(self, name: str) -> str:
        """The table at the top of what a table extends; itself where it extends none."""
        return [table.name for table in self.lineage(name)][-1]

    def _family(self, name: str) -> Iterator[str]:
        yield name
        for child in self._children.get(name, ()):
            yield from self._family(child)


def read_app_tables(folder: Path) -> list[Table]:
    """The scoped app's table sources, one JSON file a table."""
    return [_app_table(json.loads(path.read_text())) for path in sorted(folder.glob("*.json"))]


def _app_table(source: Mapping[str, Any]) -> Table:
    columns = [_app_column(column) for column in source["columns"]]
    display = next((c["element"] for c in source["columns"] if c.get("display")), "sys_id")
    return make_table(source["name"], source["label"], columns, display=display)


def _app_column(source: Mapping[str, Any]) -> Column:
    return Column(
        name=source["element"],
        kind=source["type"],
        reference=source.get("reference", ""),
        max_length=source.get("max_length", 0),
        default=source.get("default", ""),
        choices=source.get("choices", {}),
        label=source.get("label", ""),
    )


def make_table(
    name: str,
    label: str,
    columns: list[Column],
    *,
    extends: Table | None = None,
    display: str = "sys_id",
    prefix: str = "",
    ws_access: bool = True,
) -> Table:
    """A table with the system columns, and its parent's columns before its own."""
    inherited = list(extends.columns.values()) if extends else list(_system_columns())
    every = {column.name: column for column in [*inherited, *columns]}
    parent = extends.name if extends else ""
    return Table(name, label, every, parent, display, prefix, ws_access)


def _system_columns() -> Iterator[Column]:
    kinds = {"sys_id": "GUID", "sys_mod_count": "integer"}
    for name in SYSTEM_COLUMNS:
        kind = "glide_date_time" if name.endswith("_on") else kinds.get(name, "string")
        yield Column(name, kind)


def columns_of(kind: str, names: str) -> list[Column]:
    """Columns of one type, named in a string of words."""
    return [Column(name, kind) for name in names.split()]


def references(**targets: str) -> list[Column]:
    """Reference columns: column name = table."""
    return [Column(name, "reference", reference=table) for name, table in targets.items()]


def choice(name: str, default: str, **labels: str) -> Column:
    """A choice column with labels that are plain words."""
    return Column(name, "string", default=default, choices=labels)
