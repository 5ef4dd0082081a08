"""What the REST APIs take of the values that a caller sends: much is lost without a word.

ServiceNow docs, "Table API": unknown names are ignored, references are not checked, a choice that
does not exist is dropped unless `glide.rest.choice.allow_non_existing_value` is true; with
`sysparm_input_display_value=true` values are labels, names, and times in the caller's zone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.servicenow.calendars import STORED, as_stored, from_stored
from sandbox.servicenow.records import Records, Row, WriteRefused
from sandbox.servicenow.schema import Column
from sandbox.servicenow.switches import Switches
from sandbox.servicenow.viewers import Viewer
from sandbox.servicenow.writing import SYSTEM_COLUMNS, as_text

ANY_CHOICE = "glide.rest.choice.allow_non_existing_value"
_MOMENTS = frozenset({"glide_date_time", "due_date"})
_AMOUNTS = frozenset({"currency", "price", "currency2"})
_NUMBERS = frozenset({"integer", "longint", "decimal", "float"})
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_DURATION = re.compile(r"(?:(\d+) )?(\d{1,2}):(\d{2}):(\d{2})")
Reading = Callable[[Column, str], str | None]


class Intake:
    """Reads the values of a body for one caller."""

    def __init__(
        self, records: Records, switches: Switches, properties: Mapping[str, str], viewer: Viewer
    ) -> None:
        self._records = records
        self._switches = switches
        self._any_choice = properties.get(ANY_CHOICE) == "true"
        self._viewer = viewer

    def received(
        self, table: str, body: Mapping[str, Any], *, display: bool = False
    ) -> dict[str, str]:
        """The values as they will be stored; what is not taken is not there.

        Raises WriteRefused for an unknown name, where these are not dropped.
        """
        return dict(self._taken(table, body, display and self._switches.display_input_taken))

    def _taken(
        self, table: str, body: Mapping[str, Any], display: bool
    ) -> Iterator[tuple[str, str]]:
        for name, value in body.items():
            column = self._records.schema.column(table, name)
            if column is None:
                self._unknown(table, name)
            elif not self._is_kept(table, column):
                text = self._valid(table, column, self._text(value), display)
                if text is not None:
                    yield name, text

    def _unknown(self, table: str, name: str) -> None:
        if not self._switches.unknown_keys_dropped:
            raise WriteRefused("Operation Failed", f"Table {table} has no column {name}")

    def _is_kept(self, table: str, column: Column) -> bool:
        """Whether nobody but the platform writes this column."""
        if (table, column.name) == ("sys_user", "user_password"):
            return self._switches.password_writes_dropped
        if column.name == "sys_id":
            return not self._switches.callers_sys_id_taken
        kept = column.name in SYSTEM_COLUMNS or column.read_only
        return kept and self._switches.system_columns_kept

    def _text(self, value: object) -> str:
        if isinstance(value, dict) and not self._switches.objects_stringified:
            value = value.get("value")
        return as_text(value)

    def _valid(self, table: str, column: Column, text: str, display: bool) -> str | None:
        """The stored value, or None where the column does not take this text."""
        if not text or column.kind.startswith("journal"):
            return text
        if display:
            text = self._shown(table, column, text)
        if column.kind == "reference":
            return self._reference(column, text)
        if column.choices:
            return text if self._is_choice(table, column, text) else None
        reading = _READINGS.get(column.kind)
        return reading(text) if reading else text

    def _reference(self, column: Column, text: str) -> str | None:
        known = column.reference in self._records.schema
        if known and not self._switches.references_unchecked:
            return text if self._records.find(column.reference, text) else None
        return text

    def _is_choice(self, table: str, column: Column, text: str) -> bool:
        if self._any_choice or text in column.choices or not self._switches.invalid_choices_dropped:
            return True
        named = self._choice(table, column, "value", text) is not None
        # A list of words takes a label for a value, and keeps it as it came.
        words = column.kind not in _NUMBERS
        return named or (words and self._choice(table, column, "label", text) is not None)

    def _choice(self, table: str, column: Column, by: str, text: str) -> Row | None:
        tables = {each.name for each in self._records.schema.lineage(table)}
        for row in self._records.candidates("sys_choice", by, [text]):
            if row["element"] == column.name and row["name"] in tables and row[by] == text:
                return row
        return None

    def _shown(self, table: str, column: Column, text: str) -> str:
        """The stored value that people see as this text; the text itself where there is none."""
        if column.kind == "reference":
            return self._named(column, text)
        if column.kind == "glide_list" and column.reference:
            return ",".join(self._named(column, part.strip()) for part in text.split(","))
        if column.kind in _MOMENTS:
            return self._moment(text)
        if column.kind == "glide_date":
            return self._day(text)
        if column.kind in _NUMBERS and not column.choices:
            return text.replace(",", "")
        return self._labelled(table, column, text)

    def _named(self, column: Column, text: str) -> str:
        table = column.reference
        if table not in self._records.schema or self._records.find(table, text) is not None:
            return text
        display = self._records.schema.table(table).display
        found = self._records.candidates(table, display, [text])
        return found[0]["sys_id"] if found else ""

    def _labelled(self, table: str, column: Column, text: str) -> str:
        wanted = text.casefold()
        for value, label in column.choices.items():
            if label.casefold() == wanted:
                return value
        row = self._choice(table, column, "label", text)
        return row["value"] if row else text

    def _moment(self, text: str) -> str:
        shown = f"{self._viewer.date_format} {self._viewer.time_format}"
        for pattern in (shown, STORED):
            at = _parsed(text, pattern)
            if at is not None:
                return as_stored(at.replace(tzinfo=self._viewer.zone))
        return text

    def _day(self, text: str) -> str:
        at = _parsed(text, self._viewer.date_format)
        return at.strftime("%Y-%m-%d") if at else text


def _parsed(text: str, pattern: str) -> datetime | None:
    try:
        return datetime.strptime(text, pattern)  # noqa: DTZ007 - the caller's zone is added
    except ValueError:
        return None


def _moment(text: str) -> str | None:
    at = from_stored(text)
    return as_stored(at) if at else None


def _day(text: str) -> str | None:
    at = from_stored(text[:10])
    return at.strftime("%Y-%m-%d") if at else None


def _whole(text: str) -> str | None:
    return text.partition(".")[0] if _NUMBER.fullmatch(text) else None


def _number(text: str) -> str | None:
    return text if _NUMBER.fullmatch(text) else None


def _amount(text: str) -> str | None:
    """An amount may come with its currency: `USD;699.99` or `$1,234.50`."""
    plain = text.rpartition(";")[2].replace(",", "").lstrip("$€£ ")
    return plain if _NUMBER.fullmatch(plain) else None


def _duration(text: str) -> str | None:
    """Days and a time of day stand for a time since 1970 began."""
    found = _DURATION.fullmatch(text)
    if found is None:
        return _moment(text)
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return datetime.fromtimestamp(total, UTC).strftime(STORED)


_READINGS: Mapping[str, Callable[[str], str | None]] = {
    **dict.fromkeys(_MOMENTS, _moment),
    **dict.fromkeys(_AMOUNTS, _amount),
    "glide_date": _day,
    "integer": _whole,
    "longint": _whole,
    "decimal": _number,
    "float": _number,
    "glide_duration": _duration,
}
