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


class Condition(NamedTuple):
    """One comparison; name and value in lower case, with real spaces."""

    name: str
    operator: str
    value: str

    def met_by(self, *values: str) -> bool:
        """Whether any of the values meets it, in any case."""
        test = _TESTS[self.operator]
        return any(test(value.lower(), self.value) for value in values)


def parse(text: str) -> list[list[Condition]]:
    """Groups of which one must be met in full: `and` binds before `or`. Raises BadQuery.

    An empty filter is one empty group, which everything meets.
    """
    if not text.strip():
        return [[]]
    pieces = _JOIN.split(text.strip())
    groups = [[_condition(pieces[0])]]
    for join, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        if join.lower() == "or":
            groups.append([])
        groups[-1].append(_condition(piece))
    return groups


def compile_query(text: str, attributes: Mapping[str, Values[Row]]) -> Predicate[Row]:
    """A test for rows. `attributes` maps a searchable name (lower case, real spaces) to the values
    that a row has for it; any of them may match, in any case. An empty filter lets everything
    through. Raises BadQuery.
    """
    groups = parse(text)
    demand_searchable(groups, attributes)
    return lambda row: any(
        all(condition.met_by(*attributes[condition.name](row)) for condition in group)
        for group in groups
    )


def demand_searchable(groups: list[list[Condition]], names: Mapping[str, object]) -> None:
    """Raises BadQuery if a condition names something else."""
    for group in groups:
        for condition in group:
            if condition.name not in names:
                raise BadQuery(f"The attribute {condition.name!r} is not searchable.")


def _condition(piece: str) -> Condition:
    parts = piece.split()
    if len(parts) != 3 or parts[1].lower() not in _TESTS:  # noqa: PLR2004 -- name, operator, value
        raise BadQuery(f"The filter {piece!r} is not valid.")
    name, value = (part.replace("::", " ").lower() for part in (parts[0], parts[2]))
    return Condition(name, parts[1].lower(), value)
