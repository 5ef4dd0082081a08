"""Users, catalogue items and what people hold, in the product's JSON.

REST API for OIG Self Service, "Users", "Catalog", "Roles", "Accounts", "Entitlements".
"""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.oim.records import Holding, Oim, User
from sandbox.oim.rendering import KIND_WORDS, Json, links, moment, present
from sandbox.world import WorldItem


def user_values(oim: Oim, user: User) -> Json:
    """A user's attributes by their OIM names; what is not set is absent."""
    person, boss = user.person, oim.users.get(user.manager_key or "")
    first, _, last = user.display_name.partition(" ")
    values = {
        "User Login": user.login,
        "Display Name": user.display_name,
        "First Name": person.first_name if person else first,
        "Last Name": person.last_name if person else last,
        "Email": person.email if person else None,
        "Employee Number": person.employee_number if person else None,
        "Title": person.title if person else None,
        "Organization Name": person.department if person else "Xellerate Users",
        "Role": "Full-Time" if person else "Service Account",
        "Status": "Active" if user.active else "Disabled",
        "Manager Login": boss.login if boss else None,
        "usr_manager_key": int(boss.key) if boss else None,
        "usr_key": int(user.key),
    }
    return {name: value for name, value in values.items() if value not in (None, "")}


def user_row(oim: Oim, user: User, wanted: str) -> Json:
    """A user as a name/value list in the server's order; usr_key comes unasked."""
    names = {name.strip() for name in wanted.split(",")} | {"usr_key"}
    fields = [
        {"name": name, "value": value}
        for name, value in user_values(oim, user).items()
        if not wanted or name in names
    ]
    return {"links": links(f"/users/{user.key}"), "id": user.key, "fields": fields}


def catalog_row(item: WorldItem) -> Json:
    """A catalogue item; `id` is the catalogue's own, `entityKey` is what requests want."""
    return present(
        links=links(f"/catalog/{item.catalog_id}"),
        id=item.catalog_id,
        entityType=KIND_WORDS[item.kind],
        entityKey=item.key,
        entityName=item.name,
        entityDisplayName=item.display_name,
        entityDescription=item.description,
        category=item.category,
        itemRisk=item.risk,
        isAuditable=True,
        isCertifiable=True,
    )


def role_row(item: WorldItem, held: Holding | None = None) -> Json:
    """A role; of a user, with the date since which it is held."""
    return present(
        links=links(f"/roles/{item.key}"),
        id=item.key,
        fields=[
            {"name": "Role Name", "value": item.name},
            {"name": "Role Display Name", "value": item.display_name},
            {"name": "Role Description", "value": item.description},
        ],
        name=item.name,
        displayName=item.display_name,
        startDate=moment(held.since) if held else None,
        requestId=held.request_id if held else None,
    )


def account_row(user: User, held: Holding) -> Json:
    """An account somebody has in an application."""
    return present(
        links=links(f"/accounts/{held.id}"),
        id=held.id,
        name=held.item.display_name,
        userId=user.key,
        appInstanceId=held.item.key,
        requestId=held.request_id,
        fields=[
            {"name": "Status", "value": "Provisioned"},
            {"name": "Provisioned-On Date", "value": moment(held.since)},
            {"name": "Account Name", "value": user.login.lower()},
        ],
    )


def entitlement_row(item: WorldItem, held: Holding | None = None) -> Json:
    """An entitlement; of a user, with the date since which it is held."""
    return present(
        links=links(f"/entitlements/{item.key}"),
        id=item.key,
        name=item.name,
        displayName=item.display_name,
        description=item.description,
        startDate=moment(held.since) if held else None,
        requestId=held.request_id if held else None,
    )


def held_of(oim: Oim, user: str, kind: str) -> Iterable[Holding]:
    """What a user holds of one kind, oldest first."""
    return [held for held in oim.holdings.get(user, {}).values() if held.item.kind == kind]
