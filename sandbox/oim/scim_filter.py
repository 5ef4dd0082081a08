"""The filters of SCIM (draft-ietf-scim-api-13, "Filtering"), as far as clients use them here.

Attributes, operators eq, ne, co, sw, ew and pr, joined by and/or; values are quoted by some clients
and bare with others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Resource = Mapping[str, Any]
Test = Callable[[Resource], bool]

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^\s]+)')
_ESCAPED = re.compile(r"\\(.)")
_TESTS: dict[str, Callable[[str, str], bool]] = {
    "eq": lambda have, want: have == want,
    "co": lambda have, want: want in have,
    "sw": lambda have, want: have.startswith(want),
    "ew": lambda have, want: have.endswith(want),
}


class BadFilter(ValueError):
    """The filter cannot be understood."""


def compile_filter(text: str, *, bare: bool = True) -> Test:
    """A test for resources; an empty filter lets everything through. Raises BadFilter, also for a
    value without quotes unless `bare` values are taken.
    """
    words = [match.group(1) for match in _TOKEN.finditer(text)]
    if not words:
        return lambda _: True
    groups: list[list[Test]] = [[]]
    while words:
        groups[-1].append(_condition(words, bare=bare))
        if words:
            _join(words.pop(0), groups, last=not words)
    return lambda row: any(all(test(row) for test in group) for group in groups)


def _join(word: str, groups: list[list[Test]], *, last: bool) -> None:
    if word.lower() not in ("and", "or") or last:
        raise BadFilter(f"{word!r} is not expected there.")
    if word.lower() == "or":
        groups.append([])


def _condition(words: list[str], *, bare: bool) -> Test:
    path = words.pop(0).lower()
    operator = words.pop(0).lower() if words else ""
    if operator == "pr":
        return lambda row: bool(values(row, path))
    if operator not in (*_TESTS, "ne") or not words:
        raise BadFilter(f"{path} {operator} is not a comparison.")
    value = _value(words.pop(0), bare=bare).lower()
    if operator == "ne":
        return lambda row: value not in values(row, path)
    test = _TESTS[operator]
    return lambda row: any(test(have, value) for have in values(row, path))


def _value(word: str, *, bare: bool) -> str:
    if word.startswith('"'):
        return _ESCAPED.sub(r"\1", word[1:-1])
    if not bare and word not in ("true", "false") and not word.isdecimal():
        raise BadFilter(f"The value {word} needs quotes.")
    return word


def values(resource: Resource, path: str) -> list[str]:
    """What a resource has at a path such as `emails.value` or `urn:…:User:department`, in lower
    case; a list stands for the values of its members.
    """
    found: list[Any] = [resource]
    for name in _names(path, resource):
        members = [m for one in found for m in (one if isinstance(one, list) else [one])]
        found = [value for member in members if isinstance(member, Mapping)
                 for key, value in member.items() if key.lower() == name]  # fmt: skip
    flat = [m for one in found for m in (one if isinstance(one, list) else [one])]
    return [_text(value) for value in flat if value not in (None, "")]


def _names(path: str, resource: Resource) -> list[str]:
    """A schema's name has colons and dots of its own."""
    for schema in (key.lower() for key in resource if key.startswith("urn:")):
        if path.startswith(f"{schema}:"):
            return [schema, *path[len(schema) + 1 :].split(".")]
    return path.removeprefix("urn:ietf:params:scim:schemas:core:2.0:user:").split(".")


def _text(value: Any) -> str:  # noqa: ANN401 -- any JSON value
    if isinstance(value, Mapping):
        return str(value.get("value", "")).lower()
    return str(value).lower()
