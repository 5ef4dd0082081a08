"""How many calls an account makes at once, and that each thread keeps cookies of its own."""

import threading
import time
from collections.abc import Iterator

import pytest

from broker.connectors.http import Http, Limits
from broker.connectors.pace import Crowded, Lanes
from broker.domain.errors import Unavailable


def soon() -> float:
    return time.monotonic() + 30


def test_no_more_go_at_once_than_there_are_lanes() -> None:
    lanes, inside, most = Lanes(2), 0, 0
    lock = threading.Lock()

    def drive() -> None:
        nonlocal inside, most
        for _ in range(50):
            with lanes.one(soon()):
                with lock:
                    inside += 1
                    most = max(most, inside)
                with lock:
                    inside -= 1

    drivers = [threading.Thread(target=drive) for _ in range(6)]
    for driver in drivers:
        driver.start()
    for driver in drivers:
        driver.join()
    assert most <= 2


def test_a_lane_is_free_again_after_a_failure() -> None:
    lanes = Lanes(1)
    for _ in range(3):
        with pytest.raises(ValueError, match="no"), lanes.one(soon()):
            raise ValueError("no")


def test_nobody_waits_longer_than_until_the_deadline() -> None:
    lanes = Lanes(1)
    with lanes.one(soon()), pytest.raises(Crowded), lanes.one(time.monotonic()):
        pass


def test_without_a_number_everybody_goes() -> None:
    lanes = Lanes()
    with lanes.one(soon()), lanes.one(time.monotonic() - 1):
        pass


@pytest.fixture
def full() -> Iterator[Lanes]:
    """One lane, and somebody on it."""
    lanes = Lanes(1)
    with lanes.one(soon()):
        yield lanes


def test_a_call_for_which_no_lane_is_free_was_not_made(full: Lanes) -> None:
    http = Http("desk", "http://127.0.0.1:9", limits=Limits(total=0.05, tries=1), lanes=full)
    with pytest.raises(Unavailable, match="is busy with other calls of ours"):
        http.send("POST", "/x", {})
