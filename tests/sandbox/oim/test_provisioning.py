"""What becomes of a request that is approved: given, taken, refused, left to a person."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.oim import Oim
from tests.sandbox.oim.belongings import (
    DISCONNECTED,
    account,
    applications,
    entry,
    given,
    keys,
    out_of_reach,
    task_of,
)
from tests.sandbox.oim.sites import Api, until

ACTIVE_DIRECTORY, SERVICENOW, VPN, EXPORT = "51", "53", "100", "473"
PENDING = "Request Approved Fulfillment Pending"


def order(api: Api, *targets: dict[str, str], user: str) -> str:
    """The id of a request for several items."""
    listed = [{"entityType": one["kind"], "entityId": one["key"]} for one in targets]
    body = {"reqBeneficiaryList": [{"id": user}], "reqTargetEntities": listed}
    return str(api.order(body)["id"])


def waiting_task(api: Api, request_id: str) -> dict[str, Any]:
    """The task that this request waits for."""
    until(lambda: task_of(api, request_id) is not None, "a provisioning task")
    found = task_of(api, request_id)
    assert found is not None
    return found


def act(api: Api, task: dict[str, Any], action: str) -> None:
    key = task["Process Instance.Task Details.Key"]
    answer = api.call("PUT", f"/provtasks/{key}", json={"action": action})
    assert answer.status_code == 200, answer.text


def test_an_entitlement_comes_after_its_account(broker: Api) -> None:
    ada = broker.user("ADA")
    key, application = out_of_reach(broker, ada)
    given(broker, ada, "appinstance", application)
    given(broker, ada, "entitlement", key)
    assert key in keys(broker, "entitlement", ada)


def test_an_entitlement_without_an_account_fails(broker: Api) -> None:
    ada = broker.user("ADA")
    key, _ = out_of_reach(broker, ada)
    result = broker.order(entry(ada, "entitlement", key))
    broker.wait_for(result["id"], "Request Failed")
    assert key not in keys(broker, "entitlement", ada)


def test_it_fails_alone_among_several_items(broker: Api) -> None:
    eve = broker.user("EVE")
    key, _ = out_of_reach(broker, eve)
    wanted = ({"kind": "entitlement", "key": key}, {"kind": "role", "key": "14"})
    parent = order(broker, *wanted, user=eve)
    broker.wait_for(parent, "Request Completed With Errors")
    ends = [child["reqStatus"] for child in broker.get(f"/requests/{parent}")["childRequests"]]
    assert sorted(ends) == ["Request Completed", "Request Failed"]
    assert "14" in keys(broker, "role", eve)


@pytest.mark.parametrize(
    ("application", "end"),
    [(ACTIVE_DIRECTORY, "Request Completed"), (SERVICENOW, "Request Failed")],
)
def test_the_account_named_must_be_of_the_same_application(
    broker: Api, application: str, end: str
) -> None:
    eve = broker.user("EVE")
    own = account(broker, eve, application)
    result = broker.order(entry(eve, "entitlement", VPN, parentAccountId=own))
    broker.wait_for(result["id"], end)
    assert (VPN in keys(broker, "entitlement", eve)) == (end == "Request Completed")


def test_an_account_of_somebody_else_will_not_do(broker: Api) -> None:
    theirs = account(broker, broker.user("BEN"), ACTIVE_DIRECTORY)
    result = broker.order(entry(broker.user("EVE"), "entitlement", VPN, parentAccountId=theirs))
    broker.wait_for(result["id"], "Request Failed")


def test_what_a_target_system_refuses_fails_and_can_be_tried_again(
    broker: Api, installation: Oim
) -> None:
    eve = broker.user("EVE")
    installation.provisioning.failing["role", "14"] = "The directory is read-only."
    request_id = str(broker.order(entry(eve, "role", "14"))["id"])
    broker.wait_for(request_id, "Request Failed")
    task = waiting_task(broker, request_id)
    assert task["Status.Category"] == "Rejected"
    assert task["Process Instance.Task Details.Reason"] == "The directory is read-only."
    act(broker, task, "retry")
    assert waiting_task(broker, request_id)["Status.Category"] == "Rejected"
    installation.provisioning.failing.clear()
    act(broker, task, "retry")
    assert waiting_task(broker, request_id)["Status.Category"] == "Completed"
    assert "14" in keys(broker, "role", eve)
    assert broker.status(request_id) == "Request Failed"


def test_a_disconnected_application_is_fulfilled_by_hand(broker: Api) -> None:
    eve = broker.user("EVE")
    gateway = applications(broker)[DISCONNECTED]
    request_id = str(broker.order(entry(eve, "appinstance", gateway))["id"])
    task = waiting_task(broker, request_id)
    assert broker.status(request_id) == PENDING
    assert gateway not in keys(broker, "account", eve)
    act(broker, task, "manualComplete")
    broker.wait_for(request_id, "Request Completed")
    assert gateway in keys(broker, "account", eve)


def test_entitlements_of_it_and_revocations_are_done_by_hand_too(broker: Api) -> None:
    eve = broker.user("EVE")
    gateway = applications(broker)[DISCONNECTED]
    for kind, key in (("appinstance", gateway), ("entitlement", EXPORT)):
        request_id = str(broker.order(entry(eve, kind, key))["id"])
        act(broker, waiting_task(broker, request_id), "manualComplete")
        broker.wait_for(request_id, "Request Completed")
    assert EXPORT in keys(broker, "entitlement", eve)
    place = f"/accounts/{account(broker, eve, gateway)}"
    request_id = broker.call("DELETE", place).json()["requestId"]
    task = waiting_task(broker, request_id)
    assert task["Process Definition.Tasks.Task Name"] == "Revoke Account"
    assert gateway in keys(broker, "account", eve)
    act(broker, task, "manualComplete")
    broker.wait_for(request_id, "Request Completed")
    assert gateway not in keys(broker, "account", eve)
    assert EXPORT not in keys(broker, "entitlement", eve)


def test_a_connector_can_be_taken_away_from_any_application(broker: Api, installation: Oim) -> None:
    installation.provisioning.disconnected.add(ACTIVE_DIRECTORY)
    request_id = str(broker.order(entry(broker.user("EVE"), "entitlement", VPN))["id"])
    assert waiting_task(broker, request_id)["Objects.Name"] == "Active Directory"
    assert broker.status(request_id) == PENDING


def test_what_somebody_has_already_is_given_once(broker: Api) -> None:
    ada = broker.user("ADA")
    before = account(broker, ada, SERVICENOW)
    given(broker, ada, "appinstance", SERVICENOW)
    assert account(broker, ada, SERVICENOW) == before
