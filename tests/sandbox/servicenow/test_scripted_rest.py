"""Scripted REST: the shipped resource, and what the platform gives any such script."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.servicenow import create_app
from sandbox.servicenow.instance import APP_FOLDER
from sandbox.web import serve
from sandbox.world import World
from tests.sandbox.servicenow.desks import Desk, fetch

VERSION = "/api/x_rqbrk_access/v1/broker/version"
ADMIN = ("admin", "admin")


def error_of(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["message"]


def test_the_app_tells_its_version(desk: Desk) -> None:
    declared = json.loads((APP_FOLDER / "sys_app.json").read_text())
    answer = desk.as_("broker").http.get(desk.url + VERSION)
    assert answer.status_code == 200
    assert answer.json() == {"result": {"scope": "x_rqbrk_access", "version": declared["version"]}}


def test_without_a_version_segment_the_default_version_answers(desk: Desk) -> None:
    answer = desk.as_("broker").http.get(f"{desk.url}/api/x_rqbrk_access/broker/version")
    assert answer.json()["result"]["scope"] == "x_rqbrk_access"


def test_nobody_is_told_without_an_account(desk: Desk) -> None:
    assert error_of(fetch("GET", desk.url + VERSION)) == (401, "User Not Authenticated")


@pytest.mark.parametrize("path", ["/api/x_rqbrk_access/v2/broker/version", "/api/x_other/v1/a/b"])
def test_an_address_that_is_nothing_is_400(desk: Desk, path: str) -> None:
    answer = desk.as_("broker").http.get(desk.url + path)
    assert error_of(answer) == (400, "Requested URI does not represent any resource")
    assert answer.json()["error"]["detail"] is None


@pytest.mark.parametrize("path", [VERSION, "/api/now/table/incident/x/y"])
def test_a_wrong_verb_and_a_wrong_address_are_told_apart(desk: Desk, path: str) -> None:
    wanted = 405 if path == VERSION else 400
    assert desk.as_("broker").http.delete(desk.url + path).status_code == wanted


class Scripts:
    """An app whose Scripted REST API has one resource, whose script a test writes."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url

    def call(
        self,
        script: str,
        method: str = "GET",
        **more: Any,  # noqa: ANN401 - what `requests` takes
    ) -> requests.Response:
        body = f"(function process(request, response) {{ {script} }})(request, response);"
        (self.folder / "scripted_rest" / "any.js").write_text(body)
        url = f"{self.url}/api/x_rqbrk_access/v1/test/things/a%20b"
        return fetch(method, url, auth=ADMIN, **more)


@pytest.fixture
def scripts(world: World, tmp_path: Path) -> Iterator[Scripts]:
    operations = [
        {
            "version": "v1", "http_method": method, "relative_path": "/things/{id}",
            "requires_authentication": True, "active": True, "script": "any.js",
        }
        for method in ("GET", "POST")
    ]  # fmt: skip
    service = {
        "namespace": "x_rqbrk_access", "service_id": "test", "consumes": "application/json",
        "active": True, "operations": operations,
        "versions": [{"version_id": "v1", "is_default": False, "active": True}],
    }  # fmt: skip
    (tmp_path / "scripted_rest").mkdir()
    (tmp_path / "scripted_rest" / "test.json").write_text(json.dumps(service))
    (tmp_path / "properties.json").write_text("[]")
    app = create_app(world, app_folder=tmp_path)
    with serve(app) as server:
        yield Scripts(tmp_path, server.url)
    app.extensions["servicenow"].close()


def test_path_and_query_parameters(scripts: Scripts) -> None:
    """Each query parameter is an array, even one that is given once."""
    script = "return [request.pathParams.id, request.queryParams, request.getHeader('X-Mine')];"
    answer = scripts.call(script, params={"one": "1", "two": ["2", "3"]}, headers={"x-mine": "yes"})
    told = ["a b", {"one": ["1"], "two": ["2", "3"]}, "yes"]
    assert answer.json() == {"result": told}


def test_the_body_parsed(scripts: Scripts) -> None:
    script = "return request.body.data.a + request.body.data.b;"
    assert scripts.call(script, "POST", json={"a": 1, "b": 2}).json() == {"result": 3}


def test_the_body_is_read_once(scripts: Scripts) -> None:
    script = "JSON.parse(request.body.dataString); return request.body.data;"
    answer = scripts.call(script, "POST", json={})
    assert answer.status_code == 500
    assert "read already" in answer.text


def test_status_headers_and_set_body(scripts: Scripts) -> None:
    script = (
        "response.setStatus(202); response.setHeader('X-Mine', 'yes'); response.setBody({a: 1});"
    )
    answer = scripts.call(script, "POST", json={})
    assert (answer.status_code, answer.headers["X-Mine"]) == (202, "yes")
    assert answer.json() == {"result": {"a": 1}}


def test_a_stream_is_not_wrapped(scripts: Scripts) -> None:
    script = """response.setContentType('text/csv');
                response.getStreamWriter().writeString('a;b');"""
    answer = scripts.call(script)
    assert (answer.headers["Content-Type"], answer.text) == ("text/csv", "a;b")


def test_nothing_told_is_an_empty_answer(scripts: Scripts) -> None:
    assert scripts.call("").content == b""


@pytest.mark.parametrize("way", ["response.setError(e);", "return e;", "throw e;"])
def test_an_error_of_a_script(scripts: Scripts, way: str) -> None:
    script = f"var e = new sn_ws_err.NotFoundError('No such thing'); e.setDetail('why'); {way}"
    answer = scripts.call(script)
    assert answer.status_code == 404
    assert answer.json() == {
        "error": {"message": "No such thing", "detail": "why"},
        "status": "failure",
    }


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("BadRequestError", 400),
        ("NotAcceptableError", 406),
        ("ConflictError", 409),
        ("UnsupportedMediaTypeError", 415),
        ("ServiceError", 500),
    ],
)
def test_each_kind_of_error_has_its_status(scripts: Scripts, kind: str, status: int) -> None:
    assert scripts.call(f"return new sn_ws_err.{kind}('x');").status_code == status


def test_a_service_error_takes_any_status(scripts: Scripts) -> None:
    script = """var e = new sn_ws_err.ServiceError(); e.setStatus(418); e.setMessage('short');
                response.setError(e);"""
    assert error_of(scripts.call(script)) == (418, "short")


def test_a_script_that_breaks_is_500(scripts: Scripts) -> None:
    status, message = error_of(scripts.call("nonsense();"))
    assert status == 500
    assert "nonsense" in message


def test_scripts_run_as_their_caller(scripts: Scripts) -> None:
    script = """var gr = new GlideRecord('incident'); return [gs.getUserName(), gs.getUserID()];"""
    answer = scripts.call(script)
    assert answer.json()["result"] == ["admin", "6816f79cc0a8016401c5a33be04be441"]


def test_more_than_ten_megabytes_are_refused(scripts: Scripts) -> None:
    size = 10 * 1024 * 1024 + 1
    answer = scripts.call("return 1;", "POST", data=b" " * size)
    detail = answer.json()["error"]["detail"]
    assert answer.status_code == 400
    assert f"content-length = {size} bytes. Max allowed: 10485760 bytes." in detail


def test_another_media_type_is_refused(scripts: Scripts) -> None:
    answer = scripts.call("return 1;", "POST", data="a=1", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415


def test_an_instance_without_the_app_says_so(world: World, tmp_path: Path) -> None:
    app = create_app(world, app_folder=tmp_path / "nothing")
    with serve(app) as server:
        answer = fetch("GET", server.url + VERSION, auth=ADMIN)
        table = fetch("GET", f"{server.url}/api/now/table/x_rqbrk_access_request", auth=ADMIN)
    app.extensions["servicenow"].close()
    assert error_of(answer) == (400, "Requested URI does not represent any resource")
    assert error_of(table) == (400, "Invalid table x_rqbrk_access_request")
