"""Rows as the REST APIs show them: three display modes, reference links, dotted keys.

ServiceNow docs, "Table API": every value is a string; a dotted key stays flat.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.servicenow.display import (
    CURRENCIES,
    Display,
    Shown,
    author_name,
    document_table,
    money,
    with_currency,
)
from sandbox.servicenow.paths import Path, resolve
from sandbox.servicenow.records import Records, Row
from sandbox.servicenow.schema import Column
from sandbox.servicenow.switches import Switches
from sandbox.servicenow.viewers import Viewer, instance_viewer

__all__ = ["Renderer", "Style", "author_name"]
Cell = Callable[[Row], object]
_VARIABLES = "variables."
_TYPED = frozenset({"integer", "boolean"})
# What these show depends on more than their value.
_OF_THE_ROW = frozenset({"journal", "journal_input", "journal_list", "document_id"})


@dataclass(frozen=True)
class Style:
    """What the caller asked for with the `sysparm_` parameters that shape an answer."""

    display: str = "false"
    links: bool = True
    fields: tuple[str, ...] = ()
    base_url: str = ""
    viewer: Viewer = field(default_factory=instance_viewer)
    switches: Switches = field(default_factory=Switches)
    may_see: Callable[[str, str], bool] = lambda _table, _column: True


class Renderer:
    """Shows rows of one instance in one style."""

    def __init__(self, records: Records, style: Style) -> None:
        self._records = records
        self._style = style
        self._display = Display(records, style.viewer, style.switches)
        self._plans: dict[str, list[tuple[str, Cell]]] = {}

    def row(self, table: str, row: Row) -> dict[str, Any]:
        """One record of a table; unknown names among the fields are left out.

        Rows share the cells that look the same: they are for writing out, not for altering.
        """
        plan = self._plans.get(table)
        if plan is None:
            plan = self._plans[table] = list(self._plan(table))
        return {name: cell(row) for name, cell in plan}

    def display(self, row: Row, column: Column, value: str) -> Shown:
        """What people see in place of a stored value."""
        return self._display.of(column)(row, value)

    def _plan(self, table: str) -> Iterator[tuple[str, Cell]]:
        for name in self._style.fields or self._records.schema.table(table).columns:
            path = resolve(self._records.schema, table, name)
            if path is not None and self._style.may_see(path.table, path.column.name):
                yield name, self._cell(path)
            elif path is None and name.startswith(_VARIABLES) and table == "sc_req_item":
                yield name, self._variable(name.removeprefix(_VARIABLES))

    def _cell(self, path: Path) -> Cell:
        shape, records, name = self._shape(path.column), self._records, path.column.name
        if path.hops:
            return lambda row: _shaped(shape, path.row(records, row), name)
        if path.column.kind in _OF_THE_ROW:
            return lambda row: shape(row, row.get(name, ""))
        # The same value of a column is shown the same in every row of one answer.
        known: dict[str, object] = {}

        def cell(row: Row) -> object:
            value = row.get(name, "")
            if value not in known:
                known[value] = shape(row, value)
            return known[value]

        return cell

    def _shape(self, column: Column) -> Callable[[Row, str], object]:
        show = self._display.of(column)
        if self._style.display == "false":
            return self._linked(column, self._valued(column, show), "value")
        if self._style.display == "true":
            return self._linked(column, show, "display_value")
        if column.kind in CURRENCIES and self._style.switches.currencies_have_three_keys:
            return lambda _, value: {
                "display_value": money(value),
                "currency_display_value": with_currency(value),
                "value": value,
            }
        link = self._link(column)
        return lambda row, value: (
            {"display_value": show(row, value), "value": value} | link(row, value)
        )

    def _valued(
        self, column: Column, show: Callable[[Row, str], Shown]
    ) -> Callable[[Row, str], Any]:
        """A column in value mode: what is stored, as a string."""
        switches = self._style.switches
        if column.kind.startswith("journal") and not switches.journals_read_empty:
            return show
        typed = column.kind in _TYPED and not switches.values_are_strings
        return lambda _, value: json.loads(value) if typed and value else value

    def _linked(
        self, column: Column, show: Callable[[Row, str], Shown], key: str
    ) -> Callable[[Row, str], object]:
        if not self._leads_somewhere(column):
            return show
        link = self._link(column)

        def shape(row: Row, value: str) -> object:
            found, shown = link(row, value), show(row, value)
            return {**found, key: shown} if found else shown

        return shape

    def _leads_somewhere(self, column: Column) -> bool:
        return self._style.links and (column.kind == "reference" or column.name == "document_id")

    def _link(self, column: Column) -> Callable[[Row, str], dict[str, str]]:
        """The link to what a reference means; it is no proof that something is there (recorded)."""
        if not self._leads_somewhere(column):
            return lambda _row, _value: {}
        base, dangling = self._style.base_url, self._style.switches.dangling_references_linked

        def link(row: Row, value: str) -> dict[str, str]:
            table = column.reference or document_table(row)
            there = dangling or self._records.find(table, value) is not None
            return {"link": f"{base}/{table}/{value}"} if value and table and there else {}

        return link

    def _variable(self, name: str) -> Cell:
        """An item's answer to one of its questions, as several clients ask for it."""

        def cell(row: Row) -> object:
            value = self._answer(row, name)
            if self._style.display == "all":
                return {"display_value": value, "value": value}
            return value

        return cell

    def _answer(self, row: Row, name: str) -> str:
        records = self._records
        for owned in records.where("sc_item_option_mtom", request_item=row["sys_id"]):
            option = records.find("sc_item_option", owned["sc_item_option"]) or {}
            question = records.find("item_option_new", option.get("item_option_new", "")) or {}
            if question.get("name") == name:
                return option.get("value", "")
        return ""


def _shaped(shape: Callable[[Row, str], object], row: Row, name: str) -> object:
    return shape(row, row.get(name, ""))
