"""What goes wrong on purpose in the OIM sandbox, fault by fault, and by a plan."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import pytest
import requests

from sandbox.fault_plan import FaultPlan
from sandbox.oim import Oim
from sandbox.oim.faults import FAULTS
from tests.sandbox.oim.sites import TOKENS, Api, Site, wanted

LOST = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


def post(api: Api) -> requests.Response:
    """A request for the first user, whom nobody needs to look up."""
    return api.call("POST", "/requests", json={"requests": [wanted("2")]})


def test_down_is_everything(installed: Site) -> None:
    installed.state.faults.add("down")
    broker = installed.as_("broker")
    for path in (TOKENS, "/iam/governance/selfservice/api/v1/users", "/identity/faces/home"):
        assert broker.outside("GET", path).status_code == 503


@pytest.mark.parametrize(("fault", "status"), [("busy", 429), ("overloaded", 503)])
def test_who_is_asked_to_wait_is_told_how_long(
    broker: Api, installation: Oim, fault: str, status: int
) -> None:
    installation.faults.add(fault)
    installation.waits.retry_after_seconds = 7
    answer = post(broker)
    assert (answer.status_code, answer.headers["Retry-After"]) == (status, "7")
    assert broker.outside("POST", TOKENS).status_code == status
    assert installation.ledger == []


def test_the_sign_in_page_is_elsewhere(broker: Api, installation: Oim) -> None:
    installation.faults.add("sign-in-page")
    answer = post(broker)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("https://sso.example.com/")
    assert installation.ledger == []


@pytest.mark.parametrize("path", ["/iam/governance/scim/v1/Me", "/idaas/im/scim/v1/Me"])
def test_scim_is_behind_the_same_gate(broker: Api, installation: Oim, path: str) -> None:
    installation.faults.add("sign-in-page")
    assert broker.outside("GET", path).status_code == 302


def test_a_sign_in_form_is_a_page_and_a_200(broker: Api, installation: Oim) -> None:
    installation.faults.add("sign-in-form")
    answer = post(broker)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert installation.ledger == []


@pytest.mark.parametrize(("fault", "taken"), [("server-error", 0), ("error-after-accept", 1)])
def test_a_page_of_an_error_says_nothing_about_what_was_done(
    broker: Api, installation: Oim, fault: str, taken: int
) -> None:
    installation.faults.add(fault)
    answer = post(broker)
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, "text/html")
    assert len(installation.ledger) == taken


@pytest.mark.parametrize(
    ("fault", "taken"), [("drop-before", 0), ("drop-after-accept", 1), ("drop-midway", 1)]
)
def test_a_lost_answer_says_nothing_about_what_was_done(
    broker: Api, installation: Oim, fault: str, taken: int
) -> None:
    installation.faults.add(fault)
    with pytest.raises(LOST):
        post(broker)
    installation.faults.clear()
    assert len(installation.ledger) == taken
    for made in installation.ledger:
        assert broker.get(f"/requests/{made}")["id"] == made


@pytest.mark.parametrize("fault", ["error-after-accept", "drop-after-accept"])
def test_reads_are_spared_by_the_faults_of_writes(
    broker: Api, installation: Oim, fault: str
) -> None:
    installation.faults.add(fault)
    assert broker.get("/requests")["count"] == 10
    assert broker.outside("POST", TOKENS).status_code == 200


def test_with_expired_token_a_new_one_is_needed(broker: Api, installation: Oim) -> None:
    password = broker.http.auth
    broker.take_token()
    installation.faults.add("expired-token")
    assert broker.call("GET", "/requests").status_code == 401
    installation.faults.clear()
    assert broker.call("GET", "/requests").status_code == 401
    del broker.http.headers["Authorization"]
    broker.http.auth = password
    broker.take_token()
    assert broker.call("GET", "/requests").status_code == 200


def test_an_expired_token_is_no_trouble_to_who_has_none(broker: Api, installation: Oim) -> None:
    installation.faults.add("expired-token")
    assert broker.get("/requests")["count"] == 10


def test_slow_is_late(broker: Api, installation: Oim) -> None:
    installation.faults.add("slow")
    installation.waits.slow_seconds = 0.2
    started = time.monotonic()
    assert broker.get("/requests")["count"] == 10
    assert time.monotonic() - started >= 0.2


def test_a_stale_search_finds_a_request_a_minute_later(broker: Api, installation: Oim) -> None:
    key = broker.user("ADA")
    made = broker.ask(key)["id"]
    installation.faults.add("stale-search")
    query = {"q": f"beneficiary eq {key}", "limit": 500}

    def found() -> bool:
        return made in {row["id"] for row in broker.get("/requests", **query)["requests"]}

    assert not found()
    assert broker.get(f"/requests/{made}")["id"] == made
    installation.clock.forward(59)
    assert not found()
    installation.clock.forward(2)
    assert found()
    assert installation.happened == {"stale-search": 2}


def test_a_stale_search_pages_through_what_it_knows(broker: Api, installation: Oim) -> None:
    before = broker.get("/requests", limit=20)["requests"]
    for _ in range(3):
        post(broker)
    installation.faults.add("stale-search")
    assert broker.get("/requests", limit=20)["requests"] == before


def test_an_empty_page_follows_the_last(broker: Api, installation: Oim) -> None:
    installation.faults.add("empty-next-page")
    whole = broker.get("/requests", limit=1000)
    assert (whole["hasMore"], whole["count"]) == (True, len(installation.requests))
    beyond = broker.get("/requests", limit=1000, offset=1001)
    assert (beyond["requests"], beyond["hasMore"]) == ([], True)
    assert installation.happened == {"empty-next-page": 2}


def test_faults_of_answers_happen_together(broker: Api, installation: Oim) -> None:
    made = post(broker).json()["requests"][0]["id"]
    installation.faults |= {"stale-search", "empty-next-page"}
    listed = broker.get("/requests", limit=1000)
    assert listed["hasMore"]
    assert made not in {row["id"] for row in listed["requests"]}


def calls(api: Api) -> list[Callable[[], requests.Response]]:
    return [
        lambda: api.call("GET", "/requests", params={"limit": 1000}),
        lambda: post(api),
        lambda: api.outside("POST", TOKENS),
    ]


@pytest.mark.parametrize("seed", range(3))
def test_a_plan_lets_each_fault_happen_once_and_then_no_more(installed: Site, seed: int) -> None:
    state, bearer = installed.state, installed.as_("broker")
    bearer.take_token()
    state.plan = FaultPlan(seed, FAULTS, 0)
    state.waits.slow_seconds = 0
    for _ in range(40):
        for call in calls(installed.as_("broker")) + calls(bearer):
            with suppress(*LOST):
                call()
    assert state.plan.fired == state.happened == dict.fromkeys(FAULTS, 1)


def test_a_planned_fault_waits_for_a_call_that_it_does_something_to(
    broker: Api, installation: Oim
) -> None:
    installation.plan = FaultPlan(1, ["stale-search", "empty-next-page"], 0, within=1)
    for _ in range(5):
        broker.get("/requests")
    assert installation.plan.unfired() == ["empty-next-page", "stale-search"]
    post(broker)
    for _ in range(2):
        broker.get("/requests", limit=1000)
    assert installation.plan.unfired() == []
    assert installation.happened == {"stale-search": 1, "empty-next-page": 1}


def test_a_chance_of_one_leaves_no_call_alone(broker: Api, installation: Oim) -> None:
    installation.plan = FaultPlan(1, ["down", "busy"], 1)
    answers = [broker.call("GET", "/requests").status_code for _ in range(20)]
    assert set(answers) == {429, 503}
    assert installation.happened.total() == installation.plan.fired.total() == 20


def test_what_is_switched_on_comes_before_the_plan(broker: Api, installation: Oim) -> None:
    installation.plan, installation.faults = FaultPlan(1, ["busy"], 1), {"down"}
    assert broker.call("GET", "/requests").status_code == 503
    assert installation.plan.fired["busy"] == 0
