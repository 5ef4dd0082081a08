"""Which roles somebody has: given to them, to a group of theirs, or contained in another role.

ServiceNow docs, "User administration": `sys_user_has_role` links a user to a role, and a role
brings those that `sys_user_role_contains` names.
"""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.servicenow.records import Records, stored_row
from sandbox.servicenow.rows import new_sys_id

ROLES, OF_USERS, OF_GROUPS = "sys_user_role", "sys_user_has_role", "sys_group_has_role"
MEMBERS, CONTAINED = "sys_user_grmember", "sys_user_role_contains"
_GONE = "inactive"


class Roles:
    """The roles of one instance, read from its tables each time."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def of(self, user: str) -> frozenset[str]:
        """The names of all roles of a user."""
        found = dict.fromkeys(self._given(user))
        queue = list(found)
        for role in queue:
            for row in self._records.where(CONTAINED, role=role):
                if row["contains"] not in found:
                    found[row["contains"]] = None
                    queue.append(row["contains"])
        rows = (self._records.find(ROLES, role) for role in found)
        return frozenset(row["name"] for row in rows if row is not None)

    def grant(self, user: str, name: str) -> None:
        """Give somebody a role; it is added when first named."""
        known = self._records.candidates(ROLES, "name", [name])
        key = known[0]["sys_id"] if known else new_sys_id()
        if not known:
            self._records.load(ROLES, [stored_row({"sys_id": key, "name": name})])
        link = {"sys_id": new_sys_id(), "user": user, "role": key, "state": "active"}
        self._records.load(OF_USERS, [stored_row(link | {"inherited": "false"})])

    def _given(self, user: str) -> Iterator[str]:
        for row in self._records.where(OF_USERS, user=user):
            if row["state"] != _GONE:
                yield row["role"]
        for member in self._records.where(MEMBERS, user=user):
            for row in self._records.where(OF_GROUPS, group=member["group"]):
                yield row["role"]
