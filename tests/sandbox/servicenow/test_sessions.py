"""Sessions of API calls: cookies, headers, the queue of a session, the semaphores of a node."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from sandbox.servicenow.sessions import Gate
from tests.sandbox.servicenow.desks import Client, Desk, fetch
from tools.servers import wait_until

COOKIES = [
    "JSESSIONID",
    "glide_user",
    "glide_user_session",
    "glide_user_route",
    "glide_session_store",
    "BIGipServerpool_sandbox",
]


def first_call(desk: Desk, **headers: str) -> requests.Response:
    """A call without cookies."""
    url = f"{desk.url}/api/now/table/sys_user?sysparm_limit=1"
    return fetch("GET", url, auth=("broker", "broker"), headers=headers)


def set_cookies(answer: requests.Response) -> list[str]:
    return answer.raw.headers.getlist("Set-Cookie")


def test_a_first_call_sets_the_recorded_cookies_in_their_order(desk: Desk) -> None:
    told = [line.partition("=") for line in set_cookies(first_call(desk))]
    assert [name for name, _, _ in told] == COOKIES
    rest = {name: attributes for name, _, attributes in told}
    assert rest["glide_user"].startswith("; Max-Age=0; Expires=Thu, 01-Jan-1970 00:00:10 GMT")
    assert "Max-Age=2147483647" in rest["glide_user_route"]
    assert "Max-Age=1800" in rest["glide_session_store"]
    assert all("HttpOnly" in text and "Path=/" in text for text in rest.values())


def test_behind_https_they_are_secure_and_for_every_site(desk: Desk) -> None:
    lines = set_cookies(first_call(desk, **{"X-Forwarded-Proto": "https"}))
    assert all("Secure" in line and "SameSite=None" in line for line in lines)


def test_who_sends_its_cookies_back_gets_no_others(desk: Desk, broker: Client) -> None:
    broker.table("sys_user", limit="1")
    started = desk.state.sessions.started
    assert set_cookies(broker.table("sys_user", limit="1")) == []
    assert desk.state.sessions.started == started
    first_call(desk)
    assert desk.state.sessions.started == started + 1


def test_an_idle_session_ends_and_the_next_call_begins_another(desk: Desk, broker: Client) -> None:
    now = [0.0]
    desk.state.sessions.clock = lambda: now[0]
    broker.table("sys_user", limit="1")
    now[0] = 59
    assert set_cookies(broker.table("sys_user", limit="1")) == []
    now[0] = 59 + 61
    assert len(set_cookies(broker.table("sys_user", limit="1"))) == len(COOKIES)


def test_somebody_elses_cookie_is_no_session(desk: Desk) -> None:
    cookies = first_call(desk).cookies
    url = f"{desk.url}/api/now/table/sys_user"
    answer = fetch("GET", url, auth=("admin", "admin"), cookies=cookies)
    assert len(set_cookies(answer)) == len(COOKIES)


def test_a_cookie_alone_reads_but_writes_only_with_the_sessions_token(desk: Desk) -> None:
    cookies = first_call(desk).cookies
    url = f"{desk.url}/api/now/table/x_rqbrk_access_request"
    assert fetch("GET", url, cookies=cookies).status_code == 200
    assert fetch("POST", url, json={}, cookies=cookies).status_code == 401
    session = desk.state.sessions.find(cookies["glide_session_store"])
    assert session is not None
    headers = {"X-UserToken": session.form_token}
    assert fetch("POST", url, json={}, cookies=cookies, headers=headers).status_code == 201


def test_every_answer_has_the_recorded_headers(desk: Desk, broker: Client) -> None:
    answers = [broker.table("sys_user", limit="1") for _ in range(2)]
    headers = answers[0].headers
    assert headers["X-Is-Logged-In"] == "true"
    assert re.fullmatch(r"sem_wait;dur=\d+, sesh_wait;dur=\d+", headers["Server-Timing"])
    assert headers["Content-Type"] == "application/json;charset=UTF-8"
    assert headers["Pragma"] == "no-store,no-cache"
    assert headers["Cache-Control"] == "no-cache,no-store,must-revalidate,max-age=-1"
    assert headers["Expires"] == "0"
    assert headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"
    ids = {answer.headers["X-Transaction-ID"] for answer in answers}
    assert len(ids) == 2
    assert all(re.fullmatch("[0-9a-f]{12}", each) for each in ids)


def test_an_answer_is_compressed_for_who_takes_that(desk: Desk) -> None:
    packed, plain = first_call(desk), first_call(desk, **{"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.json().keys() == plain.json().keys()


@contextmanager
def full(gate: Gate, waiting: int, places: int) -> Iterator[None]:
    """A gate whose places are taken, with so many waiting behind."""
    for _ in range(places):
        assert gate.enter()
    waiters = [threading.Thread(target=gate.enter) for _ in range(waiting)]
    for waiter in waiters:
        waiter.start()
    wait_until(lambda: gate.waiting == waiting, "the queue")
    try:
        yield
    finally:
        for _ in range(places + waiting):
            gate.leave()
        for waiter in waiters:
            waiter.join()


def test_an_eleventh_call_waiting_is_answered_202_and_not_done(desk: Desk, broker: Client) -> None:
    cookies = {**broker.table("sys_user", limit="1").cookies}
    session = desk.state.sessions.find(cookies["glide_session_store"])
    assert session is not None
    with full(session.gate, waiting=10, places=2):
        answer = broker.post("x_rqbrk_access_request", request_id="1")
        assert (answer.status_code, answer.content) == (202, b"")
        assert first_call(desk).status_code == 200  # another session
    assert broker.rows("x_rqbrk_access_request") == []


def test_calls_of_one_session_wait_for_each_other(desk: Desk, broker: Client) -> None:
    cookies = {**broker.table("sys_user", limit="1").cookies}
    session = desk.state.sessions.find(cookies["glide_session_store"])
    assert session is not None
    answers: list[requests.Response] = []
    with full(session.gate, waiting=0, places=2):
        caller = threading.Thread(
            target=lambda: answers.append(broker.table("sys_user", limit="1"))
        )
        caller.start()
        wait_until(lambda: session.gate.waiting == 1, "the call to wait")
        assert answers == []
    caller.join()
    assert answers[0].status_code == 200
    assert "sesh_wait;dur=" in answers[0].headers["Server-Timing"]


def test_without_a_semaphore_there_is_a_429_that_says_nothing(desk: Desk, broker: Client) -> None:
    with full(desk.state.semaphores, waiting=50, places=4):
        answer = broker.table("sys_user", limit="1")
        assert (answer.status_code, answer.content) == (429, b"")
        assert not [name for name in answer.headers if name.lower().startswith("x-ratelimit")]
        assert "Retry-After" not in answer.headers
        assert fetch("GET", f"{desk.url}/login.do").status_code == 200  # a page needs none
    assert broker.table("sys_user", limit="1").status_code == 200


@pytest.mark.parametrize("way", ["basicauth", "oauth"])
def test_a_call_counts_as_the_last_login_once_a_minute(desk: Desk, way: str) -> None:
    def last_login() -> str:
        return desk.state.records.where("sys_user", user_name="ada")[0]["last_login_time"]

    def call() -> None:
        url = f"{desk.url}/api/now/table/sys_user"
        if way == "basicauth":
            fetch("GET", url, auth=("ada", "demo"))
            return
        token = desk.state.tokens.issue("broker", "ada").access
        fetch("GET", url, headers={"Authorization": f"Bearer {token}"})

    call()
    first = last_login()
    assert first
    desk.state.properties["glide.integration.update_last_login_time.window.seconds"] = "0"
    desk.state.properties[f"glide.{way}.update_last_login_time"] = "false"
    row = desk.state.records.where("sys_user", user_name="ada")[0]
    desk.as_("admin").patch("sys_user", row["sys_id"], last_login_time="")
    call()
    assert last_login() == ""
    desk.state.properties[f"glide.{way}.update_last_login_time"] = "true"
    call()
    assert last_login() >= first
