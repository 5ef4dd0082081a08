"""What an installation does when nothing is wrong with it, fault by fault."""

from __future__ import annotations

import time
from collections.abc import Callable

import requests

from tests.sandbox.oim.proofs import Proof
from tests.sandbox.oim.sites import Site, wanted


def answered(call: Callable[[], requests.Response]) -> requests.Response:
    """What came back; a connection that broke off is a broken promise."""
    try:
        return call()
    except requests.RequestException as error:
        raise AssertionError("there was no answer") from error


def a_read_is_answered_with_json(site: Site) -> None:
    broker = site.as_("broker")
    answer = answered(lambda: broker.call("GET", "/requests", params={"limit": 2}))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/json")
    assert len(answer.json()["requests"]) == 2


def a_write_is_answered_with_its_result(site: Site) -> None:
    broker = site.as_("broker")
    body = {"requests": [wanted(broker.user("ADA"))]}
    answer = answered(lambda: broker.call("POST", "/requests", json=body))
    assert answer.status_code == 200
    assert answer.json()["requests"][0]["id"] == site.state.ledger[-1]


def a_token_is_good_for_half_an_hour(site: Site) -> None:
    broker = site.as_("broker")
    broker.take_token()
    site.state.clock.forward(1700)
    assert answered(lambda: broker.call("GET", "/requests")).status_code == 200


def a_search_finds_what_was_raised_a_moment_ago(site: Site) -> None:
    broker = site.as_("broker")
    made = broker.ask(broker.user("ADA"))["id"]
    assert broker.get("/requests", limit=1)["requests"][0]["id"] == made


def the_last_page_says_that_it_is(site: Site) -> None:
    query = "reqStatus eq Request::Withdrawn"
    assert site.as_("broker").get("/requests", q=query, limit=500)["hasMore"] is False


def an_answer_is_quick(site: Site) -> None:
    """As quick as the machine is: several, of which one is soon there."""
    site.state.waits.slow_seconds = slow = 1.5
    broker, took = site.as_("broker"), list[float]()
    while not took or (min(took) >= slow and len(took) < 3):
        began = time.monotonic()
        assert answered(lambda: broker.call("GET", "/requests")).status_code == 200
        took.append(time.monotonic() - began)
    assert min(took) < slow


PROOFS: dict[str, Proof] = {
    "busy": a_read_is_answered_with_json,
    "down": a_read_is_answered_with_json,
    "drop-after-accept": a_write_is_answered_with_its_result,
    "drop-before": a_read_is_answered_with_json,
    "drop-midway": a_read_is_answered_with_json,
    "empty-next-page": the_last_page_says_that_it_is,
    "error-after-accept": a_write_is_answered_with_its_result,
    "expired-token": a_token_is_good_for_half_an_hour,
    "overloaded": a_read_is_answered_with_json,
    "server-error": a_read_is_answered_with_json,
    "sign-in-form": a_read_is_answered_with_json,
    "sign-in-page": a_read_is_answered_with_json,
    "slow": an_answer_is_quick,
    "stale-search": a_search_finds_what_was_raised_a_moment_ago,
}
