"""The filter language of the Self Service API.

REST API for OIG Self Service, "Query Parameters": `<attribute> <operator> <value>`, operators eq,
co and sw, joined by and/or, with `::` for every space inside a name or a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

Row = TypeVar("Row")
Values = Callable[[Row], tuple[str, ...]]
Predicate = Callable[[Row], bool]

_JOIN = re.compile(r"\s+(and|or)\s+", re.IGNORECASE)
_TESTS: dict[str, Callable[[str, str], bool]] = {
    "eq": lambda have, want: have == want,
    "co": lambda have, want: want in have,
    "sw": lambda have, want: have.startswith(want),
}


class BadQuery(ValueError):
    """The filter cannot be understood, or names an attribute that is not searchable."""


class Grammar(NamedTuple):
    """How filters are read: as documented, unless a switch says otherwise."""

    colons_are_spaces: bool = True
    any_case: bool = True
    refuses_unsearchable: bool = True

    def text(self, word: str) -> str:
        """A name or a value, with real spaces."""
        return word.replace("::", " ") if self.colons_are_spaces else word


USUAL = Grammar()


class Condition(NamedTuple):
    """One comparison, with real spaces; in lower case what is compared in any case."""

    name: str
    operator: str
    value: str
    any_case: bool = True

    def met_by(self, *values: str) -> bool:
        """Whether any of the values meets it."""
        test = _TESTS[self.operator]
        return any(test(value.lower() if self.any_case else value, self.value) for value in values)


def parse(text: str, grammar: Grammar = USUAL) -> list[list[Condition]]:
    """Groups of which one must be met in full: `and` binds before `or`. Raises BadQuery.

    An empty filter is one empty group, which everything meets.
    """
    if not text.strip():
        return [[]]
    pieces = _JOIN.split(text.strip())
    groups = [[_condition(pieces[0], grammar)]]
    for join, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        if join.lower() == "or":
            groups.append([])
        groups[-1].append(_condition(piece, grammar))
    return groups


def compile_query(
    text: str, attributes: Mapping[str, Values[Row]], grammar: Grammar = USUAL
) -> Predicate[Row]:
    """A test for rows. `attributes` maps a searchable name (lower case, real spaces) to the values
    that a row has for it; any of them may match, in any case. An empty filter lets everything
    through. Raises BadQuery.
    """
    groups = searchable(parse(text, grammar), attributes, grammar)
    return lambda row: any(
        all(condition.met_by(*attributes[condition.name](row)) for condition in group)
        for group in groups
    )


def searchable(
    groups: list[list[Condition]], names: Mapping[str, object], grammar: Grammar = USUAL
) -> list[list[Condition]]:
    """The groups, if every condition names one of these; raises BadQuery for anything else, or
    leaves it out where the grammar does not refuse it.
    """
    for condition in (each for group in groups for each in group):
        if condition.name not in names and grammar.refuses_unsearchable:
            raise BadQuery(f"The attribute {condition.name!r} is not searchable.")
    return [[each for each in group if each.name in names] for group in groups]


def _condition(piece: str, grammar: Grammar) -> Condition:
    parts = piece.split()
    if len(parts) != 3 or parts[1].lower() not in _TESTS:  # noqa: PLR2004 -- name, operator, value
        raise BadQuery(f"The filter {piece!r} is not valid.")
    name, value = grammar.text(parts[0]).lower(), grammar.text(parts[2])
    known = value.lower() if grammar.any_case else value
    return Condition(name, parts[1].lower(), known, grammar.any_case)
