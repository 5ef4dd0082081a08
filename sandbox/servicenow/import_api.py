"""Import Set API: /api/now[/v1|/v2]/import/{staging table} (ServiceNow docs, of that name).

An import is answered 201 even when its row failed; `status` in the result tells. Who may write a
staging table but not read it gets a 201 with no body (ServiceNow support, KB3047115).
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from sandbox.servicenow.accounts import Account
from sandbox.servicenow.answers import (
    ApiError,
    acl_refusal,
    answer,
    caller,
    instance,
    json_body,
    no_record,
)
from sandbox.servicenow.import_sets import ERROR, MANY_SETS, SET, ImportSets, Outcome
from sandbox.servicenow.records import Row
from sandbox.servicenow.versions import routed, segment

blueprint = Blueprint("import_api", __name__)
SETTINGS = "sys_rest_insert_multiple"


@routed(blueprint, "now", "import/<table>", ["POST"])
def import_one(table: str) -> Response:
    """Stage one row and transform it at once."""
    account, sets = caller(), _sets()
    _demand_loader(account, table)
    import_set = sets.open(table, account.user_name)
    staged = sets.stage(table, import_set, json_body(), account.user_name)
    outcomes = sets.transform(table, staged, account.user_name)
    sets.close(import_set)
    location = {"Location": f"{_root()}import/{table}/{staged['sys_id']}"}
    if not _may_read(account, table, staged):
        made = answer({}, 201, location)
        made.set_data(b"")
        return made
    failed = all(outcome.status == ERROR for outcome in outcomes)
    status = 400 if failed and not instance().switches.import_errors_created else 201
    return answer(_told(import_set, table, outcomes), status, location)


@routed(blueprint, "now", "import/<table>/insertMultiple", ["POST"])
def import_many(table: str) -> Response:
    """Stage rows, whose keys are column labels; they are transformed later.

    A row of `sys_rest_insert_multiple` for the table may have names instead, and at once.
    """
    account, sets, body = caller(), _sets(), json_body()
    _demand_loader(account, table)
    rows = body.get("records")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ApiError(400, "Invalid request body", "records must be an array of objects")
    settings = instance().records.where(SETTINGS, source_table=table, active="true")
    mode = settings[0]["transformation"] if settings else "asynchronous"
    by_label = not settings or settings[0]["column_mapping"] == "label"
    import_set = sets.open(table, account.user_name, mode)
    staged = [
        sets.stage(table, import_set, _named(table, row) if by_label else row, account.user_name)
        for row in rows
    ]
    _transform(table, import_set, staged, account.user_name, now=mode == "synchronous")
    many = request.args.get("multi_import_set_id", "")
    if instance().records.find(MANY_SETS, many) is None:
        many = instance().records.insert(MANY_SETS, {}, account.user_name)["sys_id"]
    return answer({"import_set_id": import_set["sys_id"], "multi_import_set_id": many}, 201)


@routed(blueprint, "now", "import/<table>/<sys_id>", ["GET"])
def read_back(table: str, sys_id: str) -> Response:
    """A staged row's import set, and what became of it."""
    account, sets = caller(), _sets()
    _demand_staging(table)
    staged = instance().records.find(table, sys_id)
    if staged is None or not _may_read(account, table, staged):
        raise no_record()
    import_set = instance().records.find(SET, staged["sys_import_set"])
    if import_set is None:
        raise no_record()
    return answer(_told(import_set, table, [sets.outcome_of(staged)]))


def _sets() -> ImportSets:
    return ImportSets(instance().records)


def _demand_staging(table: str) -> None:
    if not _sets().is_staging(table):
        raise ApiError(400, f"Invalid staging table {table}")


def _demand_loader(account: Account, table: str) -> None:
    _demand_staging(table)
    if not instance().access.may_write(account, table, None):
        raise acl_refusal("Insert")


def _may_read(account: Account, table: str, staged: Row) -> bool:
    blind = instance().switches.unreadable_imports_empty
    return not blind or instance().access.may_read(account, table, staged)


def _transform(table: str, import_set: Row, staged: list[Row], actor: str, *, now: bool) -> None:
    def job() -> None:
        for row in staged:
            sets.transform(table, row, actor)
        sets.close(import_set)

    sets = _sets()
    if now:
        job()
    else:
        instance().jobs.put(job)


def _named(table: str, row: dict[str, Any]) -> dict[str, Any]:
    """A record's keys are the labels of columns at first; others are dropped."""
    columns = instance().records.schema.table(table).columns.values()
    names = {column.title.casefold(): column.name for column in columns}
    return {names[key.casefold()]: value for key, value in row.items() if key.casefold() in names}


def _told(import_set: Row, table: str, outcomes: list[Outcome]) -> dict[str, Any]:
    results = [_result(outcome) for outcome in outcomes]
    return {"import_set": import_set["number"], "staging_table": table, "result": results}


def _result(outcome: Outcome) -> dict[str, str]:
    told = {"transform_map": outcome.transform_map, "table": outcome.table}
    if outcome.status == ERROR:
        return told | {"status": ERROR, "error_message": outcome.message}
    records = instance().records
    display = records.schema.table(outcome.table).display
    target = records.find(outcome.table, outcome.sys_id)
    told |= {
        "display_name": display,
        "display_value": target.get(display, "") if target else "",
        "record_link": f"{_root()}table/{outcome.table}/{outcome.sys_id}" if target else "",
        "status": outcome.status,
        "sys_id": outcome.sys_id,
    }
    return told | ({"status_message": outcome.message} if outcome.message else {})


def _root() -> str:
    return f"{request.host_url}api/now/{segment()}"
