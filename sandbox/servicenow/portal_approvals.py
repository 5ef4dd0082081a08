"""Approvals as the portal shows them: one's own, and those of whom one stands in for.

ServiceNow docs, "My Approvals": the rows of delegators are listed beside one's own; what is asked
twice about one thing, by name and through a group, is one line.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from sandbox.servicenow.accounts import Account
from sandbox.servicenow.delegations import delegators_of
from sandbox.servicenow.instance import ServiceNow
from sandbox.servicenow.records import NO_ROW, Row
from sandbox.servicenow.stock_tables import APPROVALS


def waiting_for(instance: ServiceNow, account: Account) -> list[dict[str, Any]]:
    """What this account may decide now, one line for each thing; its own rows before others'."""
    found: dict[str, Row] = {}
    for approver in (account.sys_id, *sorted(delegators_of(instance.records, account.sys_id))):
        for row in instance.records.where("sysapproval_approver", approver=approver):
            if row["state"] == "requested":
                found.setdefault(row["sysapproval"] or row["document_id"] or row["sys_id"], row)
    return [shown(instance, row, account) for row in found.values()]


def shown(instance: ServiceNow, row: Row, account: Account) -> dict[str, Any]:
    """One approval with what it is about, for whom, through which group, and in whose place."""
    records = instance.records
    item = records.find("task", row["sysapproval"]) or NO_ROW
    person = item["requested_for"] or item["opened_by"]
    link = {"id": "approval", "table": "sysapproval_approver", "sys_id": row["sys_id"]}
    return {
        **records.full("sysapproval_approver", row),
        "state_label": label(row["state"]),
        "link": "/sp?" + urlencode(link),
        "item": item,
        "title": _title(instance, row, item),
        "for_name": records.display_of("sys_user", person),
        "group_name": group_name(instance, row),
        "instead_of": "" if row["approver"] == account.sys_id else _name(instance, row),
    }


def asked_about(instance: ServiceNow, task: str) -> list[dict[str, Any]]:
    """Everybody who was asked about a task, with what came of it; a decision names who took it."""
    records = instance.records
    return [
        {
            **records.full("sysapproval_approver", row),
            "name": _name(instance, row),
            "group_name": group_name(instance, row),
            "state_label": label(row["state"]),
            "decided_by": _decided_by(instance, row),
        }
        for row in records.where("sysapproval_approver", sysapproval=task)
    ]


def label(state: str) -> str:
    """An approval's state in words."""
    return APPROVALS.get(state, state)


def group_name(instance: ServiceNow, row: Row) -> str:
    """The group through which an approval came, if it came through one."""
    group = instance.records.find("sysapproval_group", row["group"]) or NO_ROW
    return instance.records.display_of("sys_user_group", group["assignment_group"])


def _name(instance: ServiceNow, row: Row) -> str:
    return instance.records.display_of("sys_user", row["approver"])


def _decided_by(instance: ServiceNow, row: Row) -> str:
    """Who decided, where that was not the approver: a delegate."""
    found = instance.records.where("sys_user", user_name=row["sys_updated_by"])
    decided = row["state"] in ("approved", "rejected")
    return found[0]["name"] if decided and found and found[0]["sys_id"] != row["approver"] else ""


def _title(instance: ServiceNow, row: Row, item: Row) -> str:
    """What is asked: a task by its number, anything else by the name of its record."""
    if item:
        return f"{item['number']}: {item['short_description']}"
    table, key = row["source_table"], row["document_id"]
    if table not in instance.records.schema:
        return "Approval"
    named = instance.records.display_of(table, key)
    return f"{instance.records.schema.table(table).label}: {named or key}"
