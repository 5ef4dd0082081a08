"""Encoded queries: what the manual promises, and the traps measured on instances."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sandbox.servicenow.queries import Evaluator
from sandbox.servicenow.records import Records
from sandbox.servicenow.schema import Schema
from sandbox.servicenow.stock_tables import STOCK_TABLES


@pytest.fixture
def records() -> Records:
    made = Records(Schema(STOCK_TABLES), lambda: datetime(2026, 3, 2, 8, 15, 30, tzinfo=UTC))
    boss = made.insert("sys_user", {"user_name": "ben", "name": "Ben Achterberg"}, "system")
    for name, state, manager in (("ada", "1", boss["sys_id"]), ("eve", "10", ""), ("cho", "", "")):
        made.insert("sys_user", {"user_name": name, "manager": manager}, "system")
        made.insert("sc_request", {"short_description": name, "order": state}, "system")
    return made


def found(records: Records, query: str, table: str = "sys_user") -> list[str]:
    column = "user_name" if table == "sys_user" else "short_description"
    return [row[column] for row in Evaluator(records).select(table, query)]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("user_name=ada", {"ada"}),
        ("user_name=ADA", {"ada"}),
        ("user_name!=ada", {"ben", "eve", "cho"}),
        ("user_nameINada,eve", {"ada", "eve"}),
        ("user_nameNOT INada,eve", {"ben", "cho"}),
        ("user_nameSTARTSWITHe", {"eve"}),
        ("user_nameENDSWITHo", {"cho"}),
        ("user_nameLIKEe", {"eve", "ben"}),
        ("user_nameNOT LIKEe", {"ada", "cho"}),
        ("managerISEMPTY", {"ben", "eve", "cho"}),
        ("managerISNOTEMPTY", {"ada"}),
        ("manager.user_name=ben", {"ada"}),
        ("managerLIKEachter", {"ada"}),
        ("manager=Ben Achterberg", set()),
        ("active=true^user_name=ada^ORuser_name=eve", {"ada", "eve"}),
        ("user_name=ada^NQuser_name=cho", {"ada", "cho"}),
        ("sys_created_on>=2026-03-02 08:15:30^user_name=ada", {"ada"}),
        ("sys_created_on>2026-03-02 08:15:30", set()),
        ("user_name=a^^b", set()),
        ("^EQ", {"ben", "ada", "eve", "cho"}),
    ],
)
def test_a_query_finds(records: Records, query: str, names: set[str]) -> None:
    assert set(found(records, query)) == names


@pytest.mark.parametrize("query", ["nonsense=1", "User name=ada", "^^^", "manager.nonsense=1"])
def test_a_part_that_makes_no_sense_is_dropped_and_so_finds_everybody(
    records: Records, query: str
) -> None:
    assert len(found(records, query)) == 4


def test_a_dropped_alternative_leaves_the_other(records: Records) -> None:
    assert found(records, "nonsense=1^ORuser_name=ada") == ["ada"]


@pytest.mark.parametrize("query", ["active==true", "active=maybe", "sys_mod_count>x"])
def test_a_bad_value_on_a_real_column_finds_nobody(records: Records, query: str) -> None:
    assert found(records, query) == []


def test_numbers_are_compared_as_numbers(records: Records) -> None:
    assert found(records, "order>2", "sc_request") == ["eve"]
    assert found(records, "order<2", "sc_request") == ["ada"]
    assert found(records, "orderBETWEEN1@5", "sc_request") == ["ada"]


def test_sorting_chains_from_left_to_right(records: Records) -> None:
    assert found(records, "ORDERBYDESCactive^ORDERBYuser_name") == ["ada", "ben", "cho", "eve"]
    assert found(records, "ORDERBYDESCuser_name") == ["eve", "cho", "ben", "ada"]
    assert found(records, "ORDERBYorder", "sc_request") == ["cho", "ada", "eve"]


def test_a_parent_table_lists_the_rows_of_its_classes(records: Records) -> None:
    rows = Evaluator(records).select("task", "short_description=ada")
    assert [row["sys_class_name"] for row in rows] == ["sc_request"]


def test_the_caller_can_be_named_in_a_query(records: Records) -> None:
    (ada,) = records.where("sys_user", user_name="ada")
    evaluator = Evaluator(records, ada["sys_id"])
    (me,) = evaluator.select("sys_user", "sys_id=javascript:gs.getUserID()")
    assert me == ada


def test_transitions_need_the_row_before(records: Records) -> None:
    evaluator, now, before = Evaluator(records), {"approval": "approved"}, {"approval": "requested"}
    assert evaluator.matches("sc_req_item", now, "approvalCHANGESTOapproved^EQ", before)
    assert evaluator.matches("sc_req_item", now, "approvalCHANGESFROMrequested", before)
    assert not evaluator.matches("sc_req_item", now, "approvalCHANGESTOapproved", now)
    assert not evaluator.matches("sc_req_item", now, "approvalVALCHANGES")
