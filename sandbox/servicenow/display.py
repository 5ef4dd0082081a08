"""What people see in place of a stored value, by the column's type (recorded).

Numbers get thousands separators, durations are words, labels stand for choices, and the empty
display value of most choices is null.
"""

from __future__ import annotations

from collections.abc import Callable

from sandbox.servicenow.calendars import from_stored
from sandbox.servicenow.records import Records, Row, journal_label
from sandbox.servicenow.schema import Column
from sandbox.servicenow.switches import Switches
from sandbox.servicenow.viewers import Viewer

MASKED = "********"
CURRENCIES = frozenset({"price", "currency", "currency2"})
_CURRENCY = "USD"
_NUMBERS = frozenset({"integer", "longint", "decimal", "float"})
_DURATIONS = frozenset({"glide_duration", "timer"})
_TIMES = frozenset({"glide_date_time", "due_date", "calendar_date_time"})
_TABLES = frozenset({"sys_class_name", "table_name"})
# Recorded: these show "" where other choices show null, and these null without being choices.
_NEVER_NULL = frozenset({"hold_reason", "review_status"})
_NULL_WITHOUT_VALUE = frozenset({"contact_type", "upon_reject", "reason"})
_SPANS = (("Day", 86_400), ("Hour", 3_600), ("Minute", 60))

Shown = str | None
Show = Callable[[Row, str], Shown]


class Display:
    """Shows the values of one instance's columns to one viewer."""

    def __init__(self, records: Records, viewer: Viewer, switches: Switches) -> None:
        self._records = records
        self._viewer = viewer
        self._switches = switches

    def of(self, column: Column) -> Show:
        """How this column is shown: a function of the row and its stored value."""
        if column.kind.startswith("journal"):
            return lambda row, _: self.journal(row.get("sys_id", ""), column.name)
        if column.kind == "document_id":
            return self._document
        plain = self._by_value(column)
        return lambda _, value: plain(value)

    def journal(self, sys_id: str, element: str) -> str:
        """The whole journal as one string, newest entry first, two newlines after each."""
        wanted = "" if element == "comments_and_work_notes" else element
        return "".join(map(self._entry, self._records.journal(sys_id, wanted)))

    def _by_value(self, column: Column) -> Callable[[str], Shown]:
        if column.choices or column.name in _NULL_WITHOUT_VALUE:
            null = self._switches.empty_choices_shown_null and column.name not in _NEVER_NULL
            empty = None if null else ""
            return lambda value: column.choices.get(value, value) or empty
        if column.reference in self._records.schema:
            names = self._names if column.kind == "glide_list" else self._name
            return lambda value: names(column.reference, value)
        return self._by_kind(column)

    def _by_kind(self, column: Column) -> Callable[[str], str]:
        if column.kind in _TIMES:
            unknown = column.kind == "due_date" and self._switches.empty_due_dates_shown_unknown
            empty = "UNKNOWN" if unknown else ""
            return lambda value: self._viewer.moment(value) if value else empty
        if column.kind in _TABLES:
            return self._table
        if column.kind == "glide_date":
            return lambda value: self._viewer.day(value) if value else ""
        return self._plain(column.kind)

    def _plain(self, kind: str) -> Callable[[str], str]:
        """How a value of a type is shown that depends on nothing but itself."""
        if kind.startswith("password"):
            return lambda _: MASKED
        if kind in _NUMBERS and self._switches.numbers_shown_separated:
            return separated
        if kind in _DURATIONS and self._switches.durations_shown_in_words:
            return in_words
        return money if kind in CURRENCIES else str

    def _name(self, table: str, sys_id: str) -> str:
        return self._records.display_of(table, sys_id) if sys_id else ""

    def _names(self, table: str, sys_ids: str) -> str:
        each = (part.strip() for part in sys_ids.split(","))
        return ", ".join(self._name(table, part) or part for part in each if part)

    def _table(self, name: str) -> str:
        schema = self._records.schema
        return schema.table(name).label if name in schema else name

    def _document(self, row: Row, value: str) -> str:
        table = document_table(row)
        shown = self._name(table, value) if table in self._records.schema else ""
        return f"{self._table(table)}: {shown}" if shown else value

    def _entry(self, entry: Row) -> str:
        author = author_name(self._records, entry["sys_created_by"])
        at, label = self._viewer.moment(entry["sys_created_on"]), journal_label(entry["element"])
        return f"{at} - {author} ({label})\n{entry['value']}\n\n"


def document_table(row: Row) -> str:
    """The table that a row's `document_id` leads to: another column of it says."""
    return row.get("source_table", "") or row.get("document_table", "") or row.get("table", "")


def separated(value: str) -> str:
    """A number with thousands separators: `102,197`, `45,557.5`."""
    whole, point, rest = value.partition(".")
    digits = whole.lstrip("-")
    if not digits.isdigit() or (rest and not rest.isdigit()):
        return value
    return f"{whole[: len(whole) - len(digits)]}{int(digits):,}{point}{rest}"


def in_words(value: str) -> str:
    """A duration: `1 Day 4 Hours 23 Minutes`. It is stored as a time since 1970."""
    at = from_stored(value)
    if at is None:
        return value
    left, words = int(at.timestamp()), []
    for name, seconds in _SPANS:
        count, left = divmod(left, seconds)
        if count:
            words.append(_counted(count, name))
    return " ".join(words) or _counted(left, "Second")


def _counted(count: int, name: str) -> str:
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def money(value: str) -> str:
    """An amount: `$699.99`."""
    try:
        return f"${float(value.replace(',', '')):,.2f}" if value else ""
    except ValueError:
        return value


def with_currency(value: str) -> str:
    """An amount with its currency before it: `USD;699.99`."""
    return f"{_CURRENCY};{value}" if value else ""


def author_name(records: Records, user_name: str) -> str:
    """The display name of the user with that user_name; the name itself when unknown."""
    found = records.where("sys_user", user_name=user_name)
    return found[0]["name"] if found else user_name
