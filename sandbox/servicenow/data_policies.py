"""Data policies: what a record must hold whoever writes it (ServiceNow docs, "Data policy")."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.servicenow.queries import Evaluator
from sandbox.servicenow.records import Change, Records, Row, WriteRefused

POLICIES, RULES = "sys_data_policy2", "sys_data_policy_rule"


class DataPolicies:
    """Enforces the active rows of `sys_data_policy2` and their `sys_data_policy_rule`s."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._evaluator = Evaluator(records)
        records.guards.append(self.check)

    def check(self, change: Change) -> None:
        """Raises WriteRefused with the labels of the columns that stay empty but must not."""
        if change.operation == "delete" or not self._records.switches.data_policies_enforced:
            return
        missing = dict.fromkeys(
            self._label(change, rule["field"])
            for policy in self._policies(change)
            for rule in self._records.where(RULES, sys_data_policy=policy["sys_id"])
            if rule["mandatory"] == "true" and not self._has(change, rule["field"])
        )
        if missing:
            fields = ", ".join(missing)
            detail = f"Data Policy Exception: The following fields are mandatory: {fields}"
            raise WriteRefused("Operation Failed", detail)

    def _policies(self, change: Change) -> Iterator[Row]:
        for table in self._records.schema.lineage(change.table):
            for policy in self._records.where(POLICIES, model_table=table.name, active="true"):
                reaches = table.name == change.table or policy["inherit"] == "true"
                if reaches and self._applies(policy, change):
                    yield policy

    def _applies(self, policy: Row, change: Change) -> bool:
        conditions = policy["conditions"]
        return self._evaluator.matches(change.table, change.after, conditions, change.before)

    def _label(self, change: Change, name: str) -> str:
        column = self._records.schema.column(change.table, name)
        return column.title if column else name

    @staticmethod
    def _has(change: Change, name: str) -> bool:
        return bool(change.after[name] or change.notes.get(name))
