"""What the platform keeps about itself: properties, numbers, scopes, jobs, rules, its log."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from sandbox.servicenow.demo_data.words import Rows, made, moment, sections, table
from sandbox.servicenow.rows import StoredRow
from sandbox.servicenow.schema import Table
from sandbox.world.model import sys_id

_LOG_LINES = 900
_SOURCES = ("Scheduler", "EventManager", "Workflow", "SLA", "Email", "TextIndex")
_NODE = "*** Script"


def stock_properties() -> Mapping[str, str]:
    """The value of every stock system property."""
    return {name: value for name, value, _, _ in table("platform", 4, "properties")}


def property_row(name: str, value: str, kind: str = "string", text: str = "") -> StoredRow:
    """A system property."""
    return made(
        "sys_properties", name, name=name, value=value, type=kind, description=text, sys_name=name,
        sys_class_name="sys_properties", is_private=False, ignore_cache=False, sys_scope="global",
    )  # fmt: skip


def property_texts() -> Mapping[str, tuple[str, str]]:
    """Type and description of the stock properties by name."""
    return {name: (kind, text) for name, _, kind, text in table("platform", 4, "properties")}


def number_rows(tables: list[Table]) -> Rows:
    """How the records of each table are numbered."""
    for each in tables:
        if each.prefix:
            values = {"category": each.name, "prefix": each.prefix, "number": "10000"}
            values |= {"maximum_digits": "7", "sys_class_name": "sys_number", "sys_scope": "global"}
            yield "sys_number", made("sys_number", each.name, **values)


def platform_rows() -> Rows:
    """All of it that does not depend on the tables."""
    for name, scope, version in table("platform", 3, "scopes"):
        values = {"name": name, "scope": scope, "version": version, "sys_class_name": "sys_scope"}
        key = scope if scope == "global" else sys_id("sys_scope", scope)
        yield "sys_scope", made("sys_scope", scope, sys_id=key, sys_name=name, **values)
    for name, kind, fired in table("platform", 3, "events"):
        values = {"event_name": name, "table": kind, "fired_by": fired, "sys_name": name}
        yield "sysevent_register", _file("sysevent_register", name, values)
    yield from _jobs()
    yield from _rules()
    yield from _policies()
    for key, name in table("platform", 2, "plugins"):
        values = {"name": name, "source": key, "active": "true", "state": "active"}
        yield "sys_plugins", _file("sys_plugins", key, values | {"version": "1.0.0"})
        yield "v_plugin", made("v_plugin", key, id=key, name=name, active="active", version="1.0.0")
    yield from _log()


def _file(kind: str, key: str, values: Mapping[str, str]) -> StoredRow:
    return made(kind, key, sys_class_name=kind, **{"sys_scope": "global", **values})


def _jobs() -> Rows:
    for name, kind, period in table("platform", 3, "jobs"):
        values = {"name": name, "sys_name": name, "run_type": kind, "run_period": period}
        yield "sysauto_script", _file("sysauto_script", name, values | {"active": "true"})


def _rules() -> Rows:
    """The stock rules as an administrator sees them. The platform itself carries them out, so
    they are listed without a script.
    """
    for name, kind, when, condition in table("platform", 4, "rules"):
        values = {"name": name, "sys_name": name, "collection": kind, "when": when, "order": "100"}
        values |= {"filter_condition": condition, "action_update": "true", "active": "true"}
        values |= {"abort_action": "false", "advanced": "true", "change_fields": "false"}
        yield "sys_script", _file("sys_script", name, values)


def _policies() -> Rows:
    """What stock data policies demand of records that are resolved or closed."""
    for name, kind, conditions, fields in table("platform", 4, "policies"):
        key, policy = sys_id("sys_data_policy2", name), "sys_data_policy2"
        values = {"short_description": name, "sys_name": name, "model_table": kind}
        values |= {"conditions": conditions, "active": "true", "inherit": "false"}
        yield policy, _file(policy, name, values | {"sys_id": key})
        for field in fields.split(","):
            rule = {"sys_data_policy": key, "table": kind, "field": field, "mandatory": "true"}
            yield "sys_data_policy_rule", _file("sys_data_policy_rule", f"{name}:{field}", rule)


def _log() -> Rows:
    rng, lines = Random("demo:log"), sections("names")["log"]
    for number in range(_LOG_LINES):
        values = {"message": rng.choice(lines), "level": rng.choice("0000001"), "type": _NODE}
        values |= {"source": rng.choice(_SOURCES), "sequence": f"{number}"}
        at = moment((_LOG_LINES - number) / 40)
        yield "syslog", made("syslog", f"demo:{number}", at, **values)
