"""What stock business rules fill in by themselves before a record is kept.

ServiceNow docs, "Incident management", "Problem state model", "Change state model", "Task table":
two state columns agree, closing stamps who and when, impact and urgency give the priority.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.servicenow.records import NO_ROW, Change, Records
from sandbox.servicenow.writing import template_values

Values = dict[str, str]
_TEMPLATES = "std_change_producer_version"
# The request tables close by their flow (`workflow.py`); group approvals have a state of words.
_OWN_WAY = frozenset({"sc_request", "sc_req_item", "sc_task", "sysapproval_group"})


@dataclass(frozen=True)
class States:
    """Which states of a table mean what."""

    closed: frozenset[str]
    resolved: frozenset[str] = frozenset()
    twin: str = ""  # the second column of the same state
    lookup: bool = False  # whether impact and urgency give the priority
    first: str = "1"


_TASK = States(frozenset({"3", "4", "7"}))
_STATES = {
    "incident": States(frozenset({"7", "8"}), frozenset({"6", "7"}), "incident_state", lookup=True),
    "problem": States(
        frozenset({"107"}), frozenset({"106", "107"}), "problem_state", lookup=True, first="101"
    ),
    "problem_task": States(frozenset({"157"})),
    "change_request": States(frozenset({"3", "4"})),
    "change_task": States(frozenset({"3", "4"})),
}


class StockRules:
    """The stock rules of task, of what extends it, and of people."""

    def __init__(self, records: Records) -> None:
        self._records = records
        records.fillers.append(self.fill)

    def fill(self, change: Change) -> Mapping[str, str]:
        """Further values for a row that is about to be kept."""
        if change.table == "sys_user":
            return _full_name(change)
        if not self._is_task(change.table):
            return {}
        values = self._opened(change) | self._from_template(change)
        if change.table not in _OWN_WAY and self._records.switches.states_stamped:
            states = _STATES.get(change.table, _TASK)
            for rule in (_twin, _priority, self._resolved, self._closed):
                values |= rule(change, states)
        return values

    def _is_task(self, table: str) -> bool:
        return table == "task" or any(t.name == "task" for t in self._records.schema.lineage(table))

    def _opened(self, change: Change) -> Values:
        if change.operation == "insert" and not change.after["opened_by"]:
            return {"opened_by": self._actor(change)}
        return {}

    def _from_template(self, change: Change) -> Values:
        """A standard change is described as its template says, where nobody says otherwise."""
        if change.table != "change_request" or change.operation != "insert":
            return {}
        version = self._records.find(_TEMPLATES, change.after["std_change_producer_version"])
        key = version["std_change_producer"] if version else ""
        producer = self._records.find("std_change_record_producer", key) or NO_ROW
        told = template_values(producer["template"])
        return {name: text for name, text in told.items() if not change.after[name]}

    def _resolved(self, change: Change, states: States) -> Values:
        state = _state(change, states)
        if not states.resolved or not _moved(change, states):
            return {}
        if state not in states.resolved:
            return {"resolved_at": "", "resolved_by": ""} | _reopened(change, states)
        return self._stamp(change, "resolved_at", "resolved_by")

    def _closed(self, change: Change, states: States) -> Values:
        if not _moved(change, states):
            return {}
        if _state(change, states) in states.closed:
            return {"active": "false"} | self._stamp(change, "closed_at", "closed_by")
        if change.operation == "insert":
            return {}
        return {"active": "true", "closed_at": "", "closed_by": ""}

    def _stamp(self, change: Change, at: str, by: str) -> Values:
        """Who and when, unless the writer says it or it is known already."""
        stamp = {at: self._records.now(), by: self._actor(change)}
        return {name: value for name, value in stamp.items() if not change.after[name]}

    def _actor(self, change: Change) -> str:
        users = self._records.candidates("sys_user", "user_name", [change.actor])
        return users[0]["sys_id"] if users else ""


def _state(change: Change, states: States) -> str:
    """The state that this write leads to, whichever of two columns names it."""
    was = change.before["state"] or states.first
    named = [change.after[column] for column in ("state", states.twin) if column]
    return next((value for value in named if value != was), was)


def _moved(change: Change, states: States) -> bool:
    return change.operation == "insert" or change.before["state"] != _state(change, states)


def _twin(change: Change, states: States) -> Values:
    if not states.twin:
        return {}
    state = _state(change, states)
    return {"state": state, states.twin: state}


def _priority(change: Change, states: States) -> Values:
    impact, urgency = change.after["impact"], change.after["urgency"]
    known = impact.isdecimal() and urgency.isdecimal()
    asked = change.operation == "insert" or change.changed("impact") or change.changed("urgency")
    return {"priority": _looked_up(impact, urgency)} if states.lookup and known and asked else {}


def _looked_up(impact: str, urgency: str) -> str:
    """The stock lookup of priorities: 1 and 1 are critical, 3 and 3 are planning."""
    return str(min(max(int(impact) + int(urgency) - 1, 1), 5))


def _reopened(change: Change, states: States) -> Values:
    if change.before["state"] not in states.resolved:
        return {}
    return {"reopen_count": str(int(change.before["reopen_count"] or 0) + 1)}


def _full_name(change: Change) -> Values:
    """A person's name follows from its parts."""
    if change.changed("name") or not (change.changed("first_name") or change.changed("last_name")):
        return {}
    parts = (change.after["first_name"], change.after["last_name"])
    return {"name": " ".join(part for part in parts if part)}
