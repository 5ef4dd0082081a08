"""Attachment API: /api/now[/v1|/v2]/attachment (ServiceNow docs, "Attachment API").

Every value of the metadata is a string. Who may read or change a file follows from the record on
which it hangs. Headers of a download as recorded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote

from flask import Blueprint, Response, request

from sandbox.servicenow.accounts import Account
from sandbox.servicenow.answers import (
    ApiError,
    acl_refusal,
    answer,
    caller,
    demand_json_accepted,
    instance,
    no_content,
    no_record,
)
from sandbox.servicenow.attachments import TABLE
from sandbox.servicenow.paging import link_header, page_of
from sandbox.servicenow.queries import Evaluator
from sandbox.servicenow.records import Row
from sandbox.servicenow.versions import routed, segment

blueprint = Blueprint("attachment_api", __name__)
# The keys of a file's metadata in the order of recorded answers.
METADATA = (
    "size_bytes file_name sys_mod_count average_image_color image_width sys_updated_on sys_tags "
    "table_name sys_id image_height sys_updated_by download_link content_type sys_created_on "
    "size_compressed compressed state table_sys_id chunk_size_bytes hash sys_created_by"
).split()
DEFAULT_LIMIT = "1000"
LARGEST_FILE = "com.glide.attachment.max_size"  # in megabytes
_NO_STORE = ("Pragma", "Cache-Control", "Expires")
_MEGABYTE = 1024 * 1024


@routed(blueprint, "now", "attachment", ["GET"])
def list_attachments() -> Response:
    """Metadata of the files that a query finds, or plain parameters such as `table_sys_id`."""
    account = caller()
    demand_json_accepted()
    rows = _found(account)
    page = page_of({"sysparm_limit": DEFAULT_LIMIT, **request.args})
    seen = [row for row in rows[page.slice] if _may_read(account, row)]
    headers = {"X-Total-Count": str(len(rows))}
    links = link_header(request.base_url, request.args, page, len(rows))
    if links and request.args.get("sysparm_suppress_pagination_header", "").lower() != "true":
        headers["Link"] = links
    return answer({"result": [metadata(row) for row in seen]}, 200, headers)


@routed(blueprint, "now", "attachment/<sys_id>", ["GET"])
def read_attachment(sys_id: str) -> Response:
    """One file's metadata."""
    account = caller()
    demand_json_accepted()
    return answer({"result": metadata(_readable(account, sys_id))})


@routed(blueprint, "now", "attachment/<sys_id>/file", ["GET"])
def download(sys_id: str) -> Response:
    """The bytes of a file, without the no-store headers of other answers (recorded)."""
    row = _readable(caller(), sys_id)
    told = {name: value for name, value in metadata(row).items() if name != "download_link"}
    made = answer({})
    for name in _NO_STORE if instance().switches.downloads_may_be_kept else ():
        del made.headers[name]
    made.set_data(instance().attachments.content(row["sys_id"]))
    made.content_type = row["content_type"]
    made.headers["Content-Disposition"] = _disposition(row["file_name"])
    made.headers["x-attachment-metadata"] = json.dumps(told)
    return made


@routed(blueprint, "now", "attachment/file", ["POST"])
def upload_file() -> Response:
    """Attach the request's body; the address says to which record and under which name."""
    account = caller()
    return _attached(account, request.args, request.content_type, request.get_data())


@routed(blueprint, "now", "attachment/upload", ["POST"])
def upload_form() -> Response:
    """Attach the file of a multipart form; the fields before it say to which record."""
    account = caller()
    file = next(iter(request.files.values()), None)
    if file is None:
        raise ApiError(400, "Invalid multipart request", "the form has no part with a file")
    named = {"file_name": file.filename or "", **request.form}
    return _attached(account, named, file.content_type, file.read())


@routed(blueprint, "now", "attachment/<sys_id>", ["DELETE"])
def delete_attachment(sys_id: str) -> Response:
    """Remove a file; 204 without a body."""
    account = caller()
    row = _readable(account, sys_id)
    if not _may_change(account, row["table_name"], row["table_sys_id"]):
        raise acl_refusal("Delete")
    instance().records.delete(TABLE, row["sys_id"], account.user_name)
    return no_content()


def metadata(row: Row) -> dict[str, str]:
    """A file's metadata as the API shows it."""
    link = f"{request.host_url}api/now/{segment()}attachment/{row['sys_id']}/file"
    return {name: link if name == "download_link" else row.get(name, "") for name in METADATA}


def _attached(
    account: Account, named: Mapping[str, str], content_type: str | None, content: bytes
) -> Response:
    table, sys_id, file_name = (
        named.get(name, "") for name in ("table_name", "table_sys_id", "file_name")
    )
    _demand_target(account, table, sys_id)
    if not file_name:
        raise ApiError(400, "Invalid attachment request", "file_name is missing")
    _demand_fitting(content)
    row = instance().attachments.add(
        table,
        sys_id,
        file_name,
        content_type or "application/octet-stream",
        content,
        account.user_name,
    )
    told = metadata(row)
    return answer({"result": told}, 201, {"Location": told["download_link"]})


def _demand_target(account: Account, table: str, sys_id: str) -> None:
    if table not in instance().records.schema:
        raise ApiError(400, f"Invalid table {table}")
    row = instance().records.find(table, sys_id)
    if row is None or not instance().access.may_read(account, table, row):
        raise no_record()
    if not instance().access.may_write(account, table, row):
        raise acl_refusal("Insert")


def _demand_fitting(content: bytes) -> None:
    megabytes = int(instance().properties.get(LARGEST_FILE, "1024"))
    if len(content) > megabytes * _MEGABYTE:
        raise ApiError(413, "File too large", f"{megabytes} MB are the most that is taken")


def _found(account: Account) -> list[Row]:
    evaluator = Evaluator(instance().records, account.sys_id, instance().switches)
    plain = (pair for pair in request.args.items() if not pair[0].startswith("sysparm_"))
    query = request.args.get("sysparm_query") or "^".join(
        f"{name}={value.replace('^', '^^')}" for name, value in plain
    )
    return evaluator.select(TABLE, query)


def _readable(account: Account, sys_id: str) -> Row:
    row = instance().records.find(TABLE, sys_id.lower())
    if row is None or not _may_read(account, row):
        raise no_record()
    return row


def _may_read(account: Account, row: Row) -> bool:
    """A file is as visible as its record; one whose record is gone is the administrator's."""
    table = row["table_name"]
    record = instance().records.find(table, row["table_sys_id"])
    if record is None:
        return account.is_admin
    if not instance().switches.attachments_follow_records:
        return True
    return instance().access.may_read(account, table, record)


def _may_change(account: Account, table: str, sys_id: str) -> bool:
    record = instance().records.find(table, sys_id)
    return account.is_admin or (
        record is not None and instance().access.may_write(account, table, record)
    )


def _disposition(file_name: str) -> str:
    plain = file_name.encode("ascii", "replace").decode().replace('"', "'")
    return f"attachment;filename=\"{plain}\";filename*=UTF-8''{quote(file_name)}"
