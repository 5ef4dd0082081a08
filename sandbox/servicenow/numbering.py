"""Automatic numbers, table by table, as `sys_number` says (ServiceNow docs, "Record numbering")."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from sandbox.servicenow.rows import Row
from sandbox.servicenow.schema import Schema

TABLE = "sys_number"
DIGITS = 7
# A fresh instance numbers its own records from 10001 on; its demo data lies below.
LAST_OF_DEMO_DATA = 10_000


class Lookup(Protocol):
    """What numbering needs of the records."""

    @property
    def schema(self) -> Schema:
        """The tables."""

    def all(self, table: str) -> list[Row]:
        """Every row of a table."""

    def candidates(self, table: str, column: str, values: Iterable[str]) -> list[Row]:
        """The rows whose column has one of these values."""


class Format(NamedTuple):
    """How a table's numbers look, and the one after which they begin."""

    prefix: str
    digits: int
    last: int


class Numbers:
    """Hands out each number once; rows that were loaded with higher ones are passed by."""

    def __init__(self, records: Lookup) -> None:
        self._records = records
        self._last: dict[str, int] = {}

    def next(self, table: str) -> str:
        """The table's next number; empty for a table that has none."""
        form = self._format(table)
        if not form.prefix:
            return ""
        last = self._last.get(table)
        if last is None:
            last = max([form.last, *self._taken(table, form.prefix)])
        self._last[table] = last + 1
        return f"{form.prefix}{last + 1:0{form.digits}d}"

    def forget(self, table: str) -> None:
        """Rows came that were not numbered here: the next number passes by theirs."""
        self._last.pop(table, None)

    def _format(self, table: str) -> Format:
        usual = Format(self._records.schema.table(table).prefix, DIGITS, LAST_OF_DEMO_DATA)
        if TABLE not in self._records.schema:
            return usual
        tables = self._records.candidates("sys_db_object", "name", [table])
        named = [table, *(row["sys_id"] for row in tables)]
        rows = self._records.candidates(TABLE, "category", named)
        if not rows:
            return usual
        digits, last = int(rows[0]["maximum_digits"] or DIGITS), int(rows[0]["number"] or 0)
        return Format(rows[0]["prefix"], digits, last or LAST_OF_DEMO_DATA)

    def _taken(self, table: str, prefix: str) -> list[int]:
        numbers = (row["number"] for row in self._records.all(table))
        ends = (number.removeprefix(prefix) for number in numbers if number.startswith(prefix))
        return [int(end) for end in ends if end.isdecimal()]
