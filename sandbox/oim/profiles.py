"""What may be changed about a user, by the names of the product's attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sandbox.oim.records import Oim, User
from sandbox.oim.workflow import NotPossible
from sandbox.world import WorldPerson

_OF_PERSON: dict[str, Callable[[WorldPerson, str], WorldPerson]] = {
    "first name": lambda person, value: replace(person, first_name=value),
    "last name": lambda person, value: replace(person, last_name=value),
    "email": lambda person, value: replace(person, email=value),
    "employee number": lambda person, value: replace(person, employee_number=value),
    "title": lambda person, value: replace(person, title=value),
    "organization name": lambda person, value: replace(person, department=value),
}
_MANAGER = ("usr_manager_key", "manager", "manager login")
_STATUSES: dict[str, Callable[[User], User]] = {
    "enable": lambda user: replace(user, active=True),
    "disable": lambda user: replace(user, active=False),
    "lock": lambda user: replace(user, locked=True),
    "unlock": lambda user: replace(user, locked=False),
}
STATUSES = frozenset(_STATUSES)


def changed(oim: Oim, user: User, values: Mapping[str, Any]) -> User:
    """The user with these values; raises NotPossible for an attribute that there is not, and for a
    login that somebody else has.
    """
    for name, value in values.items():
        user = _with(oim, user, name, "" if value is None else str(value))
    return user


def _with(oim: Oim, user: User, name: str, value: str) -> User:
    word = name.strip().lower()
    if word in _MANAGER:
        return replace(user, manager_key=_manager(oim, value))
    if word == "display name":
        return replace(user, display_name=value)
    if word == "user login":
        return replace(user, login=_free_login(oim, user, value))
    if word not in _OF_PERSON or user.person is None:
        raise NotPossible(f"IAM-3050007: The attribute {name} does not exist.")
    return replace(user, person=_OF_PERSON[word](user.person, value))


def _manager(oim: Oim, value: str) -> str | None:
    boss = oim.users.get(value) or oim.by_login.get(value.upper())
    if value and boss is None:
        raise NotPossible(f"IAM-3050008: The manager {value} does not exist.")
    return boss.key if boss else None


def _free_login(oim: Oim, user: User, value: str) -> str:
    other = oim.by_login.get(value.upper())
    if not value or (other is not None and other.key != user.key):
        raise NotPossible(f"IAM-3050009: The login {value} is not free.")
    return value.upper()


def with_status(user: User, word: str) -> User:
    """The user enabled, disabled, locked or unlocked; one of STATUSES."""
    return _STATUSES[word](user)
