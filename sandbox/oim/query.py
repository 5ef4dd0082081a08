"""The filter language of the Self Service API.

REST API for OIG Self Service, "Query Parameters": `<attribute> <operator> <value>`, operators eq,
co and sw, joined by and/or, with `::` for every space inside a name or a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

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


def compile_query(text: str, attributes: Mapping[str, Values[Row]]) -> Predicate[Row]:
    """A test for rows. `attributes` maps a searchable name (lower case, real spaces) to the values
    that a row has for it; any of them may match, in any case. `and` binds before `or`. An empty
    filter lets everything through. Raises BadQuery.
    """
    if not text.strip():
        return lambda _: True
    pieces = _JOIN.split(text.strip())
    groups: list[list[Predicate[Row]]] = [[_condition(pieces[0], attributes)]]
    for join, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        if join.lower() == "or":
            groups.append([])
        groups[-1].append(_condition(piece, attributes))
    return lambda row: any(all(test(row) for test in group) for group in groups)


def _condition(piece: str, attributes: Mapping[str, Values[Row]]) -> Predicate[Row]:
    parts = piece.split()
    if len(parts) != 3 or parts[1].lower() not in _TESTS:  # noqa: PLR2004 -- name, operator, value
        raise BadQuery(f"The filter {piece!r} is not valid.")
    name, value = (part.replace("::", " ") for part in (parts[0], parts[2]))
    values = attributes.get(name.lower())
    if values is None:
        raise BadQuery(f"The attribute {name!r} is not searchable.")
    test, want = _TESTS[parts[1].lower()], value.lower()
    return lambda row: any(test(have.lower(), want) for have in values(row))
