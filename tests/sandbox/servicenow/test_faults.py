"""The faults with which tests make an instance misbehave while it runs."""

from __future__ import annotations

import json
import threading
import time

import pytest
import requests

from sandbox.fault_plan import FaultPlan
from tests.sandbox.servicenow.desks import Client, Desk, fetch
from tests.sandbox.servicenow.proofs.faults import MIRROR, batch_of

CANCELLED = "Transaction cancelled: maximum execution time exceeded"


@pytest.fixture
def rows(broker: Client) -> list[str]:
    """Ten rows of the mirror; their sys_ids."""
    return [broker.post(MIRROR, request_id=str(n)).json()["result"]["sys_id"] for n in range(10)]


def count(desk: Desk) -> int:
    """How many rows there really are, whatever anybody was told."""
    return len(desk.state.records.all(MIRROR))


@pytest.mark.parametrize(
    ("fault", "status", "content"),
    [
        ("down", 503, "text/html"),
        ("bad-gateway", 502, "text/html"),
        ("hibernating", 200, "text/html"),
        ("sign-in-page", 200, "text/html"),
        ("sign-in-redirect", 302, "text/html"),
        ("rate-limit", 429, "application/json"),
        ("busy", 429, ""),
        ("session-overflow", 202, "application/json"),
    ],
)
def test_a_fault_answers_instead_of_the_instance(
    desk: Desk, fault: str, status: int, content: str
) -> None:
    desk.state.faults.add(fault)
    address = f"{desk.url}/api/now/table/{MIRROR}"
    answer = fetch("POST", address, json={}, auth=("broker", "broker"), allow_redirects=False)
    assert answer.status_code == status
    assert answer.headers.get("Content-Type", "").startswith(content)
    assert count(desk) == 0


@pytest.mark.parametrize(("fault", "status"), [("gateway-timeout", 504), ("cancelled", 500)])
def test_some_faults_answer_after_the_work_was_done(
    desk: Desk, broker: Client, fault: str, status: int
) -> None:
    desk.state.waits.quota_seconds = 0
    desk.state.faults.add(fault)
    assert broker.post(MIRROR, request_id="1").status_code == status
    assert count(desk) == 1


def test_a_cancelled_transaction_says_why(desk: Desk, broker: Client) -> None:
    desk.state.waits.quota_seconds = 0
    desk.state.faults.add("cancelled")
    told = broker.table("sys_user").json()
    assert (told["error"]["message"], told["status"]) == (CANCELLED, "failure")


def test_a_rate_limit_says_when_to_come_back_and_by_which_rule(desk: Desk, broker: Client) -> None:
    desk.state.faults.add("rate-limit")
    headers = broker.table("sys_user").headers
    assert headers["Retry-After"] == "1"
    assert {"X-RateLimit-Limit", "X-RateLimit-Reset", "X-RateLimit-Rule"} <= headers.keys()


def test_an_exhausted_semaphore_says_nothing(desk: Desk, broker: Client) -> None:
    desk.state.faults.add("busy")
    answer = broker.table("sys_user")
    assert "Retry-After" not in answer.headers
    assert answer.text == ""


def test_drop_after_accept_does_the_write_and_says_nothing(desk: Desk, broker: Client) -> None:
    desk.state.faults.add("drop-after-accept")
    with pytest.raises(requests.ConnectionError):
        broker.post(MIRROR, request_id="1")
    assert broker.rows(MIRROR, fields="request_id") == [{"request_id": "1"}]


def test_drop_before_does_nothing_at_all(desk: Desk, broker: Client) -> None:
    desk.state.faults.add("drop-before")
    with pytest.raises(requests.ConnectionError):
        broker.post(MIRROR, request_id="1")
    assert count(desk) == 0


def test_drop_midway_sends_half_of_what_it_promised(desk: Desk, broker: Client) -> None:
    whole = broker.table("sys_user", limit="5", query="ORDERBYsys_id").content
    desk.state.faults.add("drop-midway")
    answer = broker.http.get(f"{desk.url}/api/now/table/sys_user", stream=True)
    assert answer.status_code == 200
    assert int(answer.headers["Content-Length"]) > len(whole) // 2
    with pytest.raises(requests.RequestException):
        _ = answer.content


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_drop_midway_leaves_a_write_done_and_its_answer_unread(
    desk: Desk, broker: Client, rows: list[str], method: str
) -> None:
    desk.state.faults.add("drop-midway")
    address = f"{desk.url}/api/now/table/{MIRROR}/{rows[0]}"
    with pytest.raises(requests.RequestException):
        broker.http.request(method, address, json={"request_id": "changed"})
    held = desk.state.records.find(MIRROR, rows[0])
    assert (held or {}).get("request_id") == ("changed" if method == "PATCH" else None)


def test_a_quota_may_end_a_list_in_an_error_member(
    desk: Desk, broker: Client, rows: list[str]
) -> None:
    desk.state.faults.add("quota-error")
    answer = broker.table(MIRROR)
    told = answer.json()
    assert answer.status_code == 200
    assert list(told) == ["result", "error", "status"]
    assert (len(told["result"]), told["error"]["message"]) == (len(rows) // 2, CANCELLED)


def test_a_quota_may_end_a_text_in_the_middle(desk: Desk, broker: Client, rows: list[str]) -> None:
    desk.state.faults.add("quota-cut")
    answer = broker.table(MIRROR)
    assert (answer.status_code, answer.text[:11]) == (200, '{"result": ')
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.text)


def test_a_quota_that_cuts_a_write_has_it_done(desk: Desk, broker: Client) -> None:
    desk.state.faults.add("quota-cut")
    assert broker.post(MIRROR, request_id="1").status_code == 201
    assert count(desk) == 1


def test_half_of_a_batch_may_come_back_unserviced(desk: Desk, broker: Client) -> None:
    desk.state.faults.add("batch-unserviced")
    told = batch_of(broker, 5).json()
    assert [part["id"] for part in told["serviced_requests"]] == ["0", "1"]
    assert told["unserviced_requests"] == ["2", "3", "4"]
    assert count(desk) == 2


def test_a_cancelled_batch_keeps_what_was_committed(desk: Desk, broker: Client) -> None:
    desk.state.waits.quota_seconds = 0
    desk.state.faults.add("batch-cancelled")
    assert batch_of(broker, 4).status_code == 500
    assert count(desk) == 2


@pytest.mark.parametrize(
    ("fault", "status", "done"),
    [
        ("part-busy", 429, 0),
        ("part-failed", 500, 0),
        ("part-cancelled", 500, 2),
        ("part-cut", 201, 2),
    ],
)
def test_a_part_may_fail_inside_a_batch_that_does_not(
    desk: Desk, broker: Client, fault: str, status: int, done: int
) -> None:
    desk.state.faults.add(fault)
    answer = batch_of(broker, 2)
    assert answer.status_code == 200
    assert [part["status_code"] for part in answer.json()["serviced_requests"]] == [status] * 2
    assert count(desk) == done


def test_an_expired_token_is_refused_and_another_is_given(desk: Desk) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": "broker",
        "client_secret": "broker-secret",
    }
    tokens = []
    for _ in range(2):
        token = fetch("POST", f"{desk.url}/oauth_token.do", data=form).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        desk.state.plan = FaultPlan(1, ["expired-token"], 0, within=1)
        answers = [fetch("GET", f"{desk.url}/api/now/table/sys_user", headers=headers)]
        desk.state.plan = None
        answers += [fetch("GET", f"{desk.url}/api/now/table/sys_user", headers=headers)]
        assert [answer.status_code for answer in answers] == [401, 401]
        assert answers[0].headers["WWW-Authenticate"].startswith("Basic")
        tokens.append(token)
    assert tokens[0] != tokens[1]


def test_basic_callers_have_no_token_that_could_expire(desk: Desk, broker: Client) -> None:
    desk.state.faults.add("expired-token")
    assert broker.table("sys_user").status_code == 200


def test_latency_delays_every_answer(desk: Desk, broker: Client) -> None:
    desk.state.latency_ms = 60
    began = time.monotonic()
    broker.table("sys_user", limit="1")
    assert time.monotonic() - began >= 0.06


def test_latency_is_one_for_a_whole_batch(desk: Desk, broker: Client) -> None:
    """Its parts travel inside the instance."""
    desk.state.latency_ms = 200
    began = time.monotonic()
    assert batch_of(broker, 50).status_code == 200
    assert 0.2 <= time.monotonic() - began < 10


def test_a_plan_lets_each_fault_happen_to_calls_of_many_threads(desk: Desk) -> None:
    names = ["busy", "session-overflow", "bad-gateway"]
    desk.state.plan = plan = FaultPlan(1, names, 0)
    seen: list[int] = []

    def call() -> None:
        for _ in range(6):
            address = f"{desk.url}/api/now/table/sys_user?sysparm_limit=1"
            seen.append(fetch("GET", address, auth=("broker", "broker")).status_code)

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(status for status in seen if status != 200) == [202, 429, 502]
    assert plan.fired == dict.fromkeys(names, 1)


def test_a_fault_that_is_switched_on_needs_no_plan_and_is_not_counted(
    desk: Desk, broker: Client
) -> None:
    desk.state.plan = plan = FaultPlan(1, ["slow"], 0)
    desk.state.faults.add("busy")
    assert broker.table("sys_user").status_code == 429
    assert plan.fired["slow"] == 0


def test_an_address_of_8192_bytes_is_served_and_a_longer_one_is_not(
    desk: Desk, broker: Client
) -> None:
    path = "/api/now/table/sys_user?sysparm_query=user_name="
    for size, status in ((8192, 200), (8193, 414)):
        answer = broker.http.get(desk.url + path + "x" * (size - len(path)))
        assert answer.status_code == status
