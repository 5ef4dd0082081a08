"""Pages of a list: limit, offset, and the Link header with the arithmetic that instances show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from sandbox.servicenow.switches import Switches

DEFAULT_LIMIT = 10_000


@dataclass(frozen=True)
class Page:
    """A window on a list."""

    limit: int
    offset: int

    @property
    def slice(self) -> slice:
        """The rows of this page."""
        return slice(self.offset, self.offset + self.limit)


def page_of(arguments: Mapping[str, str]) -> Page:
    """The page that a query string asks for; nonsense means the default."""
    limit = _whole(arguments.get("sysparm_limit"), DEFAULT_LIMIT) or DEFAULT_LIMIT
    return Page(limit, _whole(arguments.get("sysparm_offset"), 0))


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdecimal() else otherwise


def link_header(url: str, arguments: Mapping[str, str], page: Page, total: int) -> str:
    """The Link header's value as instances send it."""
    return links_of(url, arguments, page, total, Switches())


def links_of(
    url: str, arguments: Mapping[str, str], page: Page, total: int, switches: Switches
) -> str:
    """The Link header's value; empty when one page suffices (recorded: it is left out then)."""
    if total <= page.limit and switches.one_page_has_no_links:
        return ""
    return ",".join(
        f'<{url}?{urlencode({**arguments, "sysparm_offset": offset})}>;rel="{name}"'
        for name, offset in _offsets(page, total, switches)
    )


def _offsets(page: Page, total: int, switches: Switches) -> Iterator[tuple[str, int]]:
    yield "first", 0
    before = page.offset - page.limit
    # With a limit of 1 every recorded instance sends a `prev` of -1 on the first page.
    odd = page.limit == 1 and page.offset == 0 and switches.prev_link_of_minus_one
    if before >= 0 or odd:
        yield "prev", before
    if page.offset + page.limit < total:
        yield "next", page.offset + page.limit
    yield "last", max(total - 1, 0) // page.limit * page.limit
