"""The Attachment API: files up, their metadata, files down, and who may do that."""

from __future__ import annotations

import hashlib
import json

import pytest
import requests

from tests.sandbox.servicenow.desks import Client, Desk
from tools.servers import wait_until

MIRROR = "x_rqbrk_access_request"
BYTES = bytes(range(256)) * 4


@pytest.fixture(autouse=True)
def pending_for_long(desk: Desk) -> None:
    """So that no file becomes available in the middle of a test that looks at it."""
    desk.state.attachments.seconds_pending = 600


@pytest.fixture
def record(broker: Client) -> str:
    found: str = broker.post(MIRROR, request_id="1").json()["result"]["sys_id"]
    return found


def upload(
    client: Client,
    record: str,
    name: str = "évidence.bin",
    content: bytes = BYTES,
    version: str = "",
    table: str = MIRROR,
) -> requests.Response:
    named = {"table_name": table, "table_sys_id": record, "file_name": name}
    url = f"{client.url}/api/now/{version}attachment/file"
    headers = {"Content-Type": "application/pdf"}
    return client.http.post(url, params=named, data=content, headers=headers)


def listed(client: Client, **parameters: str) -> requests.Response:
    return client.http.get(f"{client.url}/api/now/attachment", params=parameters)


def result(answer: requests.Response) -> dict[str, str]:
    found: dict[str, str] = answer.json()["result"]
    return found


def results(answer: requests.Response) -> list[dict[str, str]]:
    found: list[dict[str, str]] = answer.json()["result"]
    return found


def test_an_uploaded_file_is_described_by_21_strings(broker: Client, record: str) -> None:
    answer = upload(broker, record)
    told = result(answer)
    assert answer.status_code == 201
    assert len(told) == 21
    assert all(isinstance(value, str) for value in told.values())
    assert told["size_bytes"] == "1024"
    assert told["hash"] == hashlib.sha256(BYTES).hexdigest()
    assert told["content_type"] == "application/pdf"
    assert told["chunk_size_bytes"] == "700000"
    assert told["compressed"] == "true"
    assert int(told["size_compressed"]) < 1024
    assert told["sys_created_by"] == "broker"


@pytest.mark.parametrize("version", ["", "v1/", "v2/"])
def test_its_location_is_its_download_link_in_the_version_asked(
    broker: Client, record: str, version: str
) -> None:
    answer = upload(broker, record, version=version)
    told = result(answer)
    assert answer.headers["Location"] == told["download_link"]
    assert (
        told["download_link"] == f"{broker.url}/api/now/{version}attachment/{told['sys_id']}/file"
    )
    assert broker.http.get(told["download_link"]).content == BYTES


def test_a_file_is_pending_and_soon_available_by_system(
    desk: Desk, broker: Client, record: str
) -> None:
    assert result(upload(broker, record, "first"))["state"] == "pending"
    desk.state.attachments.seconds_pending = 0.01
    key = result(upload(broker, record, "second"))["sys_id"]
    url = f"{broker.url}/api/now/attachment/{key}"
    wait_until(lambda: result(broker.http.get(url))["state"] == "available", "the file")
    told = result(broker.http.get(url))
    assert (told["sys_mod_count"], told["sys_updated_by"]) == ("1", "system")


def test_a_download_has_the_recorded_headers_and_may_be_kept(broker: Client, record: str) -> None:
    told = result(upload(broker, record))
    answer = broker.http.get(told["download_link"])
    assert answer.content == BYTES
    assert answer.headers["Content-Type"] == "application/pdf"
    quoted = "attachment;filename=\"?vidence.bin\";filename*=UTF-8''%C3%A9vidence.bin"
    assert answer.headers["Content-Disposition"] == quoted
    kept = {name: value for name, value in told.items() if name != "download_link"}
    assert json.loads(answer.headers["x-attachment-metadata"]) == kept
    assert not {"Pragma", "Cache-Control", "Expires"} & set(answer.headers)


def test_a_multipart_form_uploads_too(broker: Client, record: str) -> None:
    answer = broker.http.post(
        f"{broker.url}/api/now/v1/attachment/upload",
        data={"table_name": MIRROR, "table_sys_id": record},
        files={"uploadFile": ("notes.txt", b"a\nb", "text/plain")},
    )
    told = result(answer)
    assert answer.status_code == 201
    assert (told["file_name"], told["content_type"]) == ("notes.txt", "text/plain")
    assert "/api/now/v1/attachment/" in answer.headers["Location"]
    assert broker.http.get(told["download_link"]).content == b"a\nb"


def test_a_form_may_name_the_file_itself(broker: Client, record: str) -> None:
    named = {"table_name": MIRROR, "table_sys_id": record, "file_name": "named.txt"}
    answer = broker.http.post(
        f"{broker.url}/api/now/attachment/upload", data=named, files={"f": ("x.txt", b"x")}
    )
    assert result(answer)["file_name"] == "named.txt"


def test_a_form_without_a_file_is_refused(broker: Client, record: str) -> None:
    url = f"{broker.url}/api/now/attachment/upload"
    assert broker.http.post(url, data={"table_name": MIRROR}).status_code == 400
    headers = {"Content-Type": "multipart/form-data"}  # without its boundary
    assert broker.http.post(url, data=b"bytes", headers=headers).status_code == 400


def test_a_list_is_found_by_query_or_plain_parameters(broker: Client, record: str) -> None:
    for name in ("a", "b", "c"):
        upload(broker, record, name)
    by_query = listed(
        broker, sysparm_query=f"table_sys_id={record}^file_nameIN a,b".replace(" ", "")
    )
    plain = listed(broker, table_name=MIRROR, table_sys_id=record)
    assert {told["file_name"] for told in results(by_query)} == {"a", "b"}
    assert len(results(plain)) == 3
    assert plain.headers["X-Total-Count"] == "3"


def test_a_list_without_files_is_empty_in_every_version(broker: Client, record: str) -> None:
    for version in ("", "v1/", "v2/"):
        url = f"{broker.url}/api/now/{version}attachment"
        answer = broker.http.get(url, params={"table_sys_id": record})
        assert (answer.status_code, results(answer)) == (200, [])
        assert answer.headers["X-Total-Count"] == "0"


def test_a_list_is_paged(broker: Client, record: str) -> None:
    for name in ("a", "b", "c"):
        upload(broker, record, name)
    query = {"sysparm_query": f"table_sys_id={record}^ORDERBYfile_name", "sysparm_limit": "2"}
    first = listed(broker, **query)
    second = broker.http.get(first.links["next"]["url"])
    assert [told["file_name"] for told in results(first) + results(second)] == ["a", "b", "c"]
    silent = listed(broker, sysparm_suppress_pagination_header="true", **query)
    assert "Link" not in silent.headers
    assert silent.headers["X-Total-Count"] == "3"


def test_a_deleted_file_is_gone(broker: Client, record: str) -> None:
    told = result(upload(broker, record))
    url = f"{broker.url}/api/now/attachment/{told['sys_id']}"
    assert broker.http.delete(url).status_code == 204
    assert broker.http.get(url).status_code == 404
    assert broker.http.get(told["download_link"]).status_code == 404
    assert broker.http.delete(url).status_code == 404


def test_the_rows_are_there_for_the_table_api_too(desk: Desk, broker: Client, record: str) -> None:
    told = result(upload(broker, record))
    row = desk.as_("admin").rows("sys_attachment", f"sys_id={told['sys_id']}")[0]
    assert row["hash"] == told["hash"]
    deleted = desk.as_("admin").http.delete(
        f"{desk.url}/api/now/table/sys_attachment/{told['sys_id']}"
    )
    assert deleted.status_code == 204
    assert broker.http.get(told["download_link"]).status_code == 404


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"table": "no_such_table"}, 400),
        ({"name": ""}, 400),
        ({"record": "0" * 32}, 404),
    ],
)
def test_a_file_needs_a_record_and_a_name(
    broker: Client, record: str, changed: dict[str, str], status: int
) -> None:
    named = {"record": record, "name": "x", "table": MIRROR} | changed
    answer = upload(broker, named["record"], named["name"], table=named["table"])
    assert answer.status_code == status


def test_a_file_may_be_too_large(desk: Desk, broker: Client, record: str) -> None:
    desk.state.properties["com.glide.attachment.max_size"] = "0"
    assert upload(broker, record).status_code == 413


def test_a_file_is_as_visible_as_its_record(desk: Desk, broker: Client) -> None:
    ritm = desk.ordered("ada")
    upload(broker, ritm["sys_id"], "evidence", table="sc_req_item")
    mine = listed(desk.as_("ada"), table_sys_id=ritm["sys_id"])
    others = listed(desk.as_("eve"), table_sys_id=ritm["sys_id"])
    assert [told["file_name"] for told in results(mine)] == ["evidence"]
    assert results(others) == []
    link = results(mine)[0]["download_link"]
    assert desk.as_("ada").http.get(link).status_code == 200
    assert desk.as_("eve").http.get(link).status_code == 404


def test_who_may_not_change_a_record_attaches_nothing_to_it(desk: Desk) -> None:
    ritm = desk.ordered("ada")
    refused = upload(desk.as_("ben"), ritm["sys_id"], table="sc_req_item")
    assert refused.status_code == 403
    assert refused.json()["error"]["detail"].startswith("ACL Exception Insert Failed")


def test_without_signing_in_there_is_nothing(desk: Desk) -> None:
    assert requests.get(f"{desk.url}/api/now/attachment", timeout=10).status_code == 401
