"""Policy violations of access that somebody has, and what is done about them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.sandbox.oim.belongings import fields, given
from tests.sandbox.oim.sites import Api, Site

BUYER, GOODS_RECEIPT = "32", "21"
LIMIT = 500


@pytest.fixture
def violation(broker: Api) -> dict[str, Any]:
    """That of ada, who may order goods and book them in."""
    ada = broker.user("ADA")
    for role in (BUYER, GOODS_RECEIPT):
        given(broker, ada, "role", role)
    (found,) = of_ada(broker)
    return found


def of_ada(api: Api) -> list[dict[str, Any]]:
    listed = api.get("/policyviolations", limit=LIMIT)["policyviolations"]
    ada = f"/users/{api.user('ADA')}"
    return [each for each in listed if each["targetUser"]["links"][0]["href"].endswith(ada)]


def causes(api: Api, violation: dict[str, Any]) -> list[dict[str, Any]]:
    found = api.get(f"/policyviolations/{violation['id']}/causes")
    listed: list[dict[str, Any]] = found["policyViolationCauseList"]
    return listed


def put(api: Api, violation: dict[str, Any], **sent: str) -> Any:  # noqa: ANN401 -- an answer
    (cause,) = causes(api, violation)
    place = f"/policyviolations/{violation['id']}/causes/{cause['id']}"
    return api.call("PUT", place, json=sent)


def test_a_violation_names_the_one_concerned_and_the_remediator(
    broker: Api, violation: dict[str, Any]
) -> None:
    assert re.fullmatch("[0-9A-F]{32}", violation["id"])
    assert violation["remediatorUser"]["links"][0]["href"].endswith(broker.user("BEN"))
    assert violation["targetUser"]["links"][0]["href"].endswith(f"/users/{broker.user('ADA')}")
    assert fields(violation)["policyName"] == "Orders and goods receipts"
    assert broker.get(f"/policyviolations/{violation['id']}") == violation


def test_its_causes_say_which_rule(broker: Api, violation: dict[str, Any]) -> None:
    (cause,) = causes(broker, violation)
    assert cause["status"] == "ACTIVE"
    assert fields(cause)["ruleDescription"] == "Nobody holds Buyer and Goods Receipt."
    place = f"/policyviolations/{violation['id']}/causes"
    assert broker.get(f"{place}/{cause['id']}") == cause
    narrowed = broker.get(f"{place}/{cause['id']}", fields="ruleName")
    assert set(fields(narrowed)) == {"ruleName"}


@pytest.mark.parametrize(
    ("action", "status"),
    [("FIXED_MANUALLY", "MANUALLY FIXED"), ("accept_risk", "RISK ACCEPTED")],
)
def test_what_was_dealt_with_is_pending_no_more(
    broker: Api, violation: dict[str, Any], action: str, status: str
) -> None:
    answer = put(broker, violation, requestId="req1", action=action, comment="for a month").json()
    assert (answer["requestId"], answer["policyViolationId"]) == ("req1", violation["id"])
    assert of_ada(broker) == []
    (cause,) = causes(broker, violation)
    assert (cause["status"], fields(cause)["comment"]) == (status, "for a month")
    place = f"/policyviolations/{violation['id']}/history"
    (done,) = broker.get(place)["policyviolationhistory"]
    assert (done["action"], done["updatedBy"]) == (status, "BROKER")
    assert put(broker, violation, action=action).status_code == 500


def test_an_unknown_action_is_refused(broker: Api, violation: dict[str, Any]) -> None:
    assert put(broker, violation, action="IGNORE").status_code == 500
    assert of_ada(broker) == [violation]


def test_several_causes_have_a_result_each(broker: Api, violation: dict[str, Any]) -> None:
    (cause,) = causes(broker, violation)
    good = {"causeId": cause["id"], "requestId": "1", "action": "FIXED_MANUALLY"}
    bad = {"causeId": "0" * 32, "requestId": "2", "action": "FIXED_MANUALLY"}
    place = f"/policyviolations/{violation['id']}/causes"
    answer = broker.call("PUT", place, json={"policyviolationcause": [good, bad, good]}).json()
    states = [one["status"] for one in answer["policyviolationcause"]]
    assert states == ["SUCCESS", "FAILURE", "FAILURE"]


def test_the_remediator_sees_it_and_others_do_not(
    installed: Site, violation: dict[str, Any], ben: Api
) -> None:
    assert of_ada(ben) == [violation]
    place = f"/policyviolations/{violation['id']}"
    for path in (place, f"{place}/causes", f"{place}/history"):
        assert installed.as_("ada").call("GET", path).status_code == 404
    assert put(ben, violation, action="FIXED_MANUALLY").status_code == 200


def test_it_ends_with_the_access(broker: Api, installed: Site, violation: dict[str, Any]) -> None:
    ada = broker.user("ADA")
    assert of_ada(broker) == [violation]
    del installed.state.holdings[ada]["role", BUYER]
    assert of_ada(broker) == []
    assert broker.call("GET", f"/policyviolations/{violation['id']}").status_code == 404


def test_pairs_that_requests_are_checked_for_are_policies_too(broker: Api, installed: Site) -> None:
    installed.state.sod[("role", "34"), ("account", "53")] = "Nobody works and files tickets."
    found = {each["targetUser"]["displayName"] for each in
             broker.get("/policyviolations", limit=LIMIT)["policyviolations"]}  # fmt: skip
    assert "Ada Lindqvist" in found
