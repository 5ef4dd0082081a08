"""Import sets: rows of staging tables, and the transform maps that carry them on.

ServiceNow docs, "Import Set API", "Transform maps": each active map of the staging table runs in
its order; where the coalescing fields find a record it is updated, else one is inserted. That is
the upsert which the Table API lacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.servicenow.jobs import SYSTEM
from sandbox.servicenow.records import DuplicateKey, Records, Row, WriteRefused
from sandbox.servicenow.schema import Column

SET, STAGED, MANY_SETS = "sys_import_set", "sys_import_set_row", "sys_multi_import_set"
MAP, FIELD_MAP = "sys_transform_map", "sys_transform_entry"
INSERTED, UPDATED, IGNORED, ERROR = "inserted", "updated", "ignored", "error"
_NO_MAP = "No transform entry or scripts are defined"


@dataclass(frozen=True)
class Outcome:
    """What one map made of one staged row."""

    transform_map: str
    table: str
    status: str
    sys_id: str = ""
    message: str = ""


class ImportSets:
    """The import sets of one instance."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def is_staging(self, table: str) -> bool:
        """Whether a table takes imports."""
        return table in self._records.schema.classes(STAGED) and table != STAGED

    def open(self, table: str, actor: str, mode: str = "synchronous") -> Row:
        """A new import set for a staging table."""
        values = {"table_name": table, "short_description": f"Import {table}", "mode": mode}
        return self._records.insert(SET, values, actor)

    def stage(self, table: str, import_set: Row, values: Mapping[str, Any], actor: str) -> Row:
        """Add a row to an import set; names that the table has not are dropped."""
        own = {name: value for name, value in values.items() if not name.startswith("sys_")}
        own |= {"sys_import_set": import_set["sys_id"]}
        return self._records.insert(table, own, actor)

    def transform(self, table: str, staged: Row, actor: str) -> list[Outcome]:
        """Run the maps on a staged row; the row tells the last outcome from then on."""
        maps = self._records.where(MAP, source_table=table, active="true")
        maps.sort(key=lambda row: int(row["order"] or 0))
        outcomes = [self._run(each, staged, actor) for each in maps]
        outcomes = outcomes or [Outcome("", "", ERROR, message=_NO_MAP)]
        last = outcomes[-1]
        told = {
            "sys_import_state": last.status,
            "sys_import_state_comment": last.message,
            "sys_target_table": last.table,
            "sys_target_sys_id": last.sys_id,
            "sys_transform_map": maps[-1]["sys_id"] if maps else "",
        }
        self._records.update(table, staged["sys_id"], told, SYSTEM)
        return outcomes

    def close(self, import_set: Row) -> None:
        """All its rows have been transformed."""
        told = {"state": "processed", "load_completed": self._records.now()}
        self._records.update(SET, import_set["sys_id"], told, SYSTEM)

    def outcome_of(self, staged: Row) -> Outcome:
        """What became of a staged row."""
        name = self._records.display_of(MAP, staged["sys_transform_map"])
        return Outcome(
            name,
            staged["sys_target_table"],
            staged["sys_import_state"],
            staged["sys_target_sys_id"],
            staged["sys_import_state_comment"],
        )

    def _run(self, transform_map: Row, staged: Row, actor: str) -> Outcome:
        name, table = transform_map["name"], transform_map["target_table"]
        entries = self._records.where(FIELD_MAP, map=transform_map["sys_id"])
        if table not in self._records.schema or not entries:
            return Outcome(name, table, ERROR, message=_NO_MAP)
        try:
            values = self._values(table, entries, staged, transform_map)
            found = self._coalesced(table, entries, values)
            return self._written(name, table, found, values, actor)
        except WriteRefused as error:
            return Outcome(name, table, ERROR, message=error.detail)
        except DuplicateKey as error:
            message = f"Unique Key violation detected by database (Duplicate entry '{error}')"
            return Outcome(name, table, ERROR, message=message)
        except LookupError as error:
            return Outcome(name, table, IGNORED, message=str(error.args[0]))

    def _written(
        self, name: str, table: str, found: Row | None, values: dict[str, str], actor: str
    ) -> Outcome:
        if found is None:
            made = self._records.insert(table, values, actor)
            return Outcome(name, table, INSERTED, made["sys_id"])
        before = found["sys_mod_count"]
        after = self._records.update(table, found["sys_id"], values, actor)
        if after["sys_mod_count"] == before:
            return Outcome(name, table, IGNORED, found["sys_id"], "No field values changed")
        return Outcome(name, table, UPDATED, found["sys_id"])

    def _values(
        self, table: str, entries: list[Row], staged: Row, transform_map: Row
    ) -> dict[str, str]:
        """What the maps' fields give the target. Raises LookupError where a field rejects."""
        values: dict[str, str] = {}
        for entry in entries:
            column = self._records.schema.column(table, entry["target_field"])
            given = staged.get(entry["source_field"], "")
            if column is not None and (given or transform_map["copy_empty_fields"] == "true"):
                values[column.name] = self._resolved(column, given, entry["choice_action"])
        return values

    def _resolved(self, column: Column, given: str, action: str) -> str:
        """A reference is named by what people see of it, a choice by its label or its value."""
        if column.kind == "reference" and column.reference in self._records.schema and given:
            return self._referred(column.reference, given, action)
        if column.choices and given and given not in column.choices:
            labels = {label.casefold(): value for value, label in column.choices.items()}
            return labels.get(given.casefold(), "" if action == "ignore" else given)
        return given

    def _referred(self, table: str, given: str, action: str) -> str:
        display = self._records.schema.table(table).display
        if self._records.find(table, given) is not None:
            return given
        found = self._records.candidates(table, display, [given])
        if found:
            return found[0]["sys_id"]
        if action == "create":
            return self._records.insert(table, {display: given}, SYSTEM)["sys_id"]
        if action == "reject":
            raise LookupError(f"{given} is rejected by its field map")
        return ""

    def _coalesced(self, table: str, entries: list[Row], values: dict[str, str]) -> Row | None:
        """The record that all coalescing fields find; an empty one finds none."""
        names = [entry["target_field"] for entry in entries if entry["coalesce"] == "true"]
        wanted = {name: values.get(name, "") for name in names}
        if not wanted or not all(wanted.values()):
            return None
        return next(iter(self._records.where(table, **wanted)), None)
