"""Counting calls: how each ended, and that none is lost between threads."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import responses

from broker.connectors.http import Http, Limits
from broker.connectors.tally import Outcome, Tally, calls, outcome
from broker.domain.errors import ConnectorError

BASE = "https://tally.example.com"


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (0, "silent"),
        (200, "answered"),
        (204, "answered"),
        (302, "answered"),
        (401, "refused"),
        (429, "refused"),
        (500, "failed"),
        (503, "failed"),
    ],
)
def test_a_status_says_how_a_call_ended(status: int, expected: str) -> None:
    assert outcome(status) == expected


def test_counts_begin_anew_when_they_are_taken() -> None:
    tally = Tally()
    tally.add("oim", 200, 0.5)
    tally.add("oim", 200, 0.25)
    tally.add("oim", 503, 1)
    tally.add("servicenow", 200, 2)
    taken = {key: (count.calls, count.seconds) for key, count in tally.take().items()}
    assert taken == {
        ("oim", Outcome.ANSWERED): (2, 0.75),
        ("oim", Outcome.FAILED): (1, 1),
        ("servicenow", Outcome.ANSWERED): (1, 2),
    }
    assert tally.take() == {}


def test_no_call_is_lost_between_threads() -> None:
    tally = Tally()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: tally.add("oim", 200, 0), range(800)))
    assert [count.calls for count in tally.take().values()] == [800]


def test_every_exchange_is_counted_the_repeated_ones_too(wire: responses.RequestsMock) -> None:
    wire.add("GET", f"{BASE}/a", json={})
    wire.add("GET", f"{BASE}/b", status=503)
    wire.add("GET", f"{BASE}/b", body=requests.ConnectionError("no route"))
    http = Http("tallied", BASE, limits=Limits(tries=2, back_off=0))
    http.get("/a")
    with pytest.raises(ConnectorError):
        http.get("/b")
    mine = {ended: count for (name, ended), count in calls.take().items() if name == "tallied"}
    assert {ended: count.calls for ended, count in mine.items()} == {
        Outcome.ANSWERED: 1,
        Outcome.FAILED: 1,
        Outcome.SILENT: 1,
    }
    assert all(count.seconds > 0 for count in mine.values())
