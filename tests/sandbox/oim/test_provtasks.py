"""Provisioning tasks as clients read and act on them."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.oim import Oim
from sandbox.oim.fulfilment import Fulfilment
from tests.sandbox.oim.belongings import DISCONNECTED, applications, entry, fields, keys, task_of
from tests.sandbox.oim.sites import Api, Site, until

KEY, NOTE = "Process Instance.Task Details.Key", "Process Instance.Task Details.Note"
ASSIGNEE = "Process Instance.Task Information.Assignee"


@pytest.fixture
def request_id(broker: Api) -> str:
    """A request that waits for an account to be made by hand."""
    gateway = applications(broker)[DISCONNECTED]
    found = str(broker.order(entry(broker.user("EVE"), "appinstance", gateway))["id"])
    until(lambda: task_of(broker, found) is not None, "a provisioning task")
    return found


@pytest.fixture
def key(broker: Api, request_id: str) -> str:
    """The key of its task."""
    return str((task_of(broker, request_id) or {})[KEY])


def act(api: Api, key: str, action: str, **values: str) -> int:
    """The status of the answer to one action; names have their dots and spaces."""
    listed = [{"name": name, "value": value} for name, value in values.items()]
    sent = {"action": action, "fields": listed}
    return api.call("PUT", f"/provtasks/{key}", json=sent).status_code


def show(api: Api, key: str) -> dict[str, Any]:
    return fields(api.get(f"/provtasks/{key}"))


def test_a_task_is_a_list_of_names_and_values(broker: Api, request_id: str, key: str) -> None:
    (row,) = broker.get("/provtasks", q="Status.Category eq Pending")["tasks"]
    assert set(row) == {"links", "fields"}
    said = fields(row)
    assert (said[KEY], said["Request.Request Key"]) == (int(key), int(request_id))
    assert (said["Objects.Name"], said[ASSIGNEE]) == (DISCONNECTED, "IT SECURITY")
    assert broker.get("/provtasks", q="Status.Category eq Rejected")["tasks"] == []


def test_one_task_has_an_id_beside_its_fields(broker: Api, key: str) -> None:
    task = broker.get(f"/provtasks/{key}", fields=KEY)
    assert (task["id"], fields(task)) == (key, {KEY: int(key)})
    assert broker.call("GET", "/provtasks/1").status_code == 404
    assert broker.call("PUT", "/provtasks/1", json={"action": "retry"}).status_code == 404


def test_completing_answers_with_the_key_and_is_done_once(broker: Api, key: str) -> None:
    sent = {"action": "manualComplete"}
    answer = broker.call("PUT", f"/provtasks/{key}", json=sent).json()
    assert (set(answer), answer["id"]) == ({"links", "id", "status"}, key)
    assert answer["status"] == "SUCCESS"
    assert show(broker, key)["Status.Category"] == "Completed"
    again = broker.call("PUT", f"/provtasks/{key}", json=sent)
    assert (again.status_code, again.json()["errorCode"]) == (500, "IAM-4050002")


def test_only_what_was_rejected_is_tried_again(broker: Api, key: str) -> None:
    assert act(broker, key, "retry") == 500
    assert show(broker, key)["Status.Category"] == "Pending"


def test_a_note_is_kept(broker: Api, key: str) -> None:
    assert act(broker, key, "setNote", **{NOTE: "waiting for the authority"}) == 200
    assert show(broker, key)[NOTE] == "waiting for the authority"


def test_a_task_is_passed_on_to_a_person_or_a_group(installed: Site, broker: Api, key: str) -> None:
    ada = installed.as_("ada")
    assert ada.get("/provtasks")["tasks"] == []
    assert act(broker, key, "reassign", assignee=broker.user("ADA"), type="user") == 200
    (row,) = ada.get("/provtasks")["tasks"]
    assert fields(row)[ASSIGNEE] == "ADA"
    assert installed.as_("cho").get("/provtasks")["tasks"] == []
    assert act(ada, key, "reassign", assignee="IT SECURITY", type="group") == 200
    assert ada.get("/provtasks")["tasks"] == []
    assert act(broker, key, "reassign", assignee="NOBODY", type="group") == 500
    assert act(broker, key, "reassign", assignee="999999", type="user") == 500


def test_who_is_of_the_group_may_fulfil(installed: Site, key: str, request_id: str) -> None:
    assert act(installed.as_("cho"), key, "manualComplete") == 200
    installed.as_("broker").wait_for(request_id, "Request Completed")


def test_who_is_not_does_not_see_it(ada: Api, key: str) -> None:
    assert act(ada, key, "manualComplete") == 404
    assert ada.call("GET", f"/provtasks/{key}").status_code == 404


def test_several_tasks_have_a_result_each(broker: Api, key: str) -> None:
    good = {"id": key, "requestId": "10001", "action": "manualComplete"}
    bad = {"id": key, "requestId": "10002", "action": "dance"}
    gone = {"id": "1", "action": "retry"}
    answer = broker.call("PUT", "/provtasks", json={"tasks": [good, bad, gone]}).json()["tasks"]
    assert [one["status"] for one in answer] == ["SUCCESS", "FAILURE", "FAILURE"]
    assert [one["requestId"] for one in answer[:2]] == ["10001", "10002"]


def test_a_refusal_by_hand_fails_the_request(
    broker: Api, installation: Oim, key: str, request_id: str
) -> None:
    cho = installation.by_login["CHO"]
    (waiting,) = Fulfilment(installation).waiting_for(cho)
    assert waiting.key == key
    Fulfilment(installation).reject(cho, key, "The authority said no.")
    assert broker.status(request_id) == "Request Failed"
    assert show(broker, key)["Process Instance.Task Details.Reason"] == "The authority said no."
    assert applications(broker)[DISCONNECTED] not in keys(broker, "account", broker.user("EVE"))
    assert Fulfilment(installation).waiting_for(cho) == []
