"""The requests of the past: consistent with the organisation, plausible, made anew each time."""

import hashlib
import os
import subprocess
import sys
import tracemalloc
from collections import Counter, defaultdict, deque
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.oim.rows import FINAL
from sandbox.world import World, WorldRequest, approval_route, build_world, holdings_of, manager_on
from sandbox.world.states import CLOSED, FORGOTTEN, FORGOTTEN_DAYS, OPEN
from tests.sandbox.world.conftest import NOW

ROOT = Path(__file__).resolve().parents[3]
DIGEST = """
import hashlib, sys
from datetime import datetime
from sandbox.world import build_world, holdings_of
world = build_world(int(sys.argv[1]), 90, 300, 0.1, datetime.fromisoformat(sys.argv[2]))
parts = (world.people, world.items, world.desk_items, world.delegates, world.queues)
text = repr([*parts, list(world.history), holdings_of(world)])
print(hashlib.sha256(text.encode()).hexdigest())
"""


def digest(seed: int, hash_seed: str) -> str:
    """The world of another process, with another order of its sets."""
    done = subprocess.run(
        [sys.executable, "-c", DIGEST, str(seed), NOW.isoformat()],
        env={**os.environ, "PYTHONHASHSEED": hash_seed}, cwd=ROOT, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip()


def test_the_same_seed_gives_the_same_world_to_the_last_byte_in_any_process() -> None:
    first = digest(7, "1")
    assert len(first) == len(hashlib.sha256().hexdigest())
    assert digest(7, "4242") == first
    assert digest(8, "1") != first


def test_each_pass_tells_the_same_story(company: World, past: list[WorldRequest]) -> None:
    assert len(company.history) == len(past) == 6000
    assert all(a == b for a, b in zip(company.history, past, strict=True))


def test_ids_count_up_without_a_gap_in_the_order_of_time(past: list[WorldRequest]) -> None:
    assert [int(request.request_id) for request in past] == list(range(1001, 1001 + len(past)))
    created = [request.created_at for request in past]
    assert created == sorted(created)


def test_every_word_of_the_product_occurs(company: World) -> None:
    words = {state.word for states in (CLOSED, OPEN, FORGOTTEN) for state in states}
    words |= {"Request Awaiting Child Requests Completion"}
    large = build_world(people=300, requests=12_000, open_share=0.06, now=NOW)
    assert words <= {request.status for request in large.history}


def test_as_many_are_open_as_asked_for(past: list[WorldRequest]) -> None:
    still_open = [request for request in past if request.status not in FINAL]
    assert abs(len(still_open) - 300) <= 8  # the demo's own few come on top


def test_nothing_is_open_for_long_unless_it_was_forgotten(
    company: World, past: list[WorldRequest]
) -> None:
    ages = [(company.now - r.created_at).days for r in past if r.status not in FINAL]
    old = [age for age in ages if age > FORGOTTEN_DAYS]
    assert 1 <= len(old) <= 12
    assert sum(age <= 14 for age in ages) > len(ages) / 2


def test_what_is_being_carried_out_was_asked_for_lately(
    company: World, past: list[WorldRequest]
) -> None:
    moving = {"Operation Initiated", "Request Created", "Post Operation Processing Initiated"}
    for request in past:
        if request.status in moving:
            assert company.now - request.created_at < timedelta(days=5)


def test_the_approver_was_the_manager_at_that_time(
    company: World, past: list[WorldRequest]
) -> None:
    for request in past:
        item, on = company.items[request.items[0]], request.created_at.date()
        route = approval_route(company.people, item, request.beneficiary, on)
        assert [task.assignee for task in request.tasks] == list(route[: len(request.tasks)])
    led = [(r, manager_on(company.people, r.beneficiary, r.created_at.date())) for r in past]
    others = [r for r, boss in led if boss and boss.key != company.people[r.beneficiary].manager]
    assert others, "somebody's manager has changed since"


def test_dates_are_in_order(company: World, past: list[WorldRequest]) -> None:
    for request in past:
        assert request.created_at <= request.modified_at <= company.now
        before = request.created_at
        for task in request.tasks:
            assert before <= task.assigned_at <= company.now
            before = task.decided_at or task.assigned_at
            assert task.assigned_at <= before <= company.now


def test_whoever_took_part_worked_here_then(company: World, past: list[WorldRequest]) -> None:
    people = company.people

    def there(key: str, on: date) -> bool:
        return people[key].hired_on <= on <= (people[key].left_on or date.max)

    for request in past:
        on = request.created_at.date()
        if request.modified_at.date() == on:
            deciders = [task.decided_by for task in request.tasks if task.decided_by]
            assert all(there(key, on) for key in deciders)
        if request.request_type not in ("Revoke Account", "Revoke Entitlement",
                                        "Remove from Roles"):  # fmt: skip
            assert there(request.beneficiary, on)
            assert there(request.requester, on)


def test_a_refusal_says_why_and_somebody_asks_again(past: list[WorldRequest]) -> None:
    refused = [r for r in past if r.status in ("Request Rejected", "Request Approval Rejected")]
    assert all(request.tasks[-1].outcome == "REJECT" for request in refused)
    assert all(request.tasks[-1].comment for request in refused)
    wanted = defaultdict(list)
    for request in past:
        wanted[request.beneficiary, request.items[0]].append(request)
    again = [r for r in refused if any(
        0 < (other.created_at - r.modified_at).total_seconds() < 20 * 86400
        for other in wanted[r.beneficiary, r.items[0]])]  # fmt: skip
    assert 0.1 < len(again) / len(refused) < 0.6


def test_leavers_lose_what_they_had(company: World, past: list[WorldRequest]) -> None:
    revoked = [r for r in past if (left := company.people[r.beneficiary].left_on)
               and r.created_at.date() > left]  # fmt: skip
    assert revoked
    assert {r.request_type for r in revoked} <= {
        "Revoke Account", "Revoke Entitlement", "Remove from Roles"
    }  # fmt: skip
    held = {holding.person for holding in holdings_of(company)}
    assert all(company.people[key].active for key in held)


def test_projects_end_and_their_access_with_them(company: World, past: list[WorldRequest]) -> None:
    ending = [r for r in past if r.ends_on and r.status == "Request Completed"]
    assert len(ending) > 50
    assert all(r.ends_on and r.ends_on > r.created_at.date() for r in ending)
    over = {r.request_id for r in ending if r.ends_on and r.ends_on < company.now.date()}
    assert over
    assert over.isdisjoint({holding.request_id for holding in holdings_of(company)})


def test_several_items_are_a_parent_with_children(past: list[WorldRequest]) -> None:
    by_id = {request.request_id: request for request in past}
    parents = [request for request in past if request.children]
    assert parents
    for parent in parents:
        children = [by_id[key] for key in parent.children]
        assert parent.tasks == ()
        assert [child.items[0] for child in children] == list(parent.items)
        assert {child.parent for child in children} == {parent.request_id}
        assert (parent.status in FINAL) == all(child.status in FINAL for child in children)


def test_nobody_asks_twice_for_what_they_have(past: list[WorldRequest]) -> None:
    given = Counter((r.beneficiary, r.items[0]) for r in past
                    if r.status == "Request Completed" and not r.children
                    and r.request_type.startswith(("Assign", "Provision")))  # fmt: skip
    assert sum(count > 1 for count in given.values()) < 0.02 * len(given)


def test_people_ask_for_what_fits_their_work(company: World, past: list[WorldRequest]) -> None:
    fitting = [company.items[r.items[0]].department
               in ("General", company.people[r.beneficiary].department)
               for r in past]  # fmt: skip
    assert sum(fitting) > 0.8 * len(fitting)


def test_reasons_vary_and_some_are_missing_and_some_in_another_language(
    past: list[WorldRequest],
) -> None:
    words = Counter(request.justification for request in past)
    assert 0.03 < words[""] / len(past) < 0.12
    assert len(words) > 600
    assert any(not text.isascii() for text in words)
    assert not any("{" in text or "lorem" in text.lower() for text in words)
    comments = {task.comment for request in past for task in request.tasks}
    assert len(comments) > 25
    assert "" in comments


def test_orders_typed_by_hand_name_their_number(company: World, past: list[WorldRequest]) -> None:
    typed = [request for request in past if request.order is not None]
    numbers = [request.order or 0 for request in typed]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] <= 10_000
    for request in typed:
        assert company.people[request.requester].title == "Service Desk Analyst"
        assert f"RITM{request.order:07d}" in request.justification or not request.justification


def test_ada_and_eve_have_only_what_is_told_of_them(past: list[WorldRequest]) -> None:
    theirs = {key: [r for r in past if r.beneficiary == key] for key in ("ada", "eve")}
    assert len(theirs["ada"]) == 12
    assert len(theirs["eve"]) == 6
    people_of = {
        key: {task.assignee for r in rows for task in r.tasks} | {r.requester for r in rows}
        for key, rows in theirs.items()
    }
    assert people_of["ada"].isdisjoint(people_of["eve"])


@pytest.mark.parametrize("people", [0, 60])
def test_a_small_company_has_its_story_too(people: int) -> None:
    world = build_world(people=people, requests=5, now=NOW)
    assert len(list(world.history)) == len(world.history) == 27


def test_a_world_can_be_made_at_any_hour_of_any_day() -> None:
    for moment in ("2026-01-01T00:00:00+00:00", "2024-02-29T23:59:59+00:00",
                   "2026-05-31T04:00:00+02:00"):  # fmt: skip
        world = build_world(people=40, requests=120, now=datetime.fromisoformat(moment))
        assert len(list(world.history)) == 120


def test_memory_does_not_grow_with_the_number_of_requests() -> None:
    """A pass keeps what people have, which has an end, and not what they asked for."""

    def peak(requests: int, keep: int = 0) -> int:
        world = build_world(people=30, requests=requests, open_share=0.03, now=NOW)
        tracemalloc.start()
        kept = deque(world.history, maxlen=keep)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(kept) == keep
        return most

    few, many = peak(5_000), peak(20_000)
    assert many < 1.5 * few
    assert many < peak(5_000, keep=5_000) / 8


def test_a_request_costs_the_same_however_many_there_are() -> None:
    """Counted in calls, not in seconds: a machine may be slow."""

    def calls(requests: int) -> float:
        world = build_world(people=100, requests=requests, open_share=0.03, now=NOW)
        seen = 0

        def count(_frame: object, event: str, _argument: object) -> None:
            nonlocal seen
            seen += event == "call"

        sys.setprofile(count)
        try:
            for _ in world.history:
                pass
        finally:
            sys.setprofile(None)
        return seen / requests

    assert calls(4_000) < 1.5 * calls(1_000)
