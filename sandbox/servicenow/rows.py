"""A stored row: strings only, never altered, and empty where it has no value."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import NoReturn

Row = Mapping[str, str]


class StoredRow(dict[str, str]):
    """A row that keeps only its non-empty columns; every other column reads as "".

    Rows are replaced, never altered, so one row object may belong to many instances at once.
    """

    __slots__ = ()

    def __missing__(self, name: str) -> str:
        return ""

    def get(self, name: str, otherwise: str = "") -> str:  # type: ignore[override]
        """The column's value; "" where there is none, as everywhere on the platform."""
        return super().get(name, otherwise)

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("a stored row is replaced, never altered")

    __setitem__ = __delitem__ = __ior__ = update = pop = popitem = _refuse
    setdefault = clear = _refuse


def stored_row(values: Mapping[str, str]) -> StoredRow:
    """A row of these values, the empty ones left out."""
    return StoredRow({sys.intern(name): value for name, value in values.items() if value})


class Shelf(tuple[StoredRow, ...]):  # noqa: SLOT001 - by_key is kept beside the rows
    """Rows that many instances load: they are sorted by their ids once for all of them."""

    @cached_property
    def by_key(self) -> dict[str, StoredRow]:
        """The rows by their ids in lower case."""
        return {row["sys_id"].lower(): row for row in self}


NO_ROW: Row = StoredRow()


def platform_time(at: datetime) -> str:
    """A time as the platform stores it: UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def new_sys_id() -> str:
    """A fresh record id."""
    return uuid.uuid4().hex
