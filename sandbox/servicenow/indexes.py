"""The rows of one table by the values of a column, so that many rows need not be looked through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sandbox.servicenow.rows import Row

_Bucket = dict[str, None]  # the sys_ids, in the order in which they came


class Indexes:
    """Hash indexes over the rows of one table, each made when it is first asked for.

    Text is compared as the database does, without regard to case.
    """

    def __init__(self, rows: Mapping[str, Row]) -> None:
        self._rows = rows
        self._columns: dict[str, dict[str, _Bucket]] = {}

    def rows(self, column: str, values: Iterable[str]) -> list[Row]:
        """The rows whose column has one of these values."""
        index = self._columns.get(column)
        if index is None:
            index = self._columns[column] = self._built(column)
        folded = dict.fromkeys(value.casefold() for value in values)
        return [self._rows[key] for value in folded for key in index.get(value, ())]

    def replaced(self, sys_id: str, before: Row, after: Row) -> None:
        """A row came, changed or went; an absent row is an empty one."""
        for column, index in self._columns.items():
            old, new = before.get(column, "").casefold(), after.get(column, "").casefold()
            if before and (not after or old != new):
                self._take(index, old, sys_id)
            if after and (not before or old != new):
                index.setdefault(new, {})[sys_id] = None

    def forget(self) -> None:
        """Many rows came at once: whoever asks next has the indexes made anew."""
        self._columns.clear()

    def _built(self, column: str) -> dict[str, _Bucket]:
        index: dict[str, _Bucket] = {}
        for sys_id, row in self._rows.items():
            index.setdefault(row.get(column, "").casefold(), {})[sys_id] = None
        return index

    @staticmethod
    def _take(index: dict[str, _Bucket], value: str, sys_id: str) -> None:
        bucket = index[value]
        del bucket[sys_id]
        if not bucket:
            del index[value]
