"""What every resource besides `/requests` shares: who is seen, how lists and refusals look."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from flask import Blueprint, Response, abort, request

from sandbox.oim.access import caller, failure, no_such, state
from sandbox.oim.envelope import Json, page
from sandbox.oim.query import Predicate, Values, compile_query
from sandbox.oim.records import User
from sandbox.oim.service import paging, service
from sandbox.oim.workflow import NotPossible

Row = TypeVar("Row")


def resource_api(name: str) -> Blueprint:
    """A part of the Self Service API in which what the product will not do is a 500 with a
    sentence.
    """
    api = service(name)
    api.register_error_handler(NotPossible, _refused)
    return api


def _refused(error: NotPossible) -> Response:
    return failure(500, str(error))


def sees(user: User) -> bool:
    """Oneself and one's direct reports; an administrator sees everybody."""
    me = caller()
    if me.admin or not state().switches.others_unseen:
        return True
    return me.key in (user.key, user.manager_key)


def known(key: str) -> User:
    """The user of this key; a 404 for one whom the caller does not see."""
    user = state().users.get(key)
    if user is None or not sees(user):
        no_such("user")
    return user


def admin_only() -> None:
    """End the call with a 403 for everybody but administrators."""
    if not caller().admin:
        abort(failure(403, "IAM-3050003: You are not allowed to do this."))


def listing(name: str, rows: Sequence[Any], path: str) -> Json:
    """The page that was asked for, of all these rows."""
    return page(name, rows, *paging(), path)


def wanted() -> str:
    """The attributes asked for by `fields=`, comma-separated; empty is all of them."""
    return request.args.get("fields", "")


def matching(attributes: Mapping[str, Values[Row]], query: str | None = None) -> Predicate[Row]:
    """The test that `q=` asks for, or this query."""
    asked = request.args.get("q", "") if query is None else query
    return compile_query(asked, attributes, state().grammar)


def named(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Values by name of a list of names and values, as the product writes attributes."""
    return {str(entry.get("name")): entry.get("value") for entry in entries}


def ordered(rows: list[Row], attributes: Mapping[str, Values[Row]]) -> list[Row]:
    """As `orderBy=NAME:descending` asks; unknown names change nothing."""
    name, _, direction = request.args.get("orderBy", "").partition(":")
    read = attributes.get(name.lower())
    if read is None:
        return rows
    return sorted(rows, key=_natural(read), reverse=direction.lower() == "descending")


def _natural(read: Values[Row]) -> Callable[[Row], list[tuple[int, int, str]]]:
    """Numbers by their size, and before words."""
    return lambda row: [
        (0, int(value), "") if value.isdecimal() else (1, 0, value.lower()) for value in read(row)
    ]
