"""Table API: /api/now[/v1|/v2]/table/{table}[/{sys_id}] (ServiceNow docs, "Table API")."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, Response, request

from sandbox.servicenow.access import Access
from sandbox.servicenow.answers import (
    ApiError,
    acl_refusal,
    answer,
    caller,
    demand_json_accepted,
    instance,
    json_body,
    no_content,
    no_record,
)
from sandbox.servicenow.intake import Intake
from sandbox.servicenow.paging import links_of
from sandbox.servicenow.parameters import parameters, viewer
from sandbox.servicenow.records import DuplicateKey, Row
from sandbox.servicenow.rendering import Renderer, Style
from sandbox.servicenow.selection import rows_asked_for
from sandbox.servicenow.versions import routed, segment

blueprint = Blueprint("table_api", __name__)
LINK_BASE = "glide.servlet.uri"
LINK_BASE_WANTED = "glide.rest.replace_request_host_with_property"


@routed(blueprint, "now", "table/<table>", ["GET"])
def list_rows(table: str) -> Response:
    """A page of rows; the limit is applied before the ACLs, and the total ignores them."""
    caller()
    demand_table(table)
    rows = rows_asked_for(table)
    if not rows and segment() == "v1/" and instance().switches.empty_v1_list_is_404:
        raise no_record()
    seen, total = _page_of(table, rows)
    render = renderer()
    body = {"result": [render.row(table, row) for row in seen]}
    return answer(body, 200, _paging_headers(total))


@routed(blueprint, "now", "table/<table>/<sys_id>", ["GET"])
def read_row(table: str, sys_id: str) -> Response:
    """One row."""
    caller()
    demand_table(table)
    return _row_answer(table, _visible(table, sys_id))


@routed(blueprint, "now", "table/<table>", ["POST"])
def insert_row(table: str) -> Response:
    """Insert a row, with the caller's `sys_id` if it gives one; a sys_id already there is refused.

    The documentation does not say how it is refused; this is the answer of a failed insert.
    """
    account = caller()
    demand_table(table)
    if not access().may_write(account, table, None):
        raise acl_refusal("Insert")
    try:
        row = instance().records.insert(table, received(table), account.user_name)
    except DuplicateKey as error:
        detail = f"Unique Key violation detected by database (Duplicate entry '{error}')"
        raise ApiError(403, "Operation Failed", detail) from error
    _take_password(table, row)
    location = {"Location": f"{table_url()}/{table}/{row['sys_id']}"}
    return _row_answer(table, row, 201, location)


@routed(blueprint, "now", "table/<table>/<sys_id>", ["PUT", "PATCH"])
def update_row(table: str, sys_id: str) -> Response:
    """Change the given columns only; PUT and PATCH do the same."""
    account = caller()
    demand_table(table)
    row = _visible(table, sys_id)
    if not access().may_write(account, table, row):
        raise acl_refusal("Update")
    values = received(table)
    row = instance().records.update(table, row["sys_id"], values, account.user_name)
    _take_password(table, row)
    return _row_answer(table, row)


@routed(blueprint, "now", "table/<table>/<sys_id>", ["DELETE"])
def delete_row(table: str, sys_id: str) -> Response:
    """Remove a row; 204 without a body."""
    account = caller()
    demand_table(table)
    row = _visible(table, sys_id)
    if not access().may_delete(account, table, row):
        raise acl_refusal("Delete")
    instance().records.delete(table, row["sys_id"], account.user_name)
    return no_content()


def demand_table(table: str) -> None:
    """Refuse formats, tables that are not there, and those closed to web services.

    Raises ApiError 406, 400, 403.
    """
    demand_json_accepted()
    if table not in instance().records.schema:
        raise ApiError(400, f"Invalid table {table}")
    if not (access().may_use(caller()) and _is_open(table)):
        raise ApiError(403, "User Not Authorized", "Failed API level ACL Validation")
    if access().refuses(caller(), table):
        raise ApiError(403, "Insufficient rights to query records")


def access() -> Access:
    """The access control list of the instance."""
    return instance().access


def _is_open(table: str) -> bool:
    """Whether web services reach a table, by its definition and by its row, which may change."""
    if not instance().switches.ws_access_honoured:
        return True
    records = instance().records
    rows = records.candidates("sys_db_object", "name", [table])
    return records.schema.table(table).ws_access and all(
        row["ws_access"] != "false" for row in rows
    )


def received(table: str) -> dict[str, str]:
    """What is taken of the body's values. Raises ApiError 415 or 400."""
    taken = Intake(instance().records, instance().switches, instance().properties, viewer())
    return taken.received(table, json_body(), display=parameters().flag("input_display_value"))


def _take_password(table: str, row: Row) -> None:
    """A password is not written as a value, but as a display value it is (clients depend on it)."""
    shown = parameters().flag("input_display_value") and instance().switches.display_passwords_taken
    password = json_body().get("user_password") if table == "sys_user" and shown else None
    if password:
        instance().accounts.add(row["user_name"], str(password))


def _visible(table: str, sys_id: str) -> Row:
    row = instance().records.find(table, sys_id.lower())
    if row is None or not access().may_read(caller(), table, row):
        raise no_record()
    return row


def _page_of(table: str, rows: list[Row]) -> tuple[list[Row], int]:
    """The rows of the page that the caller may see, and the total: both as instances cut them."""
    switches, page = instance().switches, parameters().page
    if switches.limit_before_acl and switches.total_ignores_acl:
        return _readable(table, rows[page.slice]), len(rows)
    readable = _readable(table, rows)
    seen = _readable(table, rows[page.slice]) if switches.limit_before_acl else readable[page.slice]
    return seen, len(rows) if switches.total_ignores_acl else len(readable)


def _readable(table: str, rows: list[Row]) -> list[Row]:
    account, sees = caller(), access().may_read
    return [row for row in rows if sees(account, table, row)]


def _row_answer(
    table: str, row: Row, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    return answer({"result": renderer().row(table, row)}, status, headers)


def renderer() -> Renderer:
    """What shows rows as this call asks for them."""
    style = Style(
        display=parameters().display,
        links=not parameters().flag("exclude_reference_link"),
        fields=parameters().names("fields"),
        base_url=table_url(),
        viewer=viewer(),
        switches=instance().switches,
        may_see=partial(access().may_see, caller()),
    )
    return Renderer(instance().records, style)


def table_url() -> str:
    """Where the tables are, as links repeat it: by the host and the version of the request."""
    version = segment() if instance().switches.links_repeat_the_version else ""
    return f"{_host_url()}api/now/{version}table"


def _host_url() -> str:
    properties = instance().properties
    if properties.get(LINK_BASE_WANTED) == "true" and properties.get(LINK_BASE):
        return properties[LINK_BASE].rstrip("/") + "/"
    return request.host_url


def _paging_headers(total: int) -> dict[str, str]:
    asked = parameters()
    if asked.flag("no_count"):
        return {}
    headers = {"X-Total-Count": str(total)}
    links = links_of(request.base_url, asked.given, asked.page, total, instance().switches)
    if links and not asked.flag("suppress_pagination_header"):
        headers["Link"] = links
    return headers
