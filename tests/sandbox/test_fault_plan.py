"""A plan places every fault once, whatever chance does, and says how often each happened."""

from __future__ import annotations

import threading

import pytest

from sandbox.fault_plan import FaultPlan

NAMES = ("busy", "down", "slow")


def told(plan: FaultPlan, opportunities: int = 60) -> list[str | None]:
    return [plan.choose(NAMES) for _ in range(opportunities)]


@pytest.mark.parametrize("seed", range(20))
def test_each_fault_happens_once_without_any_chance(seed: int) -> None:
    plan = FaultPlan(seed, NAMES, 0)
    told(plan)
    assert plan.fired == dict.fromkeys(NAMES, 1)
    assert plan.unfired() == []


def test_the_same_seed_is_the_same_schedule() -> None:
    assert told(FaultPlan(3, NAMES, 0.2)) == told(FaultPlan(3, NAMES, 0.2))
    assert told(FaultPlan(3, NAMES, 0.2)) != told(FaultPlan(4, NAMES, 0.2))


def test_chance_adds_to_what_is_certain() -> None:
    plan = FaultPlan(1, NAMES, 0.5)
    told(plan, 400)
    assert plan.fired.total() > 100


def test_a_rate_of_one_never_leaves_a_call_alone() -> None:
    assert None not in told(FaultPlan(1, NAMES, 1))


def test_a_fault_waits_for_a_call_that_it_can_happen_to() -> None:
    plan = FaultPlan(1, NAMES, 0)
    for _ in range(50):
        assert plan.choose(["busy", "down"]) != "slow"
    assert plan.unfired() == ["slow"]
    assert "slow" in [plan.choose(["slow"]) for _ in range(4)]


def test_a_fault_outside_the_plan_never_happens() -> None:
    plan = FaultPlan(1, ["busy"], 1)
    assert plan.choose(["down", "slow"]) is None


def test_threads_share_a_plan() -> None:
    plan, each = FaultPlan(1, NAMES, 0), 50
    threads = [threading.Thread(target=told, args=(plan, each)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert plan.fired == dict.fromkeys(NAMES, 1)


def test_what_could_not_happen_is_due_again_after_the_others() -> None:
    plan, tried = FaultPlan(1, NAMES, 0, within=1), []
    for _ in range(6):
        tried.append(plan.choose(NAMES))
        if tried[-1] == "busy" and len(tried) < 4:
            plan.take_back("busy")
    assert tried == ["busy", "down", "slow", "busy", None, None]
    assert plan.fired == dict.fromkeys(NAMES, 1)
