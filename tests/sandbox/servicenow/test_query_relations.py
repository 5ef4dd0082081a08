"""Queries that look at other tables: joins, related lists, hierarchies, dynamic options."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.servicenow.queries import Evaluator
from sandbox.servicenow.records import Records
from sandbox.servicenow.schema import Schema
from sandbox.servicenow.stock_tables import STOCK_TABLES

ME = "90d1921e5f510100a9ad2572f2b477fe"
MY_GROUPS = "d6435e965f510100a9ad2572f2b47744"
PEOPLE = {"boss": "", "ben": "boss", "ada": "ben", "eve": "ada", "cho": ""}
GROUPS: dict[str, Any] = {
    "ops": {"manager": "ben", "active": "true", "roles": ["admin", "itil"], "members": ["ada"]},
    "dev": {"manager": "ada", "active": "false", "roles": ["itil"], "members": ["ada", "eve"]},
    "idle": {"manager": "", "active": "true", "roles": [], "members": []},
}


@pytest.fixture
def records() -> Records:
    made = Records(Schema(STOCK_TABLES), lambda: datetime(2026, 3, 2, 8, 15, 30, tzinfo=UTC))
    for name, manager in PEOPLE.items():
        values = {"sys_id": key(name), "user_name": name, "manager": key(manager)}
        made.insert("sys_user", values, "system")
    for role in ("admin", "itil"):
        made.insert("sys_user_role", {"sys_id": key(role), "name": role}, "system")
    for name, group in GROUPS.items():
        _add_group(made, name, group)
    return made


def key(name: str) -> str:
    return name.encode().hex().ljust(32, "0") if name else ""


def _add_group(records: Records, name: str, group: dict[str, Any]) -> None:
    values = {"sys_id": key(name), "name": name, "active": group["active"]}
    records.insert("sys_user_group", values | {"manager": key(group["manager"])}, "system")
    for role in group["roles"]:
        linked = {"group": key(name), "role": key(role)}
        records.insert("sys_group_has_role", linked, "system")
    for member in group["members"]:
        linked = {"group": key(name), "user": key(member)}
        records.insert("sys_user_grmember", linked, "system")


def people(records: Records, query: str, caller: str = "") -> set[str]:
    return {row["user_name"] for row in Evaluator(records, key(caller)).select("sys_user", query)}


def groups(records: Records, query: str) -> set[str]:
    return {row["name"] for row in Evaluator(records).select("sys_user_group", query)}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("JOINsys_user.sys_id=sys_user_group.manager!", {"ben", "ada"}),
        ("JOINsys_user.sys_id=sys_user_group.manager!active=true", {"ben"}),
        ("JOINsys_user.sys_id=sys_user_group.manager!active=true^name=dev", set()),
        ("JOINsys_user.sys_id=sys_user_group.manager!name=ops^ORname=dev", {"ben", "ada"}),
        ("user_name=ada^JOINsys_user.sys_id=sys_user_group.manager!^ORDERBYsys_id", {"ada"}),
        ("JOINsys_user.sys_id=sys_user_group.manager!nonsense=1", {"ben", "ada"}),
        (
            (
                "JOINsys_user.sys_id=sys_user_group.manager!"
                "^JOINsys_user.sys_id=sys_user_grmember.user!group.name=ops"
            ),
            {"ada"},
        ),
        ("user_name=cho^NQJOINsys_user.sys_id=sys_user_group.manager!active=true", {"cho", "ben"}),
    ],
)
def test_a_join_keeps_who_has_a_partner(records: Records, query: str, names: set[str]) -> None:
    assert people(records, query) == names


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("RLQUERYsys_group_has_role.group,>0,m2m^role.nameLIKEadmin^ENDRLQUERY", {"ops"}),
        ("RLQUERYsys_group_has_role.group,>0,m2m^ENDRLQUERY", {"ops", "dev"}),
        ("RLQUERYsys_group_has_role.group,>=2,m2m^ENDRLQUERY", {"ops"}),
        ("RLQUERYsys_group_has_role.group,=0^ENDRLQUERY", {"idle"}),
        ("RLQUERYsys_group_has_role.group,<2^ENDRLQUERY", {"dev", "idle"}),
        ("RLQUERYsys_group_has_role.group,<=1^ENDRLQUERY^active=true", {"idle"}),
        (
            (
                "active=true^RLQUERYsys_group_has_role.group,>0"
                "^role.name=admin^ORrole.name=itil^ENDRLQUERY^ORDERBYname"
            ),
            {"ops"},
        ),
        (
            (
                "RLQUERYsys_group_has_role.group,>0^ENDRLQUERY"
                "^RLQUERYsys_user_grmember.group,=2^ENDRLQUERY"
            ),
            {"dev"},
        ),
    ],
)
def test_a_related_list_is_counted(records: Records, query: str, names: set[str]) -> None:
    assert groups(records, query) == names


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (f"managerIN_HIERARCHYanything@{key('ben')}", {"ada", "eve"}),
        (f"managerIN_HIERARCHY{key('ada')}", {"eve"}),
        (f"managerIN_HIERARCHYanything@{key('cho')}", set()),
        (f"managerIN_HIERARCHY_DYNAMICanything@{ME}", {"ada", "eve"}),
        ("managerIN_HIERARCHY_DYNAMICanything@" + "0" * 32, set()),
        (f"managerDYNAMIC{ME}", {"ada"}),
        (f"managerDYNAMIC{'0' * 32}", set()),
        ("managerSAMEASmanager", {"boss", "ben", "ada", "eve", "cho"}),
    ],
)
def test_a_hierarchy_is_followed_down(records: Records, query: str, names: set[str]) -> None:
    assert people(records, query, "ben") == names


def test_a_hierarchy_that_bites_its_tail_ends(records: Records) -> None:
    records.update("sys_user", key("boss"), {"manager": key("eve")}, "system")
    whole = {"boss", "ben", "ada", "eve"}
    assert people(records, f"managerIN_HIERARCHYx@{key('ben')}") == whole


def test_a_table_without_a_tree_has_no_more_than_the_record(records: Records) -> None:
    role = {"user": key("ada"), "role": key("itil")}
    given = records.insert("sys_user_has_role", role, "system")
    evaluator = Evaluator(records)
    assert evaluator.select("sys_user_has_role", f"roleIN_HIERARCHYx@{key('itil')}") == [given]


def test_the_callers_groups_can_be_asked_for(records: Records) -> None:
    for group in ("ops", "dev", "idle"):
        values = {"short_description": group, "assignment_group": key(group)}
        records.insert("incident", values, "system")
    rows = Evaluator(records, key("eve")).select("incident", f"assignment_groupDYNAMIC{MY_GROUPS}")
    assert [row["short_description"] for row in rows] == ["dev"]
