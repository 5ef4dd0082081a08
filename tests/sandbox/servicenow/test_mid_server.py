"""Calls through a MID Server: the ECC queue, and the scoped app that is told by its replies."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from sandbox.servicenow.app import DEMO_ORDERS_SECRET
from sandbox.servicenow.rows import StoredRow
from tests.sandbox.servicenow.desks import Desk, Receiver
from tests.sandbox.servicenow.test_scripts_run import (
    ORDERS,
    announcements,
    log_of,
    sign_in,
    signature,
)
from tools.servers import wait_until

LOGIN = "/api/v1/events/login"


@pytest.fixture
def through(desk: Desk, receiver: Receiver) -> Receiver:
    """The receiver, reached through a MID Server."""
    desk.state.properties["x_rqbrk_access.mid_server"] = "mid-east"
    return receiver


def approved(desk: Desk) -> dict[str, Any]:
    ritm = desk.ordered()
    desk.decide(ritm, "approved")
    assert desk.state.jobs.wait_idle()
    return ritm


def state_of(desk: Desk) -> str:
    return str(announcements(desk)[0]["state"])


def queue(desk: Desk, which: str, path: str = ORDERS) -> list[dict[str, Any]]:
    """The queue's rows about one address of the broker's; sign-ins have rows of their own."""
    return desk.as_("admin").rows("ecc_queue", f"queue={which}^sourceENDSWITH{path}")


def run(desk: Desk, script: str) -> object:
    return desk.state.engine.run(script)


def test_an_order_is_posted_through_the_mid_server(desk: Desk, through: Receiver) -> None:
    ritm = approved(desk)
    wait_until(lambda: state_of(desk) == "taken", "the reply to be read")
    (post,) = through.to(ORDERS)
    assert post.headers["webhook-signature"] == signature(post, DEMO_ORDERS_SECRET)
    assert post.headers["user-agent"] == "ServiceNow/1.0"
    assert json.loads(post.body)["item"]["number"] == ritm["number"]
    assert ("info", f"Request Broker: {ritm['number']} was taken (HTTP 202)") in log_of(desk)
    assert desk.as_("admin").rows("sys_outbound_http_log") == []


def test_probe_and_reply_are_rows_of_the_queue(desk: Desk, through: Receiver) -> None:
    approved(desk)
    wait_until(lambda: state_of(desk) == "taken", "the reply to be read")
    (output,), (reply,) = queue(desk, "output"), queue(desk, "input")
    key = announcements(desk)[0]["sys_id"]
    assert (output["agent"], output["topic"], output["name"]) == (
        "mid.server.mid-east", "RESTProbe", "post",
    )  # fmt: skip
    assert output["source"] == through.url + ORDERS
    assert (reply["response_to"], reply["state"]) == (output["sys_id"], "processed")
    assert reply["agent_correlator"] == output["agent_correlator"] == f"rqbrk_{key}"
    told = ET.fromstring(reply["payload"])  # noqa: S314 - the sandbox wrote it
    parameters = {each.get("name"): each.get("value") for each in told.iter("parameter")}
    assert (told.tag, parameters["http_status_code"], parameters["skip_sensor"]) == (
        "results", "202", "true",
    )  # fmt: skip


def test_a_probe_that_is_delivered_twice_is_one_announcement(desk: Desk, through: Receiver) -> None:
    desk.state.faults.add("mid-duplicated")
    approved(desk)
    wait_until(lambda: len(queue(desk, "input")) == 2, "both replies")
    wait_until(lambda: state_of(desk) == "taken", "a reply to be read")
    assert desk.state.jobs.wait_idle()
    first, second = through.to(ORDERS)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert [row["state"] for row in announcements(desk)] == ["taken"]


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_broker_is_told_again(desk: Desk, through: Receiver, status: int) -> None:
    desk.state.properties["x_rqbrk_access.post_again_seconds"] = "0.1"
    through.status = status
    approved(desk)
    wait_until(lambda: len(through.to(ORDERS)) > 1, "the second post")
    through.status = 202
    wait_until(lambda: state_of(desk) == "taken", "a post that is taken")
    posts = through.to(ORDERS)
    assert len({post.headers["webhook-id"] for post in posts}) == len(posts)


def test_an_announcement_that_nobody_answers_is_made_again(desk: Desk, through: Receiver) -> None:
    desk.state.properties["x_rqbrk_access.answer_seconds"] = "0.2"
    desk.state.faults.add("mid-reply-lost")
    approved(desk)
    wait_until(lambda: len(through.to(ORDERS)) > 1, "the second post")
    desk.state.faults.clear()
    wait_until(lambda: state_of(desk) == "taken", "a reply")
    assert {json.loads(post.body)["item"]["number"] for post in through.to(ORDERS)} == {
        announcements(desk)[0]["number"]
    }


def test_pauses_without_any_answer_grow_and_end(desk: Desk, through: Receiver) -> None:
    desk.state.faults.add("mid-down")
    ritm = approved(desk)
    waits: list[float] = []
    desk.state.engine.queue_event_at = lambda *told: waits.append(
        told[3] / 1000 - desk.state.records.clock().timestamp()
    )
    (row,) = announcements(desk)
    for tries in (1, 4, 29, 30):
        again = (
            f"row.setValue('tries', {tries}); row.setValue('wake', 'w'); row.update();"
            f"new BrokerClient().announceAgain('{row['sys_id']}', 'w');"
        )
        desk.state.engine.run(again, row=("x_rqbrk_access_announcement", row))
    for wait, pause in zip(waits, (360, 2880, 3600), strict=True):
        assert pause - 60 < wait < pause + 1
    assert state_of(desk) == "given_up"
    message = f"Request Broker: {ritm['number']} is not announced again after 30 tries"
    assert ("error", message) in log_of(desk)


def test_a_mid_server_that_was_down_carries_out_what_waited(desk: Desk, through: Receiver) -> None:
    desk.state.faults.add("mid-down")
    approved(desk)
    wait_until(lambda: desk.state.mid.missed_polls > 2, "polls that are missed")
    assert [row["state"] for row in queue(desk, "output")] == ["ready"]
    desk.state.faults.clear()
    wait_until(lambda: state_of(desk) == "taken", "the reply")
    assert len(through.to(ORDERS)) == 1


def test_a_refusal_is_final(desk: Desk, through: Receiver) -> None:
    through.status = 403
    ritm = approved(desk)
    wait_until(lambda: state_of(desk) == "refused", "the refusal to be read")
    assert len(through.to(ORDERS)) == 1
    assert ("error", f"Request Broker: {ritm['number']} was not taken: HTTP 403 ") in log_of(desk)


def test_a_signature_that_grew_old_on_its_way_is_made_anew(desk: Desk) -> None:
    script = """
        var client = new BrokerClient();
        var now = new GlideDateTime();
        var before = new GlideDateTime();
        before.addSeconds(-600);
        [client._isWorthAnotherTry(401, now.getValue()),
         client._isWorthAnotherTry(401, before.getValue()),
         client._isWorthAnotherTry(403, before.getValue()), client._isWorthAnotherTry(401, '')];
    """
    assert run(desk, script) == [False, True, False, False]


def test_a_late_refusal_of_an_old_signature_is_none_of_the_post_under_way(desk: Desk) -> None:
    key = desk.state.engine.run("""
        var row = new GlideRecord('x_rqbrk_access_announcement');
        row.initialize();
        row.setValue('what', 'order');
        row.setValue('state', 'waiting');
        row.setValue('tries', 2);
        row.setValue('sent_at', new GlideDateTime().getValue());
        row.insert();
    """)
    old, new = "a" * 32, "b" * 32
    now = desk.state.records.now()
    probes = ((old, "2020-01-01 00:00:00"), (new, now))
    rows = [StoredRow({"sys_id": probe, "sys_created_on": at}) for probe, at in probes]
    desk.state.records.load("ecc_queue", rows)
    payload = '<results><parameter name="http_status_code" value="401"/></results>'
    script = "new BrokerClient().answered({getValue: function (name) { return told[name]; }})"
    for probe, state in ((old, "waiting"), (new, "refused")):
        told = {"agent_correlator": f"rqbrk_{key}", "payload": payload, "response_to": probe}
        desk.state.engine.run(script, told=told)
        assert state_of(desk) == state


def test_a_broker_that_is_not_there_is_no_answer(desk: Desk, through: Receiver) -> None:
    desk.state.properties["x_rqbrk_access.broker_url"] = "http://127.0.0.1:1"
    approved(desk)
    wait_until(lambda: announcements(desk)[0]["answer"] != "", "the reply to be read")
    assert announcements(desk)[0]["answer"].startswith("no answer (")
    assert state_of(desk) == "waiting"


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        ('<results><result><output>{"order_id": "1"}</output></result></results>', 202),
        ('<results><result><output>{"state": "accepted"}</output></result></results>', 202),
        ('<results><result><output>{"status": 503}</output></result></results>', 503),
        ('<results><result><output>{"message": "no route"}</output></result></results>', 0),
        ("<results><result><output>[]</output></result></results>", 0),
        ("<results><result><output/></result></results>", 0),
        ('<results><parameter value="201" name="http_status_code"/></results>', 201),
    ],
)  # fmt: skip
def test_replies_are_read_whatever_the_mid_server_tells(
    desk: Desk, payload: str, status: int
) -> None:
    script = (
        "new BrokerClient()._readReply({getValue: function (name) { return told[name]; }}).status"
    )
    told = {"payload": payload, "error_string": None}
    assert desk.state.engine.run(script, told=told) == status


def test_a_login_is_posted_and_its_reply_concerns_nobody(desk: Desk, through: Receiver) -> None:
    sign_in(desk, "ada")
    wait_until(lambda: len(queue(desk, "input", LOGIN)) > 0, "the reply")
    assert json.loads(through.to(LOGIN)[0].body)["user_name"] == "ada"
    assert desk.state.jobs.wait_idle()
    assert announcements(desk) == []


MESSAGE = """
    var message = new sn_ws.RESTMessageV2();
    message.setEndpoint('%s/hook');
    message.setHttpMethod('post');
    message.setStringParameter('known', 'yes');
    message.setRequestBody('a ${known} b ${unknown} c');
"""


def test_execute_waits_for_the_reply(desk: Desk, receiver: Receiver) -> None:
    script = (
        MESSAGE % receiver.url
        + """
        message.setMIDServer('one');
        var response = message.execute();
        [response.getStatusCode(), response.haveError()];
    """
    )
    assert run(desk, script) == [202, False]


def test_an_asynchronous_call_without_a_mid_server_is_the_instances(
    desk: Desk, receiver: Receiver
) -> None:
    script = (
        MESSAGE % receiver.url
        + """
        var response = message.executeAsync();
        response.waitForResponse(20);
        response.getStatusCode();
    """
    )
    assert run(desk, script) == 202
    assert queue(desk, "output", "/hook")[0]["agent"] == "mid.server.NODE_AGENT"


def test_a_reply_that_never_comes_is_an_error(desk: Desk, receiver: Receiver) -> None:
    desk.state.faults.add("mid-down")
    desk.state.properties["glide.http.outbound.max_timeout"] = "0.1"
    script = (
        MESSAGE % receiver.url
        + """
        message.setMIDServer('one');
        var response = message.executeAsync();
        var thrown = '';
        try { response.waitForResponse(60); } catch (error) { thrown = error.message; }
        [thrown.slice(0, 27), response.getStatusCode(), response.haveError(),
         response.getErrorCode()];
    """
    )
    assert run(desk, script) == ["No response for ECC message", 0, True, 1]


def test_variables_in_a_body_are_filled_in_or_lost(desk: Desk, receiver: Receiver) -> None:
    run(desk, MESSAGE % receiver.url + "message.execute().getStatusCode();")
    assert receiver.to("/hook")[0].body == b"a yes b  c"


def test_a_mid_server_takes_no_oauth_profile(desk: Desk, receiver: Receiver) -> None:
    script = (
        MESSAGE % receiver.url
        + """
        message.setMIDServer('one');
        message.setAuthenticationProfile('oauth2', 'x');
        var thrown = '';
        try { message.execute(); } catch (error) { thrown = error.message; }
        thrown;
    """
    )
    assert "not supported through a MID Server" in str(run(desk, script))


def test_query_parameters_and_basic_auth(desk: Desk, receiver: Receiver) -> None:
    script = (
        MESSAGE % receiver.url
        + """
        message.setQueryParameter('a b', 'c&d');
        message.setBasicAuth('me', 'secret');
        message.execute().getStatusCode();
    """
    )
    assert run(desk, script) == 202
    (post,) = receiver.to("/hook?a%20b=c%26d")
    assert post.headers["authorization"] == "Basic bWU6c2VjcmV0"


def test_no_answer_is_waited_for_longer_than_half_a_minute(desk: Desk) -> None:
    outbound = desk.state.engine.outbound
    assert outbound.longest_seconds == 30
    desk.state.properties["glide.http.outbound.max_timeout.enabled"] = "false"
    assert outbound.longest_seconds == 300
    desk.state.properties["glide.rest.outbound.ecc_response.timeout"] = "40"
    assert outbound.longest_seconds == 40
