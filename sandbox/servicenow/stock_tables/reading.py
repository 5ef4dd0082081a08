"""Reads the text files of this folder: what a table line, a column line and a choice list say.

A table begins at the margin, its fields between bars: name, label, the table it extends, display
column, prefix of its numbers, notes. Its columns follow, indented: the dictionary's type, then
words `name=default>table:length{choices}` of which all but the name may be missing.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from sandbox.servicenow.schema import Column, Table, make_table

_FOLDER = Path(__file__).resolve().parent
_WORD = re.compile(
    r"(?P<name>\w+)(?:=(?P<default>[^>{]*?))?(?:>(?P<reference>\w+))?"
    r"(?::(?P<length>\d+))?(?:\{(?P<choices>\w+)\})?"
)
_FIELDS = 6


def lines(name: str) -> Iterator[str]:
    """The lines of a text file of this folder that say something."""
    for line in (_FOLDER / name).read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line


def choice_lists() -> dict[str, dict[str, str]]:
    """Every choice list by name: stored value = label."""
    found: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for line in lines("choices.txt"):
        if line.startswith("["):
            current = found.setdefault(line.strip("[] "), {})
        else:
            value, _, label = line.partition(" | ")
            current[value.strip()] = label.strip()
    return found


def tables(*names: str) -> dict[str, Table]:
    """The tables of these files, by name; a table comes after the one it extends."""
    choices, found = choice_lists(), dict[str, Table]()
    for name in names:
        for head, columns in _blocks(name):
            table = _table(head, [column(*word, choices) for word in columns], found)
            found[table.name] = table
    return found


def _blocks(name: str) -> Iterator[tuple[list[str], list[tuple[str, str]]]]:
    """A table's head and the words of its columns, each with its type."""
    head: list[str] = []
    columns: list[tuple[str, str]] = []
    for line in lines(name):
        if line[0].isspace():
            kind, *words = shlex.split(line)
            columns += [(kind, word) for word in words]
            continue
        if head:
            yield head, columns
        head, columns = [part.strip() for part in line.split("|")], []
    yield head, columns


def _table(head: list[str], columns: list[Column], known: Mapping[str, Table]) -> Table:
    name, label, parent, display, prefix, notes = head + [""] * (_FIELDS - len(head))
    if "bare" in notes:
        return Table(name, label, {column.name: column for column in columns}, "", display, prefix)
    extends = known[parent] if parent else None
    return make_table(
        name, label, columns, extends=extends, display=display or "sys_id", prefix=prefix
    )


def column(kind: str, text: str, choices: Mapping[str, Mapping[str, str]]) -> Column:
    """The column of this type that a word describes; ValueError if it describes none."""
    found = _WORD.fullmatch(text)
    if found is None:
        raise ValueError(f"no column: {text!r}")
    part = found.groupdict(default="")
    return Column(
        name=part["name"],
        kind=kind,
        reference=part["reference"],
        max_length=int(part["length"] or 0),
        default=part["default"],
        choices=choices.get(part["choices"], {}),
    )
