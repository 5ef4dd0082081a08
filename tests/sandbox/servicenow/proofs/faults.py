"""What an instance does when nothing is wrong with it, fault by fault."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from tests.sandbox.servicenow.desks import Client, Desk, fetch
from tests.sandbox.servicenow.proofs import Proof

MIRROR = "x_rqbrk_access_request"


def answered(call: Callable[[], requests.Response]) -> requests.Response:
    """What came back; a connection that broke off is a broken promise."""
    try:
        return call()
    except requests.RequestException as error:
        raise AssertionError("there was no answer") from error


def result_of(answer: requests.Response) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The result; a text that is no JSON, or an error beside the result, breaks the promise."""
    assert answer.headers["Content-Type"].startswith("application/json"), answer.text
    try:
        body = answer.json()
    except ValueError as error:
        raise AssertionError("this is no JSON") from error
    assert "error" not in body, answer.text
    return body["result"]


def batch_of(client: Client, count: int) -> requests.Response:
    """A batch that adds so many rows."""
    parts = [
        {
            "id": str(number),
            "method": "POST",
            "url": f"/api/now/table/{MIRROR}",
            "headers": [{"name": "Content-Type", "value": "application/json"}],
            "body": base64.b64encode(json.dumps({"request_id": str(number)}).encode()).decode(),
        }
        for number in range(count)
    ]
    body = {"batch_request_id": "1", "rest_requests": parts}
    return answered(lambda: client.http.post(f"{client.url}/api/now/v1/batch", json=body))


def a_read_is_answered(desk: Desk) -> None:
    answer = answered(lambda: desk.as_("broker").table("sys_user", limit="2"))
    assert answer.status_code == 200
    assert len(result_of(answer)) == 2


def a_write_is_answered_with_its_row(desk: Desk) -> None:
    answer = answered(lambda: desk.as_("broker").post(MIRROR, request_id="1"))
    assert answer.status_code == 201
    assert result_of(answer)["request_id"] == "1"


def a_page_is_served(desk: Desk) -> None:
    answer = answered(lambda: fetch("GET", f"{desk.url}/login.do"))
    assert answer.status_code == 200


def no_transaction_is_cancelled(desk: Desk) -> None:
    desk.state.waits.quota_seconds = 0.01
    a_write_is_answered_with_its_row(desk)


def a_token_lasts(desk: Desk) -> None:
    form = {
        "grant_type": "password",
        "client_id": "broker",
        "client_secret": "broker-secret",
        "username": "broker",
        "password": "broker",
    }
    token = fetch("POST", f"{desk.url}/oauth_token.do", data=form).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    address = f"{desk.url}/api/now/table/sys_user?sysparm_limit=1"
    assert [fetch("GET", address, headers=headers).status_code for _ in range(2)] == [200, 200]


def a_batch_is_carried_out(desk: Desk) -> None:
    desk.state.waits.quota_seconds = 0.01
    answer = batch_of(desk.as_("broker"), 4)
    assert answer.status_code == 200
    body = answer.json()
    assert body["unserviced_requests"] == []
    assert [part["status_code"] for part in body["serviced_requests"]] == [201] * 4
    told = [base64.b64decode(part["body"]).decode() for part in body["serviced_requests"]]
    assert all(text.endswith("}}") for text in told), told


def an_answer_is_quick(desk: Desk) -> None:
    """As quick as the machine is: several, of which one is soon there."""
    desk.state.waits.slow_seconds = slow = 1.5
    took: list[float] = []
    while not took or (min(took) >= slow and len(took) < 3):
        began = time.monotonic()
        answered(lambda: desk.as_("broker").table("sys_user", limit="1"))
        took.append(time.monotonic() - began)
    assert min(took) < slow


def the_clock_is_right(desk: Desk) -> None:
    """Both of the answer and of the rows."""
    answer = answered(lambda: desk.as_("broker").post(MIRROR, request_id="1"))
    now, slack = datetime.now(UTC), timedelta(minutes=2)
    written = datetime.fromisoformat(result_of(answer)["sys_created_on"] + "+00:00")
    assert abs(written - now) < slack
    assert abs(parsedate_to_datetime(answer.headers["Date"]) - now) < slack


PROOFS: dict[str, Proof] = {
    "down": a_read_is_answered,
    "bad-gateway": a_write_is_answered_with_its_row,
    "gateway-timeout": a_write_is_answered_with_its_row,
    "hibernating": a_read_is_answered,
    "sign-in-page": a_read_is_answered,
    "sign-in-redirect": a_read_is_answered,
    "rate-limit": a_read_is_answered,
    "busy": a_read_is_answered,
    "session-overflow": a_read_is_answered,
    "expired-token": a_token_lasts,
    "drop-before": a_page_is_served,
    "drop-after-accept": a_write_is_answered_with_its_row,
    "drop-midway": a_read_is_answered,
    "cancelled": no_transaction_is_cancelled,
    "quota-error": a_read_is_answered,
    "quota-cut": a_read_is_answered,
    "slow": an_answer_is_quick,
    "clock-skew": the_clock_is_right,
    "batch-unserviced": a_batch_is_carried_out,
    "batch-cancelled": a_batch_is_carried_out,
    "part-busy": a_batch_is_carried_out,
    "part-failed": a_batch_is_carried_out,
    "part-cut": a_batch_is_carried_out,
    "part-cancelled": a_batch_is_carried_out,
}
