"""Runs encoded queries over the rows of one instance, as one user."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import tzinfo
from typing import Any

from sandbox.servicenow.calendars import Calendar, zone_named
from sandbox.servicenow.paths import Path, resolve
from sandbox.servicenow.queries.conditions import Conditions, Predicate
from sandbox.servicenow.queries.language import Clause, Filter, Group, Query, parse
from sandbox.servicenow.queries.operators import NUMBERS, ORDER, number
from sandbox.servicenow.queries.planning import rows_to_look_at
from sandbox.servicenow.queries.scripts import Scripts
from sandbox.servicenow.records import Records, Row
from sandbox.servicenow.switches import Switches

# The stock tables that came in sys_id order in every recorded exchange; others do not.
_ORDERED_TABLES = frozenset({"sys_user", "sys_user_group", "sys_user_grmember"})


class Evaluator:
    """Queries as one user asks them; date functions look at that user's time zone."""

    def __init__(
        self,
        records: Records,
        user_id: str = "",
        switches: Switches | None = None,
        *,
        zone: tzinfo | None = None,
    ) -> None:
        self._records = records
        self._user_id = user_id
        self._switches = switches or Switches()
        self._zone = zone

    def select(self, table: str, text: str) -> list[Row]:
        """The matching rows; in no dependable order unless the query sorts down to `sys_id`."""
        return self.run(self.parse(table, text))

    def parse(self, table: str, text: str) -> Query:
        """The query as it will be run: parts that make no sense are dropped from it."""
        return parse(text, table, self.knows, self._switches)

    def run(self, query: Query) -> list[Row]:
        """The rows that meet a parsed query."""
        holds = self._filter(query.filter, None)
        rows = [row for row in self._candidates(query) if holds(row)]
        for path, descending in reversed(query.order):
            key = self._sort_key(query.filter.table, path)
            rows.sort(key=key, reverse=descending)
        return rows

    def drops_something(self, table: str, text: str) -> bool:
        """Whether a part of the query makes no sense and would be dropped."""
        return self.parse(table, text).dropped > 0

    def matches(self, table: str, row: Row, text: str, before: Row | None = None) -> bool:
        """Whether one row meets the query; `before` gives CHANGESTO and its like their meaning."""
        return self._filter(self.parse(table, text).filter, before)(row)

    def knows(self, table: str, path: str) -> bool:
        """Whether a dotted path leads to a column."""
        return resolve(self._records.schema, table, path) is not None

    def _scripts(self) -> Scripts:
        user = self._records.find("sys_user", self._user_id) or {}
        zone = self._zone or zone_named(user.get("time_zone", ""))
        calendar = Calendar(self._records.clock(), zone)
        return Scripts(calendar, self._user_id, user.get("user_name", ""))

    def _filter(self, wanted: Filter, before: Row | None) -> Predicate:
        conditions = Conditions(self._records, self._scripts(), self._switches, before)
        groups = [self._group(wanted.table, group, conditions) for group in wanted.groups]
        return groups[0] if len(groups) == 1 else _any(groups)

    def _group(self, table: str, group: Group, conditions: Conditions) -> Predicate:
        parts = [self._clause(table, clause, conditions) for clause in group.clauses if clause]
        for related in group.related:
            rows = self._inside(related.filter)
            counts = Counter(row.get(related.column, "") for row in rows)
            parts.append(_counted(counts, related.operator, related.number))
        for join in group.joins:
            values = {row.get(join.far_column, "") for row in self._inside(join.filter)} - {""}
            parts.append(_member(join.column, values))
        return _all(parts)

    def _clause(self, table: str, clause: Clause, conditions: Conditions) -> Predicate:
        tests = [conditions.predicate(table, condition) for condition in clause]
        return tests[0] if len(tests) == 1 else _any(tests)

    def _inside(self, wanted: Filter) -> list[Row]:
        holds = self._filter(wanted, None)
        return [row for row in self._records.all(wanted.table) if holds(row)]

    def _candidates(self, query: Query) -> list[Row]:
        table = query.filter.table
        rows = rows_to_look_at(self._records, query)
        ends = query.order[-1][0] if query.order else ""
        if table in _ORDERED_TABLES:
            return sorted(rows, key=lambda row: row["sys_id"])
        if self._switches.shuffled_ties and ends != "sys_id":
            random.shuffle(rows)
        return rows

    def _sort_key(self, table: str, text: str) -> Callable[[Row], Any]:
        path = resolve(self._records.schema, table, text)
        assert path is not None
        if text == "sys_id":
            return lambda row: row["sys_id"]
        name = path.hops[0][0] if path.hops else path.column.name
        known: dict[str, Any] = {}

        def key(row: Row) -> Any:  # noqa: ANN401 - whatever compares
            first = row.get(name, "")
            if first not in known:
                known[first] = self._sorted_by(path, path.value(self._records, row))
            return known[first]

        return key

    def _sorted_by(self, path: Path, value: str) -> tuple[bool, float] | str:
        """Numbers by size, references by what people see of them, text without regard to case."""
        if path.column.kind in NUMBERS:
            return _number_key(value)
        if path.column.reference:
            return self._records.display_of(path.column.reference, value).casefold()
        return value.casefold()


def _number_key(text: str) -> tuple[bool, float]:
    value = number(text) if text else None
    return (value is not None, value or 0.0)


def _any(tests: list[Predicate]) -> Predicate:
    return lambda row: any(test(row) for test in tests)


def _all(tests: list[Predicate]) -> Predicate:
    if len(tests) == 1:
        return tests[0]
    return lambda row: all(test(row) for test in tests)


def _member(column: str, values: set[str]) -> Predicate:
    return lambda row: row.get(column, "") in values


def _counted(counts: Counter[str], operator: str, wanted: int) -> Predicate:
    holds = ORDER.get(operator, lambda have, want: bool(have == want))
    return lambda row: holds(counts[row["sys_id"]], wanted)
