"""Lists that are shown a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

from flask import request

T = TypeVar("T")
_LENGTH = 40


@dataclass(frozen=True)
class Slice(Generic[T]):
    """What one page shows of a list: `number` counts from 1 and is never beyond the `last`."""

    rows: Sequence[T]
    total: int
    number: int
    last: int

    def url(self, number: int) -> str:
        """The address of another page of the same list."""
        asked = request.args.to_dict() | {"page": str(number)}
        return f"{request.path}?{urlencode(asked)}"


def slice_of(rows: Sequence[T], length: int = _LENGTH) -> Slice[T]:
    """The page that `page` asks for; the nearest where there is no such page."""
    last = max(1, -(-len(rows) // length))
    number = min(max(request.args.get("page", 1, int), 1), last)
    return Slice(rows[(number - 1) * length : number * length], len(rows), number, last)
