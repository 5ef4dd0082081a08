"""The clock: every step each round, whatever the others do, until it is told to stop."""

import threading
from types import SimpleNamespace

import pytest

from broker import relay, restored
from broker.sync import timer
from jobs import clock

STEPS = (
    (restored, "notice"),
    (timer, "beat"),
    (relay, "ring_due"),
    (relay, "housekeeping"),
)


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The steps that were taken, in their order."""
    taken: list[str] = []
    for module, name in STEPS:

        def step(_broker: object, name: str = name) -> None:
            taken.append(name)

        monkeypatch.setattr(module, name, step)
    return taken


def test_a_round_beats_rings_and_keeps_house(rounds: list[str]) -> None:
    clock.tick(SimpleNamespace())  # type: ignore[arg-type]  # nothing looks at it

    assert rounds == ["notice", "beat", "ring_due", "housekeeping"]


def test_a_failing_step_does_not_keep_the_others_from_happening(
    rounds: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_broker: object) -> None:
        raise ConnectionError("the database is away")

    monkeypatch.setattr(timer, "beat", fail)

    clock.tick(SimpleNamespace())  # type: ignore[arg-type]  # nothing looks at it

    assert rounds == ["notice", "ring_due", "housekeeping"]


@pytest.mark.parametrize("failing", [False, True])
def test_only_a_round_without_a_failure_shows_a_pulse(
    rounds: list[str], monkeypatch: pytest.MonkeyPatch, failing: bool
) -> None:
    stop, pulses = threading.Event(), [0]

    def last_step(_broker: object) -> None:
        stop.set()
        if failing:
            raise ConnectionError("the database is away")

    def pulse() -> None:
        pulses[0] += 1

    monkeypatch.setattr(relay, "housekeeping", last_step)

    clock.run(SimpleNamespace(), stop, every=0.001, pulse=pulse)  # type: ignore[arg-type]  # as above

    assert pulses == [0 if failing else 1]


def test_a_pulse_that_cannot_be_shown_does_not_stop_the_clock(rounds: list[str]) -> None:
    stop = threading.Event()

    def pulse() -> None:
        if len(rounds) > len(STEPS):
            stop.set()
        raise OSError("no space left")

    clock.run(SimpleNamespace(), stop, every=0.001, pulse=pulse)  # type: ignore[arg-type]  # as above

    assert len(rounds) == 2 * len(STEPS)


def test_the_clock_ends_when_it_is_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    monkeypatch.setattr(clock, "tick", lambda _broker: stop.set())

    clock.run(SimpleNamespace(), stop, every=0.001)  # type: ignore[arg-type]  # nothing looks at it

    assert stop.is_set()
