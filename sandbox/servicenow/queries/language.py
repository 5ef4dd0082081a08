"""Reading an encoded query into conditions (ServiceNow docs, "Encoded query strings")."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sandbox.servicenow.switches import Switches

_OPERATORS = sorted(
    (
        "=|!=|<|<=|>|>=|%|*|!*|IN|NOT IN|ISEMPTY|ISNOTEMPTY|ANYTHING|EMPTYSTRING|SAMEAS|NSAMEAS|"
        "STARTSWITH|ENDSWITH|LIKE|NOT LIKE|NOTLIKE|CONTAINS|DOES NOT CONTAIN|BETWEEN|ON|NOTON|"
        "RELATIVEGT|RELATIVELT|RELATIVEGE|RELATIVELE|RELATIVEEE|DATEPART|MORETHAN|LESSTHAN|"
        "GT_FIELD|LT_FIELD|GT_OR_EQUALS_FIELD|LT_OR_EQUALS_FIELD|LE_OR_EQUALS_FIELD|DYNAMIC|"
        "IN_HIERARCHY|IN_HIERARCHY_DYNAMIC|INSTANCEOF|VALCHANGES|CHANGESFROM|CHANGESTO"
    ).split("|"),
    key=len,
    reverse=True,
)
_CONDITION = re.compile(
    rf"^([a-z_][a-z0-9_.]*)({'|'.join(map(re.escape, _OPERATORS))})(.*)$", re.DOTALL
)
_SPLIT = re.compile(r"(?<!\^)\^(?!\^)")
_ORDER = re.compile(r"(ORDERBYDESC|ORDERBY)([a-z_][a-z0-9_.]*)")
_JOIN = re.compile(r"JOIN(\w+)\.(\w+)=(\w+)\.(\w+)!(.*)", re.DOTALL)
_RELATED = re.compile(r"RLQUERY(\w+)\.(\w+),\s*(>=|<=|=|>|<)\s*(\d+)(,m2m)?")
_RELATED_ENDS = "ENDRLQUERY"
# Different spellings that clients send for one operator.
_SPELLINGS = {
    "%": "ENDSWITH",
    "*": "LIKE",
    "CONTAINS": "LIKE",
    "!*": "NOT LIKE",
    "NOTLIKE": "NOT LIKE",
    "DOES NOT CONTAIN": "NOT LIKE",
    "EMPTYSTRING": "ISEMPTY",
    "LE_OR_EQUALS_FIELD": "LT_OR_EQUALS_FIELD",
}
# Full text stands where a column would; the vendor's name for it.
TEXT_SEARCH = "123TEXTQUERY321"
_TEXT_SEARCH = re.compile(rf"(?:GOTO)?{TEXT_SEARCH}=(.*)", re.DOTALL)
# The UI appends these to the conditions it stores; they say nothing about rows.
_HARMLESS = re.compile(r"EQ|GROUPBY.*|TRENDBY.*|")

Knows = Callable[[str, str], bool]


@dataclass(frozen=True)
class Condition:
    """One `field operator value`."""

    path: str
    operator: str
    value: str


Clause = list[Condition]


@dataclass
class Filter:
    """What rows of a table must meet: groups (`^NQ`) of parts that must all hold."""

    table: str
    groups: list[Group] = field(default_factory=lambda: [Group()])


@dataclass
class Group:
    """Clauses (`^`) of alternatives (`^OR`), and what other tables must hold."""

    clauses: list[Clause] = field(default_factory=list)
    related: list[Related] = field(default_factory=list)
    joins: list[Join] = field(default_factory=list)
    spoilt: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left of it that could hold or not."""
        return not (any(self.clauses) or self.related or self.joins)


@dataclass(frozen=True)
class Related:
    """`RLQUERY`: how many rows of another table must point here."""

    column: str
    operator: str
    number: int
    filter: Filter


@dataclass(frozen=True)
class Join:
    """`JOIN`: a row of another table must have the same value."""

    column: str
    far_column: str
    filter: Filter


@dataclass
class Query:
    """A query as it is run: what was dropped is no part of it any more."""

    filter: Filter
    order: list[tuple[str, bool]] = field(default_factory=list)
    dropped: int = 0
    unknown: list[str] = field(default_factory=list)

    def paths(self) -> Iterator[tuple[str, str]]:
        """Every column that the conditions name, with the table from which it is named."""
        yield from _paths(self.filter)


def _paths(wanted: Filter) -> Iterator[tuple[str, str]]:
    for group in wanted.groups:
        for clause in group.clauses:
            yield from ((wanted.table, condition.path) for condition in clause)
        filters = [*(each.filter for each in group.related), *(each.filter for each in group.joins)]
        for inner in filters:
            yield from _paths(inner)


def parse(text: str, table: str, knows: Knows, switches: Switches) -> Query:
    """Read an encoded query on a table; `knows(table, path)` says whether a column is there."""
    return _Reader(table, knows, switches).read(text)


class _Reader:
    """Where in a query the reader is: the filter that the next condition belongs to."""

    def __init__(self, table: str, knows: Knows, switches: Switches) -> None:
        self._knows = knows
        self._switches = switches
        self._main = Filter(table)
        self._here = self._main
        self._skipping = False
        self._query = Query(self._main)

    def read(self, text: str) -> Query:
        for part in _SPLIT.split(text):
            self._part(part.replace("^^", "^"))
        groups = [group for group in self._main.groups if not (group.is_empty and group.spoilt)]
        self._main.groups = groups or [Group()]
        return self._query

    def _part(self, part: str) -> None:
        if part.startswith("NQ"):
            self._here, self._skipping = self._main, False
            self._main.groups.append(Group())
            part = part.removeprefix("NQ")
        for pattern, take in self._takers():
            match = pattern.fullmatch(part)
            if match and take(match):
                return
        if not self._skipping:
            self._condition_part(part)

    def _takers(self) -> list[tuple[re.Pattern[str], Callable[[re.Match[str]], bool]]]:
        return [
            (_HARMLESS, lambda _: True),
            (re.compile(_RELATED_ENDS), self._end_related),
            (_ORDER, self._order),
            (_RELATED, self._related),
            (_JOIN, self._join),
        ]

    def _order(self, match: re.Match[str]) -> bool:
        if self._knows(self._main.table, match[2]):
            self._query.order.append((match[2], match[1] == "ORDERBYDESC"))
        return True

    def _related(self, match: re.Match[str]) -> bool:
        table, column, operator, number = match.group(1, 2, 3, 4)
        if not self._knows(table, column):
            self._drop(f"{table}.{column}")
            self._skipping = True
            return True
        inner = Filter(table)
        self._main.groups[-1].related.append(Related(column, operator, int(number), inner))
        self._here = inner
        return True

    def _end_related(self, _: re.Match[str]) -> bool:
        self._here, self._skipping = self._main, False
        return True

    def _join(self, match: re.Match[str]) -> bool:
        near, column, table, far = match.group(1, 2, 3, 4)
        if not (self._knows(near, column) and self._knows(table, far)):
            self._drop(f"{table}.{far}")
            return True
        inner = Filter(table)
        self._main.groups[-1].joins.append(Join(column, far, inner))
        self._here = inner
        if match[5]:
            self._condition_part(match[5])
        return True

    def _condition_part(self, part: str) -> None:
        alternative = part.startswith("OR")
        self._add(self._condition(part.removeprefix("OR") if alternative else part), alternative)

    def _condition(self, part: str) -> Condition | None:
        text = _TEXT_SEARCH.fullmatch(part)
        if text:
            return Condition(TEXT_SEARCH, "=", text[1])
        match = _CONDITION.match(part)
        if match and self._knows(self._here.table, match[1]):
            return Condition(match[1], _SPELLINGS.get(match[2], match[2]), match[3])
        self._drop(match[1] if match else "")
        return None

    def _drop(self, unknown: str) -> None:
        self._query.dropped += 1
        self._here.groups[-1].spoilt = True
        if unknown:
            self._query.unknown.append(unknown)

    def _add(self, condition: Condition | None, alternative: bool) -> None:
        if alternative and not self._switches.or_binds_to_the_condition_before:
            self._here.groups.append(Group())
        clauses = self._here.groups[-1].clauses
        if not alternative or not clauses:
            clauses.append([])
        if condition is not None:
            clauses[-1].append(condition)
