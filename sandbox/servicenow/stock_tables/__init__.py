"""The stock tables of an instance: columns, types, defaults, choices, and what extends what.

They stand in the text files of this folder, by area. Columns are those that instances answer with
(recorded for task, sc_req_item, sc_task, sys_user, sys_user_group, incident and
sys_journal_field; for the rest those of ServiceNow's documentation that clients use).
"""

from __future__ import annotations

from sandbox.servicenow.schema import Table
from sandbox.servicenow.stock_tables.reading import choice_lists, tables

_FILES = ("records.txt", "people.txt", "tasks.txt", "requests.txt", "assets.txt")
_CHOICES = choice_lists()

STATES = _CHOICES["state"]
CLOSED_STATES = frozenset({"3", "4", "7"})
APPROVALS = _CHOICES["approval"]
REQUEST_STATES = _CHOICES["request_state"]
STOCK_TABLES: list[Table] = list(tables(*_FILES).values())
