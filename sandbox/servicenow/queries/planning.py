"""Which rows a query must look at: those of an index where one condition is sharp enough."""

from __future__ import annotations

from sandbox.servicenow.queries.language import Condition, Query
from sandbox.servicenow.queries.scripts import PREFIX
from sandbox.servicenow.records import Records, Row
from sandbox.servicenow.schema import Column

# Columns whose stored text is equal exactly when their value is; `1.0` and `1` are the same number.
_SHARP = frozenset({"string", "reference", "GUID", "choice", "email", "url"})


def rows_to_look_at(records: Records, query: Query) -> list[Row]:
    """A superset of the rows that meet the query."""
    table, groups = query.filter.table, query.filter.groups
    sharp = [
        clause[0]
        for clause in (groups[0].clauses if len(groups) == 1 else [])
        if len(clause) == 1 and _is_sharp(records.schema.column(table, clause[0].path), clause[0])
    ]
    if not sharp:
        return records.all(table)
    return min((_found(records, table, each) for each in sharp), key=len)


def _is_sharp(column: Column | None, condition: Condition) -> bool:
    return (
        column is not None
        and column.kind in _SHARP
        and condition.operator in ("=", "IN")
        and condition.value != ""
        and not condition.value.casefold().startswith(PREFIX)
    )


def _found(records: Records, table: str, condition: Condition) -> list[Row]:
    values = [condition.value]
    if condition.operator == "IN":
        values = [member.strip() for member in condition.value.split(",")]
    return records.candidates(table, condition.path, values)
