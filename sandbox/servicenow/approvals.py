"""Approvals: whom they are put to, what a decision does to the others, and to what it is about.

ServiceNow docs, "Approvals", "Approval - Group activity"; stock business rules "Stamp Approvals",
"Moot Approvals Upon Cancellation", "Approval Events (Task)". An approval of no task has an empty
`sysapproval` and names its document.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sandbox.servicenow.decisions import ACTIVITIES, DECIDED, OPEN, DecisionRule
from sandbox.servicenow.jobs import SYSTEM
from sandbox.servicenow.records import Change, Records, Row

APPROVER, GROUP = "sysapproval_approver", "sysapproval_group"
_UNSET = frozenset({"", "not requested"})
_SAID = {"approved": "approved", "rejected": "rejected", "not_required": "no longer had to decide"}


class Approvals:
    """The business rules of approvals; `raise_event` gets `task.approved` and `task.rejected`."""

    def __init__(
        self, records: Records, raise_event: Callable[[str, str], None] = lambda _name, _parm: None
    ) -> None:
        self._records = records
        self.raise_event = raise_event
        records.fillers.append(self.fill)
        records.rules.append(self.after_write)

    def ask(self, task: Row, approver: str, activity: str = "") -> None:
        """Put a task to one person."""
        values = {"approver": approver, "sysapproval": task["sys_id"], "state": "requested"}
        self._records.insert(APPROVER, values | {"wf_activity": activity}, SYSTEM)

    def ask_group(self, task: Row, group: str, activity: str = "") -> None:
        """Put a task to the members of a group."""
        values = {"parent": task["sys_id"], "assignment_group": group, "approval": "requested"}
        self._records.insert(GROUP, values | {"wf_activity": activity}, SYSTEM)

    def moot(self, subject: str, actor: str) -> None:
        """Whoever has not decided need not any more."""
        if not self._records.switches.first_decision_moots:
            return
        for row in self._asked(subject):
            self._set_if_open(APPROVER, row, "state", actor)
        for group in self._records.where(GROUP, parent=subject):
            self._set_if_open(GROUP, group, "approval", actor)

    def fill(self, change: Change) -> Mapping[str, str]:
        """Stamps when a task's approval was set, and names the document of a task's approval."""
        if change.operation == "delete":
            return {}
        if change.table == APPROVER:
            return self._document(change)
        was, now = change.before.get("approval"), change.after.get("approval")
        changed = now != was and not (change.operation == "insert" and now in _UNSET)
        stamped = changed and self._is_task(change) and self._records.switches.approvals_stamped
        return {"approval_set": self._records.now()} if stamped else {}

    def after_write(self, change: Change) -> None:
        """Decide what is ripe, ask the members of a group, moot what was cancelled."""
        if change.table == APPROVER and change.operation == "update":
            self._approver_changed(change)
        elif change.table == GROUP and change.operation != "delete":
            self._group_changed(change)
        elif change.operation == "update" and change.changed("approval"):
            self._task_changed(change)

    def _document(self, change: Change) -> dict[str, str]:
        task = change.after["sysapproval"]
        if not task or change.after["document_id"]:
            return {}
        row = self._records.find("task", task)
        return {"document_id": task, "source_table": row["sys_class_name"] if row else "task"}

    def _is_task(self, change: Change) -> bool:
        return "approval_set" in self._records.schema.table(change.table).columns

    def _approver_changed(self, change: Change) -> None:
        row = change.after
        if row["state"] not in DECIDED or not change.changed("state"):
            return
        self._note(row, change.actor)
        group = self._records.find(GROUP, row["group"])
        if group is not None:
            self._decide_group(group, change.actor)
        self._decide(_subject(row), change.actor)

    def _decide_group(self, group: Row, actor: str) -> None:
        rows = self._records.where(APPROVER, group=group["sys_id"])
        rule = DecisionRule(group["wait_for"] or "any", group["reject_handling"] == "wait")
        outcome = rule.outcome([row["state"] for row in rows])
        if outcome and group["approval"] in OPEN:
            for row in rows:
                self._set_if_open(APPROVER, row, "state", actor)
            self._records.update(GROUP, group["sys_id"], {"approval": outcome}, actor)

    def _decide(self, subject: str, actor: str) -> None:
        """The subject is decided by its people and its groups together."""
        people = [row for row in self._asked(subject) if not row["group"]]
        groups = self._records.where(GROUP, parent=subject)
        states = [row["state"] for row in people] + [row["approval"] for row in groups]
        outcome = self._rule([*people, *groups]).outcome(states)
        if outcome is None:
            return
        self.moot(subject, actor)
        task = self._records.find("task", subject)
        if task is not None and task["approval"] == "requested":
            self._records.update("task", subject, {"approval": outcome}, actor)

    def _rule(self, rows: list[Row]) -> DecisionRule:
        named = (self._records.find("wf_activity", row["wf_activity"]) for row in rows)
        rules = (ACTIVITIES.get(activity["name"]) for activity in named if activity)
        return next((rule for rule in rules if rule), DecisionRule())

    def _asked(self, subject: str) -> list[Row]:
        """Every approval of a task or a document, oldest first; one that names both is one."""
        if not subject:
            return []
        by_task = self._records.where(APPROVER, sysapproval=subject)
        found = by_task + self._records.where(APPROVER, document_id=subject)
        return list({row["sys_id"]: row for row in found}.values())

    def _group_changed(self, change: Change) -> None:
        if change.operation == "insert":
            self._ask_members(change.after)
        elif change.changed_to("approval", "requested"):
            for row in self._records.where(APPROVER, group=change.after["sys_id"]):
                if row["state"] == "not requested":
                    told = {"state": "requested"}
                    self._records.update(APPROVER, row["sys_id"], told, change.actor)

    def _ask_members(self, group: Row) -> None:
        """Each active member once, however often somebody is in the group."""
        members = self._records.where("sys_user_grmember", group=group["assignment_group"])
        state = "requested" if group["approval"] == "requested" else "not requested"
        users = [row["user"] for row in members]
        once = self._records.switches.groups_asked_once_each
        for member in dict.fromkeys(users) if once else users:
            person = self._records.find("sys_user", member)
            if person is not None and person["active"] == "true":
                values = {"approver": member, "sysapproval": group["parent"], "state": state}
                self._records.insert(APPROVER, values | {"group": group["sys_id"]}, SYSTEM)

    def _task_changed(self, change: Change) -> None:
        if not self._is_task(change):
            return
        approval, task = change.after["approval"], change.after["sys_id"]
        if approval == "cancelled" and self._records.switches.cancelling_moots:
            self.moot(task, change.actor)
        if approval in DECIDED:
            self.raise_event(f"task.{approval}", task)

    def _set_if_open(self, table: str, row: Row, column: str, actor: str) -> None:
        if row[column] in OPEN:
            self._records.update(table, row["sys_id"], {column: "not_required"}, actor)

    def _note(self, row: Row, actor: str) -> None:
        """The approval history of a task tells who decided; a delegate shows by name."""
        if not row["sysapproval"] or not self._records.switches.approvals_told_in_history:
            return
        found = self._records.where("sys_user", user_name=actor)
        name = found[0]["name"] if found else actor
        values = {
            "name": row["source_table"],
            "element_id": row["sysapproval"],
            "element": "approval_history",
            "value": f"{name} {_SAID[row['state']]} the task",
        }
        self._records.insert("sys_journal_field", values, actor)


def _subject(row: Row) -> str:
    return row["sysapproval"] or row["document_id"]
