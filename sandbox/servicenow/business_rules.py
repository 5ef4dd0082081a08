"""Business rules that are rows of `sys_script`, so that anybody who may can add one.

ServiceNow docs, "Business rules": a before rule runs in its order where its filter fits; it may set
values (`template`) and abort the write. What it tells with `gs.addErrorMessage` is not answered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from sandbox.servicenow.queries import Evaluator
from sandbox.servicenow.records import Change, Records, Row, WriteRefused
from sandbox.servicenow.writing import template_values

TABLE = "sys_script"
# A script is taken at its word: the sandbox's engine runs after a write, not inside it.
_ABORTS = re.compile(r"\bcurrent\s*\.\s*setAbortAction\s*\(\s*true\s*\)")


class BusinessRules:
    """Runs the before rules of a table and of those that it extends."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._evaluator = Evaluator(records)
        records.fillers.append(self.fill)
        records.guards.append(self.check)

    def fill(self, change: Change) -> Mapping[str, str]:
        """The values that rules set ("Set field values")."""
        values: dict[str, str] = {}
        for rule in self._rules(change):
            if rule["template"] and rule["abort_action"] != "true":
                values |= template_values(rule["template"])
        return values

    def check(self, change: Change) -> None:
        """Raises WriteRefused when a rule aborts the write."""
        for rule in self._rules(change) if self._records.switches.business_rules_abort else ():
            if aborts(rule):
                name = rule["name"]
                told = f"Operation against file '{change.table}' was aborted by Business Rule "
                detail = f"{told}'{name}^{rule['sys_id']}'. Business Rule Stack:{name}"
                raise WriteRefused("Operation Failed", detail)

    def _rules(self, change: Change) -> list[Row]:
        fitting = (rule for rule in self._of(change.table) if self._fits(rule, change))
        return sorted(fitting, key=lambda rule: int(rule["order"] or 100))

    def _of(self, table: str) -> Iterator[Row]:
        tables = [each.name for each in self._records.schema.lineage(table)]
        for rule in self._records.candidates(TABLE, "collection", tables):
            if rule["active"] == "true" and rule["when"] == "before":
                yield rule

    def _fits(self, rule: Row, change: Change) -> bool:
        row = change.before if change.operation == "delete" else change.after
        return rule[f"action_{change.operation}"] == "true" and self._evaluator.matches(
            change.table, row, rule["filter_condition"], change.before
        )


def aborts(rule: Row) -> bool:
    """Whether a rule that fits lets no write through."""
    if rule["abort_action"] == "true":
        return True
    return rule["advanced"] == "true" and bool(_ABORTS.search(rule["script"]))
