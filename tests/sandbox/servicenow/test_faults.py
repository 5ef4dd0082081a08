"""The switches with which tests make an instance misbehave while it runs."""

from __future__ import annotations

import time

import pytest
import requests

from tests.sandbox.servicenow.desks import Client, Desk

MIRROR = "x_rqbrk_access_request"


@pytest.mark.parametrize(
    ("fault", "status", "content"),
    [
        ("down", 503, "text/html"),
        ("hibernating", 200, "text/html"),
        ("rate-limit", 429, "application/json"),
        ("busy", 429, ""),
        ("session-overflow", 202, "application/json"),
    ],
)
def test_a_fault_answers_instead_of_the_instance(
    desk: Desk, broker: Client, fault: str, status: int, content: str
) -> None:
    desk.state.faults.add(fault)
    answer = broker.post(MIRROR, request_id="1")
    desk.state.faults.clear()
    assert answer.status_code == status
    assert answer.headers.get("Content-Type", "").startswith(content)
    assert broker.rows(MIRROR) == []


def test_a_rate_limit_says_when_to_come_back(desk: Desk, broker: Client) -> None:
    desk.state.faults.add("rate-limit")
    assert broker.table("sys_user").headers["Retry-After"] == "1"


def test_drop_after_accept_does_the_write_and_says_nothing(desk: Desk, broker: Client) -> None:
    desk.state.faults.add("drop-after-accept")
    with pytest.raises(requests.ConnectionError):
        broker.post(MIRROR, request_id="1")
    assert broker.rows(MIRROR, fields="request_id") == [{"request_id": "1"}]


def test_drop_before_does_nothing_at_all(desk: Desk, broker: Client) -> None:
    desk.state.faults.add("drop-before")
    with pytest.raises(requests.ConnectionError):
        broker.post(MIRROR, request_id="1")
    desk.state.faults.clear()
    assert broker.rows(MIRROR) == []


def test_latency_delays_every_answer(desk: Desk, broker: Client) -> None:
    desk.state.latency_ms = 60
    began = time.monotonic()
    broker.table("sys_user", limit="1")
    assert time.monotonic() - began >= 0.06
