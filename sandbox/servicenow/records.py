"""The rows, written as the platform writes them: strings only, times in whole seconds."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.servicenow.schema import Column, Schema

Row = Mapping[str, str]
REFERENCE_LENGTH = 32
FIRST_NUMBER = 10001
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
# ServiceNow docs, "Retrieving journal entries": input fields are written, list fields only show.
_JOURNAL_LABELS = {"work_notes": "Work notes", "comments": "Additional comments"}


class DuplicateKey(Exception):
    """An insert named a sys_id that is there already; the Table API has no upsert."""


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


def platform_time(at: datetime) -> str:
    """A time as the platform stores it: UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def new_sys_id() -> str:
    """A fresh record id."""
    return uuid.uuid4().hex


class Records:
    """All rows of all tables. Rows are replaced, never altered, so a reader's copy stays whole."""

    def __init__(self, schema: Schema, clock: Callable[[], datetime]) -> None:
        self.schema = schema
        self.clock = clock
        self.rules: list[Rule] = []
        self.ledger: list[LedgerEntry] = []
        self.lock = threading.RLock()
        self._rows: dict[str, dict[str, Row]] = {table.name: {} for table in schema}
        self._numbers: dict[str, int] = {}
        self._journal: dict[str, list[Row]] = {}

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

    def where(self, table: str, **values: str) -> list[Row]:
        """Rows whose columns have exactly these values, oldest first."""
        return [row for row in self.all(table) if all(row.get(k) == v for k, v in values.items())]

    def class_of(self, table: str, sys_id: str) -> str:
        """The table that really holds this row."""
        return next(name for name in self.schema.classes(table) if sys_id in self._rows[name])

    def insert(self, table: str, values: Mapping[str, Any], actor: str) -> Row:
        """Add a row; unknown columns are dropped without a word. Raises DuplicateKey."""
        with self.lock:
            sys_id = str(values.get("sys_id") or "").lower() or new_sys_id()
            if sys_id in self._rows[table]:
                raise DuplicateKey(sys_id)
            row = self._defaults(table) | self._cleaned(table, values) | {"sys_id": sys_id}
            row |= self._stamp(row, actor, created=True)
            self._rows[table][sys_id] = row
            self._append_journals(table, sys_id, values, actor)
            return self._written(Change(table, "insert", {}, row, actor), values)

    def update(self, table: str, sys_id: str, values: Mapping[str, Any], actor: str) -> Row:
        """Change a row; one that changes nothing leaves it as it is. Raises KeyError."""
        with self.lock:
            name = self.class_of(table, sys_id)
            before = self._rows[name][sys_id]
            cleaned = self._cleaned(name, values)
            cleaned.pop("sys_id", None)
            noted = self._append_journals(name, sys_id, values, actor)
            if not noted and all(before.get(k) == v for k, v in cleaned.items()):
                return before
            after = {**before, **cleaned}
            after |= self._stamp(after, actor, created=False)
            self._rows[name][sys_id] = after
            return self._written(Change(name, "update", before, after, actor), values)

    def delete(self, table: str, sys_id: str, actor: str) -> None:
        """Remove a row with its journal."""
        with self.lock:
            name = self.class_of(table, sys_id)
            before = self._rows[name].pop(sys_id)
            for entry in self._journal.pop(sys_id, []):
                self._rows["sys_journal_field"].pop(entry["sys_id"], None)
            self._written(Change(name, "delete", before, {}, actor), {})

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
            column.reference, self.find(column.reference, row.get(name, "")) or {}, rest
        )

    def display_of(self, table: str, sys_id: str) -> str:
        """What people see for a reference; empty when it leads nowhere."""
        row = self.find(table, sys_id)
        if row is None:
            return ""
        return row.get(self.schema.table(self.class_of(table, sys_id)).display, "")

    def journal(self, sys_id: str, element: str = "") -> list[Row]:
        """A record's journal entries, newest first; all of them or those of one column."""
        entries = reversed(self._journal.get(sys_id, []))
        return [entry for entry in entries if element in ("", entry["element"])]

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
        return stamp | {"sys_mod_count": str(int(row["sys_mod_count"]) + 1)}

    def _cleaned(self, table: str, values: Mapping[str, Any]) -> dict[str, str]:
        return dict(self._accepted(table, values))

    def _accepted(self, table: str, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        for name, value in values.items():
            column = self.schema.column(table, name)
            if column is None or name in _READ_ONLY or column.kind.startswith("journal"):
                continue
            text = stored(column, as_text(value))
            if text is not None:
                yield name, text

    def _append_journals(
        self, table: str, sys_id: str, values: Mapping[str, Any], actor: str
    ) -> bool:
        notes = [(name, as_text(values[name])) for name in self._journal_columns(table, values)]
        for name, text in notes:
            if text:
                self._append_journal(table, sys_id, name, text, actor)
        return any(text for _, text in notes)

    def _journal_columns(self, table: str, values: Mapping[str, Any]) -> list[str]:
        columns = ((name, self.schema.column(table, name)) for name in values)
        return [name for name, column in columns if column and column.kind == "journal_input"]

    def _append_journal(self, table: str, sys_id: str, element: str, text: str, actor: str) -> None:
        entry = {
            "sys_id": new_sys_id(),
            "name": table,
            "element_id": sys_id,
            "element": element,
            "value": text,
            "sys_created_on": self.now(),
            "sys_created_by": actor,
            "sys_tags": "",
        }
        self._rows["sys_journal_field"][entry["sys_id"]] = entry
        self._journal.setdefault(sys_id, []).append(entry)


def journal_label(element: str) -> str:
    """How the platform names a journal column in the text of a record's activity."""
    return _JOURNAL_LABELS.get(element, element)


def as_text(value: object) -> str:
    """What the platform stores for a JSON value: always a string, an object as `{key=value}`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={as_text(item)}" for key, item in value.items()) + "}"
    return json.dumps(value) if isinstance(value, list) else str(value)


def stored(column: Column, text: str) -> str | None:
    """The text as the column keeps it; None when it is dropped without a word.

    ServiceNow docs, "Table API": references are not checked (and hold 32 characters), a choice that
    does not exist is dropped (`glide.rest.choice.allow_non_existing_value` is false).
    """
    if column.kind == "reference":
        return text[:REFERENCE_LENGTH]
    if column.choices and text and text not in column.choices:
        return None
    if column.kind == "boolean":
        return "true" if text.lower() in ("true", "1") else "false"
    return text[: column.max_length] if column.max_length else text
