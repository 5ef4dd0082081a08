"""Every way an answer can be odd, and what it means. No server: `responses` answers."""

import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests
import responses
import urllib3

from broker.connectors.failures import CutShort, retry_after
from broker.connectors.http import Answer, Basic, Http, Limits
from broker.connectors.oauth import Tokens
from broker.connectors.pace import Pace
from broker.domain.errors import (
    ConnectorError,
    Misconfigured,
    NotFound,
    Refused,
    Unavailable,
    UnknownOutcome,
)

BASE = "https://desk.example.com"
QUICK = Limits(tries=3, back_off=0.001, patience=0.05, body=2000)


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def http() -> Http:
    return Http("desk", BASE, Basic("broker", "pässword"), limits=QUICK)


def read(http: Http) -> Answer:
    return http.get("/x")


def write(http: Http) -> Answer:
    return http.send("POST", "/x", {"a": 1})


STATUSES = [
    (400, Refused, Refused),
    (401, Misconfigured, Misconfigured),
    (403, Misconfigured, Misconfigured),
    (404, NotFound, NotFound),
    (405, Misconfigured, Misconfigured),
    (408, Unavailable, UnknownOutcome),
    (409, Refused, Refused),
    (410, NotFound, NotFound),
    (414, Refused, Refused),
    (422, Refused, Refused),
    (429, Unavailable, Unavailable),
    (500, Unavailable, UnknownOutcome),
    (502, Unavailable, UnknownOutcome),
    (503, Unavailable, Unavailable),
    (504, Unavailable, UnknownOutcome),
    (202, Unavailable, UnknownOutcome),
    (302, Misconfigured, UnknownOutcome),
]


@pytest.mark.parametrize(("status", "of_a_read", "of_a_write"), STATUSES)
def test_a_status_means_one_kind_of_error(
    wire: responses.RequestsMock,
    http: Http,
    status: int,
    of_a_read: type[ConnectorError],
    of_a_write: type[ConnectorError],
) -> None:
    wire.add("GET", f"{BASE}/x", status=status, json={})
    wire.add("POST", f"{BASE}/x", status=status, json={})
    with pytest.raises(ConnectorError) as of_read:
        read(http)
    with pytest.raises(ConnectorError) as of_write:
        write(http)
    assert (of_read.type, of_write.type) == (of_a_read, of_a_write)


@pytest.mark.parametrize("body", ["<html>Error 404--Not Found</html>", ""])
def test_a_404_that_is_no_data_is_an_application_that_is_not_there_just_now(
    wire: responses.RequestsMock, http: Http, body: str
) -> None:
    wire.add("GET", f"{BASE}/x", status=404, body=body)
    wire.add("POST", f"{BASE}/x", status=404, body=body)
    with pytest.raises(Unavailable, match="being deployed, or its address is wrong"):
        read(http)
    with pytest.raises(Unavailable):
        write(http)


REFUSED = urllib3.exceptions.NewConnectionError(None, "refused")  # type: ignore[arg-type]
TOO_OFTEN = urllib3.exceptions.MaxRetryError(None, "/", REFUSED)  # type: ignore[arg-type]
BREAKS = [
    (requests.ConnectTimeout(), Unavailable, Unavailable),
    (requests.ConnectionError(TOO_OFTEN), Unavailable, Unavailable),
    (requests.ReadTimeout(), Unavailable, UnknownOutcome),
    (requests.ConnectionError("reset by peer"), Unavailable, UnknownOutcome),
    (requests.exceptions.ChunkedEncodingError("cut"), Unavailable, UnknownOutcome),
    (requests.exceptions.SSLError("CERTIFICATE_VERIFY_FAILED"), Misconfigured, Misconfigured),
    (ConnectionResetError("reset"), Unavailable, UnknownOutcome),
]


@pytest.mark.parametrize(("broken", "of_a_read", "of_a_write"), BREAKS)
def test_a_broken_exchange_is_harmless_unless_a_write_was_under_way(
    wire: responses.RequestsMock,
    http: Http,
    broken: Exception,
    of_a_read: type[ConnectorError],
    of_a_write: type[ConnectorError],
) -> None:
    wire.add("GET", f"{BASE}/x", body=broken)
    wire.add("POST", f"{BASE}/x", body=broken)
    with pytest.raises(of_a_read):
        read(http)
    with pytest.raises(of_a_write):
        write(http)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("<html>Instance Hibernating</html>", "text/html"),
        ('{"result": [{"a": ', "application/json"),
        ("", "application/json"),
        ("{}", ""),
    ],
)
def test_a_success_without_complete_json_is_none(
    wire: responses.RequestsMock, http: Http, body: str, kind: str
) -> None:
    wire.add("GET", f"{BASE}/x", body=body, content_type=kind)
    wire.add("POST", f"{BASE}/x", body=body, content_type=kind)
    with pytest.raises(Unavailable):
        read(http)
    with pytest.raises(UnknownOutcome):
        write(http)


def test_a_good_answer_is_parsed(wire: responses.RequestsMock, http: Http) -> None:
    wire.add("GET", f"{BASE}/x", json={"a": [1]}, headers={"X-Total-Count": "7"})
    answer = read(http)
    assert (answer.data, answer.headers["X-Total-Count"]) == ({"a": [1]}, "7")


def test_an_answer_without_content_is_a_success(wire: responses.RequestsMock, http: Http) -> None:
    wire.add("DELETE", f"{BASE}/x", status=204)
    assert http.send("DELETE", "/x").data is None


def test_a_read_is_repeated_until_it_succeeds(wire: responses.RequestsMock, http: Http) -> None:
    wire.add("GET", f"{BASE}/x", status=503)
    wire.add("GET", f"{BASE}/x", body=requests.ReadTimeout())
    wire.add("GET", f"{BASE}/x", json=[])
    assert read(http).data == []


def test_a_read_is_given_up_after_some_tries(wire: responses.RequestsMock, http: Http) -> None:
    wire.add("GET", f"{BASE}/x", status=500)
    with pytest.raises(Unavailable):
        read(http)
    assert len(wire.calls) == QUICK.tries


class Stopped:
    """Time that passes only while somebody answers."""

    def __init__(self) -> None:
        self.now, self.calls = 0.0, 0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def cut_after(self, seconds: float) -> tuple[int, dict[str, str], str]:
        self.now, self.calls = self.now + seconds, self.calls + 1
        return 200, {}, '{"result": ['


@pytest.mark.parametrize(("seconds", "calls"), [(1, 3), (60, 1)])
def test_what_is_cut_off_late_is_handed_over_while_asking_for_less_may_help(
    wire: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch, seconds: float, calls: int
) -> None:
    clock = Stopped()
    monkeypatch.setattr("broker.connectors.http.time", clock)
    wire.add_callback(
        "GET",
        f"{BASE}/x",
        lambda _request: clock.cut_after(seconds),
        content_type="application/json",
    )
    with pytest.raises(CutShort):
        Http("desk", BASE, limits=Limits(back_off=0.0)).get("/x")
    assert clock.calls == calls


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_write_is_never_repeated(wire: responses.RequestsMock, http: Http, status: int) -> None:
    wire.add("POST", f"{BASE}/x", status=status)
    with pytest.raises(ConnectorError):
        write(http)
    assert len(wire.calls) == 1


@pytest.mark.parametrize("status", [400, 403, 410])
def test_an_answer_that_will_stay_is_asked_for_once(
    wire: responses.RequestsMock, http: Http, status: int
) -> None:
    wire.add("GET", f"{BASE}/x", status=status)
    with pytest.raises(ConnectorError):
        read(http)
    assert len(wire.calls) == 1


def test_a_long_retry_after_is_handed_to_the_caller(
    wire: responses.RequestsMock, http: Http
) -> None:
    wire.add("GET", f"{BASE}/x", status=429, headers={"Retry-After": "120"})
    with pytest.raises(Unavailable) as error:
        read(http)
    assert (error.value.retry_after, len(wire.calls)) == (120.0, 1)


def test_a_short_retry_after_is_sat_out(wire: responses.RequestsMock, http: Http) -> None:
    wire.add("GET", f"{BASE}/x", status=429, headers={"Retry-After": "0.02"})
    wire.add("GET", f"{BASE}/x", json=1)
    started = time.monotonic()
    assert read(http).data == 1
    assert time.monotonic() - started >= 0.02


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("17", 17.0),
        ("999999", 3600.0),
        ("inf", 3600.0),
        ("-5", None),
        ("nan", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("Wed, 99 Foo 2026", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(
    header: str | None, seconds: float | None
) -> None:
    assert retry_after(header) == seconds


def test_retry_after_may_be_a_date_to_come() -> None:
    at = datetime.now(UTC) + timedelta(seconds=100)
    assert retry_after(format_datetime(at, usegmt=True)) == pytest.approx(100, abs=2)


def test_redirects_are_not_followed(wire: responses.RequestsMock, http: Http) -> None:
    wire.add("GET", f"{BASE}/x", status=302, headers={"Location": "https://login.example.com/?q=1"})
    with pytest.raises(Misconfigured, match=r"redirects its API to https://login\.example\.com/:"):
        read(http)
    assert len(wire.calls) == 1


def test_an_endless_answer_is_cut(wire: responses.RequestsMock, http: Http) -> None:
    wire.add("GET", f"{BASE}/x", body=b"x" * 3000, content_type="application/json")
    wire.add("POST", f"{BASE}/x", body=b"x" * 3000, content_type="application/json")
    with pytest.raises(Misconfigured, match="more than 2000 bytes"):
        read(http)
    with pytest.raises(UnknownOutcome):
        write(http)


def test_no_call_starts_after_the_deadline(wire: responses.RequestsMock) -> None:
    http = Http("desk", BASE, limits=Limits(total=0.0))
    with pytest.raises(Unavailable):
        http.send("POST", "/x", {})
    assert not wire.calls


def test_the_reason_quotes_the_system_but_never_a_page(
    wire: responses.RequestsMock, http: Http
) -> None:
    error = {
        "error": {"message": "Operation Failed", "detail": "No such column"},
        "status": "failure",
    }
    wire.add("GET", f"{BASE}/x", status=400, json=error)
    with pytest.raises(Refused) as quoted:
        read(http)
    assert quoted.value.reason == "answered 400 (Operation Failed: No such column)"
    wire.replace("GET", f"{BASE}/x", status=400, body="<html>secret</html>")
    with pytest.raises(Refused) as page:
        read(http)
    assert page.value.reason == "answered 400 with a page instead of data"


def test_a_refusal_of_the_record_is_told_from_missing_rights(wire: responses.RequestsMock) -> None:
    http = Http("desk", BASE, refuses=lambda body: b"Data Policy" in body)
    wire.add("PATCH", f"{BASE}/x", status=403, json={"error": {"message": "Data Policy Exception"}})
    with pytest.raises(Refused, match="Data Policy Exception"):
        http.send("PATCH", "/x", {})


def test_a_password_may_have_any_letter(wire: responses.RequestsMock, http: Http) -> None:
    wire.add("GET", f"{BASE}/x", json={})
    read(http)
    assert wire.calls[0].request.headers["Authorization"] == "Basic YnJva2VyOnDDpHNzd29yZA=="


def token(wire: responses.RequestsMock, name: str, lifetime: object = 1799) -> None:
    answer = {"access_token": name, "expires_in": lifetime}
    wire.add("POST", f"{BASE}/oauth_token.do", json=answer)


@pytest.fixture
def with_tokens() -> Http:
    fetch = Http("desk", BASE, limits=QUICK)
    return Http(
        "desk", BASE, Tokens(fetch, "/oauth_token.do", {"grant_type": "password"}), limits=QUICK
    )


def test_one_token_serves_many_calls(wire: responses.RequestsMock, with_tokens: Http) -> None:
    token(wire, "first")
    wire.add("GET", f"{BASE}/x", json={})
    read(with_tokens)
    read(with_tokens)
    assert [call.request.method for call in wire.calls] == ["POST", "GET", "GET"]
    assert wire.calls[2].request.headers["Authorization"] == "Bearer first"
    assert wire.calls[0].request.body == "grant_type=password"


def test_a_refused_token_is_renewed_once_even_for_a_write(
    wire: responses.RequestsMock, with_tokens: Http
) -> None:
    token(wire, "first")
    token(wire, "second")
    wire.add("POST", f"{BASE}/x", status=401)
    wire.add("POST", f"{BASE}/x", json={"done": True})
    assert write(with_tokens).data == {"done": True}
    assert wire.calls[-1].request.headers["Authorization"] == "Bearer second"


def test_a_second_refusal_is_for_the_operator(
    wire: responses.RequestsMock, with_tokens: Http
) -> None:
    token(wire, "first")
    wire.add("GET", f"{BASE}/x", status=401)
    with pytest.raises(Misconfigured):
        read(with_tokens)
    assert [call.request.method for call in wire.calls] == ["POST", "GET", "POST", "GET"]


def test_a_token_is_renewed_before_it_ends(
    wire: responses.RequestsMock, with_tokens: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    token(wire, "ageing", lifetime="100")
    token(wire, "fresh")
    wire.add("GET", f"{BASE}/x", json={})
    read(with_tokens)
    later = time.monotonic() + 51
    monkeypatch.setattr("broker.connectors.oauth.time.monotonic", lambda: later)
    read(with_tokens)
    assert wire.calls[-1].request.headers["Authorization"] == "Bearer fresh"


@pytest.mark.parametrize("answer", [{}, [], {"access_token": "a", "expires_in": "soon"}])
def test_a_token_that_cannot_be_used_means_that_nothing_was_sent(
    wire: responses.RequestsMock, with_tokens: Http, answer: object
) -> None:
    wire.add("POST", f"{BASE}/oauth_token.do", json=answer)
    with pytest.raises(Unavailable):
        write(with_tokens)


def test_a_refused_client_is_for_the_operator(
    wire: responses.RequestsMock, with_tokens: Http
) -> None:
    wire.add("POST", f"{BASE}/oauth_token.do", status=401, json={"error": "invalid_client"})
    with pytest.raises(Misconfigured):
        write(with_tokens)


def test_a_rate_budget_spreads_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("broker.connectors.pace.time.sleep", slept.append)
    monkeypatch.setattr("broker.connectors.pace.time.monotonic", lambda: 100.0)
    pace = Pace(per_second=10, burst=2)
    for _ in range(4):
        pace.wait()
    assert slept == [pytest.approx(0.1), pytest.approx(0.2)]


@pytest.mark.parametrize("seconds", [-400, 0, 300])
def test_every_answer_tells_how_far_their_clock_is_ahead_of_ours(
    wire: responses.RequestsMock, http: Http, seconds: int
) -> None:
    theirs = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
    wire.add("GET", f"{BASE}/x", json={}, headers={"Date": theirs})
    read(http)
    assert http.clock_ahead is not None
    assert abs(http.clock_ahead.total_seconds() - seconds) < 60


@pytest.mark.parametrize("headers", [{}, {"Date": "soon"}])
def test_a_system_that_does_not_tell_the_time_is_not_judged_by_it(
    wire: responses.RequestsMock, http: Http, headers: dict[str, str]
) -> None:
    wire.add("GET", f"{BASE}/x", json={}, headers=headers)
    read(http)
    assert http.clock_ahead is None


@pytest.mark.parametrize(
    ("status", "sentence"),
    [(401, "does not take the user broker"), (403, "the user broker lacks a right")],
)
def test_a_refused_account_is_named_but_never_its_password(
    wire: responses.RequestsMock, status: int, sentence: str
) -> None:
    http = Http("desk", BASE, Basic("broker", "pässword"), account="the user broker")
    wire.add("GET", f"{BASE}/x", status=status, json={})
    with pytest.raises(Misconfigured, match=sentence) as refused:
        read(http)
    assert "pässword" not in str(refused.value)


# ---- the number of the call in the vendor's logs ------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        ({"status": 500, "json": {}}, logging.WARNING),
        ({"status": 404, "json": {}}, logging.INFO),
        ({"status": 200, "body": '{"result": [', "content_type": "application/json"}, 30),
    ],
)
def test_a_failure_is_logged_with_its_transaction(
    wire: responses.RequestsMock,
    http: Http,
    caplog: pytest.LogCaptureFixture,
    answer: dict[str, Any],
    level: int,
) -> None:
    wire.add("POST", f"{BASE}/x", headers={"X-Transaction-ID": "4f2d0c9e1b7a"}, **answer)
    with caplog.at_level(logging.INFO, "broker.connectors.http"), pytest.raises(ConnectorError):
        write(http)
    (record,) = caplog.records
    assert record.levelno == level
    assert record.getMessage().startswith("desk POST /x: ")
    assert record.getMessage().endswith("transaction 4f2d0c9e1b7a")


def test_an_answer_that_was_cut_off_can_be_told_from_other_troubles(
    wire: responses.RequestsMock, http: Http
) -> None:
    wire.add("GET", f"{BASE}/x", body='{"result": [', content_type="application/json")
    with pytest.raises(CutShort):
        read(http)
