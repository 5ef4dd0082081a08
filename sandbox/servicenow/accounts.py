"""Who may sign in with which password, and with which roles."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sandbox.servicenow.records import Records, Row
from sandbox.servicenow.roles import Roles

# Demo data of a fresh developer instance gives the administrator this id.
ADMIN_SYS_ID = "6816f79cc0a8016401c5a33be04be441"


@dataclass(frozen=True)
class Account:
    """Somebody signed in: a person, the broker's integration user, or the administrator."""

    user_name: str
    sys_id: str
    roles: frozenset[str] = frozenset()

    @property
    def is_admin(self) -> bool:
        """May do everything."""
        return "admin" in self.roles

    @property
    def is_fulfiller(self) -> bool:
        """Works on other people's requests, so sees work notes."""
        return self.is_admin or "sn_request_write" in self.roles


class Accounts:
    """Passwords and roles; the people themselves are rows of `sys_user`."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._passwords: dict[str, str] = {}
        self._roles = Roles(records)

    def add(self, user_name: str, password: str, roles: frozenset[str] = frozenset()) -> None:
        """Let a user sign in; the roles are given to them as rows."""
        self._passwords[user_name.casefold()] = password
        row = self._row(user_name) if roles else None
        for name in sorted(roles) if row else ():
            self._roles.grant(row["sys_id"] if row else "", name)

    def account(self, user_name: str) -> Account | None:
        """The active, unlocked user of that name (names are compared without regard to case)."""
        row = self._row(user_name)
        shut_out = row is None or row["active"] != "true" or row["locked_out"] == "true"
        return None if shut_out else self._of(row)

    def whoever(self, user_name: str) -> Account | None:
        """The user of that name, disabled and locked ones, too."""
        return self._of(self._row(user_name))

    def _row(self, user_name: str) -> Row | None:
        found = self._records.candidates("sys_user", "user_name", [user_name] if user_name else [])
        return found[0] if found else None

    def check(self, user_name: str, password: str) -> Account | None:
        """The account, if the password is right."""
        known = self._passwords.get(user_name.casefold())
        if known is None or not secrets.compare_digest(known.encode(), password.encode()):
            return None
        return self.account(user_name)

    def _of(self, row: Row | None) -> Account | None:
        if row is None:
            return None
        return Account(row["user_name"], row["sys_id"], self._roles.of(row["sys_id"]))
