"""Many in one call: each entry has its own result, whatever becomes of the others."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.oim import Oim
from sandbox.oim.rules import DIRECT, Rule
from sandbox.web import Server
from tests.sandbox.oim.sites import Api, wanted


def results(api: Api, method: str, *entries: dict[str, Any]) -> list[dict[str, Any]]:
    answer = api.call(method, "/requests", json={"requests": list(entries)})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["requests"]
    return found


def statuses(rows: list[dict[str, Any]]) -> list[str]:
    return [row["status"] for row in rows]


@pytest.fixture
def waiting(broker: Api, ada: Api) -> list[str]:
    """Three requests of ada's that wait for ben."""
    key = broker.user("ADA")
    made = [ada.ask(key)["id"] for _ in range(3)]
    for each in made:
        broker.wait_for(each, "Request Awaiting Approval")
    return made


def test_results_come_in_the_order_of_the_entries(broker: Api, installation: Oim) -> None:
    key = broker.user("ADA")
    entries = [wanted(key) | {"requestId": f"mine-{number}"} for number in range(5)]
    found = results(broker, "POST", *entries)
    assert [row["requestId"] for row in found] == [f"mine-{number}" for number in range(5)]
    assert [row["id"] for row in found] == installation.ledger
    assert {row["reqStatus"] for row in found} == {"Request Created"}


def test_what_failed_has_neither_id_nor_links(broker: Api) -> None:
    good = wanted(broker.user("ADA"))
    rows = results(broker, "POST", good, wanted("no-key"), good)
    assert statuses(rows) == ["SUCCESS", "FAILURE", "SUCCESS"]
    assert set(rows[1]) == {"requestId", "status", "errorMessage"}
    assert rows[1]["errorMessage"].startswith("IAM-2050011: ")


def test_nothing_asked_is_nothing_done(broker: Api, installation: Oim) -> None:
    assert [results(broker, method) for method in ("POST", "PUT", "DELETE")] == [[], [], []]
    assert installation.ledger == []


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("sent", ["[]", "{}", '{"requests": {}}', '{"requests": [1]}', "{", ""])
def test_a_body_that_is_no_list_of_entries_is_a_400(
    broker: Api, installation: Oim, method: str, sent: str
) -> None:
    headers = {"Content-Type": "application/json"}
    assert broker.call(method, "/requests", data=sent, headers=headers).status_code == 400
    assert installation.ledger == []


@pytest.mark.parametrize(
    "change",
    [
        {"reqBeneficiaryList": "418"},
        {"reqBeneficiaryList": [418]},
        {"reqTargetEntities": {"entityType": "role"}},
        {"reqTargetEntities": [None]},
        {"reqBeneficiaryList": None, "reqTargetEntities": None},
    ],
)
def test_an_entry_of_another_shape_fails_by_itself(broker: Api, change: dict[str, object]) -> None:
    rows = results(broker, "POST", wanted(broker.user("ADA")) | change)
    assert statuses(rows) == ["FAILURE"]


def test_what_is_carried_out_directly_has_no_id(broker: Api, installation: Oim) -> None:
    key = broker.user("ADA")
    installation.rules.insert(0, Rule(DIRECT, requester="broker"))
    before = broker.get("/requests")["requests"]
    (row,) = results(broker, "POST", wanted(key))
    assert row == {"requestId": "mine-1", "status": "SUCCESS"}
    assert "14" in {role["id"] for role in broker.get("/roles", userId=key)["roles"]}
    assert broker.get("/requests")["requests"] == before
    assert installation.ledger == []


def test_decisions_in_bulk(ben: Api, broker: Api, waiting: list[str]) -> None:
    entries = [
        {"id": waiting[0], "action": "APPROVE"},
        {"id": waiting[1], "action": "reject", "actionComment": "no"},
        {"id": waiting[0], "action": "approve"},
        {"id": "1", "action": "approve"},
        {"id": waiting[2], "action": "dance"},
    ]
    rows = results(ben, "PUT", *entries)
    assert statuses(rows) == ["SUCCESS", "SUCCESS", "FAILURE", "FAILURE", "FAILURE"]
    assert [row["id"] for row in rows] == [entry["id"] for entry in entries]
    assert all("links" in row for row in rows[:2])
    assert all(row["errorMessage"].startswith("IAM-2050") for row in rows[2:])
    assert broker.status(waiting[1]) == "Request Rejected"
    assert broker.status(waiting[2]) == "Request Awaiting Approval"


def test_withdrawals_in_bulk_carry_a_body(ada: Api, broker: Api, waiting: list[str]) -> None:
    entries = [{"id": waiting[0], "requestId": "mine-1"}, {"id": "1"}, {"id": waiting[1]}]
    rows = results(ada, "DELETE", *entries)
    assert statuses(rows) == ["SUCCESS", "FAILURE", "SUCCESS"]
    assert rows[0]["requestId"] == "mine-1"
    assert [broker.status(each) for each in waiting] == [
        "Request Withdrawn",
        "Request Withdrawn",
        "Request Awaiting Approval",
    ]


def test_a_single_call_for_what_is_not_seen_is_a_404(server: Server, waiting: list[str]) -> None:
    eve, path = Api(server.url, "eve", "demo"), f"/requests/{waiting[0]}"
    assert eve.call("PUT", path, json={"action": "approve"}).status_code == 404
    assert eve.call("DELETE", path).status_code == 404
    assert eve.call("DELETE", "/requests/1").json()["errorCode"] == "IAM-2050004"


def test_a_single_action_echoes_the_callers_id(ben: Api, waiting: list[str]) -> None:
    body = {"requestId": "x-1", "action": "approve"}
    answer = ben.call("PUT", f"/requests/{waiting[0]}", json=body).json()
    assert (answer["id"], answer["requestId"], answer["status"]) == (waiting[0], "x-1", "SUCCESS")


@pytest.mark.parametrize("assignees", [["CHO"], [{"name": "CHO"}], {"userLogin": "cho"}, "CHO"])
def test_a_task_is_reassigned_however_the_new_assignee_is_named(
    server: Server, ben: Api, waiting: list[str], assignees: object
) -> None:
    body = {"action": "reassign", "assignees": assignees}
    assert ben.call("PUT", f"/requests/{waiting[0]}", json=body).ok
    tasks = Api(server.url, "cho", "demo").get("/requests", view="pendingApprovals", limit=500)
    assert waiting[0] in {task["id"] for task in tasks["requests"]}
