"""Rows as the REST APIs show them: three display modes, reference links, journals, dotted keys.

ServiceNow docs, "Table API": every value is a string; the empty display value of a choice is null.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from sandbox.servicenow.records import Records, Row, journal_label
from sandbox.servicenow.schema import Column

# A fresh instance does not run on UTC; a fixed offset needs no time zone data on the machine.
INSTANCE_ZONE = timezone(timedelta(hours=-8), "PST")
_NULL_WITHOUT_VALUE = frozenset({"contact_type", "upon_reject", "reason"})


@dataclass(frozen=True)
class Style:
    """What the caller asked for with the `sysparm_` parameters that shape an answer."""

    display: str = "false"
    links: bool = True
    fields: tuple[str, ...] = ()
    base_url: str = ""


class Renderer:
    """Shows rows of one instance in one style."""

    def __init__(self, records: Records, style: Style) -> None:
        self._records = records
        self._style = style

    def row(self, table: str, row: Row) -> dict[str, Any]:
        """One record; unknown names among the fields are left out."""
        return dict(self._cells(table, row))

    def _cells(self, table: str, row: Row) -> Iterable[tuple[str, Any]]:
        for path in self._style.fields or self._records.schema.table(table).columns:
            found = self._records.walk(table, row, path)
            if found is not None:
                yield path, self._cell(row, *found)

    def _cell(self, row: Row, column: Column, value: str) -> object:
        if self._style.display == "false":
            return self._linked(column, value, value, "value")
        shown = self.display(row, column, value)
        if self._style.display == "true":
            return self._linked(column, value, shown, "display_value")
        cell: dict[str, Any] = {"display_value": shown, "value": value}
        return cell | self._link(column, value) if self._style.links and value else cell

    def _linked(self, column: Column, value: str, shown: str | None, key: str) -> object:
        link = self._link(column, value) if value and self._style.links else {}
        return {**link, key: shown} if link else shown

    def _link(self, column: Column, value: str) -> dict[str, str]:
        if column.kind != "reference":
            return {}
        return {"link": f"{self._style.base_url}/{column.reference}/{value}"}

    def display(self, row: Row, column: Column, value: str) -> str | None:
        """What people see in place of a stored value."""
        if column.kind.startswith("journal"):
            return journal_text(self._records, row.get("sys_id", ""), column.name)
        if column.choices or column.name in _NULL_WITHOUT_VALUE:
            return column.choices.get(value, value) or None
        if column.kind == "reference" and column.reference in self._records.schema:
            return self._records.display_of(column.reference, value)
        return _plain(column, value)


def _plain(column: Column, value: str) -> str:
    if column.name == "user_password":
        return "********" if value else ""
    if column.kind == "glide_date_time" and value:
        return local_time(value)
    if column.kind == "integer" and value.isdigit():
        return f"{int(value):,}"
    return value


def local_time(value: str) -> str:
    """A stored time in the instance's own zone; text that is no time is shown as it is."""
    try:
        at = datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return value
    return at.astimezone(INSTANCE_ZONE).strftime("%Y-%m-%d %H:%M:%S")


def journal_text(records: Records, sys_id: str, element: str) -> str:
    """The whole journal as one string, newest entry first, two newlines after each."""
    wanted = "" if element == "comments_and_work_notes" else element
    return "".join(_entry(records, entry) for entry in records.journal(sys_id, wanted))


def _entry(records: Records, entry: Row) -> str:
    author = author_name(records, entry["sys_created_by"])
    label = journal_label(entry["element"])
    return f"{local_time(entry['sys_created_on'])} - {author} ({label})\n{entry['value']}\n\n"


def author_name(records: Records, user_name: str) -> str:
    """The display name of the user with that user_name; the name itself when unknown."""
    found = records.where("sys_user", user_name=user_name)
    return found[0]["name"] if found else user_name
