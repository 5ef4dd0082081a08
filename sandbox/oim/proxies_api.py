"""`/users/{id}/proxies`; REST API for OIG Self Service, "View Proxies", "Update Proxies".

The list is called `user`, and the ids in it are those of the proxies, not of people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from flask import Response, jsonify, request

from sandbox.oim.access import failure, state
from sandbox.oim.envelope import Json, links, moment
from sandbox.oim.proxies import Proxy
from sandbox.oim.records import User
from sandbox.oim.resources import known, listing, resource_api
from sandbox.oim.service import body, objects
from sandbox.oim.workflow import NotPossible

proxies_api = resource_api("proxies")
_WHEN = {"current": ("current",), "past": ("past",), "all": ("past", "current", "future")}
_WORDS = {"past": "COMPLETED", "current": "IN_PROGRESS", "future": "NOT_STARTED"}


@proxies_api.get("/users/<key>/proxies")
def list_proxies(key: str) -> Json | Response:
    """Who acts for this user: at present, in the past, or ever (`proxyType`)."""
    user, oim = known(key), state()
    asked = _WHEN.get(request.args.get("proxyType", "current").lower())
    if asked is None:
        return failure(500, "IAM-3050013: There is no such proxy type.")
    now = oim.clock.now()
    rows = [_row(user, proxy) for proxy in oim.proxies.of(key) if proxy.when(now) in asked]
    name = "user" if oim.switches.proxies_listed_as_user else "proxies"
    return listing(name, rows, f"/users/{key}/proxies")


def _row(boss: User, proxy: Proxy) -> Json:
    user = state().users[proxy.user]
    return _base(boss, proxy) | {
        "userLogin": user.login,
        "startDate": moment(proxy.start),
        "endDate": moment(proxy.end),
    }


def _base(boss: User, proxy: Proxy) -> Json:
    related = "MANAGER" if boss.manager_key == proxy.user else "OTHER"
    return {
        "links": links(f"/users/{proxy.user}"),
        "requestId": 0,
        "id": proxy.id,
        "description": _WORDS[proxy.when(state().clock.now())],
        "relationship": related,
    }


@proxies_api.patch("/users/<key>/proxies")
def change_proxies(key: str) -> Response:
    """Add, update and delete some; each entry has its own result."""
    user, sent = known(key), body().get("user")
    lists = sent if isinstance(sent, Mapping) else {}
    deeds = {"add": _add, "update": _update, "delete": _delete}
    done = {
        word: [_result(do, user, entry) for entry in objects(lists[word])]
        for word, do in deeds.items()
        if word in lists
    }
    return jsonify(user={"links": links(f"/users/{key}/proxies")} | done)


def _result(
    do: Callable[[User, Mapping[str, Any]], Proxy], boss: User, entry: Mapping[str, Any]
) -> Json:
    echo = {"requestId": entry.get("requestId", 0)}
    try:
        proxy = do(boss, entry)
    except NotPossible as error:
        return echo | {"status": "FAILURE", "errorMessage": str(error)}
    return _base(boss, proxy) | echo | {"userid": proxy.user, "status": "SUCCESS"}


def _add(boss: User, entry: Mapping[str, Any]) -> Proxy:
    user = state().users.get(str(entry.get("userid")))
    if user is None or not user.active or user.key == boss.key:
        raise NotPossible("IAM-3050014: This user cannot be a proxy.")
    return state().proxies.add(boss.key, user.key, *_dates(entry))


def _update(boss: User, entry: Mapping[str, Any]) -> Proxy:
    start, end = _dates(entry)
    made = replace(_proxy(boss, entry), start=start, end=end)
    state().proxies.put(made)
    return made


def _delete(boss: User, entry: Mapping[str, Any]) -> Proxy:
    proxy = _proxy(boss, entry)
    state().proxies.drop(proxy.id)
    return proxy


def _proxy(boss: User, entry: Mapping[str, Any]) -> Proxy:
    wanted = str(entry.get("id"))
    for proxy in state().proxies.of(boss.key):
        if proxy.id == wanted:
            return proxy
    raise NotPossible(f"IAM-3050015: There is no proxy {wanted}.")


def _dates(entry: Mapping[str, Any]) -> tuple[datetime, datetime]:
    try:
        start, end = (
            datetime.fromisoformat(str(entry.get(name))) for name in ("startDate", "endDate")
        )
    except ValueError as error:
        raise NotPossible("IAM-3050016: A date is not valid.") from error
    if end <= start:
        raise NotPossible("IAM-3050017: The end is before the start.")
    return start.replace(tzinfo=start.tzinfo or UTC), end.replace(tzinfo=end.tzinfo or UTC)
