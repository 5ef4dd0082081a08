"""What is over lies packed, and is found and shown as if it did not."""

from datetime import UTC, datetime

import pytest

from sandbox.oim import Oim
from sandbox.oim.archive import Requests
from sandbox.oim.finding import Track, own_requests, tasks_of
from sandbox.oim.query import BadQuery, compile_query
from sandbox.oim.records import Delays, Request
from sandbox.oim.rows import FINAL
from sandbox.world import World, build_world


@pytest.fixture(scope="module")
def past() -> World:
    return build_world(people=200, requests=1500, open_share=0.05, now=datetime.now(UTC))


@pytest.fixture(scope="module")
def oim(past: World) -> Oim:
    return Oim(past, Delays())


def test_every_request_of_the_past_is_as_it_was(past: World, oim: Oim) -> None:
    assert list(oim.requests) == [told.request_id for told in past.history]
    for told in past.history:
        kept = oim.requests[told.request_id]
        items = tuple((target.item.kind, target.item.name) for target in kept.targets)
        assert (kept.id, kept.type, kept.status) == (
            told.request_id, told.request_type, told.status,
        )  # fmt: skip
        assert (items, kept.justification) == (told.items, told.justification)
        assert (kept.created_at, kept.modified_at) == (told.created_at, told.modified_at)
        assert (kept.parent, tuple(kept.children)) == (told.parent, told.children)
        assert kept.targets[0].end_date == (told.ends_on.isoformat() if told.ends_on else None)
        for task, was in zip(kept.tasks, told.tasks, strict=True):
            assert (task.task_id, task.stage, task.state) == (was.task_id, was.stage, was.state)
            assert (task.outcome, task.comment) == (was.outcome, was.comment)
            assert (task.assigned_at, task.decided_at) == (was.assigned_at, was.decided_at)


def test_only_what_may_change_is_kept_as_it_is(oim: Oim) -> None:
    assert all(row.status not in FINAL for row in oim.requests.live.values())
    assert len(oim.requests.live) < 100
    assert len(oim.requests) == 1500


def test_a_request_that_is_not_there_is_not_found(oim: Oim) -> None:
    for key in ("1", "999999", "x", "", "1001x", "²"):
        assert oim.requests.get(key) is None
        assert key not in oim.requests


def test_an_empty_installation_has_nothing(past: World) -> None:
    nothing = Requests(past.items.values())
    assert (len(nothing), list(nothing), nothing.get("1001")) == (0, [], None)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "reqStatus eq Request::Completed",
        "reqStatus co AWAITING",
        "reqStatus sw request::w or reqStatus eq Provide::Information",
        "id sw 12 and reqStatus eq Request::Rejected",
        "id eq 1001 or id eq 2500",
        "requester co a and reqStatus co fail",
        "beneficiary eq ADA",
        "requester eq BEN or beneficiary eq ben",
        "requesterId eq 305 or beneficiary sw 31",
    ],
)
@pytest.mark.parametrize("login", ["BROKER", "ADA", "BEN", "CHO", "FINN"])
def test_the_indexes_find_what_looking_at_everything_finds(
    oim: Oim, query: str, login: str
) -> None:
    user = oim.by_login[login]

    def names(key: str) -> tuple[str, str]:
        return key, oim.users[key].login

    test = compile_query(query, {
        "id": lambda row: (row.id,),
        "reqstatus": lambda row: (row.status,),
        "requesterid": lambda row: (row.requester,),
        "requester": lambda row: names(row.requester),
        "beneficiary": lambda row: tuple(n for key in row.beneficiaries for n in names(key)),
    })  # fmt: skip
    every: list[Request] = list(oim.requests.values())[::-1]
    wanted = [row.id for row in every if test(row) and oim.may_see(user, row)]
    assert [row.id for row in Track(oim, user).rows(query)] == wanted


def test_what_nobody_can_search_for_is_refused(oim: Oim) -> None:
    with pytest.raises(BadQuery):
        Track(oim, oim.by_login["ADA"]).rows("colour eq red")


@pytest.mark.parametrize("login", ["ADA", "BEN", "FINN", "CHO"])
def test_own_requests_and_tasks_are_those_that_looking_at_everything_finds(
    oim: Oim, login: str
) -> None:
    user = oim.by_login[login]
    every = list(oim.requests.values())[::-1]
    own = [row.id for row in every if user.key in (row.requester, *row.beneficiaries)]
    assert [row.id for row in own_requests(oim, user)] == own
    tasks = [task.task_id for row in every for task in row.tasks if oim.may_act(user, task)]
    assert [task.task_id for _, task in tasks_of(oim, user, past=True)] == tasks
    waiting = [task for _, task in tasks_of(oim, user, past=False) if task.state == "ASSIGNED"]
    open_ = [t for row in every for t in row.open_tasks if oim.may_act(user, t)]
    assert [task.task_id for task in waiting] == [task.task_id for task in open_]


def test_a_list_is_read_a_page_at_a_time(oim: Oim) -> None:
    rows = Track(oim, oim.by_login["BROKER"]).rows("")
    assert len(rows) == 1500
    assert [row.id for row in rows[:2]] == ["2500", "2499"]
    assert rows[1499].id == "1001"


def test_results_are_kept_while_nothing_changes_and_not_for_ever(past: World) -> None:
    own = Oim(past, Delays())
    track = Track(own, own.by_login["BROKER"])
    before = len(track.rows("reqStatus eq Request::Awaiting::Approval"))
    row = next(r for r in own.requests.live.values() if r.status == "Request Awaiting Approval")
    row.status = "Request Withdrawn"
    assert len(track.rows("reqStatus eq Request::Awaiting::Approval")) == before
    own.version += 1
    assert len(track.rows("reqStatus eq Request::Awaiting::Approval")) == before - 1
    for number in range(200):
        track.rows(f"id eq {number}")
    assert len(own.kept_queries) < 100
