"""Login events: what they say, that they come twice and late, and that none is lost."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from sandbox.servicenow.jobs import JobQueue
from tests.sandbox.servicenow.desks import Desk, Receiver
from tests.sandbox.servicenow.test_scripts_run import LOGIN, sign_in
from tools.servers import wait_until


def events(desk: Desk, name: str = "login") -> list[dict[str, Any]]:
    return desk.as_("admin").rows("sysevent", f"name={name}^parm1!=admin^ORDERBYsys_created_on")


def told(receiver: Receiver) -> list[str]:
    return [json.loads(post.body)["user_name"] for post in receiver.to(LOGIN)]


def test_a_login_event_names_user_address_and_session(desk: Desk) -> None:
    sign_in(desk, "ada")
    assert desk.state.jobs.wait_idle()
    (event,) = events(desk)
    assert (event["parm1"], event["parm2"], event["state"]) == ("ada", "127.0.0.1", "processed")
    (session,) = desk.as_("admin").rows("sys_user_session", f"sys_id={event['instance']}")
    assert (session["name"], event["table"]) == ("ada", "sys_user_session")


def test_a_session_is_announced_beside_the_login(desk: Desk) -> None:
    sign_in(desk, "ada")
    assert desk.state.jobs.wait_idle()
    (login,), (session,) = events(desk), events(desk, "session.established")
    assert (session["parm1"], session["instance"]) == ("ada", login["instance"])


def test_one_sign_in_may_raise_its_event_twice(desk: Desk, receiver: Receiver) -> None:
    desk.state.faults.add("login-duplicated")
    sign_in(desk, "ada")
    assert desk.state.jobs.wait_idle()
    assert told(receiver) == ["ada", "ada"]
    assert len({event["sys_id"] for event in events(desk)}) == 2


def test_a_transferred_event_is_run_from_a_copy_as_well(desk: Desk, receiver: Receiver) -> None:
    desk.state.faults.add("event-transferred")
    sign_in(desk, "ada")
    assert desk.state.jobs.wait_idle()
    assert told(receiver) == ["ada", "ada"]
    assert sorted(event["state"] for event in events(desk)) == ["processed", "transferred"]


def test_an_event_may_be_overtaken_by_the_next(desk: Desk, receiver: Receiver) -> None:
    desk.state.faults.add("login-disordered")
    sign_in(desk, "ada")
    desk.state.faults.clear()
    sign_in(desk, "ben")
    wait_until(lambda: len(told(receiver)) == 2, "both logins")
    assert sorted(told(receiver)) == ["ada", "ben"]


def test_an_event_that_nothing_follows_is_run_all_the_same(desk: Desk, receiver: Receiver) -> None:
    desk.state.faults.add("login-disordered")
    sign_in(desk, "ada")
    wait_until(lambda: told(receiver) == ["ada"], "the login")


def test_an_event_whose_script_fails_is_in_error_and_not_run_again(desk: Desk) -> None:
    """The script of a business rule stands in for one that fails: there is no `current` here."""
    automation = desk.state.automation
    broken = {"file": "business_rules/order_approved.js"}
    automation._actions = [action | broken for action in automation._actions]
    sign_in(desk, "ada")
    assert desk.state.jobs.wait_idle()
    assert [event["state"] for event in events(desk)] == ["error"]


def test_a_queue_starts_its_threads_when_first_needed() -> None:
    before = threading.active_count()
    jobs = JobQueue()
    assert threading.active_count() == before
    done = threading.Event()
    jobs.put_later(done.set, 0.01)
    assert done.wait(20)
    jobs.close()
    wait_until(lambda: not any(thread.is_alive() for thread in jobs._threads), "the threads' end")


@pytest.mark.parametrize("later", [False, True])
def test_a_closed_queue_runs_nothing_more(later: bool) -> None:
    jobs, done = JobQueue(), threading.Event()
    jobs.close()
    if later:
        jobs.put_later(done.set, 0)
    else:
        jobs.put(done.set)
    assert jobs.wait_idle()
    assert not done.is_set()


def test_what_is_for_later_comes_in_its_order() -> None:
    jobs, seen = JobQueue(workers=1), list[int]()
    jobs.put_later(lambda: seen.append(2), 0.2)
    jobs.put_later(lambda: seen.append(1), 0.05)
    wait_until(lambda: len(seen) == 2, "both jobs")
    jobs.close()
    assert seen == [1, 2]
