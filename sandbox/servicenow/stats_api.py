"""Aggregate API: GET /api/now[/v1|/v2]/stats/{table} (ServiceNow docs, "Aggregate API").

Every number is a string. Whoever may not read each row that is counted is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response

from sandbox.servicenow.answers import ApiError, answer, caller, instance
from sandbox.servicenow.parameters import parameters, viewer
from sandbox.servicenow.paths import Path, resolve
from sandbox.servicenow.queries.operators import NUMBERS, ORDER, number
from sandbox.servicenow.records import Row
from sandbox.servicenow.rendering import Renderer, Style
from sandbox.servicenow.selection import rows_asked_for
from sandbox.servicenow.table_api import demand_table
from sandbox.servicenow.versions import routed

blueprint = Blueprint("stats_api", __name__)
_HAVING = re.compile(r"(count|avg|min|max|sum)\^([^^]*)\^(>=|<=|!=|=|>|<)\^([^^]*)")
_AGGREGATES = ("avg", "min", "max", "sum")


@dataclass(frozen=True)
class _Group:
    """The rows that have the same values in the columns of `sysparm_group_by`."""

    values: tuple[str, ...]
    rows: list[Row]


@routed(blueprint, "now", "stats/<table>", ["GET"])
def aggregate(table: str) -> Response:
    """Count, average, minimum, maximum and sum, of all rows or group by group."""
    caller()
    demand_table(table)
    rows = rows_asked_for(table)
    _demand_readable(table, rows)
    groups = [name for name in parameters().names("group_by") if _path(table, name)]
    if not groups:
        return answer({"result": {"stats": _stats(table, rows)}})
    found = _ordered(table, groups, _kept(table, _grouped(table, groups, rows)))
    return answer({"result": [_told(table, groups, group) for group in found]})


def _demand_readable(table: str, rows: list[Row]) -> None:
    access, account = instance().access, caller()
    if not instance().switches.stats_need_every_row:
        return
    if not all(access.may_read(account, table, row) for row in rows):
        raise ApiError(403, "Insufficient rights to query records")


def _path(table: str, name: str) -> Path | None:
    return resolve(instance().records.schema, table, name)


def _values(table: str, name: str, rows: list[Row]) -> list[str]:
    path = _path(table, name)
    if path is None:
        return []
    return [value for row in rows if (value := path.value(instance().records, row))]


def _stats(table: str, rows: list[Row]) -> dict[str, Any]:
    stats: dict[str, Any] = {}
    if parameters().flag("count"):
        stats["count"] = str(len(rows))
    for name in _AGGREGATES:
        columns = [each for each in parameters().names(f"{name}_fields") if _path(table, each)]
        if columns:
            stats[name] = {each: _aggregated(table, name, each, rows) for each in columns}
    return stats


def _aggregated(table: str, name: str, column: str, rows: list[Row]) -> str:
    values = _values(table, column, rows)
    path = _path(table, column)
    numeric = path is not None and path.column.kind in NUMBERS
    if name in ("min", "max"):
        best: Callable[..., str] = min if name == "min" else max
        return best(values, key=(lambda text: number(text) or 0.0) if numeric else None, default="")
    numbers = [each for each in map(number, values) if each is not None]
    if not numbers:
        return ""
    return _written(sum(numbers) if name == "sum" else sum(numbers) / len(numbers))


def _written(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")


def _grouped(table: str, columns: list[str], rows: list[Row]) -> list[_Group]:
    paths = [path for name in columns if (path := _path(table, name))]
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        key = tuple(path.value(instance().records, row) for path in paths)
        found.setdefault(key, []).append(row)
    return [_Group(values, found[values]) for values in sorted(found)]


def _kept(table: str, groups: list[_Group]) -> list[_Group]:
    """The groups that meet every `aggregate^column^operator^value` of `sysparm_having`."""
    for text in parameters().names("having"):
        match = _HAVING.fullmatch(text)
        if match:
            groups = [group for group in groups if _has(table, group, match)]
    return groups


def _has(table: str, group: _Group, match: re.Match[str]) -> bool:
    name, column, operator, wanted = match.groups()
    have, want = number(_measured(table, group, name, column)), number(wanted)
    if have is None or want is None:
        return False
    equal = {"=": have == want, "!=": have != want}
    return equal[operator] if operator in equal else ORDER[operator](have, want)


def _measured(table: str, group: _Group, name: str, column: str) -> str:
    if name == "count":
        return str(len(group.rows))
    return _aggregated(table, name, column, group.rows)


def _ordered(table: str, columns: list[str], groups: list[_Group]) -> list[_Group]:
    """By `count^desc`, `avg^column`, or one of the columns that make the groups."""
    for text in reversed(parameters().names("order_by") or parameters().names("orderby")):
        words = text.split("^")
        descending = words[-1].lower() == "desc"
        if words[-1].lower() in ("asc", "desc"):
            words.pop()
        groups = sorted(groups, key=_key(table, columns, words), reverse=descending)
    return groups


def _key(table: str, columns: list[str], words: list[str]) -> Callable[[_Group], Any]:
    name, column = (*words, "", "")[0].lower(), (*words, "", "")[1]
    if name in ("count", *_AGGREGATES):
        return lambda group: number(_measured(table, group, name, column)) or 0.0
    if name not in columns:
        return lambda _: 0
    place = columns.index(name)
    return lambda group: group.values[place]


def _told(table: str, columns: list[str], group: _Group) -> dict[str, Any]:
    fields = list(_fields(table, columns, group))
    return {"stats": _stats(table, group.rows), "groupby_fields": fields}


def _fields(table: str, columns: list[str], group: _Group) -> Iterator[dict[str, Any]]:
    render = Renderer(instance().records, Style("true", viewer=viewer()))
    for name, value in zip(columns, group.values, strict=True):
        path = _path(table, name)
        assert path is not None
        shown = render.display(path.row(instance().records, group.rows[0]), path.column, value)
        yield {"field": name} | _shown_as(value, shown or "")


def _shown_as(value: str, shown: str) -> dict[str, str]:
    modes = {"true": {"value": shown}, "all": {"display_value": shown, "value": value}}
    return modes.get(parameters().display, {"value": value})
