"""Our company on the instance: its people, places and catalogue, as the world tells them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sandbox.servicenow.demo_data.catalogue import (
    catalog_row,
    category_row,
    item_row,
    question_rows,
)
from sandbox.servicenow.demo_data.groups import roles_of
from sandbox.servicenow.demo_data.people import ALWAYS, STARS
from sandbox.servicenow.demo_data.words import Rows, made
from sandbox.servicenow.rows import StoredRow, platform_time
from sandbox.world.model import World, WorldPerson, sys_id

BROKER = "broker"
CLIENT_ID, CLIENT_SECRET = "broker", "broker-secret"
# What an integration user needs (ServiceNow docs, "Request Management roles").
BROKER_ROLES = ("sn_request_write", "snc_platform_rest_api_access")
_BEFORE, _AFTER = timedelta(days=30), timedelta(days=365)


def company_id(world: World) -> str:
    """The sys_id of the company."""
    return sys_id("core_company", world.company)


def catalog_id(world: World) -> str:
    """The sys_id of the company's catalogue."""
    return sys_id("sc_catalog", world.company)


def company_rows(world: World) -> Rows:
    """All of it, with the account and the registration of the broker."""
    yield from _broker()
    values = {"name": world.company, "sys_id": company_id(world), "primary": "false"}
    yield "core_company", made("core_company", world.company, customer=True, **values)
    yield from _places(world)
    for person in world.people.values():
        if person.desk_user_name is not None:
            yield "sys_user", _person(world, person)
    for delegator, delegate in world.delegates.items():
        yield "sys_user_delegate", _delegate(world, delegator, delegate)
    yield from _catalogue(world)


def _broker() -> Rows:
    own = sys_id("sys_user", BROKER)
    yield (
        "sys_user",
        made(
            "sys_user", BROKER, sys_id=own, user_name=BROKER, last_name="Request Broker",
            name="Request Broker", user_password=STARS, active=True, vip=False, **ALWAYS,
        ),
    )  # fmt: skip
    yield from roles_of(own, BROKER, BROKER_ROLES)
    yield (
        "oauth_entity",
        made(
            "oauth_entity", CLIENT_ID, name="Request Broker", client_id=CLIENT_ID, user=own,
            client_secret=CLIENT_SECRET, active=True, access_token_lifespan=1800, type="client",
            refresh_token_lifespan=8_640_000, sys_class_name="oauth_entity",
        ),
    )  # fmt: skip


def _places(world: World) -> Rows:
    """Departments, sites and cost centres that somebody belongs to."""
    ours = {"company": company_id(world)}
    people = world.people.values()
    for name in dict.fromkeys(person.department for person in people):
        yield "cmn_department", made("cmn_department", name, name=name, **ours)
    for name, city, country in dict.fromkeys((p.site, p.city, p.country) for p in people):
        values = {"name": name, "full_name": name, "city": city, "country": country}
        yield "cmn_location", made("cmn_location", name, **values, **ours)
    for code in dict.fromkeys(person.cost_centre for person in people):
        yield "cmn_cost_center", made("cmn_cost_center", code, name=code, code=code)


def _person(world: World, person: WorldPerson) -> StoredRow:
    manager = world.people.get(person.manager or "")
    return made(
        "sys_user", person.key, f"{person.hired_on} 08:00:00", sys_id=person.sys_id,
        user_name=person.desk_user_name, first_name=person.first_name,
        last_name=person.last_name, name=person.display_name, email=person.email,
        employee_number=person.employee_number, title=person.title,
        department=sys_id("cmn_department", person.department), city=person.city,
        location=sys_id("cmn_location", person.site), country=person.country,
        cost_center=sys_id("cmn_cost_center", person.cost_centre), company=company_id(world),
        manager=manager.sys_id if manager and manager.desk_user_name else "",
        active=person.desk_active, vip=False, user_password=STARS, **ALWAYS,
    )  # fmt: skip


def _delegate(world: World, delegator: str, delegate: str) -> StoredRow:
    return made(
        "sys_user_delegate", delegator, user=world.people[delegator].sys_id,
        delegate=world.people[delegate].sys_id, starts=platform_time(world.now - _BEFORE),
        ends=platform_time(world.now + _AFTER), approvals=True, assignments=False,
        notifications=False, invitations=False,
    )  # fmt: skip


def _catalogue(world: World) -> Rows:
    catalog = catalog_id(world)
    yield "sc_catalog", catalog_row(catalog, world.company, "What our people may order")
    for title in dict.fromkeys(item.category for item in world.desk_items.values()):
        yield "sc_category", category_row(catalog, title)
    for item in world.desk_items.values():
        values = (item.sys_id, item.name, item.short_description, catalog, item.category)
        yield "sc_cat_item", item_row(*values)
        asked = ((v.name, v.question, v.mandatory, v.choices) for v in item.variables)
        yield from question_rows(item.sys_id, item.key, asked)


def passwords(world: World) -> Mapping[str, str]:
    """Who may sign in with which password: the broker, the administrator, our people."""
    people = (p for p in world.people.values() if p.desk_user_name is not None)
    return {BROKER: "broker", "admin": "admin"} | {
        str(person.desk_user_name): person.password for person in people
    }
