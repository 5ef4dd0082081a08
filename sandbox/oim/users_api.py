"""`/users`; REST API for OIG Self Service, "User", "Manage Profile", "View Proxies".

Changing somebody raises a request; where a rule lets it be done at once, the answer has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Response, jsonify, request

from sandbox.oim.access import caller, failure, state
from sandbox.oim.envelope import Json, links
from sandbox.oim.profiles import STATUSES, changed, with_status
from sandbox.oim.provisioning_tasks import DONE, Outcome
from sandbox.oim.query import parse
from sandbox.oim.records import Request, User
from sandbox.oim.resource_rows import user_row, user_values
from sandbox.oim.resources import (
    admin_only,
    known,
    listing,
    matching,
    named,
    resource_api,
    sees,
    wanted,
)
from sandbox.oim.service import body, objects
from sandbox.oim.workflow import NotPossible, Workflow

_SEARCHABLE = ("User Login", "Email", "Employee Number", "Display Name", "First Name", "Last Name",
               "Status", "Title", "Organization Name", "usr_key", "Manager Login")  # fmt: skip

users_api = resource_api("users")


@users_api.get("/users")
def list_users() -> Json:
    """Users that match, by key; only searchable attributes can be asked for."""
    query, oim = request.args.get("q", ""), state()
    test = matching({name.lower(): _values_of(name) for name in _SEARCHABLE})
    found = [user for user in _candidates(query) if sees(user) and test(user)]
    answer = listing("users", found, "/users")
    return answer | {"users": [user_row(oim, user, wanted()) for user in answer["users"]]}


def _candidates(query: str) -> Iterable[User]:
    """Those who can match at all, by key; found by index where the query names somebody."""
    oim, keys = state(), set[str]()
    for group in parse(query, state().grammar):
        named_ones = [c for c in group if c.operator == "eq" and c.name in oim.keys_by]
        if not named_ones:
            return list(oim.users.values())
        keys.update(oim.keys_by[named_ones[0].name].get(named_ones[0].value.lower(), ()))
    return [oim.users[key] for key in sorted(keys, key=int)]


def _values_of(name: str) -> Callable[[User], tuple[str, ...]]:
    oim = state()
    return lambda user: (str(user_values(oim, user).get(name, "")),)


@users_api.get("/users/<key>")
def show_user(key: str) -> Json:
    """One user."""
    return user_row(state(), known(key), wanted())


@users_api.put("/users/<key>")
def replace_attributes(key: str) -> Response:
    """Give attributes other values."""
    user = known(key)
    raised = _modify(user, named(objects(body().get("fields"))))
    return jsonify(_answer(user) | _request_made(raised, "id"))


@users_api.patch("/users/<key>")
def patch_attributes(key: str) -> Response:
    """Add, change and empty attributes; a sample of 12.2.1.3 calls the request's id otherwise."""
    user, sent = known(key), body()
    emptied = {str(entry.get("name")): "" for entry in objects(sent.get("delete"))}
    given = named([*objects(sent.get("add")), *objects(sent.get("update"))])
    raised = _modify(user, emptied | given)
    return jsonify(_answer(user) | _request_made(raised, "requestId"))


def _answer(user: User) -> Json:
    return {"links": links(f"/users/{user.key}"), "id": user.key, "name": user.display_name,
            "status": "SUCCESS"}  # fmt: skip


def _request_made(raised: Request, name: str) -> Json:
    if not raised.id:
        return {}
    return {"request": {name: raised.id, "links": links(f"/requests/{raised.id}")}}


@users_api.put("/users")
def modify_users() -> Response:
    """Several at once. As recorded: neither the answer has links, nor an entry its user's id."""
    return jsonify(users=[_modified(entry) for entry in objects(body().get("users"))])


def _modified(entry: Mapping[str, Any]) -> Json:
    key, fields = str(entry.get("id")), objects(entry.get("fields"))
    user = state().users.get(key)
    own = {} if state().switches.bulk_users_without_ids else {"id": key}
    base = own | {"fields": [dict(field) for field in fields], "links": links(f"/users/{key}")}
    try:
        if user is None or not sees(user):
            raise NotPossible(f"IAM-3050004: User with key {key} does not exist.")  # noqa: TRY301
        raised = _modify(user, named(fields))
    except NotPossible as error:
        return base | {"status": "FAILURE", "errorMessage": str(error)}
    return base | _request_made(raised, "id") | {"status": "SUCCESS"}


def _modify(user: User, values: Mapping[str, Any]) -> Request:
    changed(state(), user, values)  # refused at once, if at all
    return _change(user, "Modify User Profile", lambda now: changed(state(), now, values))


def _change(user: User, operation: str, change: Callable[[User], User]) -> Request:
    oim = state()

    def carry_out(_: datetime) -> Outcome:
        oim.put_user(change(oim.users[user.key]))
        return DONE

    return Workflow(oim).submit(caller(), [user.key], [], "", operation, carry_out)


@users_api.put("/users/<key>/status")
def change_status(key: str) -> Response:
    """Lock and unlock at once; enable and disable are requests, which this answer does not tell."""
    admin_only()
    user, word = known(key), str(body().get("status", "")).lower()
    if word not in STATUSES:
        return failure(500, f"IAM-3050010: {word!r} is no status.")
    if word.endswith("lock"):
        state().put_user(with_status(user, word))
    else:
        _change(user, f"{word.title()} User", lambda now: with_status(now, word))
    return jsonify(links=links(f"/users/{key}/status"), status="SUCCESS")


@users_api.put("/users/<key>/password")
def change_password(key: str) -> Response:
    """One's own password, and nobody else's."""
    user, sent = known(key), body()
    if user.key != caller().key:
        return failure(500, "IAM-3050011: Only one's own password can be changed.")
    old, new, again = (str(sent.get(f"{word}Password") or "") for word in ("old", "new", "confirm"))
    if old != user.password or not new or new != again:
        return failure(500, "IAM-3050012: The passwords do not match.")
    state().put_user(replace(user, password=new))
    return jsonify(links=links(f"/users/{key}"), id=key)


@users_api.get("/users/<key>/directs")
def list_directs(key: str) -> Json:
    """Who reports to this user."""
    boss, oim = known(key), state()
    found = [user_row(oim, user, wanted()) for user in oim.reports(boss)]
    return listing("users", found, f"/users/{key}/directs")
