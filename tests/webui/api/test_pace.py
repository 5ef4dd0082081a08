"""A client that has gone wild is slowed down, and nobody else."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask

from broker.context import Broker
from tests.webui.api.posts import (
    EMEA_KEY,
    NOW,
    ORDERS,
    FixedClock,
    Program,
    an_order,
    code_of,
    stored,
)
from webui.api import register
from webui.api.pace import Pace


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_busy_moment_is_fine_and_a_long_one_is_not() -> None:
    pace = Pace(2)
    assert [pace.wait("a", NOW) for _ in range(40)] == [0] * 40
    assert pace.wait("a", NOW) == 1


def test_the_answer_says_how_long_to_wait_and_that_is_enough() -> None:
    pace = Pace(0.25)
    for _ in range(5):
        assert pace.wait("a", NOW) == 0
    assert pace.wait("a", NOW) == 4
    assert pace.wait("a", at(1)) == 3
    assert pace.wait("a", at(4)) == 0
    assert pace.wait("a", at(4)) == 4


def test_calls_that_were_refused_are_not_counted() -> None:
    pace = Pace(1)
    for _ in range(500):
        pace.wait("a", NOW)
    assert pace.wait("a", at(1)) == 0


def test_a_long_rest_earns_no_more_than_one_burst() -> None:
    pace = Pace(1)
    pace.wait("a", NOW)
    calls = [pace.wait("a", at(86400)) for _ in range(30)]
    assert calls.count(0) == 20


def test_a_clock_that_was_set_back_locks_nobody_out() -> None:
    pace = Pace(1)
    for _ in range(20):
        pace.wait("a", at(3600))
    assert pace.wait("a", NOW) == 1
    assert pace.wait("a", at(1)) == 0


def test_without_a_limit_everything_goes() -> None:
    pace = Pace(0)
    assert not any(pace.wait("a", NOW) for _ in range(1000))


def test_threads_share_one_bucket() -> None:
    pace, begin = Pace(1), threading.Barrier(8)

    def call(_number: int) -> list[int]:
        begin.wait()
        return [pace.wait("a", NOW) for _ in range(50)]

    with ThreadPoolExecutor(8) as pool:
        waits = [wait for some in pool.map(call, range(8)) for wait in some]
    assert waits.count(0) == 20


@pytest.fixture
def slow(broker: Broker) -> Program:
    """A program that may call twenty times, and then once a second."""
    settings = broker.settings.model_copy(update={"api_calls_per_second": 1})
    app = Flask("slow")
    register(app, replace(broker, settings=settings))
    return Program(app.test_client())


def spend(program: Program) -> None:
    for _ in range(20):
        assert program.post(an_order()).status_code == 202


def test_too_many_calls_are_answered_with_the_time_to_wait(slow: Program, broker: Broker) -> None:
    spend(slow)
    refused = slow.post(an_order(item={"number": "RITM0010099", "sys_id": "9" * 32}))
    assert code_of(refused) == (429, "too_many_requests")
    assert refused.headers["Retry-After"] == "1"
    assert stored(broker)[0] == 1


def test_other_clients_are_not_affected(slow: Program) -> None:
    spend(slow)
    emea = replace(slow, name="emea", key=EMEA_KEY)
    assert emea.post(an_order(source="servicenow-emea")).status_code == 202


def test_whoever_waits_is_served_again(slow: Program, broker: Broker) -> None:
    spend(slow)
    assert slow.get(f"{ORDERS}?item=RITM0010007").status_code == 429
    clock = broker.clock
    assert isinstance(clock, FixedClock)
    clock.at += timedelta(seconds=1)
    assert slow.get(f"{ORDERS}?item=RITM0010007").status_code == 200


def test_strangers_spend_nobodys_calls(slow: Program) -> None:
    stranger = replace(slow, key=EMEA_KEY)
    for _ in range(30):
        assert code_of(stranger.post(an_order())) == (401, "signature_invalid")
    assert slow.post(an_order()).status_code == 202


def test_health_is_never_refused(slow: Program) -> None:
    spend(slow)
    assert slow.http.get("/healthz").status_code == 200
