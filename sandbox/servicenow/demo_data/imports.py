"""The transform map that brings people in through the staging table `imp_user`."""

from __future__ import annotations

from sandbox.servicenow.demo_data.words import Rows, made
from sandbox.world.model import sys_id

_STAGING, _TARGET = "imp_user", "sys_user"
# Staged column and the person's column; people are told apart by their user name.
_FIELDS = {
    "user_id": "user_name",
    "first_name": "first_name",
    "last_name": "last_name",
    "email": "email",
    "title": "title",
    "employee_number": "employee_number",
    "department": "department",
    "manager": "manager",
}
_COALESCE = "user_name"


def import_rows() -> Rows:
    """The map `User` with its fields."""
    key = sys_id("sys_transform_map", "User")
    tables = {"source_table": _STAGING, "target_table": _TARGET}
    usual = {"active": True, "order": 100, "run_business_rules": True, "copy_empty_fields": False}
    named = {"name": "User", "sys_name": "User", "sys_class_name": "sys_transform_map"}
    yield (
        "sys_transform_map",
        made("sys_transform_map", "User", sys_id=key, **named, **tables, **usual),
    )
    for source, target in _FIELDS.items():
        values = {"source_field": source, "target_field": target, "choice_action": "ignore"}
        values |= {"sys_class_name": "sys_transform_entry", "sys_name": source, **tables}
        coalesce = target == _COALESCE
        row = made("sys_transform_entry", f"User.{source}", map=key, coalesce=coalesce, **values)
        yield "sys_transform_entry", row
