"""Dotted paths: from a row over its references to a column (ServiceNow docs, "Dot-walking").

`sysapproval.ref_sc_req_item.cat_item` reaches the columns of a class of the referenced table.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.servicenow.records import Records, Row
from sandbox.servicenow.schema import Column, Schema

_CLASS = "ref_"
_NOTHING: Row = {}


@dataclass(frozen=True)
class Path:
    """A way to a column: the references to follow, each with the table that it leads to."""

    table: str
    column: Column
    hops: tuple[tuple[str, str], ...] = ()

    def row(self, records: Records, row: Row) -> Row:
        """The row at the far end; an empty one where a reference leads nowhere."""
        for name, table in self.hops:
            row = records.find(table, row.get(name, "")) or _NOTHING
        return row

    def value(self, records: Records, row: Row) -> str:
        """The column's stored value at the far end."""
        return self.row(records, row).get(self.column.name, "")


def resolve(schema: Schema, table: str, text: str) -> Path | None:
    """The path that a text names from a table; None where it names no column."""
    *links, last = text.split(".")
    hops: list[tuple[str, str]] = []
    for name in links:
        if not _follow(schema, table, name, hops):
            return None
        table = hops[-1][1]
    column = schema.column(table, last)
    return Path(table, column, tuple(hops)) if column else None


def _follow(schema: Schema, table: str, name: str, hops: list[tuple[str, str]]) -> bool:
    narrowed = name.removeprefix(_CLASS)
    if name.startswith(_CLASS) and hops and narrowed in schema.classes(table):
        hops[-1] = (hops[-1][0], narrowed)
        return True
    column = schema.column(table, name)
    if column is None or column.reference not in schema:
        return False
    hops.append((name, column.reference))
    return True
