"""Roles, groups, and who has which: members, roles of groups, roles of users."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from random import Random

from sandbox.servicenow.demo_data.people import DemoUser, active_people, demo_users
from sandbox.servicenow.demo_data.places import user_id
from sandbox.servicenow.demo_data.words import Rows, keyed, made, table
from sandbox.servicenow.rows import StoredRow
from sandbox.world.model import sys_id

_ADMINISTRATORS = 13  # besides `admin`


@cache
def role_id(name: str) -> str:
    """The sys_id of a stock role."""
    return keyed("roles", 4, 3).get(name) or sys_id("sys_user_role", name)


@cache
def contained(name: str) -> tuple[str, ...]:
    """The roles that come with a role, near and far, each once."""
    near = keyed("roles", 4, 2)
    found = list(filter(None, near.get(name, "").split(",")))
    for role in found:
        found += [more for more in near.get(role, "").split(",") if more and more not in found]
    return tuple(found)


def group_id(name: str) -> str:
    """The sys_id of a stock group."""
    return sys_id("sys_user_group", name)


def group_names(role: str = "") -> list[str]:
    """The stock groups; those with a role."""
    return [row[0] for row in table("groups", 5) if role in ("", *row[3].split(","))]


@cache
def members_of(group: str) -> tuple[DemoUser, ...]:
    """The people in a stock group."""
    many = {row[0]: int(row[4]) for row in table("groups", 5)}
    return tuple(Random(f"demo:members:{group}").sample(active_people(), many[group]))


def role_rows() -> Rows:
    """Roles and what they contain."""
    for name, text, more, _ in table("roles", 4):
        row = made(
            "sys_user_role", name, sys_id=role_id(name), name=name, description=text, sys_name=name,
            sys_class_name="sys_user_role", elevated_privilege=name == "security_admin",
            grantable=True, can_delegate=True, sys_scope="global",
            includes_roles=",".join(role_id(role) for role in more.split(",") if role),
        )  # fmt: skip
        yield "sys_user_role", row
        for role in filter(None, more.split(",")):
            values = {"role": role_id(name), "contains": role_id(role)}
            yield (
                "sys_user_role_contains",
                made("sys_user_role_contains", f"{name}:{role}", **values),
            )


def group_rows() -> Rows:
    """Groups, their roles and their members."""
    for name, text, manager, roles, _ in table("groups", 5):
        members = members_of(name)
        boss = members[0].sys_id if manager == "*" else user_id(manager)
        yield (
            "sys_user_group",
            made(
                "sys_user_group", name, name=name, description=text, manager=boss, active=True,
                exclude_manager=False, include_members=False, email=_address(name), roles=roles,
            ),
        )  # fmt: skip
        for role in filter(None, roles.split(",")):
            values = {"group": group_id(name), "role": role_id(role), "inherits": True}
            yield "sys_group_has_role", made("sys_group_has_role", f"{name}:{role}", **values)
        for member in members:
            values = {"group": group_id(name), "user": member.sys_id}
            key = f"{name}:{member.user_name}"
            yield "sys_user_grmember", made("sys_user_grmember", key, scrum_member=False, **values)


def _address(group: str) -> str:
    plain = "".join(letter for letter in group.lower() if letter.isalnum() or letter == " ")
    return ".".join(plain.split()) + "@example.com"


def user_role_rows() -> Rows:
    """The roles that users have: given to them, contained in those, inherited from groups."""
    for user in demo_users():
        yield from roles_of(user.sys_id, user.user_name, user.roles)
    for user in administrators():
        yield from roles_of(user.sys_id, user.user_name, ("admin",))
    for name, _, _, roles, _ in table("groups", 5):
        for member in members_of(name):
            given = tuple(filter(None, roles.split(",")))
            key = f"{member.user_name}:{name}"
            yield from roles_of(member.sys_id, key, given, group=group_id(name))


def administrators() -> Sequence[DemoUser]:
    """People with the administrator's role, of whom demo data has a dozen."""
    return active_people()[5 :: len(active_people()) // _ADMINISTRATORS][:_ADMINISTRATORS]


def roles_of(user: str, key: str, roles: Sequence[str], group: str = "") -> Rows:
    """Rows of `sys_user_has_role`: the given roles, and those that come with them."""
    for role in roles:
        yield _has_role(user, key, role, inherited=bool(group), granted_by=group)
        for more in contained(role):
            included = {"included_in_role": role_id(role), "granted_by": group}
            yield _has_role(user, f"{key}:{role}", more, inherited=True, **included)


def _has_role(
    user: str, key: str, role: str, *, inherited: bool, **values: str
) -> tuple[str, StoredRow]:
    return "sys_user_has_role", made(
        "sys_user_has_role", f"{key}:{role}", user=user, role=role_id(role), state="active",
        inherited=inherited, inh_count="1" if inherited else "", **values,
    )  # fmt: skip
