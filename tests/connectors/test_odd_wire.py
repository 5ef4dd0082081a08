"""What no well-behaved system sends: absurd dates, bottomless JSON, tokens that are none."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import responses

from broker.connectors.clocks import ahead, http_date
from broker.connectors.failures import retry_after, spoken
from broker.connectors.http import Http, Limits
from broker.connectors.marks import carries, marked
from broker.connectors.oauth import Tokens
from broker.connectors.pace import Pace
from broker.domain.errors import Misconfigured, Unavailable, UnknownOutcome

BASE = "https://desk.example.com"
ONCE = Limits(tries=1)
BOTTOMLESS = b"[" * 200_000
ABSURD_DATES = [
    "Fri, 31 Dec 99999999999 23:59:59 -0800",
    "Fri, 31 Dec 2026 23:59:59 +99999999999",
    "Fri, 99 Dec 2026 23:59:59 GMT",
    "Fri, 31 Dec 2026 99:59:59 GMT",
    "soon",
    "",
]
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def http() -> Http:
    return Http("desk", BASE, limits=ONCE)


# ---- dates ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("date", ABSURD_DATES)
def test_an_absurd_date_is_none_at_all(date: str) -> None:
    assert http_date(date) is None
    assert retry_after(date) is None
    assert ahead(date, NOON, NOON) is None


@pytest.mark.parametrize("date", ABSURD_DATES)
def test_an_answer_with_an_absurd_date_is_an_answer(
    wire: responses.RequestsMock, http: Http, date: str
) -> None:
    wire.add("GET", f"{BASE}/x", json={"fine": True}, headers={"Date": date})
    assert http.get("/x").data == {"fine": True}
    assert http.clock_ahead is None


@pytest.mark.parametrize("date", ABSURD_DATES)
def test_a_retry_after_without_sense_names_no_time(
    wire: responses.RequestsMock, http: Http, date: str
) -> None:
    wire.add("GET", f"{BASE}/x", status=503, headers={"Retry-After": date})
    with pytest.raises(Unavailable) as raised:
        http.get("/x")
    assert raised.value.retry_after is None


def test_a_date_without_a_zone_is_utc() -> None:
    assert http_date("Sat, 31 Jan 2026 12:00:00") == NOON
    assert http_date("Sat, 31 Jan 2026 13:00:00 +0100") == NOON


def test_a_clock_is_compared_with_the_middle_of_the_exchange() -> None:
    sent, received = NOON, NOON + timedelta(seconds=10)
    assert ahead("Sat, 31 Jan 2026 12:00:05 GMT", sent, received) == timedelta(0)
    assert ahead("Sat, 31 Jan 2026 12:01:05 GMT", sent, received) == timedelta(minutes=1)


# ---- bodies --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201])
def test_a_success_without_a_bottom_is_none(
    wire: responses.RequestsMock, http: Http, status: int
) -> None:
    for method in ("GET", "POST"):
        wire.add(
            method, f"{BASE}/x", body=BOTTOMLESS, status=status, content_type="application/json"
        )
    with pytest.raises(Unavailable, match="broke off"):
        http.get("/x")
    with pytest.raises(UnknownOutcome, match="broke off"):
        http.send("POST", "/x", {})


@pytest.mark.parametrize(
    ("status", "kind"), [(500, UnknownOutcome), (503, Unavailable), (404, Unavailable)]
)
def test_a_failure_without_a_bottom_is_still_that_failure(
    wire: responses.RequestsMock, http: Http, status: int, kind: type[Exception]
) -> None:
    wire.add("POST", f"{BASE}/x", body=BOTTOMLESS, status=status, content_type="application/json")
    with pytest.raises(kind, match=f"answered {status}"):
        http.send("POST", "/x", {})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": {"message": "No", "detail": "no right"}}', " (No: no right)"),
        (b'{"error": {"message": "No"}, "message": "No"}', " (No)"),
        (b'{"error": "invalid_client", "error_description": "unknown"}', " (unknown)"),
        (b'{"message": ""}', ""),
        (b'{"message": 7}', ""),
        (b'["message"]', ""),
        (b"null", ""),
        (b"", ""),
        (b"\xff\xfe", ""),
        (b"  <html>", " with a page instead of data"),
        (b'{"message": "' + b"x" * 500 + b'"}', f" ({'x' * 200})"),
        (BOTTOMLESS, ""),
    ],
)
def test_a_system_is_quoted_as_far_as_it_speaks(body: bytes, words: str) -> None:
    assert spoken(body) == words


# ---- tokens --------------------------------------------------------------------------------------


def tokens(wire: responses.RequestsMock, *answers: object) -> Tokens:
    for answer in answers:
        wire.add("POST", f"{BASE}/token", json=answer)
    return Tokens(Http("desk", BASE, limits=ONCE), "/token", {"grant_type": "password"})


@pytest.mark.parametrize("token", [None, "", " ", {}, [], False, 7])
def test_a_token_that_is_no_word_is_not_sent(wire: responses.RequestsMock, token: object) -> None:
    proof = tokens(wire, {"access_token": token, "expires_in": 1800})
    with pytest.raises(Unavailable, match="gave out no usable token"):
        proof.headers()


@pytest.mark.parametrize("lifetime", ["NaN", None, "", [], {}])
def test_a_token_with_no_life_to_it_is_not_kept(
    wire: responses.RequestsMock, lifetime: object
) -> None:
    proof = tokens(wire, {"access_token": "a", "expires_in": lifetime})
    with pytest.raises(Unavailable, match="gave out no usable token"):
        proof.headers()


@pytest.mark.parametrize(
    ("lifetime", "seconds", "token"),
    [(1800, 1739, "first"), (1800, 1741, "second"), (100, 49, "first"), (100, 51, "second")],
)
def test_a_token_is_used_until_a_minute_or_half_its_life_is_left(
    wire: responses.RequestsMock,
    monkeypatch: pytest.MonkeyPatch,
    lifetime: int,
    seconds: float,
    token: str,
) -> None:
    proof = tokens(
        wire,
        {"access_token": "first", "expires_in": lifetime},
        {"access_token": "second", "expires_in": lifetime},
    )
    time = [1000.0]
    monkeypatch.setattr("broker.connectors.oauth.time.monotonic", lambda: time[0])
    proof.headers()
    time[0] += seconds
    assert proof.headers() == {"Authorization": f"Bearer {token}"}


def test_a_forgotten_token_is_fetched_anew(wire: responses.RequestsMock) -> None:
    proof = tokens(
        wire,
        {"access_token": "first", "expires_in": 1800},
        {"access_token": "second", "expires_in": 1800},
    )
    assert proof.headers() == proof.headers() == {"Authorization": "Bearer first"}
    assert proof.forget()
    assert proof.headers() == {"Authorization": "Bearer second"}


def test_a_redirected_sign_in_is_for_the_operator(wire: responses.RequestsMock) -> None:
    wire.add("POST", f"{BASE}/token", status=302, headers={"Location": "https://sso/x?secret=1"})
    with pytest.raises(Misconfigured, match="redirects its API to https://sso/x:"):
        tokens(wire).headers()


# ---- pace ----------------------------------------------------------------------------------------


class Moments:
    """A clock that `Pace` reads and sleeps by."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.slept = 100.0, [0.0]
        monkeypatch.setattr("broker.connectors.pace.time.monotonic", lambda: self.now)
        monkeypatch.setattr("broker.connectors.pace.time.sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_no_budget_is_no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    moments, pace = Moments(monkeypatch), Pace()
    for _ in range(50):
        pace.wait()
    assert sum(moments.slept) == 0


def test_the_average_is_kept_however_many_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    moments, pace = Moments(monkeypatch), Pace(per_second=4, burst=3)
    for _ in range(23):
        pace.wait()
    assert sum(moments.slept) == pytest.approx((23 - 3) / 4)


def test_room_for_a_burst_comes_back_with_rest_but_never_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moments, pace = Moments(monkeypatch), Pace(per_second=1, burst=3)
    for rest in (0.0, 3600.0):
        moments.now += rest
        moments.slept = []
        for _ in range(4):
            pace.wait()
        assert moments.slept == [pytest.approx(1.0)]


def test_a_burst_of_one_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    moments, pace = Moments(monkeypatch), Pace(per_second=2, burst=1)
    for _ in range(3):
        pace.wait()
    assert moments.slept[1:] == [pytest.approx(0.5), pytest.approx(0.5)]


# ---- marks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "carried"),
    [
        ("RB-12", True), ("see RB-12.", True), ("[rb-12]", True), ("a\nRB-12\nb", True),
        ("RB-123", False), ("XRB-12", False), ("RB-12-3", False), ("A-RB-12", False),
        ("RB_12", False), ("RB-12_", False), ("", False),
    ],
)  # fmt: skip
def test_a_mark_is_a_whole_word(words: str, carried: bool) -> None:
    assert carries(words, "RB-12") is carried
    assert marked(words, "RB-12") == (words if carried else f"{words} [RB-12]")


def test_no_mark_is_carried_by_nothing() -> None:
    assert not carries("anything", "")


def test_a_mark_is_no_pattern() -> None:
    assert not carries("RBx12", "RB.12")
    assert carries("see RB.12!", "RB.12")
