"""Users, what they hold, and the catalogue, of the Self Service API."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from flask import Blueprint, Response, request

from sandbox.oim.access import caller, failure, guard, no_such, state
from sandbox.oim.query import BadQuery, compile_query, parse
from sandbox.oim.records import User
from sandbox.oim.rendering import KIND_WORDS, Json, page, present
from sandbox.oim.requests_api import BASE, paging
from sandbox.oim.resource_rows import (
    account_row,
    catalog_row,
    entitlement_row,
    held_of,
    role_row,
    user_row,
    user_values,
)
from sandbox.oim.workflow import Workflow
from sandbox.world import WorldItem

_SEARCHABLE = ("User Login", "Email", "Employee Number", "Display Name", "First Name", "Last Name",
               "Status", "Title", "Organization Name", "usr_key", "Manager Login")  # fmt: skip

people_api = Blueprint("oim_people", __name__, url_prefix=BASE)
people_api.before_request(guard)


@people_api.before_request
def _catch_up() -> None:
    Workflow(state()).advance()


@people_api.errorhandler(BadQuery)
def _bad_query(error: BadQuery) -> Response:
    return failure(400, f"IAM-3050002: {error}")


def _sees(user: User) -> bool:
    """Oneself and one's direct reports; an administrator sees everybody."""
    me = caller()
    return me.admin or me.key in (user.key, user.manager_key)


def _known(key: str) -> User:
    user = state().users.get(key)
    if user is None or not _sees(user):
        no_such("user")
    return user


@people_api.get("/users")
def list_users() -> Json:
    """Users that match, by key; only searchable attributes can be asked for."""
    offset, limit = paging()
    query, oim = request.args.get("q", ""), state()
    attributes = {name.lower(): _values_of(name) for name in _SEARCHABLE}
    test = compile_query(query, attributes)
    found = [user for user in _candidates(query) if _sees(user) and test(user)]
    answer = page("users", found, offset, limit, "/users")
    fields = request.args.get("fields", "")
    return answer | {"users": [user_row(oim, user, fields) for user in answer["users"]]}


def _candidates(query: str) -> Iterable[User]:
    """Those who can match at all, by key; found by index where the query names somebody."""
    oim, keys = state(), set[str]()
    for group in parse(query):
        named = [c for c in group if c.operator == "eq" and c.name in oim.keys_by]
        if not named:
            return oim.users.values()
        keys.update(oim.keys_by[named[0].name].get(named[0].value, ()))
    return [oim.users[key] for key in sorted(keys, key=int)]


def _values_of(name: str) -> Callable[[User], tuple[str, ...]]:
    oim = state()
    return lambda user: (str(user_values(oim, user).get(name, "")),)


@people_api.get("/users/<key>")
def show_user(key: str) -> Json:
    """One user."""
    return user_row(state(), _known(key), request.args.get("fields", ""))


@people_api.get("/users/<key>/directs")
def list_directs(key: str) -> Json:
    """Who reports to this user."""
    boss, oim = _known(key), state()
    found = [user_row(oim, user, "") for user in oim.reports(boss)]
    return page("users", found, *paging(), f"/users/{key}/directs")


@people_api.get("/users/<key>/proxies")
def list_proxies(key: str) -> Json:
    """Who acts for this user while they are away."""
    user, oim = _known(key), state()
    delegate = oim.world.delegates.get(user.person.key if user.person else "")
    proxy = oim.user_of(delegate) if delegate else None
    rows = [{"id": proxy.key, "userLogin": proxy.login}] if proxy else []
    return page("proxies", rows, *paging(), f"/users/{key}/proxies")


def _items(kind: str) -> list[WorldItem]:
    return [item for item in state().items.values() if item.kind == kind]


@people_api.get("/roles")
def list_roles() -> Json:
    """All roles, those that match, or those of one user."""
    user = request.args.get("userId")
    if user is not None:
        rows = [role_row(held.item, held) for held in held_of(state(), _known(user).key, "role")]
    else:
        rows = [role_row(item) for item in _matching(_items("role"), "role name")]
    return page("roles", rows, *paging(), "/roles")


def _matching(items: Iterable[WorldItem], attribute: str) -> list[WorldItem]:
    query = request.args.get("q", "")
    test = compile_query(query, {attribute: lambda item: (item.name,)})
    return [item for item in items if test(item)]


@people_api.get("/roles/<key>/members")
def list_members(key: str) -> Json:
    """Who is in a role, directly."""
    oim = state()
    if ("role", key) not in oim.items:
        no_such("role")
    rows = [
        present(id=user.key, userLogin=user.login,
                email=user.person.email if user.person else None,
                startDate=f"{held.since:%Y-%m-%dT%H:%M:%SZ}")
        for user in oim.users.values()
        if _sees(user) and (held := oim.holdings.get(user.key, {}).get(("role", key)))
    ]  # fmt: skip
    return page("users", rows, *paging(), f"/roles/{key}/members")


@people_api.get("/accounts")
def list_accounts() -> Json:
    """The accounts of one user; one's own by default."""
    user = _known(request.args.get("userId") or request.args.get("userid") or caller().key)
    rows = [account_row(user, held) for held in held_of(state(), user.key, "account")]
    return page("accounts", rows, *paging(), "/accounts")


@people_api.get("/entitlements")
def list_entitlements() -> Json:
    """The entitlements of one user, or all there are."""
    key = request.args.get("userId")
    if key is None:
        rows = [entitlement_row(item) for item in _items("entitlement")]
    else:
        held = held_of(state(), _known(key).key, "entitlement")
        rows = [entitlement_row(one.item, one) for one in held]
    return page("entitlements", rows, *paging(), "/entitlements")


@people_api.get("/catalog")
def list_catalog() -> Json:
    """Requestable items. Names match from their beginning, whatever the operator says.

    REST API for OIG Self Service, "Catalog": one of the names at a time, with ENTITY_TYPE.
    """
    query = request.args.get("q", "")
    attributes: dict[str, Callable[[WorldItem], tuple[str, ...]]] = {
        "entity_type": lambda item: (KIND_WORDS[item.kind],),
        "entity_name": lambda item: (item.name,),
        "entity_display_name": lambda item: (item.display_name,),
        "user_defined_tags": lambda item: (item.category,),
    }
    test = compile_query(_begins_with(query), attributes)
    rows = [catalog_row(item) for item in state().items.values() if test(item)]
    return page("catalogs", rows, *paging(), "/catalog")


def _begins_with(query: str) -> str:
    words = query.split()
    names = ("ENTITY_NAME", "ENTITY_DISPLAY_NAME", "USER_DEFINED_TAGS")
    for place, word in enumerate(words[:-1]):
        if word.upper() in names:
            words[place + 1] = "sw"
    return " ".join(words)


@people_api.get("/catalog/<int:catalog_id>")
def show_catalog_item(catalog_id: int) -> Json:
    """One catalogue item by the catalogue's own id."""
    found = [item for item in state().items.values() if item.catalog_id == catalog_id]
    if not found:
        no_such("catalog item")
    return catalog_row(found[0])
