"""The rows that a call asks for, by an encoded query or by plain parameters."""

from __future__ import annotations

import re

from sandbox.servicenow.answers import ApiError, caller, instance
from sandbox.servicenow.instance import INVALID_QUERY_NO_ROWS
from sandbox.servicenow.parameters import parameters, viewer
from sandbox.servicenow.paths import resolve
from sandbox.servicenow.queries import Evaluator, Query
from sandbox.servicenow.queries.language import Condition
from sandbox.servicenow.records import Row
from sandbox.servicenow.schema import Column

_SYS_ID = re.compile(r"[0-9a-f]{32}")
# Tables of scoped apps refuse a query on a column that they have not; others drop that part of it
# (reported by several users of recent releases).
_SCOPED = re.compile(r"(x|sn)_")


def rows_asked_for(table: str) -> list[Row]:
    """What the instance holds of it, whatever the caller may see. Raises ApiError 403."""
    switches, zone = instance().switches, viewer().zone
    evaluator = Evaluator(instance().records, caller().sys_id, switches, zone=zone)
    query = evaluator.parse(table, parameters().query)
    for name, value in parameters().plain.items():
        _add_plain(query, name, value)
    _demand_known_columns(query)
    _demand_visible_columns(query)
    if query.dropped and _finds_nothing_when_invalid():
        return []
    return evaluator.run(query)


def _finds_nothing_when_invalid() -> bool:
    strict = instance().properties.get(INVALID_QUERY_NO_ROWS) == "true"
    return strict or not instance().switches.invalid_parts_dropped


def _demand_known_columns(query: Query) -> None:
    scoped = _SCOPED.match(query.filter.table)
    if query.unknown and scoped and instance().switches.unknown_columns_refused:
        raise ApiError(403, "Insufficient rights to query records")


def _demand_visible_columns(query: Query) -> None:
    schema, table = instance().records.schema, query.filter.table
    named = [path for path, _ in query.order]
    for group in query.filter.groups:
        named += [condition.path for clause in group.clauses for condition in clause]
    paths = (resolve(schema, table, name) for name in named)
    hidden = [p for p in paths if p and not _may_see(p.table, p.column.name)]
    if hidden and instance().switches.hidden_columns_refused:
        detail = "Field(s) present in the query do not have permission to be read"
        raise ApiError(403, "Insufficient rights to query records", detail)


def _may_see(table: str, column: str) -> bool:
    return column == "sys_id" or instance().access.may_see(caller(), table, column)


def _add_plain(query: Query, name: str, value: str) -> None:
    path = resolve(instance().records.schema, query.filter.table, name)
    if path is None:
        query.dropped += 1
        query.unknown.append(name)
        return
    operator, stored = _stored(path.column, value)
    query.filter.groups[0].clauses.append([Condition(name, operator, stored)])


def _stored(column: Column, shown: str) -> tuple[str, str]:
    """A plain parameter may name a choice by its label, a reference by what people see of it."""
    if column.choices and shown not in column.choices:
        labels = {label.casefold(): value for value, label in column.choices.items()}
        return "=", labels.get(shown.casefold(), shown)
    records = instance().records
    if column.kind == "reference" and column.reference in records.schema and shown:
        return ("=", shown) if _SYS_ID.fullmatch(shown) else ("IN", _shown_as(column, shown))
    return "=", shown


def _shown_as(column: Column, shown: str) -> str:
    records = instance().records
    display = records.schema.table(column.reference).display
    found = records.candidates(column.reference, display, [shown])
    return ",".join(row["sys_id"] for row in found) or shown
