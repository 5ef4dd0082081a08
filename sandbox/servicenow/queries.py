"""Encoded queries (ServiceNow docs, "Encoded query strings"): parsed, evaluated, and forgiving.

A part that makes no sense is dropped and the rest runs; a bad value on a real column finds nothing.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.servicenow.records import Records, Row
from sandbox.servicenow.schema import Column

_OPERATORS = (
    "NOT LIKE|NOT IN|ISNOTEMPTY|ISEMPTY|STARTSWITH|ENDSWITH|CHANGESTO|CHANGESFROM|VALCHANGES|"
    "EMPTYSTRING|ANYTHING|BETWEEN|LIKE|IN|>=|<=|!=|!\\*|=|>|<|\\*|%"
)
_CONDITION = re.compile(rf"^([a-z_][a-z0-9_.]*)({_OPERATORS})(.*)$", re.DOTALL)
_SPLIT = re.compile(r"(?<!\^)\^(?!\^)")
_NEGATED = {"!=", "NOT IN", "NOT LIKE", "!*"}
_CHANGES = {"CHANGESTO", "CHANGESFROM", "VALCHANGES"}
# The stock tables that came in sys_id order in every recorded exchange; others do not.
_ORDERED_TABLES = frozenset({"sys_user", "sys_user_group", "sys_user_grmember"})


@dataclass(frozen=True)
class Condition:
    """One `field operator value`."""

    path: str
    operator: str
    value: str


Clause = list[Condition]


@dataclass
class Query:
    """Groups (`^NQ`) of clauses (`^`) of alternatives (`^OR`), and the sort keys."""

    groups: list[list[Clause]] = field(default_factory=lambda: [[]])
    order: list[tuple[str, bool]] = field(default_factory=list)
    dropped: int = 0


def parse(text: str, knows: Callable[[str], bool]) -> Query:
    """Read an encoded query; `knows` says whether a path names a column."""
    query = Query()
    for part in _SPLIT.split(text):
        _add_part(query, part.replace("^^", "^"), knows)
    return query


def _add_part(query: Query, part: str, knows: Callable[[str], bool]) -> None:
    order = re.fullmatch(r"(ORDERBYDESC|ORDERBY)([a-z0-9_.]+)", part)
    if order:
        if knows(order[2]):
            query.order.append((order[2], order[1] == "ORDERBYDESC"))
        return
    if part in ("", "EQ"):
        return
    if part.startswith("NQ"):
        query.groups.append([])
        part = part[2:]
    alternative = part.startswith("OR")
    condition = _condition(part[2:] if alternative else part, knows)
    query.dropped += condition is None
    _add_condition(query.groups[-1], condition, alternative)


def _condition(part: str, knows: Callable[[str], bool]) -> Condition | None:
    match = _CONDITION.match(part)
    if match is None or not knows(match[1]):
        return None
    return Condition(match[1], match[2], match[3])


def _add_condition(clauses: list[Clause], condition: Condition | None, alternative: bool) -> None:
    if not alternative or not clauses:
        clauses.append([])
    if condition is not None:
        clauses[-1].append(condition)


class Evaluator:
    """Runs encoded queries over the rows of one instance, as one user."""

    def __init__(self, records: Records, user_id: str = "", *, shuffle_ties: bool = True) -> None:
        self._records = records
        self._user_id = user_id
        self._shuffle_ties = shuffle_ties

    def select(self, table: str, text: str) -> list[Row]:
        """The matching rows; in no dependable order unless the query sorts down to `sys_id`."""
        query = parse(text, lambda path: self.knows(table, path))
        rows = [row for row in self._candidates(table) if self._matches(table, row, query)]
        for path, descending in reversed(query.order):
            rows.sort(key=lambda row: self._sort_key(table, row, path), reverse=descending)
        return rows

    def drops_something(self, table: str, text: str) -> bool:
        """Whether a part of the query makes no sense and would be dropped."""
        return parse(text, lambda path: self.knows(table, path)).dropped > 0

    def matches(self, table: str, row: Row, text: str, before: Row | None = None) -> bool:
        """Whether one row meets the query; `before` gives CHANGESTO and its like their meaning."""
        return self._matches(table, row, parse(text, lambda p: self.knows(table, p)), before)

    def knows(self, table: str, path: str) -> bool:
        """Whether a dotted path leads to a column."""
        return self._records.walk(table, {}, path) is not None

    def _candidates(self, table: str) -> list[Row]:
        rows = self._records.all(table)
        if table in _ORDERED_TABLES:
            return sorted(rows, key=lambda row: row["sys_id"])
        if self._shuffle_ties:
            random.shuffle(rows)
        return rows

    def _matches(self, table: str, row: Row, query: Query, before: Row | None = None) -> bool:
        return any(
            all(
                not clause or any(self._holds(table, row, c, before) for c in clause)
                for clause in group
            )
            for group in query.groups
        )

    def _holds(self, table: str, row: Row, condition: Condition, before: Row | None) -> bool:
        if condition.operator in _CHANGES:
            return _transition(row, before, condition)
        found = self._records.walk(table, row, condition.path)
        if found is None:
            return False
        column, value = found
        wanted = self._value(condition.value)
        if column.kind == "reference" and condition.operator not in ("=", "!=", "IN", "NOT IN"):
            value = self._shown(column, value) if wanted else value
        return compare(column, condition.operator, value, wanted)

    def _value(self, value: str) -> str:
        # ServiceNow docs, "Guarded script": only a single call from an allow-list is evaluated.
        return self._user_id if value == "javascript:gs.getUserID()" else value

    def _shown(self, column: Column, value: str) -> str:
        return self._records.display_of(column.reference, value)

    def _sort_key(self, table: str, row: Row, path: str) -> tuple[int, float, str]:
        found = self._records.walk(table, row, path)
        assert found is not None
        column, value = found
        if column.kind == "reference":
            value = self._shown(column, value)
        number = _number(value) if column.kind == "integer" else None
        return (0, number, "") if number is not None else (bool(value), 0.0, value.casefold())


def _transition(row: Row, before: Row | None, condition: Condition) -> bool:
    if before is None:
        return False
    was, now = before.get(condition.path, ""), row.get(condition.path, "")
    if condition.operator == "CHANGESTO":
        return was != now == condition.value
    if condition.operator == "CHANGESFROM":
        return now != was == condition.value
    return was != now


def compare(column: Column, operator: str, value: str, wanted: str) -> bool:
    """Whether a stored value meets `operator wanted`; text is compared without regard to case."""
    if operator in ("ISEMPTY", "EMPTYSTRING"):
        return value == ""
    if operator == "ISNOTEMPTY":
        return value != ""
    if operator == "ANYTHING":
        return True
    if operator in _NEGATED:
        return not _positive(column, _OPPOSITE[operator], value, wanted)
    return _positive(column, operator, value, wanted)


_OPPOSITE = {"!=": "=", "NOT IN": "IN", "NOT LIKE": "LIKE", "!*": "LIKE"}


def _positive(column: Column, operator: str, value: str, wanted: str) -> bool:
    have, want = value.casefold(), wanted.casefold()
    if operator in _TEXT:
        return _TEXT[operator](have, want)
    if operator == "BETWEEN":
        low, _, high = want.partition("@")
        return _ordered(column, have, ">=", low) and _ordered(column, have, "<=", high)
    return _ordered(column, have, operator, want)


_TEXT: dict[str, Callable[[str, str], bool]] = {
    "=": lambda have, want: have == want,
    "IN": lambda have, want: have in [member.strip() for member in want.split(",")],
    "LIKE": lambda have, want: want in have,
    "*": lambda have, want: want in have,
    "STARTSWITH": lambda have, want: have.startswith(want),
    "ENDSWITH": lambda have, want: have.endswith(want),
    "%": lambda have, want: have.endswith(want),
}
_ORDER: dict[str, Callable[[int], bool]] = {
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
}


def _ordered(column: Column, have: str, operator: str, want: str) -> bool:
    if have == "" or want == "":
        return False
    if column.kind != "integer":
        return _ORDER[operator]((have > want) - (have < want))
    left, right = _number(have), _number(want)
    if left is None or right is None:
        return False
    return _ORDER[operator](int((left > right) - (left < right)))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
