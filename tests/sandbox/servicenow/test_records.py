"""What the parts of the sandbox may rely on when they keep and look up rows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sandbox.servicenow.records import (
    Change,
    Records,
    WriteRefused,
    stored_row,
)
from sandbox.servicenow.schema import Column, Schema, make_table, references

JOURNAL = make_table("sys_journal_field", "Journal Entry", [Column("element_id")])
AT = datetime(2026, 3, 2, 8, 15, 30, tzinfo=UTC)


@pytest.fixture
def records() -> Records:
    animal = make_table(
        "animal",
        "Animal",
        [Column("name"), Column("sys_class_name"), *references(owner="animal")],
        display="name",
    )
    dog = make_table("dog", "Dog", [Column("breed")], extends=animal)
    return Records(Schema([animal, dog, JOURNAL]), lambda: AT)


def test_a_column_without_value_reads_as_empty(records: Records) -> None:
    row = records.insert("dog", {"name": "Rex"}, "me")
    assert (row["breed"], row.get("breed"), "breed" in row) == ("", "", False)
    assert records.full("dog", row)["breed"] == ""


def test_a_stored_row_cannot_be_altered(records: Records) -> None:
    row = records.insert("dog", {"name": "Rex"}, "me")
    for change in ("__setitem__", "__delitem__", "update", "pop", "clear", "setdefault"):
        with pytest.raises(TypeError):
            getattr(row, change)("name", "Max")


def test_loaded_rows_are_shared_and_leave_no_trace(records: Records) -> None:
    row = stored_row({"sys_id": "a", "name": "Rex", "breed": ""})
    records.where("animal", name="Rex")
    records.load("dog", [row])
    assert records.find("animal", "a") is row
    assert records.where("animal", name="Rex") == [row]
    assert records.ledger == []


def test_an_index_follows_every_write(records: Records) -> None:
    assert records.where("animal", owner="me") == []
    one = records.insert("dog", {"owner": "me", "name": "Rex"}, "x")
    two = records.insert("animal", {"owner": "me", "name": "Tom"}, "x")
    assert [row["name"] for row in records.where("animal", owner="me")] == ["Tom", "Rex"]
    records.update("animal", one["sys_id"], {"owner": "you"}, "x")
    records.update("animal", two["sys_id"], {"name": "Thomas"}, "x")
    assert [row["name"] for row in records.where("animal", owner="me")] == ["Thomas"]
    assert [row["name"] for row in records.where("dog", owner="you")] == ["Rex"]
    records.delete("animal", two["sys_id"], "x")
    assert records.where("animal", owner="me") == []


def test_rows_without_a_value_are_found_by_the_empty_one(records: Records) -> None:
    records.insert("dog", {"name": "Rex"}, "x")
    assert len(records.where("dog", owner="")) == 1
    assert records.where("dog", owner="", name="Max") == []


def test_candidates_are_found_without_regard_to_case(records: Records) -> None:
    records.insert("dog", {"name": "Rex"}, "x")
    records.insert("dog", {"name": "Max"}, "x")
    found = records.candidates("animal", "name", ["REX", "rex", "nobody"])
    assert [row["name"] for row in found] == ["Rex"]
    key = found[0]["sys_id"]
    assert records.candidates("animal", "sys_id", [key.upper(), "nothing"]) == found


def test_a_guard_sees_a_write_before_it_is_kept_and_may_refuse_it(records: Records) -> None:
    def guard(change: Change) -> None:
        if change.after["name"] == "Cerberus" or change.operation == "delete":
            raise WriteRefused("Operation Failed", "not here")

    row = records.insert("dog", {"name": "Rex"}, "x")
    records.guards.append(guard)
    with pytest.raises(WriteRefused):
        records.insert("dog", {"name": "Cerberus"}, "x")
    with pytest.raises(WriteRefused):
        records.update("dog", row["sys_id"], {"name": "Cerberus"}, "x")
    with pytest.raises(WriteRefused, match="not here"):
        records.delete("dog", row["sys_id"], "x")
    assert records.all("animal") == [row]
    assert len(records.ledger) == 1
