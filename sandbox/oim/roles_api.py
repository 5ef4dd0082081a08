"""`/roles`, their members, `/adminroles` and `/organizations`.

REST API for OIG Self Service, "Role", "AdminRole", "View OIG Roles". Organisations are listed as
roles are, by our own reading.
"""

from __future__ import annotations

from collections.abc import Iterator

from flask import request

from sandbox.oim.access import no_such, state
from sandbox.oim.envelope import Json, links, moment, present, selected
from sandbox.oim.query import Values
from sandbox.oim.records import User
from sandbox.oim.resource_rows import Role, held_of, organization_row, role_row
from sandbox.oim.resources import known, listing, matching, ordered, resource_api, sees, wanted
from sandbox.world import WorldItem

roles_api = resource_api("roles")
_ATTRIBUTES: dict[str, Values[Role]] = {
    "role name": lambda role: (role.name,),
    "role display name": lambda role: (role.display_name,),
    "role unique name": lambda role: (role.name,),
    "role key": lambda role: (role.key,),
}
_ADMIN_ROLES = (
    ("1", "OrclOIMSystemAdministrator", "System Administrator", "All privileges"),
    ("2", "OrclOIMUserAdmin", "User Administrator", "Manage users of an organization"),
    ("3", "OrclOIMRoleAdministrator", "Role Administrator", "Manage roles"),
    ("4", "OrclOIMUserHelpDesk", "Help Desk", "Reset passwords, lock and unlock users"),
    ("5", "OrclOIMUserViewer", "User Viewer", "See users of an organization"),
    ("6", "OrclOIMCatalogAdmin", "Catalog System Administrator", "Manage the catalog"),
)
_ADMIN_ATTRIBUTES: dict[str, Values[tuple[str, ...]]] = {
    "role_id": lambda row: (row[0],),
    "role_name": lambda row: (row[1],),
    "role_display_name": lambda row: (row[2],),
    "description": lambda row: (row[3],),
}


@roles_api.get("/roles")
def list_roles() -> Json:
    """All roles, those that match, or those of one user. What approves as a group is a role, too,
    though the catalogue does not offer it.
    """
    key = request.args.get("userId")
    test = matching(_ATTRIBUTES)
    if key is not None:
        held = [(_role(one.item), one) for one in held_of(state(), known(key).key, "role")]
        rows = [role_row(role, wanted(), one) for role, one in held if test(role)]
    else:
        found = ordered([*_all_roles()], _ATTRIBUTES)
        rows = [role_row(role, wanted()) for role in found if test(role)]
    return listing("roles", rows, "/roles")


def _all_roles() -> Iterator[Role]:
    for number, name in enumerate(state().world.queues, 1):
        yield Role(str(number), name, name, "Approves as a group")
    yield from (_role(item) for item in state().items.values() if item.kind == "role")


def _role(item: WorldItem) -> Role:
    return Role(item.key, item.name, item.display_name, item.description)


def _known_role(key: str) -> Role:
    found = next((role for role in _all_roles() if role.key == key), None)
    if found is None:
        no_such("role")
    return found


@roles_api.get("/roles/<key>")
def show_role(key: str) -> Json:
    """One role."""
    return role_row(_known_role(key), wanted())


@roles_api.get("/roles/<key>/members")
def list_members(key: str) -> Json:
    """Who is in a role; nobody is in one by way of another."""
    role = _known_role(key)
    kind = request.args.get("membershipType", "DIRECT").upper()
    found = [_member(user, since) for user, since in _members(role)] if kind != "INDIRECT" else []
    return listing("users", found, f"/roles/{key}/members")


def _members(role: Role) -> Iterator[tuple[User, str | None]]:
    oim = state()
    queue = oim.members(role.name) if role.name in oim.world.queues else None
    for user in filter(sees, oim.users.values()):
        held = oim.holdings.get(user.key, {}).get(("role", role.key))
        if queue is None and held is not None:
            yield user, moment(held.since)
        elif queue is not None and user.key in queue:
            yield user, None


def _member(user: User, since: str | None) -> Json:
    return present(
        links=links(f"/users/{user.key}"),
        id=user.key,
        userLogin=user.login,
        email=user.person.email if user.person else None,
        startDate=since,
    )


@roles_api.get("/adminroles")
def list_admin_roles() -> Json:
    """The administration roles that there are."""
    test = matching(_ADMIN_ATTRIBUTES)
    rows = [_admin_role(row) for row in ordered([*_ADMIN_ROLES], _ADMIN_ATTRIBUTES) if test(row)]
    return listing("adminroles", rows, "/adminroles")


def _admin_role(row: tuple[str, ...]) -> Json:
    key, name, display, text = row
    whole = present(links=links(f"/adminroles/{key}"), id=key, name=name, description=text,
                    displayName=display)  # fmt: skip
    return selected(whole, wanted())


@roles_api.get("/adminroles/<key>")
def show_admin_role(key: str) -> Json:
    """One administration role."""
    found = next((row for row in _ADMIN_ROLES if row[0] == key), None)
    if found is None:
        no_such("admin role")
    return _admin_role(found)


@roles_api.get("/organizations")
def list_organizations() -> Json:
    """All organisations, or those that match."""
    attributes: dict[str, Values[tuple[str, str]]] = {"organization name": lambda pair: (pair[1],)}
    test = matching(attributes)
    rows = [organization_row(*pair) for pair in state().organizations.names.items() if test(pair)]
    return listing("organizations", rows, "/organizations")


@roles_api.get("/organizations/<key>")
def show_organization(key: str) -> Json:
    """One organisation."""
    name = state().organizations.names.get(key)
    if name is None:
        no_such("organization")
    return organization_row(key, name)
