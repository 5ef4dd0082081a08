"""The encoded query language, by the rows that a query finds."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sandbox.servicenow.queries import Evaluator
from sandbox.servicenow.records import Records
from sandbox.servicenow.schema import Schema
from sandbox.servicenow.stock_tables import STOCK_TABLES
from sandbox.servicenow.switches import Switches

EVERYBODY = {"ben", "ada", "eve", "cho"}


@pytest.fixture
def records() -> Records:
    made = Records(Schema(STOCK_TABLES), lambda: datetime(2026, 3, 2, 8, 15, 30, tzinfo=UTC))
    boss = made.insert("sys_user", {"user_name": "ben", "name": "Ben Achterberg"}, "system")
    for name, order, manager in (("ada", "1", boss["sys_id"]), ("eve", "10", ""), ("cho", "", "")):
        made.insert("sys_user", {"user_name": name, "manager": manager}, "system")
        request = {"short_description": name, "description": "ada", "order": order, "priority": "3"}
        made.insert("sc_request", request, "system")
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
        ("user_nameIN ada , EVE", {"ada", "eve"}),
        ("user_nameNOT INada,eve", {"ben", "cho"}),
        ("user_nameSTARTSWITHe", {"eve"}),
        ("user_nameENDSWITHo", {"cho"}),
        ("user_name%o", {"cho"}),
        ("user_nameLIKEe", {"eve", "ben"}),
        ("user_name*e", {"eve", "ben"}),
        ("user_nameCONTAINSe", {"eve", "ben"}),
        ("user_nameNOT LIKEe", {"ada", "cho"}),
        ("user_nameNOTLIKEe", {"ada", "cho"}),
        ("user_nameDOES NOT CONTAINe", {"ada", "cho"}),
        ("user_name!*e", {"ada", "cho"}),
        ("user_name>=cho", {"cho", "eve"}),
        ("user_name<cho", {"ada", "ben"}),
        ("user_nameBETWEENb@d", {"ben", "cho"}),
        ("managerISEMPTY", {"ben", "eve", "cho"}),
        ("managerISNOTEMPTY", {"ada"}),
        ("managerEMPTYSTRING", {"ben", "eve", "cho"}),
        ("managerANYTHING", EVERYBODY),
        ("manager=", {"ben", "eve", "cho"}),
        ("manager!=", {"ada"}),
        ("manager.user_name=ben", {"ada"}),
        ("manager.user_name!=ben", {"ben", "eve", "cho"}),
        ("managerLIKEachter", {"ada"}),
        ("managerSTARTSWITHBen", {"ada"}),
        ("managerENDSWITHberg", {"ada"}),
        ("managerNOT LIKEachter", {"ben", "eve", "cho"}),
        ("manager=Ben Achterberg", set()),
        ("sys_created_on>=2026-03-02 08:15:30^user_name=ada", {"ada"}),
        ("sys_created_on>2026-03-02 08:15:30", set()),
        ("sys_created_on=2026-03-02 08:15:30^user_name=ada", {"ada"}),
        ("sys_created_on>=2026-03-02^user_name=ada", {"ada"}),
        ("user_name=a^^b", set()),
    ],
)
def test_an_operator_finds(records: Records, query: str, names: set[str]) -> None:
    assert set(found(records, query)) == names


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("active=true^user_name=ada^ORuser_name=eve", {"ada", "eve"}),
        ("user_name=ada^ORuser_name=eve^managerISNOTEMPTY", {"ada"}),
        ("user_name=ada^ORuser_name=eve^ORuser_name=cho", {"ada", "eve", "cho"}),
        ("user_name=ada^NQuser_name=cho", {"ada", "cho"}),
        ("user_name=ada^active=false^NQuser_name=cho^ORuser_name=eve", {"cho", "eve"}),
        ("^EQ", EVERYBODY),
        ("user_name=ada^EQ", {"ada"}),
        ("user_name=ada^GROUPBYmanager", {"ada"}),
        ("ORDERBYuser_name^user_name=ada", {"ada"}),
        ("user_name=ada^ORDERBYuser_name^ORuser_name=eve", {"ada", "eve"}),
        ("", EVERYBODY),
    ],
)
def test_conditions_are_joined(records: Records, query: str, names: set[str]) -> None:
    assert set(found(records, query)) == names


@pytest.mark.parametrize(
    "query",
    [
        "nonsense=1",
        "User name=ada",
        "^^^",
        "manager.nonsense=1",
        "user_name.nonsense=1",
        "AAAA=BBBB",
        "JOINsys_user.sys_id=nonsense.user!active=true",
        "RLQUERYnonsense.user,>0^active=false^ENDRLQUERY",
    ],
)
def test_a_part_that_makes_no_sense_is_dropped_and_so_finds_everybody(
    records: Records, query: str
) -> None:
    assert len(found(records, query)) == 4
    assert Evaluator(records).drops_something("sys_user", query)


@pytest.mark.parametrize(
    "query",
    [
        "nonsense=1^ORuser_name=ada",
        "user_name=ada^nonsense=1",
        "user_name=ada^ORnonsense=1",
        "user_name=ada^NQnonsense=1",
        "RLQUERYnonsense.user,>0^active=false^ENDRLQUERY^user_name=ada",
    ],
)
def test_what_is_left_of_a_query_runs(records: Records, query: str) -> None:
    assert found(records, query) == ["ada"]


def test_the_unknown_columns_of_a_query_are_told(records: Records) -> None:
    query = Evaluator(records).parse("sys_user", "user_name=ada^nonsense=1^manager.foo=2^!!")
    assert (query.unknown, query.dropped) == (["nonsense", "manager.foo"], 3)


@pytest.mark.parametrize(
    "query",
    [
        "active==true",
        "active=maybe",
        "active!=maybe",
        "sys_mod_count>x",
        "sys_mod_count!=x",
        "sys_mod_countINx,y",
        "sys_mod_countBETWEENx@2",
        "sys_created_on>=yesterday",
        "sys_created_on>=2026-13-01",
        "last_login>soon",
        "user_name>",
    ],
)
def test_a_bad_value_on_a_real_column_finds_nobody(records: Records, query: str) -> None:
    assert found(records, query) == []


@pytest.mark.parametrize("value", ["true", "TRUE", "True", "1"])
def test_booleans_come_in_any_case(records: Records, value: str) -> None:
    assert len(found(records, f"active={value}")) == 4


def test_is_not_true_finds_the_empty_as_well(records: Records) -> None:
    (eve,) = records.where("sys_user", user_name="eve")
    records.update("sys_user", eve["sys_id"], {"vip": "true"}, "system")
    assert set(found(records, "vip!=true")) == {"ben", "ada", "cho"}
    assert set(found(records, "failed_attempts!=3")) == EVERYBODY


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("order>2", {"eve"}),
        ("order<2", {"ada"}),
        ("order>=10", {"eve"}),
        ("order=10.0", {"eve"}),
        ("order=", {"cho"}),
        ("orderIN1,10,x", {"ada", "eve"}),
        ("orderBETWEEN1@5", {"ada"}),
        ("priorityGT_FIELDorder", {"ada"}),
        ("priorityLT_FIELDorder", {"eve"}),
        ("priorityGT_OR_EQUALS_FIELDpriority", {"ada", "eve", "cho"}),
        ("priorityLT_OR_EQUALS_FIELDorder", {"eve"}),
        ("priorityLE_OR_EQUALS_FIELDorder", {"eve"}),
        ("short_descriptionSAMEASdescription", {"ada"}),
        ("short_descriptionNSAMEASdescription", {"eve", "cho"}),
        ("short_descriptionSAMEASnonsense", set()),
        ("sys_class_nameINSTANCEOFtask", {"ada", "eve", "cho"}),
        ("sys_class_nameINSTANCEOFsc_task", set()),
        ("sys_class_nameINSTANCEOFnonsense", set()),
    ],
)
def test_numbers_and_columns_are_compared(records: Records, query: str, names: set[str]) -> None:
    assert set(found(records, query, "sc_request")) == names


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("123TEXTQUERY321=achterberg", {"ben"}),
        ("123TEXTQUERY321=Ben ACHTERBERG", {"ben"}),
        ("123TEXTQUERY321=ben nobody", set()),
        ("123TEXTQUERY321=achter", set()),
        ("123TEXTQUERY321=achter*", {"ben"}),
        ("123TEXTQUERY321=", set()),
        ("GOTO123TEXTQUERY321=achterberg^active=true", {"ben"}),
    ],
)
def test_full_text_wants_every_word(records: Records, query: str, names: set[str]) -> None:
    assert set(found(records, query)) == names


def test_sorting_chains_from_left_to_right(records: Records) -> None:
    assert found(records, "ORDERBYDESCactive^ORDERBYuser_name") == ["ada", "ben", "cho", "eve"]
    assert found(records, "ORDERBYDESCuser_name") == ["eve", "cho", "ben", "ada"]
    assert found(records, "ORDERBYorder", "sc_request") == ["cho", "ada", "eve"]
    assert found(records, "ORDERBYDESCorder", "sc_request") == ["eve", "ada", "cho"]
    assert found(records, "ORDERBYnonsense^ORDERBYuser_name")[0] == "ada"


def test_a_reference_is_sorted_by_what_people_see(records: Records) -> None:
    for name, first in (("zoe", "Abel"), ("abe", "Zelda")):
        boss = records.insert("sys_user", {"user_name": name, "name": first}, "system")
        records.insert("sys_user", {"user_name": f"of-{name}", "manager": boss["sys_id"]}, "system")
    assert found(records, "user_nameSTARTSWITHof-^ORDERBYmanager") == ["of-zoe", "of-abe"]
    assert found(records, "user_nameSTARTSWITHof-^ORDERBYmanager.user_name") == ["of-abe", "of-zoe"]


def test_ties_are_shuffled_unless_the_switch_is_off(records: Records) -> None:
    usual = {tuple(found(records, "", "sc_request")) for _ in range(60)}
    still = Evaluator(records, switches=Switches(shuffled_ties=False))
    rows = {tuple(row["sys_id"] for row in still.select("sc_request", "")) for _ in range(10)}
    assert (len(usual) > 1, len(rows)) == (True, 1)


def test_the_user_tables_come_by_sys_id(records: Records) -> None:
    keys = [row["sys_id"] for row in Evaluator(records).select("sys_user", "")]
    assert keys == sorted(keys)


def test_a_parent_table_lists_the_rows_of_its_classes(records: Records) -> None:
    rows = Evaluator(records).select("task", "short_description=ada")
    assert [row["sys_class_name"] for row in rows] == ["sc_request"]


def test_a_class_is_exact(records: Records) -> None:
    assert found(records, "sys_class_name=task", "task") == []
    assert len(found(records, "sys_class_name=sc_request", "task")) == 3


def test_a_dot_walk_goes_three_deep_and_into_a_class(records: Records) -> None:
    (ada,) = records.where("sys_user", user_name="ada")
    order = records.insert("sc_request", {"requested_for": ada["sys_id"]}, "system")
    item = records.insert("sc_req_item", {"request": order["sys_id"]}, "system")
    approval = {"sysapproval": item["sys_id"], "state": "requested"}
    records.insert("sysapproval_approver", approval, "system")
    evaluator = Evaluator(records)
    deep = "request.requested_for.manager.user_name=ben"
    narrowed = f"sysapproval.ref_sc_req_item.{deep}"
    assert [row["sys_id"] for row in evaluator.select("sc_req_item", deep)] == [item["sys_id"]]
    assert len(evaluator.select("sysapproval_approver", narrowed)) == 1
    assert len(evaluator.select("sysapproval_approver", narrowed.replace("ben", "eve"))) == 0
    other_class = "sysapproval.ref_sc_task.request_itemISNOTEMPTY"
    assert evaluator.select("sysapproval_approver", other_class) == []
    assert not evaluator.knows("sysapproval_approver", "sysapproval.ref_sys_user.name")


def test_transitions_need_the_row_before(records: Records) -> None:
    evaluator, now, before = Evaluator(records), {"approval": "approved"}, {"approval": "requested"}
    assert evaluator.matches("sc_req_item", now, "approvalCHANGESTOapproved^EQ", before)
    assert evaluator.matches("sc_req_item", now, "approvalCHANGESFROMrequested", before)
    assert evaluator.matches("sc_req_item", now, "approvalVALCHANGES", before)
    assert not evaluator.matches("sc_req_item", now, "approvalCHANGESTOapproved", now)
    assert not evaluator.matches("sc_req_item", now, "approvalVALCHANGES")


@pytest.mark.parametrize(
    "query",
    [
        "user_name=ada",
        "user_nameINada,nobody",
        "active=true^user_name=ADA",
        "user_name=ada^user_nameINada,eve",
        "sys_mod_count=0^user_name=ada",
    ],
)
def test_an_index_finds_what_looking_through_finds(records: Records, query: str) -> None:
    # `NQ` with a group that finds nobody keeps the planner from using an index.
    assert found(records, query) == found(records, f"{query}^NQuser_name=nobody") == ["ada"]
