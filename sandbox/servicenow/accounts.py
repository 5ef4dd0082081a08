"""Who may sign in, with which password or token, and what each account may see and change."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.servicenow.records import Records, Row

# Demo data of a fresh developer instance gives the administrator this id.
ADMIN_SYS_ID = "6816f79cc0a8016401c5a33be04be441"
_FULFILLER_WRITES = frozenset({"sc_request", "sc_req_item", "sc_task"})
_PUBLIC_TABLES = frozenset({"sc_cat_item", "item_option_new", "question_choice"})


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
        self._roles: dict[str, frozenset[str]] = {}
        self._seen: dict[
            str, str
        ] = {}  # sys_ids of names asked for before; thousands are slow to read

    def add(self, user_name: str, password: str, roles: frozenset[str] = frozenset()) -> None:
        """Let a user sign in."""
        self._passwords[user_name.casefold()] = password
        self._roles[user_name.casefold()] = roles

    def account(self, user_name: str) -> Account | None:
        """The active, unlocked user of that name (names are compared without regard to case)."""
        wanted = user_name.casefold()
        row = self._records.find("sys_user", self._seen.get(wanted, ""))
        if row is None or row["user_name"].casefold() != wanted:
            row = self._looked_for(wanted)
        return self._of(row) if row else None

    def _looked_for(self, wanted: str) -> Row | None:
        for row in self._records.all("sys_user"):
            if wanted and row["user_name"].casefold() == wanted:
                self._seen[wanted] = row["sys_id"]
                return row
        return None

    def check(self, user_name: str, password: str) -> Account | None:
        """The account, if the password is right."""
        known = self._passwords.get(user_name.casefold())
        if known is None or not secrets.compare_digest(known.encode(), password.encode()):
            return None
        return self.account(user_name)

    def _of(self, row: Row) -> Account | None:
        if row["active"] != "true" or row["locked_out"] == "true":
            return None
        roles = self._roles.get(row["user_name"].casefold(), frozenset())
        return Account(row["user_name"], row["sys_id"], roles)


class Access:
    """The access control list: what an account may read and write.

    Employees see their own requests and approvals; what they may not see is simply not there.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self._own: Mapping[str, Callable[[Row, str], bool]] = {
            "sys_user": lambda row, me: row["sys_id"] == me,
            "sc_request": self._is_party,
            "sc_req_item": self._may_see_item,
            "sc_task": lambda row, me: self._may_see_item_of(row["request_item"], me),
            "sysapproval_approver": lambda row, me: (
                row["approver"] == me or self._is_party_of(row["sysapproval"], me)
            ),
            "sc_item_option_mtom": lambda row, me: self._may_see_item_of(row["request_item"], me),
        }

    def may_read(self, account: Account, table: str, row: Row) -> bool:
        """Whether the account sees this row."""
        if account.is_fulfiller or table in _PUBLIC_TABLES:
            return True
        rule = self._own.get(row.get("sys_class_name") or table) or self._mirror_rule(table)
        return rule(row, account.sys_id)

    def may_write(self, account: Account, table: str, row: Row | None) -> bool:
        """Whether the account may insert here (row is None), or change this row."""
        if account.is_admin:
            return True
        if table == "sysapproval_approver":
            return row is not None and row["approver"] == account.sys_id
        mirror = table.startswith("x_")
        return account.is_fulfiller and (mirror or table in _FULFILLER_WRITES)

    def _is_party(self, row: Row, me: str) -> bool:
        return me in (row["requested_for"], row["opened_by"])

    def _is_party_of(self, task_id: str, me: str) -> bool:
        row = self._records.find("task", task_id)
        return row is not None and me in (row.get("requested_for"), row["opened_by"])

    def _may_see_item(self, row: Row, me: str) -> bool:
        approver = self._records.where("sysapproval_approver", sysapproval=row["sys_id"])
        return self._is_party(row, me) or any(a["approver"] == me for a in approver)

    def _may_see_item_of(self, sys_id: str, me: str) -> bool:
        row = self._records.find("sc_req_item", sys_id)
        return row is not None and self._may_see_item(row, me)

    def _mirror_rule(self, table: str) -> Callable[[Row, str], bool]:
        mirror = table.startswith("x_")
        parties = ("requested_for", "requested_by", "approver")
        return lambda row, me: mirror and any(row.get(column) == me for column in parties)
