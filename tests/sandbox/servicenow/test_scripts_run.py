"""The scoped app's own script files, run by the instance: what they post, and when they do not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from typing import Any

import pytest
import requests

from sandbox.servicenow.app import DEMO_EVENTS_SECRET, DEMO_ORDERS_SECRET
from sandbox.servicenow.engine import ScriptFailed
from tests.sandbox.servicenow.desks import Desk, Post, Receiver, fetch
from tools.servers import wait_until

LOGIN, ORDERS = "/api/v1/events/login", "/api/v1/orders"
CANCELLATION = "/api/v1/events/order"


def signature(post: Post, secret: str) -> str:
    """What Standard Webhooks, version 1, asks for."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{post.headers['webhook-id']}.{post.headers['webhook-timestamp']}.".encode()
    digest = hmac.new(key, signed + post.body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def sign_in(desk: Desk, user_name: str, password: str = "demo") -> requests.Response:
    with requests.Session() as browser:
        form = {"user_name": user_name, "user_password": password}
        return browser.post(f"{desk.url}/login.do", data=form, allow_redirects=False)


def announcements(desk: Desk) -> list[dict[str, Any]]:
    return desk.as_("admin").rows("x_rqbrk_access_announcement")


def log_of(desk: Desk) -> list[tuple[str, str]]:
    return [(row["level"], row["message"]) for row in desk.state.records.all("syslog")]


def test_an_approved_order_is_posted_and_signed(desk: Desk, receiver: Receiver) -> None:
    ritm = desk.ordered("ada", "Finance Reporting")
    assert desk.state.jobs.wait_idle()
    assert receiver.to(ORDERS) == []
    desk.decide(ritm, "approved")
    assert desk.state.jobs.wait_idle()
    (post,) = receiver.to(ORDERS)
    assert post.headers["webhook-signature"] == signature(post, DEMO_ORDERS_SECRET)
    assert post.headers["x-broker-client"] == "servicenow"
    assert post.headers["content-type"] == "application/json"
    assert post.headers["user-agent"] == "ServiceNow/1.0"
    assert abs(int(post.headers["webhook-timestamp"]) - time.time()) < 30
    (task,) = desk.as_("broker").rows("sc_task", f"request_item={ritm['sys_id']}")
    body = json.loads(post.body)
    (approval,) = body.pop("approved_by")
    assert body == {
        "source": "servicenow",
        "request": {"number": "REQ0010001", "sys_id": ritm["request"]},
        "item": {"number": ritm["number"], "sys_id": ritm["sys_id"]},
        "task": {"number": task["number"], "sys_id": task["sys_id"]},
        "action": "grant",
        "beneficiary": {"user_name": "ada"},
        "requested_by": {"user_name": "ada"},
        "justification": ritm["short_description"],
        "start_date": None,
        "end_date": None,
    }
    assert approval["user_name"] == "ben"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", approval["at"])
    assert ("info", f"Request Broker: {ritm['number']} was taken (HTTP 202)") in log_of(desk)


def test_requester_and_beneficiary_are_told_apart(desk: Desk, receiver: Receiver) -> None:
    item = desk.world.desk_items["finance_reporting"].sys_id
    desk.as_("ben").order(item, sysparm_requested_for=desk.world.people["ada"].sys_id)
    (ritm,) = desk.as_("broker").rows("sc_req_item")
    desk.decide(ritm, "approved")
    assert desk.state.jobs.wait_idle()
    body = json.loads(receiver.to(ORDERS)[0].body)
    assert (body["beneficiary"], body["requested_by"]) == (
        {"user_name": "ada"},
        {"user_name": "ben"},
    )


@pytest.mark.parametrize("text", ["Ärger über ${secret} – 日本", 'quote " and \\ and \u2028'])
def test_any_text_travels_as_ascii_without_dollar_signs(
    desk: Desk, receiver: Receiver, text: str
) -> None:
    ritm = desk.ordered()
    desk.as_("broker").patch("sc_req_item", ritm["sys_id"], description=text)
    desk.decide(ritm, "approved")
    assert desk.state.jobs.wait_idle()
    (post,) = receiver.to(ORDERS)
    assert post.body.isascii()
    assert b"$" not in post.body
    assert json.loads(post.body)["justification"] == text
    assert post.headers["webhook-signature"] == signature(post, DEMO_ORDERS_SECRET)


def test_an_item_without_a_request_or_an_opener_is_posted_with_null(
    desk: Desk, receiver: Receiver
) -> None:
    ritm = desk.ordered()
    desk.as_("admin").patch("sc_req_item", ritm["sys_id"], request="", opened_by="")
    desk.decide(ritm, "approved")
    assert desk.state.jobs.wait_idle()
    body = json.loads(receiver.to(ORDERS)[0].body)
    assert (body["request"], body["requested_by"]) == (None, None)


def test_a_rejected_order_is_not_posted(desk: Desk, receiver: Receiver) -> None:
    desk.decide(desk.ordered(), "rejected")
    assert desk.state.jobs.wait_idle()
    assert receiver.to(ORDERS) == []


@pytest.mark.parametrize("approved", [False, True])
def test_a_cancelled_order_is_posted_and_signed(
    desk: Desk, receiver: Receiver, approved: bool
) -> None:
    ritm = desk.ordered()
    if approved:
        desk.decide(ritm, "approved")
    desk.as_("admin").patch("sc_req_item", ritm["sys_id"], approval="cancelled")
    assert desk.state.jobs.wait_idle()
    (post,) = receiver.to(CANCELLATION)
    assert post.headers["webhook-signature"] == signature(post, DEMO_EVENTS_SECRET)
    assert json.loads(post.body) == {
        "source": "servicenow",
        "item": {"number": ritm["number"], "sys_id": ritm["sys_id"]},
        "event": "cancelled",
    }
    message = f"Request Broker: cancellation of {ritm['number']} was taken (HTTP 202)"
    assert ("info", message) in log_of(desk)


def test_what_the_broker_closes_itself_is_no_cancellation(desk: Desk, receiver: Receiver) -> None:
    ritm = desk.ordered()
    desk.decide(ritm, "approved")
    (task,) = desk.as_("broker").rows("sc_task", f"request_item={ritm['sys_id']}")
    desk.as_("broker").patch("sc_task", task["sys_id"], state="4")
    assert desk.state.jobs.wait_idle()
    assert desk.item(ritm["sys_id"])["active"] == "false"
    assert receiver.to(CANCELLATION) == []


def test_a_later_change_of_an_approved_item_posts_nothing(desk: Desk, receiver: Receiver) -> None:
    ritm = desk.ordered()
    desk.decide(ritm, "approved")
    desk.as_("broker").patch("sc_req_item", ritm["sys_id"], correlation_id="42", work_notes="x")
    assert desk.state.jobs.wait_idle()
    assert len(receiver.to(ORDERS)) == 1


def test_what_is_refused_is_logged_and_not_tried_again(desk: Desk, receiver: Receiver) -> None:
    receiver.status = 401
    ritm = desk.ordered()
    desk.decide(ritm, "approved")
    assert desk.state.jobs.wait_idle()
    assert len(receiver.to(ORDERS)) == 1
    refusal = f"Request Broker: {ritm['number']} was not taken: HTTP 401 "
    assert ("error", refusal) in log_of(desk)


def test_a_broker_that_is_away_is_logged(desk: Desk, receiver: Receiver) -> None:
    desk.state.properties["x_rqbrk_access.broker_url"] = "http://127.0.0.1:1"
    desk.decide(desk.ordered(), "approved")
    assert desk.state.jobs.wait_idle()
    assert any("was not taken: no answer (" in message for _, message in log_of(desk))


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("cancelled", [False, True])
def test_a_broker_that_could_not_take_an_item_is_told_again(
    desk: Desk, receiver: Receiver, status: int, cancelled: bool
) -> None:
    desk.state.properties["x_rqbrk_access.post_again_seconds"] = "0.2"
    ritm, path = desk.ordered(), CANCELLATION if cancelled else ORDERS
    receiver.status = status
    if cancelled:
        desk.as_("admin").patch("sc_req_item", ritm["sys_id"], approval="cancelled")
    else:
        desk.decide(ritm, "approved")
    wait_until(lambda: len(receiver.to(path)) > 1, "the second post")
    receiver.status = 202
    taken = f"{ritm['number']} was taken (HTTP 202)"
    wait_until(lambda: any(taken in text for _, text in log_of(desk)), "a post that is taken")
    posts = receiver.to(path)
    assert {post.body for post in posts} == {posts[0].body}
    assert len({post.headers["webhook-id"] for post in posts}) == len(posts)


def test_a_call_that_throws_is_made_again(desk: Desk) -> None:
    desk.state.properties["x_rqbrk_access.broker_url"] = "no address"
    ritm = desk.ordered()
    desk.decide(ritm, "approved")
    assert desk.state.jobs.wait_idle()
    script = """
        var row = new GlideRecord('x_rqbrk_access_announcement');
        row.get('number', number);
        var client = new BrokerClient();
        client._message = function () { throw 'a broken line'; };
        var item = new GlideRecord('sc_req_item');
        item.get(row.getValue('item'));
        client._tell(row, item);
        [row.getValue('state'), row.getValue('answer')];
    """
    told = desk.state.engine.run(script, number=ritm["number"])
    assert told == ["waiting", "a broken line"]


def test_pauses_grow_and_end_with_a_line_in_the_log(desk: Desk, receiver: Receiver) -> None:
    desk.state.properties["x_rqbrk_access.answer_seconds"] = "1000000"
    receiver.status = 503
    ritm = desk.ordered()
    desk.decide(ritm, "approved")
    assert desk.state.jobs.wait_idle()
    waits: list[float] = []
    desk.state.engine.queue_event_at = lambda *told: waits.append(
        told[3] / 1000 - desk.state.records.clock().timestamp()
    )
    (row,) = announcements(desk)
    for tries in (0, 1, 2, 12, 29):
        again = (
            f"row.setValue('tries', {tries}); row.setValue('wake', 'w'); row.update();"
            f"new BrokerClient().announceAgain('{row['sys_id']}', 'w');"
        )
        desk.state.engine.run(again, row=("x_rqbrk_access_announcement", row))
    for wait, pause in zip(
        [wait for wait in waits if wait < 999_000], (10, 20, 40, 3600), strict=True
    ):
        assert pause - 60 < wait < pause + 1
    message = f"Request Broker: {ritm['number']} is not announced again after 30 tries"
    assert ("error", message) in log_of(desk)
    assert announcements(desk)[0]["state"] == "given_up"


def test_only_the_latest_call_to_wake_up_counts(desk: Desk, receiver: Receiver) -> None:
    receiver.status = 503
    desk.decide(desk.ordered(), "approved")
    assert desk.state.jobs.wait_idle()
    (row,) = announcements(desk)
    desk.state.engine.run(f"new BrokerClient().announceAgain('{row['sys_id']}', 'an older one');")
    assert len(receiver.to(ORDERS)) == 1
    desk.state.engine.run(f"new BrokerClient().announceAgain('{row['sys_id']}', '{row['wake']}');")
    assert len(receiver.to(ORDERS)) == 2


def test_an_announcement_tells_what_became_of_it(desk: Desk, receiver: Receiver) -> None:
    ritm = desk.ordered()
    desk.decide(ritm, "approved")
    assert desk.state.jobs.wait_idle()
    receiver.status = 403
    desk.as_("admin").patch("sc_req_item", ritm["sys_id"], approval="cancelled")
    assert desk.state.jobs.wait_idle()
    told = {row["what"]: row for row in announcements(desk)}
    assert (told["order"]["state"], told["order"]["answer"]) == ("taken", "HTTP 202")
    assert told["cancellation"]["state"] == "refused"
    assert {row["number"] for row in told.values()} == {ritm["number"]}


def test_what_is_for_later_is_dropped_with_the_instance(desk: Desk, receiver: Receiver) -> None:
    desk.state.properties["x_rqbrk_access.post_again_seconds"] = "0.5"
    receiver.status = 503
    desk.decide(desk.ordered(), "approved")
    wait_until(lambda: len(receiver.to(ORDERS)) > 0, "the first post")
    assert desk.state.jobs.wait_idle()
    desk.state.jobs.close()
    assert desk.state.jobs.waiting == 0


def test_without_an_address_the_log_says_which_property_is_empty(desk: Desk) -> None:
    sign_in(desk, "ada")
    assert desk.state.jobs.wait_idle()
    wanted = "login of ada was not sent, property x_rqbrk_access.broker_url is empty"
    assert ("error", f"Request Broker: {wanted}") in log_of(desk)


def test_an_operator_posts_an_item_again(desk: Desk, receiver: Receiver) -> None:
    receiver.status = 503
    ritm = desk.ordered()
    desk.decide(ritm, "approved")
    assert desk.state.jobs.wait_idle()
    receiver.status = 202
    desk.state.run_fix_script("post_item_again.js", RITM0000000=ritm["number"])
    first, second = receiver.to(ORDERS)
    assert first.body == second.body
    assert first.headers["webhook-id"] != second.headers["webhook-id"]


def test_posting_an_item_again_that_does_not_exist_is_logged(
    desk: Desk, receiver: Receiver
) -> None:
    desk.state.run_fix_script("post_item_again.js")
    message = "Request Broker: there is no requested item RITM0000000"
    assert ("error", message) in log_of(desk)


def test_a_login_is_posted_and_signed(desk: Desk, receiver: Receiver) -> None:
    assert sign_in(desk, "ada").status_code == 302
    assert desk.state.jobs.wait_idle()
    (post,) = receiver.to(LOGIN)
    (event,) = desk.state.records.where("sysevent", name="login")
    assert post.headers["webhook-signature"] == signature(post, DEMO_EVENTS_SECRET)
    assert json.loads(post.body) == {
        "source": "servicenow",
        "user_name": "ada",
        "occurred_at": event["sys_created_on"].replace(" ", "T") + "Z",
    }
    assert (event["parm1"], event["state"]) == ("ada", "processed")


def test_a_failed_login_is_an_event_of_its_own_and_posts_nothing(
    desk: Desk, receiver: Receiver
) -> None:
    assert sign_in(desk, "ada", "wrong").status_code == 401
    assert desk.state.jobs.wait_idle()
    assert receiver.posts == []
    assert [row["name"] for row in desk.state.records.all("sysevent")] == ["login.failed"]


def test_the_integration_user_does_not_wake_the_broker(desk: Desk, receiver: Receiver) -> None:
    desk.as_("broker").rows("sys_user")
    assert desk.state.jobs.wait_idle()
    (event,) = desk.state.records.where("sysevent", name="login")
    assert event["parm1"] == "broker"
    assert receiver.posts == []


def test_an_event_without_a_user_posts_nothing(desk: Desk, receiver: Receiver) -> None:
    desk.state.automation.raise_event("login", "")
    assert desk.state.jobs.wait_idle()
    assert receiver.posts == []


def test_api_logins_raise_the_event_once_a_minute(desk: Desk) -> None:
    for _ in range(3):
        fetch("GET", f"{desk.url}/api/now/table/sys_user", auth=("ada", "demo"))
    assert len(desk.state.records.where("sysevent", name="login", parm1="ada")) == 1


def test_the_outbound_log_keeps_the_first_100_characters(desk: Desk, receiver: Receiver) -> None:
    desk.decide(desk.ordered(), "approved")
    assert desk.state.jobs.wait_idle()
    rows = desk.as_("admin").rows("sys_outbound_http_log", f"urlENDSWITH{ORDERS}")
    assert [len(row["request_body"]) for row in rows] == [100]
    assert (rows[0]["response_status"], rows[0]["method"]) == ("202", "POST")


def test_a_script_that_throws_is_logged_and_the_queue_goes_on(
    desk: Desk, receiver: Receiver
) -> None:
    with pytest.raises(ScriptFailed, match="no such luck"):
        desk.state.engine.run("throw new Error('no such luck');")
    desk.state.jobs.put(lambda: desk.state.engine.log("info", "still here", "test"))
    assert desk.state.jobs.wait_idle()
    assert ("info", "still here") in log_of(desk)


def test_glide_records_query_change_and_walk(desk: Desk) -> None:
    ritm = desk.ordered()
    script = """
        var gr = new GlideRecord('sc_req_item');
        gr.addQuery('number', 'STARTSWITH', 'RITM');
        gr.addActiveQuery();
        gr.orderByDesc('number');
        gr.query();
        gr.next();
        gr.setValue('correlation_id', '42');
        var kept = gr.getValue('correlation_id');
        gr.update();
        [kept, gr.getRowCount(), gr.hasNext(),
         gr.getValue('correlation_id'), gr.getValue('close_notes'),
         gr.getElement('requested_for.manager.user_name').toString(),
         gr.getDisplayValue('requested_for'), gr.getElement('nonsense'), gr.getTableName()];
    """
    assert desk.state.engine.run(script) == [
        "42", 1, False, "42", None, "ben", "Ada Lindqvist", None, "sc_req_item",
    ]  # fmt: skip
    assert desk.item(ritm["sys_id"])["correlation_id"] == "42"
