"""Every row of a table once, whatever happens to the table meanwhile.

ServiceNow applies the limit before it hides rows, and an offset slips when rows come or go
(ServiceNow docs, "Table API"). So pages are cut by sys_id, which never changes: each begins after
the last one that was seen. A page of nothing but hidden rows names no such id; then the range of
ids is narrowed until all its rows, hidden ones too, fit on one page.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from broker.connectors.desk.servicenow.values import Row, is_sys_id

_LAST = "f" * 32


@dataclass(frozen=True, slots=True)
class Page:
    """The first rows of a range that we may see.

    `total` counts all of the range, hidden ones too, and is None where nobody says;
    `limit` is how many rows were looked at.
    """

    rows: Sequence[Row]
    total: int | None
    limit: int

    @property
    def whole(self) -> bool:
        """Whether every row of the range was looked at.

        Some releases may count what we may see only, and a row may come between counting and
        looking: so a total is believed where that many rows came, or no id to go on from.
        """
        if self.total is None:
            return not self.rows
        if any(is_sys_id(row.get("sys_id")) for row in self.rows):
            return self.total <= len(self.rows) < self.limit
        return self.total <= self.limit


# Gives the first page, by sys_id, of the rows that also meet these conditions.
Fetch = Callable[[Sequence[str]], Page]


class OutOfOrder(ValueError):
    """The rows are not those that were asked for, or not in the order asked for."""


def by_key(fetch: Fetch) -> Iterator[Row]:
    """Every row, by sys_id. What is there from the first page to the last comes exactly once."""
    after, until, odd = "", _LAST, set[str]()
    while True:
        page = fetch(_between(after, until))
        keys = _keys(page, after, until)
        yield from (row for row in page.rows if _is_new(row, odd))
        if page.whole:
            if until == _LAST:
                return
            after, until = until, _LAST
        elif keys:
            after = keys[-1]
        else:
            until = _nearer(after, until, page)


def _between(after: str, until: str) -> list[str]:
    conditions = [f"sys_id>{after}"] if after else []
    return conditions if until == _LAST else [*conditions, f"sys_id<={until}"]


def _keys(page: Page, after: str, until: str) -> list[str]:
    """The ids of the page; OutOfOrder if the range or the order was ignored."""
    keys = [row["sys_id"] for row in page.rows if is_sys_id(row.get("sys_id"))]
    if any(first >= second for first, second in zip([after, *keys], keys, strict=False)):
        raise OutOfOrder
    if keys and keys[-1] > until:
        raise OutOfOrder
    if page.rows and not keys and not page.whole:
        raise OutOfOrder
    return keys


def _is_new(row: Row, odd: set[str]) -> bool:
    """Somebody may have given a row an id of another form: its place is uncertain."""
    key = row.get("sys_id", "")
    if is_sys_id(key):
        return True
    seen = key in odd
    odd.add(key)
    return not seen


def _nearer(after: str, until: str, page: Page) -> str:
    """A nearer end. Ids are spread evenly, more or less: three quarters of a page are aimed at."""
    first, last = int(after or "0", 16), int(until, 16)
    share = (last - first) * 3 * page.limit // (4 * (page.total or 1))
    if last - first <= 1:
        raise OutOfOrder
    return f"{first + max(1, min(share, last - first - 1)):032x}"
