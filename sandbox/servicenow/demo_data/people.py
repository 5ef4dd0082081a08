"""The users of a fresh instance: accounts that come with the platform, and several hundred people.

All addresses end in example.com, as they do in ServiceNow's own demo data; nobody has a password
and hardly anybody a mobile telephone.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from random import Random
from typing import NamedTuple

from sandbox.servicenow.demo_data.places import HOME, department_id, user_id
from sandbox.servicenow.demo_data.words import Rows, made, sections, table, words
from sandbox.servicenow.rows import StoredRow
from sandbox.world.model import sys_id

_DRAWN, _FIRST_ID = 560, "00031f1a8b7d4c52a0c9e6f0d2b41c7e"
_INACTIVE_EVERY, _MANAGER_EVERY, _MOBILE_EVERY, _VIP_EVERY = 37, 12, 60, 80
# The platform shows a password as eight stars, whatever it is.
STARS = "********"


class DemoUser(NamedTuple):
    """Who they are, and the roles given to them directly."""

    user_name: str
    first_name: str
    last_name: str
    title: str
    department: str
    roles: tuple[str, ...]

    @property
    def sys_id(self) -> str:
        """Their id, which is fixed for those whom clients know."""
        return user_id(self.user_name) if self.user_name != _lowest().user_name else _FIRST_ID


@cache
def _lowest() -> DemoUser:
    """The first in the order of ids; that one is active, as on real instances."""
    return _drawn()[1]


@cache
def demo_users() -> tuple[DemoUser, ...]:
    """Everybody, those of the platform first."""
    named = (
        DemoUser(name, first, last, title, department, tuple(filter(None, roles.split(","))))
        for name, first, last, title, department, roles, _ in table("people", 7)
    )
    return (*named, *_drawn())


@cache
def _drawn() -> tuple[DemoUser, ...]:
    rng = Random("demo:people")
    firsts, titles = words("names", "first"), sections("names")["titles"]
    lasts = [b + e for b in words("names", "beginning") for e in words("names", "ending")]
    departments = [row[0] for row in table("places", 3, "departments")]
    found = []
    for last in rng.sample(lasts, _DRAWN):
        first = rng.choice(firsts)
        name = f"{first}.{last}".lower()
        found.append(DemoUser(name, first, last, rng.choice(titles), rng.choice(departments), ()))
    return tuple(found)


def user_rows() -> Rows:
    """Rows of `sys_user`."""
    rng, users = Random("demo:users"), demo_users()
    managers = _drawn()[::_MANAGER_EVERY]
    places = [f"{row[0]}, {row[1]}" for row in table("places", 5, "locations")]
    for number, user in enumerate(users):
        drawn = number - (len(users) - _DRAWN)
        yield "sys_user", _row(user, drawn, rng.choice(places), rng.choice(managers))


def _row(user: DemoUser, drawn: int, place: str, manager: DemoUser) -> StoredRow:
    person = drawn >= 0
    location = sys_id("cmn_location", f"demo:{place}") if person else ""
    own = person and manager != user
    return made(
        "sys_user", user.user_name, _joined(drawn), sys_id=user.sys_id, user_name=user.user_name,
        first_name=user.first_name, last_name=user.last_name,
        name=f"{user.first_name} {user.last_name}", email=f"{user.user_name}@example.com",
        title=user.title, department=department_id(user.department), location=location,
        company=HOME if person else "", manager=manager.sys_id if own else "",
        active=not person or drawn % _INACTIVE_EVERY != _INACTIVE_EVERY - 1,
        vip=person and drawn % _VIP_EVERY == 0,
        mobile_phone=_phone(drawn) if person and drawn % _MOBILE_EVERY == 0 else "",
        user_password=STARS, roles=",".join(user.roles), **ALWAYS,
    )  # fmt: skip


ALWAYS = {
    "sys_class_name": "sys_user", "notification": "2", "calendar_integration": "1",
    "locked_out": False, "web_service_access_only": False, "password_needs_reset": False,
    "enable_multifactor_authn": False, "internal_integration_user": False,
    "sys_domain": "global", "sys_domain_path": "/",
}  # fmt: skip


def _phone(number: int) -> str:
    return f"+1 555 01{number % 100:02} {number:04}"


def _joined(drawn: int) -> str:
    if drawn < 0:
        return "2023-02-18 09:04:52"
    return f"2023-{drawn % 9 + 3:02}-{drawn % 27 + 1:02} 16:{drawn % 60:02}:{drawn * 7 % 60:02}"


def active_people() -> Sequence[DemoUser]:
    """The drawn people who still work there."""
    return [
        user for number, user in enumerate(_drawn())
        if number % _INACTIVE_EVERY != _INACTIVE_EVERY - 1
    ]  # fmt: skip
