"""What all answers of the Self Service API share: links, pages, absent instead of null.

REST API for OIG Self Service, "Pagination" and "Query Parameters".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sandbox.oim.access import state

Json = dict[str, Any]

# Real answers name hosts that callers cannot reach, and paths of another service: nobody should
# read ids out of links.
_ELSEWHERE = "https://oim-managed1.internal.example:14001"
_ADMINISTRATION, _SELF_SERVICE = (
    f"/iam/governance/{name}/api/v1" for name in ("adminservice", "selfservice")
)


def moment(at: datetime) -> str:
    """ISO 8601, UTC, seconds, Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def links(path: str, *relations: str) -> list[Json]:
    """Links as the product gives them, under its own host."""
    return [{"rel": rel, "href": _root() + path} for rel in relations or ("self",)]


def _root() -> str:
    switches = state().switches
    host = _ELSEWHERE if switches.links_lead_elsewhere else ""
    return host + (_ADMINISTRATION if switches.links_under_adminservice else _SELF_SERVICE)


def present(**fields: Any) -> Json:  # noqa: ANN401 -- any JSON value
    """Only the fields that say something: optional ones are absent, not null."""
    absent = state().switches.empty_fields_absent
    said = {name: None if value == "" else value for name, value in fields.items()}
    return {name: value for name, value in said.items() if value is not None or not absent}


def page(name: str, rows: Sequence[Any], offset: int, limit: int, path: str) -> Json:
    """One page of a list; `rows` is all of it. Offsets count from 1, there is no total."""
    found = list(rows[offset - 1 : offset - 1 + limit])
    more, switches = len(rows) > offset - 1 + limit, state().switches
    here = [*_linked("self", path, offset, limit), *_linked("first", path, 1, limit)]
    if more and switches.next_linked:
        here += _linked("next", path, offset + limit, limit)
    return {
        "links": here,
        "count": len(found),
        "hasMore": more,
        "totalResult": -1 if switches.totals_unknown else len(rows),
        name: found,
    }


def _linked(relation: str, path: str, offset: int, limit: int) -> list[Json]:
    joint = "&" if "?" in path else "?"
    return links(f"{path}{joint}offset={offset}&limit={limit}", relation)


def selected(row: Json, wanted: str) -> Json:
    """Only the fields asked for with `fields=`; id and links stay."""
    names = {name.strip() for name in wanted.split(",")} | {"id", "links"}
    return {name: value for name, value in row.items() if not wanted or name in names}
