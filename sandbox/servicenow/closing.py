"""Closing of requests, items and tasks: what a state brings with it, and what it does above.

ServiceNow docs, "Service Catalog state closure": a closed record is inactive, with when and by
whom; when all tasks of an item are closed, so is the item, and likewise the request.
"""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.servicenow.records import Change, Records, Row
from sandbox.servicenow.stock_tables import CLOSED_STATES

Values = dict[str, str]
_REQUEST_STATES = {"3": "closed_complete", "4": "closed_incomplete", "7": "closed_skipped"}
_STATES = {name: state for state, name in _REQUEST_STATES.items()} | {
    "closed_cancelled": "4",
    "closed_rejected": "4",
}
_STAGES = {"3": "completed", "4": "Request Cancelled", "7": "completed"}
_PARENTS = {
    "sc_task": ("sc_req_item", "request_item"),
    "sc_req_item": ("sc_request", "request"),
}
REQUEST_TABLES = frozenset({"sc_request", *_PARENTS})


class Closing:
    """The rules of the three request tables; a parent is closed by its last open child."""

    def __init__(self, records: Records) -> None:
        self._records = records
        records.fillers.append(self.fill)
        records.rules.append(self.after_write)

    def fill(self, change: Change) -> Mapping[str, str]:
        """What comes with a state that closes, or that opens again."""
        ours = change.table in REQUEST_TABLES and self._records.switches.closing_deactivates
        if not ours or change.operation == "delete":
            return {}
        told = _by_request_state(change)
        state = told.get("state", change.after["state"])
        if state == change.before["state"]:
            return told
        if state in CLOSED_STATES:
            return told | self._closed(change, state)
        return told | (_REOPENED if change.before["state"] in CLOSED_STATES else {})

    def after_write(self, change: Change) -> None:
        """Close the parent, if that was its last open child."""
        closed = change.after["state"] in CLOSED_STATES and change.changed("state")
        switches = self._records.switches
        if change.table in _PARENTS and closed and switches.closing_rolls_up:
            self._roll_up(*_PARENTS[change.table], change)
        if change.table == "sc_req_item" and closed and not switches.items_close_alone:
            self._close_tasks(change)

    def _closed(self, change: Change, state: str) -> Values:
        row = change.after
        told = {"active": "false"}
        told["closed_at"] = row["closed_at"] or self._records.now()
        told["closed_by"] = row["closed_by"] or self._sys_id(change.actor)
        if change.table != "sc_task" and change.operation == "update":
            told["stage"] = _STAGES[state]
        if change.table == "sc_request" and change.operation == "update":
            named = row["request_state"] if _STATES.get(row["request_state"]) == state else ""
            told["request_state"] = named or _REQUEST_STATES[state]
        return told

    def _roll_up(self, table: str, column: str, change: Change) -> None:
        parent = self._records.find(table, change.after[column])
        if parent is None or parent["active"] != "true":
            return
        children = self._records.where(change.table, **{column: parent["sys_id"]})
        states = {child["state"] for child in children}
        if states <= CLOSED_STATES:
            told = {"state": rolled_up(states)}
            self._records.update(table, parent["sys_id"], told, change.actor)

    def _close_tasks(self, change: Change) -> None:
        """What the platform does not do."""
        item = change.after["sys_id"]
        for task in self._records.where("sc_task", request_item=item, active="true"):
            told = {"state": change.after["state"]}
            self._records.update("sc_task", task["sys_id"], told, change.actor)

    def _sys_id(self, user_name: str) -> str:
        found: list[Row] = self._records.where("sys_user", user_name=user_name)
        return found[0]["sys_id"] if found else ""


_REOPENED = {"active": "true", "closed_at": "", "closed_by": ""}


def _by_request_state(change: Change) -> Values:
    """A request may be closed by its second state column as well."""
    state = _STATES.get(change.after["request_state"])
    if change.table != "sc_request" or state is None or not change.changed("request_state"):
        return {}
    return {"state": state}


def rolled_up(states: set[str]) -> str:
    """The state closed children give their parent: any incomplete, all skipped, else complete."""
    if "4" in states:
        return "4"
    return "7" if states == {"7"} else "3"
