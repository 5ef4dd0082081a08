"""Users, catalogue items and what people hold, in the product's JSON.

REST API for OIG Self Service, "Users", "Catalog", "Roles", "Accounts", "Entitlements". Where its
samples of 12c and of 11g differ, this is 12c.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sandbox.oim.envelope import Json, links, moment, present
from sandbox.oim.records import Holding, Oim, User
from sandbox.oim.rendering import KIND_WORDS
from sandbox.world import WorldItem

ACCOUNT_STATUS = "Provisioned"
_RISKS = {"Low": "3", "Medium": "5", "High": "7"}


class Role(NamedTuple):
    """A role of the catalogue, or one that only approves."""

    key: str
    name: str
    display_name: str
    description: str


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
        "Account Status": "Locked" if user.locked else "Unlocked",
        "Manager Login": boss.login if boss else None,
        "usr_manager_key": int(boss.key) if boss else None,
        "usr_key": int(user.key),
    }
    return {name: value for name, value in values.items() if value not in (None, "")}


def user_row(oim: Oim, user: User, wanted: str) -> Json:
    """A user as a name/value list in the server's order; usr_key comes unasked."""
    names = {name.strip() for name in wanted.split(",")}
    if oim.switches.usr_key_unasked:
        names.add("usr_key")
    chosen = {
        name: value for name, value in user_values(oim, user).items() if not wanted or name in names
    }
    return {"links": links(f"/users/{user.key}"), "id": user.key, "fields": pairs(chosen)}


def pairs(values: Mapping[str, Any]) -> list[Json]:
    """A list of names and values, as the product writes attributes."""
    return [{"name": name, "value": value} for name, value in values.items()]


def chosen_pairs(values: Mapping[str, Any], wanted: str) -> list[Json]:
    """Of those only the ones asked for with `fields=`."""
    names = {name.strip() for name in wanted.split(",")}
    return pairs({name: value for name, value in values.items() if not wanted or name in names})


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


def catalog_detail(oim: Oim, item: WorldItem) -> Json:
    """One item with its tags and with who looks after it; the capitals are the product's."""
    owner = oim.user_of(item.owner or "")
    people = {
        f"{duty}{which}": value
        for duty in ("approver", "certifier", "fulFillMent")
        if owner is not None
        for which, value in (("UserLogin", owner.login), ("UserDisplayName", owner.display_name))
    }
    tags = present(tags=item.category, userDefinedTags=item.category)
    if oim.provisioning.by_hand(item):
        people |= {"fulFillMentRoleDisplayName": oim.provisioning.fulfiller_name}
    return catalog_row(item) | tags | people


def catalog_columns(oim: Oim, item: WorldItem) -> dict[str, str]:
    """An item's values by the columns of the catalogue, as its metadata lists them."""
    detail = catalog_detail(oim, item)
    columns = {
        "CATALOG_ID": "id", "ENTITY_TYPE": "entityType", "ENTITY_KEY": "entityKey",
        "ENTITY_NAME": "entityName", "ENTITY_DISPLAY_NAME": "entityDisplayName",
        "ENTITY_DESCRIPTION": "entityDescription", "CATEGORY": "category",
        "ITEM_RISK": "itemRisk", "USER_DEFINED_TAGS": "userDefinedTags",
        "APPROVER_USER": "approverUserLogin",
    }  # fmt: skip
    return {column: str(detail.get(name, "")) for column, name in columns.items()}


def role_row(role: Role, wanted: str, held: Holding | None = None) -> Json:
    """A role; of a user, with the date since which it is held."""
    values = {
        "Role Name": role.name,
        "Role Display Name": role.display_name,
        "Role Unique Name": role.name,
        "Role Description": role.description,
        "Role Key": int(role.key),
    }
    return present(
        links=links(f"/roles/{role.key}"),
        id=role.key,
        fields=chosen_pairs(values, wanted),
        name=role.name,
        displayName=role.display_name,
        startDate=moment(held.since) if held else None,
        requestId=held.request_id if held else None,
    )


def account_name(user: User) -> str:
    """What the account is called in the target system; the product does not name the application
    in an account's row.
    """
    return user.login.lower()


def account_row(oim: Oim, user: User, held: Holding) -> Json:
    """An account somebody has in an application; without a request it has an empty id of one."""
    by_login = oim.switches.accounts_named_by_login
    values = {
        "Status": ACCOUNT_STATUS,
        "Account Type": "primary",
        "Policy Key": "",
        "Provisioned By": "1",
        "Risk Summary": _RISKS.get(held.item.risk, "3"),
        "Provisioned-On Date": moment(held.since),
        "Process Instance Key": int(held.id) + 100,
        "Account Name": account_name(user),
    }
    return {
        "links": links(f"/accounts/{held.id}"),
        "id": held.id,
        "name": account_name(user) if by_login else held.item.display_name,
        "userId": user.key,
        "appInstanceId": held.item.key,
        "requestId": held.request_id or "",
        "fields": pairs(values),
    }


def entitlement_row(oim: Oim, item: WorldItem) -> Json:
    """An entitlement: neither what people call it, nor since when somebody has it."""
    row = {
        "links": links(f"/entitlements/{item.key}"),
        "id": item.key,
        "name": item.name,
        "description": item.description,
    }
    return row if oim.switches.thin_entitlements else row | {"displayName": item.display_name}


def application_row(item: WorldItem, kind: str) -> Json:
    """An application instance, `Connected` or `Disconnected`."""
    return present(
        links=links(f"/applications/{item.key}"),
        id=item.key,
        key=item.key,
        name=item.name,
        displayName=item.display_name,
        description=item.description,
        type=kind,
    )


def organization_row(key: str, name: str) -> Json:
    """An organisation."""
    values = {"Organization Name": name, "Organization Status": "Active"}
    return {"links": links(f"/organizations/{key}"), "id": key, "fields": pairs(values)}


def held_of(oim: Oim, user: str, kind: str) -> Sequence[Holding]:
    """What a user holds of one kind, oldest first."""
    return [held for held in oim.holdings.get(user, {}).values() if held.item.kind == kind]
