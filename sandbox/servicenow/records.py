"""The rows, written as the platform writes them: strings only, times in whole seconds."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.servicenow.indexes import Indexes
from sandbox.servicenow.numbering import Numbers
from sandbox.servicenow.rows import (
    NO_ROW,
    Row,
    Shelf,
    StoredRow,
    new_sys_id,
    platform_time,
    stored_row,
)
from sandbox.servicenow.schema import Schema
from sandbox.servicenow.switches import Switches
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
CLASS = "sys_class_name"
SYS_ID_LENGTH = 32
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
    notes: Mapping[str, str] = field(default_factory=dict)  # journal entries that it adds

    def changed(self, column: str) -> bool:
        """Whether this write gave the column another value."""
        return self.after.get(column, "") != self.before.get(column, "")

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
Filler = Callable[[Change], Mapping[str, str]]


class Records:
    """All rows of all tables. Rows are replaced, never altered, so a reader's copy stays whole."""

    def __init__(
        self,
        schema: Schema,
        clock: Callable[[], datetime],
        switches: Switches | None = None,
    ) -> None:
        self.schema = schema
        self.switches = switches or Switches()
        self.clock = clock
        self.fillers: list[Filler] = []  # called before a write is kept; give further values
        self.guards: list[Rule] = []  # called before a write is kept; may raise WriteRefused
        self.rules: list[Rule] = []  # called after it
        self.ledger: list[LedgerEntry] = []
        self.lock = threading.RLock()
        self._rows: dict[str, dict[str, Row]] = {table.name: {} for table in schema}
        self._indexes = {name: Indexes(rows) for name, rows in self._rows.items()}
        self.numbers = Numbers(self)

    def load(self, table: str, rows: Iterable[StoredRow]) -> None:
        """Add many rows as they are: no rules, no guards, no numbers, no ledger.

        The row objects are kept, not copied, so instances may share them.
        """
        with self.lock:
            shelf = rows if isinstance(rows, Shelf) else Shelf(rows)
            self._rows[table].update(shelf.by_key)
            self._indexes[table].forget()
            self.numbers.forget(table)

    def now(self) -> str:
        """This moment, as stored."""
        at = self.clock()
        parts = "" if self.switches.whole_second_times else f".{at.microsecond:06d}"
        return platform_time(at) + parts

    def all(self, table: str) -> list[Row]:
        """Every row of a table and of those that extend it."""
        with self.lock:
            return [row for name in self.schema.classes(table) for row in self._rows[name].values()]

    def find(self, table: str, sys_id: str) -> Row | None:
        """One row by its id, looked for in the table and those that extend it."""
        if table not in self.schema:
            return None
        key = sys_id.lower()
        rows = (self._rows[name].get(key) for name in self.schema.classes(table))
        return next((row for row in rows if row is not None), None)

    def candidates(self, table: str, column: str, values: Iterable[str]) -> list[Row]:
        """The rows whose column has one of these values, by an index and without regard to case."""
        with self.lock:
            if column == "sys_id":
                found = (self.find(table, value) for value in dict.fromkeys(values))
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

    def at(self, table: str, sys_id: str) -> Row:
        """The row that exactly this table holds; an empty one when it holds none."""
        return self._rows[table].get(sys_id.lower(), NO_ROW)

    def class_of(self, table: str, sys_id: str) -> str:
        """The table that really holds this row. Raises KeyError."""
        for name in self.schema.classes(table):
            if sys_id.lower() in self._rows[name]:
                return name
        raise KeyError(sys_id)

    def insert(self, table: str, values: Mapping[str, Any], actor: str) -> Row:
        """Add a row; unknown columns are dropped without a word.

        Raises DuplicateKey, WriteRefused.
        """
        with self.lock:
            sys_id = as_text(values.get("sys_id"))[:SYS_ID_LENGTH] or new_sys_id()
            if self.at(table, sys_id):
                raise DuplicateKey(sys_id)
            table = self._class_of_new(table, values)
            given = self._cleaned(table, values)
            row = self._defaults(table, given) | given | {"sys_id": sys_id}
            row |= self._stamp(given, NO_ROW, actor)
            notes = self._notes(table, values)
            return self._write(
                Change(table, "insert", NO_ROW, stored_row(row), actor, notes), values
            )

    def update(self, table: str, sys_id: str, values: Mapping[str, Any], actor: str) -> Row:
        """Change a row; one that changes nothing leaves it as it is.

        Raises KeyError, WriteRefused.
        """
        with self.lock:
            name = self.class_of(table, sys_id)
            before = self.at(name, sys_id)
            kind = self._class_of_changed(name, values)
            given = self._cleaned(kind, values) | {"sys_id": before["sys_id"]}
            notes = self._notes(name, values)
            if not notes and self._changes_nothing(before, given):
                return before
            after = {**before, **given, **self._stamp(given, before, actor)}
            return self._write(
                Change(kind, "update", before, stored_row(after), actor, notes), values
            )

    def delete(self, table: str, sys_id: str, actor: str) -> None:
        """Remove a row. Raises KeyError, WriteRefused."""
        with self.lock:
            name = self.class_of(table, sys_id)
            self._write(Change(name, "delete", self.at(name, sys_id), NO_ROW, actor), {})

    def full(self, table: str, row: Row) -> dict[str, str]:
        """A copy of a row with every column of its table, the empty ones too."""
        return {name: row[name] for name in self.schema.table(table).columns}

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
        return self.candidates(JOURNAL, "element_id", [sys_id])

    def _write(self, change: Change, values: Mapping[str, Any]) -> Row:
        change = self._filled(change)
        for guard in list(self.guards):
            guard(change)
        key = (change.after or change.before)["sys_id"].lower()
        self._leave_other_class(change, key)
        self._put(change.table, key, change.after)
        for element, text in change.notes.items():
            self._append_journal(change, element, text)
        self._enter(change, values)
        for rule in list(self.rules):
            # What a rule writes may itself be refused; the write that woke the rule stands.
            with contextlib.suppress(WriteRefused):
                rule(change)
        return self._rows[change.table].get(key, change.after or change.before)

    def _filled(self, change: Change) -> Change:
        if change.operation == "delete":
            return change
        for filler in list(self.fillers):
            if more := filler(change):
                after = stored_row({**change.after, **more})
                change = dataclasses.replace(change, after=after)
        return change

    def _put(self, table: str, key: str, row: Row) -> None:
        before = self._rows[table].get(key, NO_ROW)
        if row:
            self._rows[table][key] = row
        else:
            self._rows[table].pop(key, None)
        self._indexes[table].replaced(key, before, row)

    def _enter(self, change: Change, values: Mapping[str, Any]) -> None:
        key = (change.after or change.before)["sys_id"]
        told = {name: as_text(value) for name, value in values.items()}
        entry = LedgerEntry(self.now(), change.operation, change.table, key, change.actor, told)
        self.ledger.append(entry)

    def _defaults(self, table: str, given: Mapping[str, str]) -> dict[str, str]:
        columns = self.schema.table(table).columns
        row = {name: column.default for name, column in columns.items() if column.default}
        if "sys_class_name" in columns:
            row["sys_class_name"] = table
        if "opened_at" in columns and "task_effective_number" in columns:
            row["opened_at"] = self.now()
        if "number" in columns:
            row["number"] = given.get("number") or self._next_number(table)
        if "task_effective_number" in columns:
            row["task_effective_number"] = row["number"]
        return row

    def _class_of_new(self, table: str, values: Mapping[str, Any]) -> str:
        """The table of a new row: the named one, or a class of it that the values name."""
        asked = as_text(values.get(CLASS))
        return asked if asked in self.schema and asked in self.schema.classes(table) else table

    def _class_of_changed(self, name: str, values: Mapping[str, Any]) -> str:
        """The table of a changed row: another class of its family, if the values name one."""
        asked = as_text(values.get(CLASS))
        related = asked in self.schema and self.schema.root(asked) == self.schema.root(name)
        return asked if related else name

    def _leave_other_class(self, change: Change, key: str) -> None:
        if change.before and key not in self._rows[change.table]:
            self._put(self.class_of(self.schema.root(change.table), key), key, NO_ROW)

    def _next_number(self, table: str) -> str:
        return self.numbers.next(table) if self.switches.numbers_assigned else ""

    def _changes_nothing(self, before: Row, given: Mapping[str, str]) -> bool:
        same = all(before[name] == value for name, value in given.items())
        return same and self.switches.unchanged_writes_leave_no_trace

    def _stamp(self, given: Mapping[str, str], before: Row, actor: str) -> dict[str, str]:
        """The columns that the platform writes; what a caller gives wins where that may be."""
        now = self.now()
        stamp = {"sys_updated_on": now, "sys_updated_by": actor}
        if not before:
            stamp |= {"sys_created_on": now, "sys_created_by": actor, "sys_mod_count": "0"}
        elif self.switches.writes_counted:
            stamp["sys_mod_count"] = str(int(before["sys_mod_count"] or 0) + 1)
        return {name: given.get(name, value) for name, value in stamp.items()}

    def _cleaned(self, table: str, values: Mapping[str, Any]) -> dict[str, str]:
        given = dict(accepted(self.schema, table, values, self.switches))
        return given | {CLASS: table} if CLASS in given else given

    def _notes(self, table: str, values: Mapping[str, Any]) -> dict[str, str]:
        columns = ((name, self.schema.column(table, name)) for name in values)
        inputs = [name for name, column in columns if column and column.kind == "journal_input"]
        return {name: text for name in inputs if (text := as_text(values[name]))}

    def _append_journal(self, change: Change, element: str, text: str) -> None:
        entry = {
            "sys_id": new_sys_id(),
            "name": change.table,
            "element_id": change.after["sys_id"],
            "element": element,
            "value": text,
            "sys_created_on": self.now(),
            "sys_created_by": change.actor,
        }
        self._put(JOURNAL, entry["sys_id"], stored_row(entry))


def journal_label(element: str) -> str:
    """How the platform names a journal column in the text of a record's activity."""
    return _JOURNAL_LABELS.get(element, element)
