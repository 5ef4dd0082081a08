"""Table API: /api/now[/v1|/v2]/table/{table}[/{sys_id}] (ServiceNow docs, "Table API")."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, Response, request

from sandbox.servicenow.answers import (
    ApiError,
    acl_refusal,
    answer,
    caller,
    demand_json_accepted,
    instance,
    json_body,
    no_record,
)
from sandbox.servicenow.instance import INVALID_QUERY_NO_ROWS
from sandbox.servicenow.paging import link_header, page_of
from sandbox.servicenow.queries import Evaluator
from sandbox.servicenow.records import DuplicateKey, Row
from sandbox.servicenow.rendering import Renderer, Style

blueprint = Blueprint("table_api", __name__)
_VERSIONS = ("", "v1/", "v2/")


View = TypeVar("View", bound=Callable[..., Response])


def _routes(rule: str, methods: list[str]) -> Callable[[View], View]:
    def add(view: View) -> View:
        for version in _VERSIONS:
            blueprint.add_url_rule(
                f"/api/now/{version}{rule}",
                endpoint=f"{view.__name__}_{version.strip('/')}",
                view_func=view,
                methods=methods,
            )
        return view

    return add


@_routes("table/<table>", ["GET"])
def list_rows(table: str) -> Response:
    """A page of rows; the limit is applied before the ACLs, and the total ignores them."""
    account = caller()
    _demand_table(table)
    rows = _select(table)
    page = page_of(request.args)
    seen = [r for r in rows[page.slice] if instance().access.may_read(account, table, r)]
    headers = _paging_headers(len(rows))
    if not rows and _version() == "v1":
        raise no_record()
    renderer = _renderer()
    return answer({"result": [renderer.row(table, row) for row in seen]}, 200, headers)


@_routes("table/<table>/<sys_id>", ["GET"])
def read_row(table: str, sys_id: str) -> Response:
    """One row."""
    caller()
    _demand_table(table)
    return _row_answer(table, _visible(table, sys_id))


@_routes("table/<table>", ["POST"])
def insert_row(table: str) -> Response:
    """Insert a row, with the caller's `sys_id` if it gives one; a sys_id already there is refused.

    The documentation does not say how it is refused; this is the answer of a failed insert.
    """
    account = caller()
    _demand_table(table)
    if not instance().access.may_write(account, table, None):
        raise acl_refusal("Insert")
    try:
        row = instance().records.insert(table, json_body(), account.user_name)
    except DuplicateKey as error:
        detail = f"Unique Key violation detected by database (Duplicate entry '{error}')"
        raise ApiError(403, "Operation Failed", detail) from error
    location = {"Location": f"{_table_url()}/{table}/{row['sys_id']}"}
    return _row_answer(table, row, 201, location)


@_routes("table/<table>/<sys_id>", ["PUT", "PATCH"])
def update_row(table: str, sys_id: str) -> Response:
    """Change the given columns only; PUT and PATCH do the same."""
    account = caller()
    _demand_table(table)
    row = _visible(table, sys_id)
    if not instance().access.may_write(account, table, row):
        raise acl_refusal("Update")
    return _row_answer(
        table, instance().records.update(table, row["sys_id"], json_body(), account.user_name)
    )


@_routes("table/<table>/<sys_id>", ["DELETE"])
def delete_row(table: str, sys_id: str) -> Response:
    """Remove a row; 204 without a body."""
    account = caller()
    _demand_table(table)
    row = _visible(table, sys_id)
    if not instance().access.may_write(account, table, row):
        raise acl_refusal("Delete")
    instance().records.delete(table, row["sys_id"], account.user_name)
    made = answer({}, 204)
    made.set_data(b"")
    return made


def _demand_table(table: str) -> None:
    demand_json_accepted()
    if table not in instance().records.schema:
        raise ApiError(400, f"Invalid table {table}")


def _visible(table: str, sys_id: str) -> Row:
    row = instance().records.find(table, sys_id.lower())
    if row is None or not instance().access.may_read(caller(), table, row):
        raise no_record()
    return row


def _select(table: str) -> list[Row]:
    evaluator = Evaluator(
        instance().records, caller().sys_id, shuffle_ties=instance().switches.shuffled_ties
    )
    query = request.args.get("sysparm_query") or _plain_parameters()
    strict = instance().properties[INVALID_QUERY_NO_ROWS] == "true"
    if strict and evaluator.drops_something(table, query):
        return []
    return evaluator.select(table, query)


def _plain_parameters() -> str:
    plain = (pair for pair in request.args.items() if not pair[0].startswith("sysparm_"))
    return "^".join(f"{name}={value.replace('^', '^^')}" for name, value in plain)


def _row_answer(
    table: str, row: Row, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    return answer({"result": _renderer().row(table, row)}, status, headers)


def _renderer() -> Renderer:
    fields = request.args.get("sysparm_fields", "")
    style = Style(
        display=request.args.get("sysparm_display_value", "false").lower(),
        links=request.args.get("sysparm_exclude_reference_link", "false").lower() != "true",
        fields=tuple(name.strip() for name in fields.split(",") if name.strip()),
        base_url=_table_url(),
    )
    return Renderer(instance().records, style)


def _version() -> str:
    return next((v.strip("/") for v in _VERSIONS[1:] if f"/api/now/{v}" in request.path), "")


def _table_url() -> str:
    version = _version()
    middle = f"{version}/" if version else ""
    return f"{request.host_url}api/now/{middle}table"


def _paging_headers(total: int) -> dict[str, str]:
    page = page_of(request.args)
    headers = {}
    if request.args.get("sysparm_no_count", "").lower() != "true":
        headers["X-Total-Count"] = str(total)
    links = link_header(request.base_url, request.args, page, total)
    if links and request.args.get("sysparm_suppress_pagination_header", "").lower() != "true":
        headers["Link"] = links
    return headers
