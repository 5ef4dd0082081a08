"""What an instance does when nothing is wrong with it, fault by fault."""

from __future__ import annotations

from collections.abc import Callable

import requests

from tests.sandbox.servicenow.desks import Desk
from tests.sandbox.servicenow.proofs import Proof

MIRROR = "x_rqbrk_access_request"


def answered(call: Callable[[], requests.Response]) -> requests.Response:
    """What came back; a connection that broke off is a broken promise."""
    try:
        return call()
    except requests.RequestException as error:
        raise AssertionError("there was no answer") from error


def a_read_is_answered(desk: Desk) -> None:
    answer = answered(lambda: desk.as_("broker").table("sys_user", limit="2"))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/json")
    assert len(answer.json()["result"]) == 2


def a_write_is_answered_with_its_row(desk: Desk) -> None:
    answer = answered(lambda: desk.as_("broker").post(MIRROR, request_id="1"))
    assert answer.status_code == 201
    assert answer.json()["result"]["request_id"] == "1"


PROOFS: dict[str, Proof] = {
    "down": a_read_is_answered,
    "hibernating": a_read_is_answered,
    "rate-limit": a_read_is_answered,
    "busy": a_read_is_answered,
    "session-overflow": a_read_is_answered,
    "drop-before": a_read_is_answered,
    "drop-after-accept": a_write_is_answered_with_its_row,
}
