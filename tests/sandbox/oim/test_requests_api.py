"""`/requests` of the OIM sandbox: as strict as the product where that shapes a client."""

from typing import Any

import pytest
import requests

from sandbox.oim import Oim
from sandbox.web import Server
from tests.sandbox.oim.conftest import Api, until


def test_a_call_without_or_with_wrong_credentials_gets_weblogics_page(server: Server) -> None:
    for api in (Api(server.url, "broker", "wrong"), Api(server.url, "nobody", "demo")):
        answer = api.call("GET", "/requests")
        assert answer.status_code == 401
        assert answer.headers["Content-Type"].startswith("text/html")
        assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_a_disabled_user_and_one_without_a_password_cannot_call(server: Server) -> None:
    assert Api(server.url, "karl", "demo").call("GET", "/requests").status_code == 401
    assert Api(server.url, "xelsysadm", "").call("GET", "/requests").status_code == 401


def test_a_write_without_x_requested_by_is_ignored_with_400(broker: Api, installation: Oim) -> None:
    del broker.http.headers["X-Requested-By"]
    answer = broker.call("POST", "/requests", json={"requests": []})
    assert answer.status_code == 400
    assert installation.ledger == []


def test_lists_are_paged_from_1_by_10_without_a_total(broker: Api) -> None:
    first = broker.get("/requests")
    assert (first["count"], first["hasMore"], first["totalResult"]) == (10, True, -1)
    second = broker.get("/requests", offset=11, limit=5)
    assert second["count"] == 5
    assert not {r["id"] for r in first["requests"]} & {r["id"] for r in second["requests"]}
    beyond = broker.get("/requests", offset=100_000)
    assert (beyond["requests"], beyond["hasMore"]) == ([], False)


@pytest.mark.parametrize("query", ["offset=0", "limit=0", "offset=x"])
def test_nonsense_paging_is_a_400(broker: Api, query: str) -> None:
    assert broker.call("GET", f"/requests?{query}").status_code == 400


def test_a_list_has_keys_but_no_items_approvers_or_date_of_change(broker: Api) -> None:
    rows = broker.get("/requests", limit=500)["requests"]
    allowed = {"links", "id", "reqStatus", "reqType", "reqCreatedOn", "reqJustification"}
    assert all(set(row) <= allowed | {"requester", "reqBeneficiaryList"} for row in rows)
    assert any("reqJustification" not in row for row in rows), "absent, not null"
    assert all(row["requester"]["value"].isdigit() for row in rows)
    assert "internal.example" in rows[0]["links"][0]["href"]


def test_fields_narrow_a_list(broker: Api) -> None:
    row = broker.get("/requests", fields="reqStatus", limit=1)["requests"][0]
    assert set(row) == {"links", "id", "reqStatus"}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("reqStatus eq Request::Awaiting::Approval", {"Request Awaiting Approval"}),
        ("reqStatus co WITHDRAW", {"Request Withdrawn"}),
        (
            "reqStatus eq Request::Rejected OR reqStatus sw Request::Withdr",
            {"Request Rejected", "Request Withdrawn"},
        ),
    ],
)
def test_statuses_can_be_asked_for(broker: Api, query: str, status: set[str]) -> None:
    rows = broker.get("/requests", q=query, limit=500)["requests"]
    assert {row["reqStatus"] for row in rows} == status


def test_and_binds_before_or(broker: Api) -> None:
    key = broker.user("ADA")
    query = f"id eq 1001 or reqStatus eq Request::Completed and beneficiary eq {key}"
    rows = broker.get("/requests", q=query, limit=500)["requests"]
    assert "1001" in {row["id"] for row in rows}
    others = [row for row in rows if row["id"] != "1001"]
    assert others
    assert all(row["reqBeneficiaryList"][0]["id"] == key for row in others)


@pytest.mark.parametrize(
    "query", ["reqJustification co RITM", "reqCreatedOn eq x", "id is 3", "id eq", "id eq a b"]
)
def test_what_is_not_documented_as_searchable_is_refused(broker: Api, query: str) -> None:
    answer = broker.call("GET", "/requests", params={"q": query})
    assert answer.status_code == 400
    assert answer.json()["errorMessage"]


def test_people_see_their_own_requests_and_those_of_their_reports(
    broker: Api, ada: Api, ben: Api, server: Server
) -> None:
    key = broker.user("ADA")
    eve = Api(server.url, "eve", "demo")
    mine = {row["id"] for row in ada.get("/requests", limit=500)["requests"]}
    seen_by_ben = {row["id"] for row in ben.get("/requests", limit=500)["requests"]}
    seen_by_eve = {row["id"] for row in eve.get("/requests", limit=500)["requests"]}
    rows = broker.get("/requests", q=f"beneficiary eq {key}", limit=500)["requests"]
    assert {row["id"] for row in rows} <= mine <= seen_by_ben
    assert not {row["id"] for row in rows} & seen_by_eve
    assert eve.call("GET", f"/requests/{rows[0]['id']}").status_code == 404


def test_pending_approvals_are_the_callers_own_even_for_an_administrator(
    broker: Api, ben: Api
) -> None:
    tasks = ben.get("/requests", view="pendingApprovals", limit=100)["requests"]
    assert len(tasks) >= 2
    assert {task["assignee"] for task in tasks} == {"BEN"}
    assert {task["state"] for task in tasks} == {"ASSIGNED"}
    assert not {"reqBeneficiaryList", "reqTargetEntities", "reqJustification"} & set(tasks[0])
    for_broker = broker.get("/requests", view="pendingApprovals", limit=100)["requests"]
    assert "BEN" not in {task["assignee"] for task in for_broker}


def test_any_filter_drops_the_default_state_of_pending_approvals(ben: Api) -> None:
    every = ben.get("/requests", view="pendingApprovals", q="state eq Any", limit=500)["requests"]
    assert {"ASSIGNED", "COMPLETED"} <= {task["state"] for task in every}


def test_a_delegate_sees_the_tasks_of_the_one_they_stand_in_for(server: Server, ben: Api) -> None:
    finn = Api(server.url, "finn", "demo")
    ours = {t["taskId"] for t in ben.get("/requests", view="pendingApprovals")["requests"]}
    theirs = finn.get("/requests", view="pendingApprovals", limit=100)["requests"]
    assert ours <= {task["taskId"] for task in theirs}


def test_the_detail_names_items_and_approvers_but_not_to_a_plain_requester(
    broker: Api, ada: Api
) -> None:
    key = broker.user("ADA")
    query = f"beneficiary eq {key} and reqStatus eq Request::Awaiting::Approval"
    request_id = broker.get("/requests", q=query)["requests"][0]["id"]
    detail = broker.get(f"/requests/{request_id}")
    assert detail["reqTargetEntities"][0]["entityType"] in ("Role", "Entitlement")
    task = detail["requestTaskDetails"][0]
    current = task["history"]["currentApprovers"][0]
    assert (current["approvers"], current["status"], current["stage"]) == (
        "BEN",
        "ASSIGNED",
        "Stage1",
    )
    assert current["taskId"] == task["taskId"]
    assert "requestTaskDetails" not in ada.get(f"/requests/{request_id}")


def test_a_broker_request_is_approved_by_itself_and_provisioned_a_moment_later(
    broker: Api, installation: Oim
) -> None:
    key = broker.user("ADA")
    before = len(installation.requests)
    result = broker.ask(key, why="RITM0010007 SCTASK0010009 month end")
    assert (result["status"], result["reqStatus"], result["requestId"]) == (
        "SUCCESS",
        "Request Created",
        "mine-1",
    )
    assert "14" not in {role["id"] for role in broker.get("/roles", userId=key)["roles"]}
    broker.wait_for(result["id"], "Request Completed")
    held = {role["id"]: role for role in broker.get("/roles", userId=key)["roles"]}
    assert held["14"]["requestId"] == result["id"]
    assert installation.ledger == [result["id"]]
    assert len(installation.requests) == before + 1


def test_a_request_of_a_person_waits_for_the_beneficiarys_manager(
    broker: Api, ada: Api, ben: Api
) -> None:
    key = broker.user("ADA")
    request_id = ada.ask(key)["id"]
    broker.wait_for(request_id, "Request Awaiting Approval")
    detail = ben.get(f"/requests/{request_id}")
    task_id = detail["requestTaskDetails"][0]["taskId"]
    body = {"taskId": task_id, "action": "approve", "actionComment": "fine"}
    assert broker.call("PUT", f"/requests/{request_id}", json=body).status_code == 500
    assert ada.call("PUT", f"/requests/{request_id}", json=body).status_code == 500
    assert ben.call("PUT", f"/requests/{request_id}", json=body).json()["status"] == "SUCCESS"
    assert ben.call("PUT", f"/requests/{request_id}", json=body).status_code == 500
    broker.wait_for(request_id, "Request Completed")
    done = broker.get(f"/requests/{request_id}")["requestTaskDetails"][0]["history"]
    assert done["currentApprovers"] == []
    assert done["previousApprovers"][0]["status"] == "APPROVE"
    assert done["previousApprovers"][0]["comments"] == "fine"


def test_a_rejected_request_gives_nothing(broker: Api, ada: Api, ben: Api) -> None:
    key = broker.user("ADA")
    request_id = ada.ask(key)["id"]
    broker.wait_for(request_id, "Request Awaiting Approval")
    entry = {"id": request_id, "action": "REJECT", "actionComment": "not needed"}
    answer = ben.call("PUT", "/requests", json={"requests": [entry]}).json()
    assert answer["requests"][0]["status"] == "SUCCESS"
    assert broker.status(request_id) == "Request Rejected"
    assert "14" not in {role["id"] for role in broker.get("/roles", userId=key)["roles"]}


def test_a_risky_role_needs_its_owner_too(broker: Api, ada: Api, ben: Api) -> None:
    request_id = ada.ask(broker.user("ADA"), role="15")["id"]
    broker.wait_for(request_id, "Request Awaiting Approval")
    future = broker.get(f"/requests/{request_id}")["requestTaskDetails"][0]["history"]
    assert future["futureApprovers"][0]["stage"] == "Stage2"
    ben.call("PUT", f"/requests/{request_id}", json={"action": "approve"})
    history = broker.get(f"/requests/{request_id}")["requestTaskDetails"][0]["history"]
    assert history["previousApprovers"][0]["approvers"] == "BEN"
    assert history["currentApprovers"][0]["stage"] == "Stage2"
    assert broker.status(request_id) == "Request Awaiting Approval"


def test_a_task_of_a_queue_must_be_claimed_first(
    server: Server, broker: Api, ada: Api, ben: Api
) -> None:
    entry = {
        "reqBeneficiaryList": [{"id": broker.user("ADA")}],
        "reqTargetEntities": [{"entityType": "AppInstance", "entityId": "57"}],
    }
    answer = ada.call("POST", "/requests", json={"requests": [entry]}).json()
    request_id = answer["requests"][0]["id"]
    broker.wait_for(request_id, "Request Awaiting Approval")
    ben.call("PUT", f"/requests/{request_id}", json={"action": "approve"})
    cho = Api(server.url, "cho", "demo")
    tasks = cho.get("/requests", view="pendingApprovals", limit=100)["requests"]
    task = next(task for task in tasks if task["id"] == request_id)
    assert task["assignee"] == "IT SECURITY"
    act = {"taskId": task["taskId"], "action": "approve"}
    refused = cho.call("PUT", f"/requests/{request_id}", json=act)
    assert "Claim" in refused.json()["errorMessage"]
    cho.call("PUT", f"/requests/{request_id}", json=act | {"action": "claim"})
    assert cho.call("PUT", f"/requests/{request_id}", json=act).status_code == 200
    broker.wait_for(request_id, "Request Completed")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"reqBeneficiaryList": [{"id": "999999"}]}, "does not exist"),
        ({"reqTargetEntities": [{"entityType": "role", "entityId": "999"}]}, "does not exist"),
        ({"reqTargetEntities": [{"entityType": "thing", "entityId": "14"}]}, "does not exist"),
        ({"reqJustification": "x" * 4001}, "too long"),
        ({"reqBeneficiaryList": []}, "needs a beneficiary"),
    ],
)
def test_a_bad_item_fails_inside_a_200(
    broker: Api, installation: Oim, change: dict[str, Any], said: str
) -> None:
    good = {
        "reqBeneficiaryList": [{"id": broker.user("ADA")}],
        "reqTargetEntities": [{"entityType": "role", "entityId": "14"}],
    }
    answer = broker.call("POST", "/requests", json={"requests": [good | change, good]})
    assert answer.status_code == 200
    bad, fine = answer.json()["requests"]
    assert bad["status"] == "FAILURE"
    assert said in bad["errorMessage"]
    assert "id" not in bad
    assert fine["status"] == "SUCCESS"
    assert installation.ledger == [fine["id"]]


def test_a_disabled_beneficiary_fails(broker: Api) -> None:
    result = broker.ask(broker.user("KARL"))
    assert (result["status"], "disabled" in result["errorMessage"]) == ("FAILURE", True)


def test_the_same_post_twice_makes_two_requests(broker: Api, installation: Oim) -> None:
    key = broker.user("ADA")
    assert broker.ask(key)["id"] != broker.ask(key)["id"]
    assert len(installation.ledger) == 2


def test_several_items_become_a_parent_with_children(broker: Api) -> None:
    entry = {
        "reqBeneficiaryList": [{"id": broker.user("ADA")}],
        "reqTargetEntities": [
            {"entityType": "role", "entityId": "14"},
            {"entityType": "appinstance", "entityId": "56"},
        ],
    }
    answer = broker.call("POST", "/requests", json={"requests": [entry]}).json()
    parent = answer["requests"][0]["id"]
    assert broker.get(f"/requests/{parent}")["reqType"] == "Heterogeneous Request"
    broker.wait_for(parent, "Request Completed")
    children = broker.get(f"/requests/{parent}")["childRequests"]
    assert [child["reqStatus"] for child in children] == ["Request Completed"] * 2
    assert all(int(child["id"]) > int(parent) for child in children)


def test_a_request_can_be_withdrawn_until_it_is_approved(broker: Api, ada: Api, ben: Api) -> None:
    key = broker.user("ADA")
    request_id = ada.ask(key)["id"]
    assert ben.call("DELETE", f"/requests/{request_id}").status_code == 500
    assert ada.call("DELETE", f"/requests/{request_id}").json()["status"] == "withdrawn"
    assert broker.status(request_id) == "Request Withdrawn"
    done = broker.ask(key)["id"]
    broker.wait_for(done, "Request Completed")
    bulk = {"requests": [{"id": done}, {"id": request_id}]}
    answer = broker.call("DELETE", "/requests", json=bulk).json()
    assert [item["status"] for item in answer["requests"]] == ["FAILURE", "FAILURE"]


def test_with_drop_after_accept_the_request_exists_and_the_answer_does_not(
    broker: Api, installation: Oim
) -> None:
    key = broker.user("ADA")
    installation.faults.add("drop-after-accept")
    with pytest.raises(requests.ConnectionError):
        broker.ask(key)
    installation.faults.clear()
    assert len(installation.ledger) == 1
    assert broker.get(f"/requests/{installation.ledger[0]}")["id"] == installation.ledger[0]


def test_with_down_every_call_is_a_503_until_it_is_over(broker: Api, installation: Oim) -> None:
    installation.faults.add("down")
    assert broker.call("GET", "/requests").status_code == 503
    installation.faults.clear()
    until(lambda: broker.call("GET", "/requests").status_code == 200, "back again")
