"""Approvals that have to be given in time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.oim.rules import Rule
from sandbox.world import World
from tests.sandbox.oim import acts
from tests.sandbox.oim.sites import Site, served

DAY = 86_400
AWAITING = "Request Awaiting Approval"


@pytest.fixture
def strict(world: World) -> Iterator[Site]:
    """An installation that gives ben and then dee six days each to decide."""
    with served(world, approval_seconds=6 * DAY) as made:
        made.state.rules[:] = [Rule(("user:BEN", "user:DEE"))]
        yield made


def waiting(site: Site) -> str:
    request_id = acts.ask(site)
    acts.later(site)
    assert acts.status(site, request_id) == AWAITING
    return request_id


def test_the_inbox_and_the_list_tell_until_when(strict: Site) -> None:
    request_id = waiting(strict)
    task = next(row for row in acts.inbox(strict, "ben") if row["id"] == request_id)
    row = strict.as_("ada").get("/requests", q=f"id eq {request_id}")["requests"][0]
    assert task["expires"] == row["reqExpireOn"] > task["created"]


def test_without_a_limit_neither_does(installed: Site) -> None:
    request_id = acts.ask(installed)
    acts.later(installed)
    assert "reqExpireOn" not in acts.detail(installed, request_id)
    assert all("expires" not in row for row in acts.inbox(installed, "ben"))


def test_what_is_not_decided_in_time_is_rejected(strict: Site) -> None:
    request_id = waiting(strict)
    acts.later(strict, 6 * DAY)
    assert acts.status(strict, request_id) == "Request Rejected"
    assert [one["status"] for one in acts.approvers(strict, request_id, "previous")] == ["EXPIRED"]
    assert request_id in {row["id"] for row in acts.inbox(strict, "ben", "state eq Expired")}
    assert "completed already" in acts.act(strict, "ben", request_id, "approve")
    assert "reqExpireOn" not in acts.detail(strict, request_id)


def test_each_stage_has_its_own_time(strict: Site) -> None:
    request_id = waiting(strict)
    acts.later(strict, 5 * DAY)
    assert acts.act(strict, "ben", request_id, "approve") == ""
    acts.later(strict, 5 * DAY)
    assert (acts.status(strict, request_id), acts.names(strict, request_id)) == (AWAITING, ["DEE"])
    acts.later(strict, 2 * DAY)
    assert acts.status(strict, request_id) == "Request Rejected"


def test_a_suspended_task_does_not_expire_until_it_is_resumed(strict: Site) -> None:
    request_id = waiting(strict)
    assert acts.act(strict, "ben", request_id, "suspend") == ""
    acts.later(strict, 7 * DAY)
    assert acts.status(strict, request_id) == AWAITING
    assert acts.act(strict, "ben", request_id, "resume") == ""
    assert acts.status(strict, request_id) == "Request Rejected"


def test_a_question_does_not_stop_the_time(strict: Site) -> None:
    request_id = waiting(strict)
    assert acts.act(strict, "ben", request_id, "request information") == ""
    assert acts.status(strict, request_id) == "Provide Information"
    acts.later(strict, 6 * DAY)
    assert acts.status(strict, request_id) == "Request Rejected"


def test_what_is_passed_on_keeps_its_time(strict: Site) -> None:
    request_id = waiting(strict)
    acts.later(strict, 3 * DAY)
    assert acts.act(strict, "ben", request_id, "reassign", assignees=["CHO"]) == ""
    acts.later(strict, 3 * DAY)
    assert acts.status(strict, request_id) == "Request Rejected"
