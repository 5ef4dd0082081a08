"""The rows, written as the platform writes them: strings only, times in whole seconds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.servicenow.indexes import Indexes
from sandbox.servicenow.rows import (
    NO_ROW,
    Row,
    StoredRow,
    new_sys_id,
    platform_time,
    stored_row,
)
from sandbox.servicenow.schema import Column, Schema
from sandbox.servicenow.writing import accepted, as_text

__all__ = [
    "NO_ROW",
    "Change",
    "DuplicateKey",
    "LedgerEntry",
    "Records",
    "Row",
    "StoredRow",
    "WriteRefused",
    "journal_label",
    "new_sys_id",
    "platform_time",
    "stored_row",
]
JOURNAL = "sys_journal_field"
FIRST_NUMBER = 10001
# ServiceNow docs, "Retrieving journal entries": input fields are written, list fields only show.
_JOURNAL_LABELS = {"work_notes": "Work notes", "comments": "Additional comments"}


class DuplicateKey(Exception):
    """An insert named a sys_id that is there already; the Table API has no upsert."""


class WriteRefused(Exception):
    """A business rule or a data policy does not let a write happen; the API answers 403."""

    def __init__(self, message: str, detail: str) -> None:
        super().__init__(detail)
        self.message = message
        self.detail = detail


@dataclass(frozen=True)
class Change:
    """One write, as business rules see it. `before` is empty on insert, `after` on delete."""

    table: str
    operation: str
    before: Row
    after: Row
    actor: str

    def changed_to(self, column: str, value: str) -> bool:
        """Whether this write gave the column that value."""
        return self.after.get(column) == value != self.before.get(column)


@dataclass(frozen=True)
class LedgerEntry:
    """One write, kept for ever: what really happened, whatever the caller came to know of it."""

    at: str
    operation: str
    table: str
    sys_id: str
    actor: str
    values: Mapping[str, str] = field(default_factory=dict)


Rule = Callable[[Change], None]


class Records:
    """All rows of all tables. Rows are replaced, never altered, so a reader's copy stays whole."""

    def __init__(self, schema: Schema, clock: Callable[[], datetime]) -> None:
        self.schema = schema
        self.clock = clock
        self.guards: list[Rule] = []  # called before a write is kept; may raise WriteRefused
        self.rules: list[Rule] = []  # called after it
        self.ledger: list[LedgerEntry] = []
        self.lock = threading.RLock()
        self._rows: dict[str, dict[str, Row]] = {table.name: {} for table in schema}
        self._indexes = {name: Indexes(rows) for name, rows in self._rows.items()}
        self._numbers: dict[str, int] = {}

    def load(self, table: str, rows: Iterable[StoredRow]) -> None:
        """Add many rows as they are: no rules, no guards, no numbers, no ledger.

        The row objects are kept, not copied, so instances may share them.
        """
        with self.lock:
            self._rows[table].update((row["sys_id"], row) for row in rows)
            self._indexes[table].forget()

    def now(self) -> str:
        """This moment, as stored."""
        return platform_time(self.clock())

    def all(self, table: str) -> list[Row]:
        """Every row of a table and of those that extend it."""
        with self.lock:
            return [row for name in self.schema.classes(table) for row in self._rows[name].values()]

    def find(self, table: str, sys_id: str) -> Row | None:
        """One row by its id, looked for in the table and those that extend it."""
        if table not in self.schema:
            return None
        rows = (self._rows[name].get(sys_id) for name in self.schema.classes(table))
        return next((row for row in rows if row is not None), None)

    def candidates(self, table: str, column: str, values: Iterable[str]) -> list[Row]:
        """The rows whose column has one of these values, by an index and without regard to case."""
        with self.lock:
            if column == "sys_id":
                found = (self.find(table, value.lower()) for value in dict.fromkeys(values))
                return [row for row in found if row is not None]
            wanted = list(values)
            classes = self.schema.classes(table)
            return [row for name in classes for row in self._indexes[name].rows(column, wanted)]

    def where(self, table: str, **values: str) -> list[Row]:
        """Rows whose columns have exactly these values, oldest first; the first named is looked up.

        Name the most telling column first: an index finds its rows, the others only narrow them.
        """
        if not values:
            return self.all(table)
        column = next(iter(values))
        rows = self.candidates(table, column, [values[column]])
        return [row for row in rows if all(row[k] == v for k, v in values.items())]

    def class_of(self, table: str, sys_id: str) -> str:
        """The table that really holds this row."""
        return next(name for name in self.schema.classes(table) if sys_id in self._rows[name])

    def insert(self, table: str, values: Mapping[str, Any], actor: str) -> Row:
        """Add a row; unknown columns are dropped without a word.

        Raises DuplicateKey, WriteRefused.
        """
        with self.lock:
            sys_id = str(values.get("sys_id") or "").lower() or new_sys_id()
            if sys_id in self._rows[table]:
                raise DuplicateKey(sys_id)
            row = self._defaults(table) | self._cleaned(table, values) | {"sys_id": sys_id}
            row |= self._stamp(row, actor, created=True)
            change = Change(table, "insert", NO_ROW, stored_row(row), actor)
            self._guard(change)
            self._keep(change)
            self._append_journals(table, sys_id, values, actor)
            return self._written(change, values)

    def update(self, table: str, sys_id: str, values: Mapping[str, Any], actor: str) -> Row:
        """Change a row; one that changes nothing leaves it as it is.

        Raises KeyError, WriteRefused.
        """
        with self.lock:
            name = self.class_of(table, sys_id)
            before = self._rows[name][sys_id]
            cleaned = self._cleaned(name, values)
            cleaned.pop("sys_id", None)
            if all(before[k] == v for k, v in cleaned.items()) and not self._notes(name, values):
                return before
            after = {**before, **cleaned}
            after |= self._stamp(after, actor, created=False)
            change = Change(name, "update", before, stored_row(after), actor)
            self._guard(change)
            self._keep(change)
            self._append_journals(name, sys_id, values, actor)
            return self._written(change, values)

    def delete(self, table: str, sys_id: str, actor: str) -> None:
        """Remove a row with its journal. Raises StopIteration, WriteRefused."""
        with self.lock:
            name = self.class_of(table, sys_id)
            change = Change(name, "delete", self._rows[name][sys_id], NO_ROW, actor)
            self._guard(change)
            self._keep(change)
            for entry in self._entries(sys_id):
                self._put(JOURNAL, entry["sys_id"], NO_ROW)
            self._written(change, {})

    def full(self, table: str, row: Row) -> dict[str, str]:
        """A copy of a row with every column of its table, the empty ones too."""
        return {name: row[name] for name in self.schema.table(table).columns}

    def walk(self, table: str, row: Row, path: str) -> tuple[Column, str] | None:
        """The column and value at a dotted path, or None where the path names no column.

        A reference to nothing gives the far column with an empty value.
        """
        name, _, rest = path.partition(".")
        column = self.schema.column(str(row.get("sys_class_name") or table), name)
        column = column or self.schema.column(table, name)
        if column is None:
            return None
        if not rest:
            return column, row.get(name, "")
        if column.reference not in self.schema:
            return None
        return self.walk(
            column.reference, self.find(column.reference, row.get(name, "")) or NO_ROW, rest
        )

    def display_of(self, table: str, sys_id: str) -> str:
        """What people see for a reference; empty when it leads nowhere."""
        row = self.find(table, sys_id)
        if row is None:
            return ""
        return row.get(self.schema.table(self.class_of(table, sys_id)).display, "")

    def journal(self, sys_id: str, element: str = "") -> list[Row]:
        """A record's journal entries, newest first; all of them or those of one column."""
        entries = reversed(self._entries(sys_id))
        return [entry for entry in entries if element in ("", entry["element"])]

    def _entries(self, sys_id: str) -> list[Row]:
        if JOURNAL not in self.schema:
            return []
        return self.where(JOURNAL, element_id=sys_id)

    def _guard(self, change: Change) -> None:
        for guard in list(self.guards):
            guard(change)

    def _keep(self, change: Change) -> None:
        row = change.after or change.before
        self._put(change.table, row["sys_id"], change.after)

    def _put(self, table: str, sys_id: str, row: Row) -> None:
        before = self._rows[table].pop(sys_id, NO_ROW) if not row else self.at(table, sys_id)
        if row:
            self._rows[table][sys_id] = row
        self._indexes[table].replaced(sys_id, before, row)

    def at(self, table: str, sys_id: str) -> Row:
        """The row that exactly this table holds; an empty one when it holds none."""
        return self._rows[table].get(sys_id, NO_ROW)

    def _written(self, change: Change, values: Mapping[str, Any]) -> Row:
        row = change.after or change.before
        told = {key: as_text(value) for key, value in values.items()}
        self.ledger.append(
            LedgerEntry(
                self.now(), change.operation, change.table, row["sys_id"], change.actor, told
            )
        )
        for rule in list(self.rules):
            rule(change)
        return self._rows[change.table].get(row["sys_id"], row)

    def _defaults(self, table: str) -> dict[str, str]:
        row = {name: column.default for name, column in self.schema.table(table).columns.items()}
        if "sys_class_name" in row:
            row |= {"sys_class_name": table, "opened_at": self.now(), "sys_domain": "global"}
        if self.schema.table(table).prefix:
            row["number"] = row["task_effective_number"] = self._next_number(table)
        return row

    def _next_number(self, table: str) -> str:
        last = self._numbers.get(table, FIRST_NUMBER - 1) + 1
        self._numbers[table] = last
        return f"{self.schema.table(table).prefix}{last:07d}"

    def _stamp(self, row: Row, actor: str, *, created: bool) -> dict[str, str]:
        now = self.now()
        stamp = {"sys_updated_on": now, "sys_updated_by": actor}
        if created:
            return stamp | {"sys_created_on": now, "sys_created_by": actor, "sys_mod_count": "0"}
        return stamp | {"sys_mod_count": str(int(row.get("sys_mod_count") or 0) + 1)}

    def _cleaned(self, table: str, values: Mapping[str, Any]) -> dict[str, str]:
        return dict(accepted(self.schema, table, values))

    def _notes(self, table: str, values: Mapping[str, Any]) -> list[tuple[str, str]]:
        columns = ((name, self.schema.column(table, name)) for name in values)
        inputs = [name for name, column in columns if column and column.kind == "journal_input"]
        return [(name, text) for name in inputs if (text := as_text(values[name]))]

    def _append_journals(
        self, table: str, sys_id: str, values: Mapping[str, Any], actor: str
    ) -> None:
        for name, text in self._notes(table, values):
            self._append_journal(table, sys_id, name, text, actor)

    def _append_journal(self, table: str, sys_id: str, element: str, text: str, actor: str) -> None:
        entry = {
            "sys_id": new_sys_id(),
            "name": table,
            "element_id": sys_id,
            "element": element,
            "value": text,
            "sys_created_on": self.now(),
            "sys_created_by": actor,
        }
        self._put(JOURNAL, entry["sys_id"], stored_row(entry))


def journal_label(element: str) -> str:
    """How the platform names a journal column in the text of a record's activity."""
    return _JOURNAL_LABELS.get(element, element)
