"""Reads the world's data files: plain text that people can change."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).resolve().parent / "data"


def _lines(name: str) -> Iterator[str]:
    for line in (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.strip()


def rows(name: str) -> list[list[str]]:
    """A table: one row a line, its fields between bars."""
    return [[field.strip() for field in line.split("|")] for line in _lines(name)]


@cache
def sections(name: str) -> dict[str, tuple[str, ...]]:
    """Lines under headings in brackets."""
    found: dict[str, list[str]] = {}
    heading = ""
    for line in _lines(name):
        if line.startswith("[") and line.endswith("]"):
            heading = line[1:-1]
        else:
            found.setdefault(heading, []).append(line)
    return {name: tuple(lines) for name, lines in found.items()}


def weights(text: str) -> tuple[tuple[str, int], ...]:
    """`gb 62 ie 4` as pairs of word and weight."""
    words = text.split()
    return tuple(zip(words[::2], map(int, words[1::2]), strict=True))
