"""Files and addresses attached to a request of the OIM sandbox."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox.oim.attachments import LARGEST_BYTES
from sandbox.web import Server
from tests.sandbox.oim.sites import Api

ADDRESS = {"attachmentName": "why", "url": "https://wiki.example.com/why"}


@pytest.fixture
def request_id(broker: Api, ada: Api) -> str:
    """A request of ada's that waits for ben."""
    made = str(ada.ask(broker.user("ADA"))["id"])
    broker.wait_for(made, "Request Awaiting Approval")
    return made


def path(request_id: str) -> str:
    return f"/requests/{request_id}/attachments"


def listed(api: Api, request_id: str) -> dict[str, list[dict[str, Any]]]:
    """By task; what came with the request itself by an empty text."""
    tasks = api.get(path(request_id))["requestTasks"]
    return {task.get("taskId", ""): task["attachments"] for task in tasks}


def upload(api: Api, request_id: str, content: bytes, **form: str) -> requests.Response:
    files = {"file": ("letter.txt", content, "text/plain")}
    return api.call("POST", path(request_id), files=files, data=form)


def test_a_new_request_has_none(ada: Api, request_id: str) -> None:
    assert listed(ada, request_id) == {}


def test_a_file_is_attached_to_the_request(ada: Api, ben: Api, request_id: str) -> None:
    answer = upload(ada, request_id, b"please")
    assert answer.json()["status"] == "SUCCESS"
    (kept,) = listed(ben, request_id)[""]
    assert (kept["attachmentName"], kept["attachmentType"], kept["size"], kept["addedBy"]) == (
        "letter.txt",
        "FILE",
        6,
        "ADA",
    )
    assert kept["id"] == answer.json()["id"]


def test_an_address_is_attached_to_a_task(ben: Api, request_id: str) -> None:
    task_id = ben.get(f"/requests/{request_id}")["requestTaskDetails"][0]["taskId"]
    assert ben.call("POST", path(request_id), json=ADDRESS | {"taskId": task_id}).ok
    (kept,) = listed(ben, request_id)[task_id]
    assert (kept["attachmentType"], kept["url"]) == ("URL", ADDRESS["url"])
    assert "size" not in kept


def test_a_task_of_another_request_takes_nothing(ada: Api, request_id: str) -> None:
    answer = ada.call("POST", path(request_id), json=ADDRESS | {"taskId": "elsewhere"})
    assert answer.status_code == 400
    assert "no such task" in answer.json()["errorMessage"]


def test_a_file_may_not_be_too_large(ada: Api, request_id: str) -> None:
    assert upload(ada, request_id, b"x" * LARGEST_BYTES).ok
    assert upload(ada, request_id, b"x" * (LARGEST_BYTES + 1)).status_code == 400
    assert len(listed(ada, request_id)[""]) == 1


@pytest.mark.parametrize("sent", [{}, {"attachmentName": "why"}])
def test_an_address_is_needed(ada: Api, request_id: str, sent: dict[str, str]) -> None:
    assert ada.call("POST", path(request_id), json=sent).status_code == 400


def test_a_form_without_a_file_is_refused(ada: Api, request_id: str) -> None:
    files = {"other": ("x.txt", b"x", "text/plain")}
    assert ada.call("POST", path(request_id), files=files).status_code == 400


def test_nothing_is_attached_to_what_is_over(broker: Api, ada: Api, request_id: str) -> None:
    ada.call("DELETE", f"/requests/{request_id}")
    answer = ada.call("POST", path(request_id), json=ADDRESS)
    assert "is over" in answer.json()["errorMessage"]


def test_people_remove_their_own_and_an_administrator_any(
    broker: Api, ada: Api, ben: Api, request_id: str
) -> None:
    ids = [api.call("POST", path(request_id), json=ADDRESS).json()["id"] for api in (ada, ben, ben)]
    body = {"attachments": [{"id": each} for each in ids[:2]]}
    results = ada.call("DELETE", path(request_id), json=body).json()["attachments"]
    assert [each["status"] for each in results] == ["SUCCESS", "FAILURE"]
    broker.call("DELETE", path(request_id), json=body)
    assert [each["id"] for each in listed(ada, request_id)[""]] == ids[2:]


def test_a_request_that_is_not_seen_has_no_attachments(server: Server, request_id: str) -> None:
    eve = Api(server.url, "eve", "demo")
    assert eve.call("GET", path(request_id)).status_code == 404
    assert eve.call("POST", path(request_id), json=ADDRESS).status_code == 404
    assert eve.call("DELETE", path(request_id), json={"attachments": []}).status_code == 404
