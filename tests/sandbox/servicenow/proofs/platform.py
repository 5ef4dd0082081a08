"""What the platform does by itself: events, and calls through a MID Server."""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

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


def asked_for(desk: Desk, script: str) -> object:
    """What a script of the instance's own gives."""
    return desk.state.engine.run(script)


def a_call(desk: Desk, body: str, how: str) -> tuple[object, Post]:
    """A call that a script makes, as its receiver saw it."""
    with receiving(desk) as receiver:
        script = f"""
            var message = new sn_ws.RESTMessageV2();
            message.setEndpoint('{receiver.url}/call');
            message.setHttpMethod('post');
            message.setRequestBody({json.dumps(body)});
            {how}
        """
        told = asked_for(desk, script)
        (post,) = receiver.to("/call")
        return told, post


NOW = "message.execute().getStatusCode();"


def a_call_names_its_agent(desk: Desk) -> None:
    assert a_call(desk, "", NOW)[1].headers["user-agent"] == "ServiceNow/1.0"


def the_log_keeps_a_hundred_characters(desk: Desk) -> None:
    a_call(desk, "x" * 500, NOW)
    (row,) = desk.as_("admin").rows("sys_outbound_http_log", "urlENDSWITH/call")
    assert row["request_body"] == "x" * 100


def variables_of_a_body_are_filled_in(desk: Desk) -> None:
    assert a_call(desk, "a${b}c", NOW)[1].body == b"ac"


def a_mid_server_answers_later(desk: Desk) -> None:
    desk.state.mid.delay_seconds = 60
    with receiving(desk) as receiver:
        script = f"""
            var message = new sn_ws.RESTMessageV2();
            message.setEndpoint('{receiver.url}/call');
            message.setHttpMethod('post');
            message.setMIDServer('one');
            message.executeAsync();
            var row = new GlideRecord('ecc_queue');
            row.addQuery('queue', 'output');
            row.query();
            row.next();
            row.getValue('state');
        """
        assert asked_for(desk, script) == "ready"


def the_app_calls_by_itself(desk: Desk) -> None:
    with receiving(desk) as receiver:
        sign_in(desk, "ada")
        assert told(receiver.to(LOGIN)) == ["ada"]
        assert desk.as_("admin").rows("ecc_queue") == []


def an_async_rule_sees_the_record_as_it_is_by_then(desk: Desk) -> None:
    """The order says what stands in its item when the rule runs, not when it was approved."""
    with receiving(desk) as receiver:
        ritm, busy = desk.ordered(), threading.Event()

        def keep_busy() -> None:
            busy.wait()

        for _ in range(2):
            desk.state.jobs.put(keep_busy)
        try:
            desk.decide(ritm, "approved")
            desk.as_("broker").patch("sc_req_item", ritm["sys_id"], description="later words")
        finally:
            busy.set()
        assert desk.state.jobs.wait_idle()
        (post,) = receiver.to("/api/v1/orders")
        assert json.loads(post.body)["justification"] == "later words"


@contextmanager
def scripted(desk: Desk, script: str) -> Iterator[str]:
    """A Scripted REST resource of this script; its address."""
    operation = {
        "version": "v1", "http_method": "POST", "relative_path": "/any", "active": True,
        "requires_authentication": True, "script": "any.js",
    }  # fmt: skip
    service = {
        "namespace": "x_rqbrk_access", "service_id": "test", "consumes": "application/json",
        "versions": [{"version_id": "v1", "is_default": True, "active": True}],
        "active": True, "operations": [operation],
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "scripted_rest"
        place.mkdir()
        (place / "test.json").write_text(json.dumps(service))
        (place / "any.js").write_text(f"(function (request) {{ {script} }})(request);")
        with (
            mock.patch.object(desk.state, "app_folder", Path(folder)),
            mock.patch.object(desk.state.engine, "_folder", Path(folder)),
        ):
            yield f"{desk.url}/api/x_rqbrk_access/v1/test/any"


def a_body_is_read_in_one_way(desk: Desk) -> None:
    script = "JSON.parse(request.body.dataString); return request.body.data;"
    with scripted(desk, script) as url:
        assert desk.as_("admin").http.post(url, json={}).status_code == 500


def an_answer_is_wrapped(desk: Desk) -> None:
    with scripted(desk, "return {a: 1};") as url:
        assert desk.as_("admin").http.post(url, json={}).json() == {"result": {"a": 1}}


PROOFS: dict[str, Proof] = {
    "login-duplicated": a_login_is_told_once,
    "login-disordered": logins_are_told_as_they_come,
    "event-transferred": a_login_is_told_once,
    "mid-down": a_probe_is_carried_out_once_and_replied_to,
    "mid-duplicated": a_probe_is_carried_out_once_and_replied_to,
    "mid-reply-lost": a_probe_is_carried_out_once_and_replied_to,
    "outbound-named": a_call_names_its_agent,
    "outbound-bodies-cut": the_log_keeps_a_hundred_characters,
    "variables-filled-in": variables_of_a_body_are_filled_in,
    "mid-calls-asynchronous": a_mid_server_answers_later,
    "direct-calls": the_app_calls_by_itself,
    "async-rules-see-the-present": an_async_rule_sees_the_record_as_it_is_by_then,
    "scripted-bodies-read-once": a_body_is_read_in_one_way,
    "scripted-answers-wrapped": an_answer_is_wrapped,
}
