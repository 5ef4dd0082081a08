"""What an instance says about its own tables: `sys_db_object`, `sys_dictionary`, `sys_choice` ...

The rows are made from the tables themselves, so that what is said is what is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sandbox.servicenow.demo_data.words import Rows, made
from sandbox.servicenow.rows import StoredRow
from sandbox.servicenow.schema import Column, Schema, Table
from sandbox.world.model import sys_id

_LENGTHS = {
    "string": 40, "reference": 32, "GUID": 32, "boolean": 40, "integer": 40, "glide_date_time": 40,
    "journal_input": 4000, "journal_list": 4000, "script": 8000, "html": 65536,
}  # fmt: skip
_SIMPLE = {"integer": "integer", "boolean": "boolean", "float": "float"}


def table_id(name: str) -> str:
    """The sys_id of a table's row in `sys_db_object`."""
    return sys_id("sys_db_object", name)


def kind_id(kind: str) -> str:
    """The sys_id of a column type's row in `sys_glide_object`."""
    return sys_id("sys_glide_object", kind)


def dictionary_rows(schema: Schema, tables: Iterable[Table]) -> Rows:
    """Rows about these tables of a schema."""
    for table in tables:
        own = _own(schema, table)
        yield "sys_db_object", _table(schema, table)
        yield "sys_dictionary", _collection(table)
        yield "sys_documentation", _label(table.name, "", table.label)
        for column in own:
            yield "sys_dictionary", _column(table, column)
            yield "sys_documentation", _label(table.name, column.name, column.title)
            yield from _choices(table, column)


def kind_rows(tables: Iterable[Table]) -> Rows:
    """The column types that occur."""
    kinds = sorted({column.kind for table in tables for column in table.columns.values()})
    for kind in ["collection", *kinds]:
        scalar = _SIMPLE.get(kind, "GUID" if kind == "reference" else "string")
        values = {"name": kind, "label": kind.replace("_", " ").title(), "scalar_type": scalar}
        values |= {"sys_class_name": "sys_glide_object", "sys_name": kind}
        yield "sys_glide_object", made("sys_glide_object", kind, sys_id=kind_id(kind), **values)


def _own(schema: Schema, table: Table) -> list[Column]:
    """The columns that a table does not inherit unchanged."""
    inherited: Mapping[str, Column] = {}
    if table.parent and table.parent in schema:
        inherited = schema.table(table.parent).columns
    return [column for column in table.columns.values() if inherited.get(column.name) != column]


def _file(kind: str, key: str, /, **values: object) -> StoredRow:
    return made(kind, key, sys_class_name=kind, sys_scope="global", **values)


def _table(schema: Schema, table: Table) -> StoredRow:
    return _file(
        "sys_db_object", table.name, sys_id=table_id(table.name), name=table.name,
        label=table.label, sys_name=table.label, super_class=table_id(table.parent)
        if table.parent else "", is_extendable=len(schema.classes(table.name)) > 1,
        ws_access=table.ws_access, access="public", read_access=True, create_access=True,
        update_access=True, delete_access=True,
        number_ref=sys_id("sys_number", table.name) if table.prefix else "",
    )  # fmt: skip


def _collection(table: Table) -> StoredRow:
    """The entry of the table itself, which has no column name."""
    return _file(
        "sys_dictionary", f"{table.name}.", name=table.name, internal_type="collection",
        column_label=table.label, active=True, mandatory=False, read_only=False, display=False,
    )  # fmt: skip


def _column(table: Table, column: Column) -> StoredRow:
    return _file(
        "sys_dictionary", f"{table.name}.{column.name}", name=table.name, element=column.name,
        column_label=column.title, internal_type=column.kind, reference=column.reference,
        max_length=column.max_length or _LENGTHS.get(column.kind, 40), active=True,
        default_value=column.default, display=table.display == column.name,
        mandatory=column.mandatory, read_only=column.read_only, primary=column.name == "sys_id",
        unique=column.name == "sys_id", choice=1 if column.choices else 0, sys_name=column.title,
    )  # fmt: skip


def _label(table: str, element: str, label: str) -> StoredRow:
    return _file(
        "sys_documentation", f"{table}.{element}", name=table, element=element, label=label,
        plural=f"{label}s", language="en", sys_name=label,
    )  # fmt: skip


def _choices(table: Table, column: Column) -> Rows:
    for sequence, (value, label) in enumerate(column.choices.items()):
        row = _file(
            "sys_choice", f"{table.name}.{column.name}.{value}", name=table.name, value=value,
            element=column.name, label=label, language="en", sequence=sequence, inactive=False,
            sys_name=label,
        )  # fmt: skip
        yield "sys_choice", row
