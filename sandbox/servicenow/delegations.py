"""Who may decide in whose place.

ServiceNow docs, "Delegating roles and tasks": an approval stays addressed to the delegator, and a
delegate may decide it while the delegation lasts (`sys_user_delegate`: approvals, starts, ends).
"""

from __future__ import annotations

from sandbox.servicenow.records import Records, Row


def delegators_of(records: Records, user: str) -> frozenset[str]:
    """For whom this user may decide now, by sys_ids."""
    now = records.now()
    if not records.switches.delegates_decide:
        return frozenset()
    return frozenset(
        row["user"]
        for row in records.where("sys_user_delegate", delegate=user, approvals="true")
        if row["starts"] <= now <= (row["ends"] or now)
    )


def may_decide(records: Records, user: str, approval: Row) -> bool:
    """Whether an approval is this user's, or a delegator's of this user."""
    approver = approval["approver"]
    return approver != "" and (approver == user or approver in delegators_of(records, user))
