"""What the platform does by itself: events, and calls through a MID Server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from tests.sandbox.servicenow.desks import Desk, Post, Receiver
from tests.sandbox.servicenow.proofs import Proof
from tools.servers import wait_until

LOGIN = "/api/v1/events/login"


@contextmanager
def receiving(desk: Desk) -> Iterator[Receiver]:
    """A receiver in the broker's place."""
    made = Receiver()
    desk.state.properties["x_rqbrk_access.broker_url"] = made.url
    try:
        yield made
    finally:
        made.stop()


def sign_in(desk: Desk, user_name: str) -> None:
    form = {"user_name": user_name, "user_password": "demo"}
    requests.post(f"{desk.url}/login.do", data=form, allow_redirects=False, timeout=10).close()
    assert desk.state.jobs.wait_idle()


def told(posts: list[Post]) -> list[str]:
    """Of whose sign-in the broker was told, in this order."""
    return [str(post.body.split(b'"user_name":"')[1].split(b'"')[0].decode()) for post in posts]


def a_login_is_told_once(desk: Desk) -> None:
    with receiving(desk) as receiver:
        sign_in(desk, "ada")
        assert told(receiver.to(LOGIN)) == ["ada"]


def logins_are_told_as_they_come(desk: Desk) -> None:
    with receiving(desk) as receiver:
        sign_in(desk, "ada")
        sign_in(desk, "ben")
        assert told(receiver.to(LOGIN)) == ["ada", "ben"]


def probe(desk: Desk, receiver: Receiver) -> str:
    """Put a RESTProbe into the queue; gives its sys_id."""
    row = {
        "agent": "mid.server.one", "topic": "RESTProbe", "name": "post", "queue": "output",
        "source": f"{receiver.url}/probe", "agent_correlator": "mine",
        "payload": '<parameters><parameter name="content" value="{}"/></parameters>',
    }  # fmt: skip
    answer = desk.as_("admin").post("ecc_queue", **row)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["result"]["sys_id"])


def replies(desk: Desk, key: str) -> list[dict[str, Any]]:
    return desk.as_("admin").rows("ecc_queue", f"queue=input^response_to={key}")


def settled(desk: Desk, key: str) -> bool:
    """Whether the MID Server has done with a probe, or does nothing."""
    mid = desk.state.mid
    row = desk.state.records.find("ecc_queue", key)
    assert row is not None
    done = row["state"] == "processed" and not mid.jobs.waiting and mid.jobs.wait_idle()
    return done or mid.missed_polls > 0


def a_probe_is_carried_out_once_and_replied_to(desk: Desk) -> None:
    with receiving(desk) as receiver:
        key = probe(desk, receiver)
        wait_until(lambda: settled(desk, key), "the MID Server to be done")
        assert len(receiver.to("/probe")) == 1
        (reply,) = replies(desk, key) or [{}]
        assert (reply.get("agent_correlator"), reply.get("state")) == ("mine", "processed")


PROOFS: dict[str, Proof] = {
    "login-duplicated": a_login_is_told_once,
    "login-disordered": logins_are_told_as_they_come,
    "event-transferred": a_login_is_told_once,
    "mid-down": a_probe_is_carried_out_once_and_replied_to,
    "mid-duplicated": a_probe_is_carried_out_once_and_replied_to,
    "mid-reply-lost": a_probe_is_carried_out_once_and_replied_to,
}
