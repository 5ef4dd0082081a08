"""SCIM: users, oneself, organisations, and what the service says of itself. No request or approval
is there.

Developer's Guide, "Using SCIM/REST Services": drafts 13 of SCIM 2.0, not the final standard. Unlike
the Self Service API it has totals. The older address is served as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.oim.access import caller, known_caller, state
from sandbox.oim.organizations import TOP
from sandbox.oim.records import User
from sandbox.oim.resources import sees
from sandbox.oim.scim_filter import BadFilter, compile_filter
from sandbox.oim.service import body
from sandbox.oim.workflow import Workflow

Json = dict[str, Any]
BASE, OLD_BASE = "/iam/governance/scim/v1", "/idaas/im/scim/v1"
_SCHEMAS, _MESSAGES = "urn:ietf:params:scim:schemas", "urn:ietf:params:scim:api:messages:2.0"
USER = f"{_SCHEMAS}:core:2.0:User"
ENTERPRISE = f"{_SCHEMAS}:extension:enterprise:2.0:User"
IDM = f"{_SCHEMAS}:extension:oracle:2.0:IDM:User"
OIG = f"{_SCHEMAS}:extension:oracle:2.0:OIG:User"
ORGANIZATION = f"{_SCHEMAS}:extension:oracle:2.0:OIG:Organization"  # our own reading of the habit
_USUAL_COUNT = 50

scim_api = Blueprint("oim_scim", __name__, url_prefix=BASE)
old_scim_api = Blueprint("oim_old_scim", __name__, url_prefix=OLD_BASE)


def _catch_up() -> None:
    Workflow(state()).advance()


def _answered(found: Json, status: int = 200) -> Response:
    answer = jsonify(found)
    answer.status_code, answer.content_type = status, "application/scim+json"
    return answer


def _refused(status: int, detail: str) -> Response:
    schema = f"{_MESSAGES}:Error"
    return _answered({"schemas": [schema], "status": str(status), "detail": detail}, status)


def _bad_filter(error: BadFilter) -> Response:
    return _refused(400, str(error))


def user_resource(user: User) -> Json:
    """A user; `id` is the usr_key."""
    person, boss = user.person, state().users.get(user.manager_key or "")
    resource: Json = {
        "schemas": [USER, ENTERPRISE, IDM, OIG],
        "id": user.key,
        "userName": user.login,
        "displayName": user.display_name,
        "active": user.active,
        "userType": "Full-Time" if person else "Service Account",
        "meta": {"resourceType": "User", "location": _location(f"/Users/{user.key}")},
        OIG: {"accountLocked": user.locked, "homeOrganization": _home(user)},
    }
    if person is not None:
        resource |= _personal(user)
    if boss is not None:
        manager = {"value": boss.key, "displayName": boss.display_name,
                   "$ref": _location(f"/Users/{boss.key}")}  # fmt: skip
        resource.setdefault(ENTERPRISE, {})["manager"] = manager
    return resource


def _personal(user: User) -> Json:
    person = user.person
    if person is None:
        return {}
    more: Json = {"name": {"givenName": person.first_name, "familyName": person.last_name}}
    if person.email:
        more["emails"] = [{"value": person.email, "type": "work", "primary": True}]
    if person.title:
        more["title"] = person.title
    enterprise = {"department": person.department}
    if person.employee_number:
        enterprise["employeeNumber"] = person.employee_number
    return more | {ENTERPRISE: enterprise}


def _home(user: User) -> Json:
    key = state().organizations.key_of(user.person.department if user.person else TOP)
    return {"value": key, "$ref": _location(f"/Organizations/{key}")}


def organization_resource(key: str, name: str) -> Json:
    """An organisation."""
    meta = {"resourceType": "Organization", "location": _location(f"/Organizations/{key}")}
    return {"schemas": [ORGANIZATION], "id": key, "name": name, "meta": meta}


def _location(path: str) -> str:
    base = OLD_BASE if request.path.startswith(OLD_BASE) else BASE
    return request.host_url.rstrip("/") + base + path


def list_users() -> Response:
    """Users that match `filter`."""
    return _search(request.args, _users())


def search_users() -> Response:
    """The same, with the parameters in a SearchRequest."""
    return _search(body(), _users())


def _users() -> Iterator[Json]:
    return (user_resource(user) for user in state().users.values() if sees(user))


def list_organizations() -> Response:
    """Organisations that match `filter`."""
    named = state().organizations.names.items()
    return _search(request.args, (organization_resource(*pair) for pair in named))


def show_organization(key: str) -> Response:
    """One organisation."""
    name = state().organizations.names.get(key)
    if name is None:
        return _refused(404, f"Resource {key} not found.")
    return _answered(organization_resource(key, name))


def _search(asked: Mapping[str, Any], resources: Iterable[Json]) -> Response:
    bare = state().switches.scim_values_bare
    test = compile_filter(str(asked.get("filter") or ""), bare=bare)
    found = [resource for resource in resources if test(resource)]
    start = max(1, _number(asked.get("startIndex"), 1))
    count = max(0, _number(asked.get("count"), _USUAL_COUNT))
    shown = found[start - 1 : start - 1 + count]
    return _answered(
        {
            "schemas": [f"{_MESSAGES}:ListResponse"],
            "totalResults": len(found),
            "startIndex": start,
            "itemsPerPage": len(shown),
            "Resources": [_only(resource, _attributes(asked)) for resource in shown],
        }
    )


def _number(given: object, otherwise: int) -> int:
    try:
        return int(str(given)) if given is not None else otherwise
    except ValueError as error:
        raise BadFilter(f"{given!r} is not a number.") from error


def _attributes(asked: Mapping[str, Any]) -> Sequence[str]:
    given = asked.get("attributes") or ()
    if isinstance(given, str):
        return given.split(",")
    if not isinstance(given, list | tuple):
        raise BadFilter(f"{given!r} is no list of attributes.")
    return [str(name) for name in given]


def _only(resource: Json, names: Sequence[str]) -> Json:
    wanted = {name.strip().lower().partition(".")[0] for name in names} | {"id", "schemas"}
    return {name: value for name, value in resource.items() if not names or name.lower() in wanted}


def show_user(key: str) -> Response:
    """One user."""
    user = state().users.get(key)
    if user is None or not sees(user):
        return _refused(404, f"Resource {key} not found.")
    return _answered(_only(user_resource(user), _attributes(request.args)))


def show_me() -> Response:
    """Whoever asks."""
    return _answered(_only(user_resource(caller()), _attributes(request.args)))


def show_configuration() -> Response:
    """What the service can do."""
    can, cannot = {"supported": True}, {"supported": False}
    way = {"name": "HTTP Basic", "type": "httpbasic", "description": "A login and a password"}
    found = {
        "schemas": [f"{_SCHEMAS}:core:2.0:ServiceProviderConfig"],
        "patch": can,
        "bulk": cannot | {"maxOperations": 0, "maxPayloadSize": 0},
        "filter": can | {"maxResults": 500},
        "changePassword": can,
        "sort": can,
        "etag": cannot,
        "authenticationSchemes": [way],
    }
    return _answered(found)


def list_schemas() -> Response:
    """The schemas of a user, with their attributes' names."""
    attributes = {
        USER: ("userName", "name", "displayName", "emails", "title", "userType", "active"),
        ENTERPRISE: ("employeeNumber", "department", "manager"),
        IDM: (),
        OIG: ("accountLocked", "homeOrganization"),
    }
    found = [
        {"id": schema, "name": schema.rpartition(":")[2],
         "attributes": [{"name": name} for name in names]}
        for schema, names in attributes.items()
    ]  # fmt: skip
    return _answered(
        {
            "schemas": [f"{_MESSAGES}:ListResponse"],
            "totalResults": len(found),
            "startIndex": 1,
            "itemsPerPage": len(found),
            "Resources": found,
        }
    )


for _api in (scim_api, old_scim_api):
    _api.before_request(known_caller)
    _api.before_request(_catch_up)
    _api.register_error_handler(BadFilter, _bad_filter)
    _api.get("/Users")(list_users)
    _api.post("/Users/.search")(search_users)
    _api.get("/Users/<key>")(show_user)
    _api.get("/Organizations")(list_organizations)
    _api.get("/Organizations/<key>")(show_organization)
    _api.get("/Me")(show_me)
    _api.get("/ServiceProviderConfigs")(show_configuration)
    _api.get("/Schemas")(list_schemas)
