"""Who may decide instead of whoever is named, and what belongs to a request, told in rows."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select

from broker.domain.access_requests import RequestState
from broker.domain.approvals import TaskState
from broker.domain.visibility import may_see
from broker.store import deciders, pictures
from broker.store.base import Sessions
from broker.store.people import PersonRow
from broker.store.requests import ChildRow, RequestRow, mirror_people, mirror_waiting
from broker.store.views import approvals, lists, scope
from broker.store.views.request_page import request_page
from tests.store.conftest import NOON
from tests.store.rows import ADA, BEN, EVE, STAFF, request_of, task_of, viewer

pytestmark = pytest.mark.both
ROLE = "IT SECURITY"


def let(sessions: Sessions, assignee: str, logins: Sequence[str], iga: str = "oim") -> bool:
    """These may decide what is assigned to this name."""
    with sessions.begin() as session:
        return deciders.remember(session, iga, assignee, logins, NOON)


def seen_by(sessions: Sessions, row_id: str) -> set[tuple[str, str]]:
    """Who finds the request; the pure rule has to agree."""
    found = set()
    with sessions() as session:
        parties = scope.parties_of(session, session.get_one(RequestRow, row_id))
        for who in ((iga, key) for iga in STAFF for key in (ADA, BEN, EVE)):
            one = viewer(who[1], who[0])
            query = select(RequestRow.id).where(scope.visible(one))
            listed = row_id in set(session.scalars(query))
            assert listed is may_see(one, parties)
            found |= {who} if listed else set()
    return found


def test_what_waits_is_seen_by_all_who_may_decide_it(staff: Sessions) -> None:
    let(staff, "it security", ["OIM-15", "somebody"])
    with staff.begin() as session:
        session.add(request_of("1", tasks=(task_of(ROLE),)))
    assert seen_by(staff, "row-oim-1") == {("oim", EVE)}


@pytest.mark.parametrize("iga", ["oim", "other"])
def test_members_in_one_iga_are_none_in_another(staff: Sessions, iga: str) -> None:
    let(staff, ROLE, ["oim-15"], iga="other")
    with staff.begin() as session:
        session.add(request_of("1", iga=iga, tasks=(task_of(ROLE),)))
    assert seen_by(staff, f"row-{iga}-1") == set()


@pytest.mark.parametrize(
    ("task", "state"),
    [
        (TaskState.APPROVED, RequestState.AWAITING_APPROVAL),
        (TaskState.REQUESTED, RequestState.WITHDRAWN),
    ],
)
def test_what_no_longer_waits_is_seen_by_whom_it_named_only(
    staff: Sessions, task: TaskState, state: RequestState
) -> None:
    let(staff, "oim-12", ["oim-15"])
    with staff.begin() as session:
        session.add(request_of("1", tasks=(task_of("oim-12", task),), state=state))
    assert seen_by(staff, "row-oim-1") == {("oim", BEN)}


def test_somebody_without_a_person_decides_for_nobody(staff: Sessions) -> None:
    let(staff, ROLE, [""])
    with staff.begin() as session:
        session.add(request_of("1", tasks=(task_of(ROLE),)))
        session.flush()
        assert approvals.pending(session, viewer(None)) == ()


def test_what_waits_names_the_role_and_who_may_decide(staff: Sessions) -> None:
    let(staff, ROLE, ["oim-15", "oim-12", "unknown"])
    with staff.begin() as session:
        session.add(request_of("1", requester=ADA, tasks=(task_of(ROLE),)))
        session.flush()
        (hers,) = lists.open_requests(session, viewer(ADA))[0].waiting
        (line,) = approvals.pending(session, viewer(EVE))
        assert approvals.decided(session, viewer(EVE)) == ()
    assert (hers.name, hers.is_person, hers.instead) == (ROLE, False, False)
    assert hers.others == ("oim-12", "oim-15", "unknown")
    assert line.task.waits is not None
    assert (line.task.waits.instead, line.task.waits.is_viewer) == (True, False)
    assert line.task.waits.others == ("oim-12", "unknown")


def test_a_decision_opens_to_who_may_make_it_while_it_waits(staff: Sessions) -> None:
    let(staff, "oim-12", ["oim-15"])
    with staff.begin() as session:
        row = request_of("1", tasks=(task_of("oim-12"),))
        session.add(row)
        session.flush()
        task = row.tasks[0]
        opened = [approvals.approval(session, viewer(key), task.id) for key in (BEN, EVE, ADA)]
        assert [line is not None for line in opened] == [True, True, False]
        task.state = TaskState.APPROVED
        session.flush()
        assert approvals.approval(session, viewer(EVE), task.id) is None
        assert approvals.approval(session, viewer(BEN), task.id) is not None


def test_what_is_told_twice_is_no_news(staff: Sessions) -> None:
    assert let(staff, ROLE, ["oim-15"])
    assert not let(staff, " it Security", ["OIM-15"])
    assert let(staff, ROLE, [])
    assert not let(staff, "r" * 256, ["oim-15"]), "there is no room for it"


def test_names_are_forgotten_with_all_who_stood_for_them(staff: Sessions) -> None:
    let(staff, ROLE, ["oim-15"])
    let(staff, "oim-12", ["oim-15"])
    with staff.begin() as session:
        deciders.forget(session, "oim", ["OIM-12"], NOON - timedelta(seconds=1))
        assert deciders.unasked(session, "oim", [ROLE, "oim-12"]) == [], "asked about later"
        deciders.forget(session, "oim", ["OIM-12"], NOON)
    with staff() as session:
        assert deciders.decided_by(session, "oim", "OIM-15") == {"oim-12": "oim-12"}
        assert deciders.unasked(session, "oim", [ROLE, "oim-12"]) == [ROLE]


def test_a_role_of_a_thousand_is_kept_whole(staff: Sessions) -> None:
    logins = [f"member-{number:04}" for number in range(1001)]
    let(staff, ROLE, logins)
    let(staff, ROLE, logins[500:])
    with staff() as session:
        assert deciders.deciders_of(session, "oim", [ROLE]) == {"it security": tuple(logins[500:])}


def test_what_members_wait_for_is_mirrored_anew(staff: Sessions) -> None:
    let(staff, ROLE, ["oim-15"])
    rows = [
        request_of("1", tasks=(task_of(ROLE),)),
        request_of("2", tasks=(task_of(ROLE, TaskState.APPROVED),)),
        request_of("3", tasks=(task_of("oim-12"),)),
    ]
    for row in rows:
        row.mirror_due = False
    with staff.begin() as session:
        session.add_all(rows)
    with staff.begin() as session:
        mirror_waiting(session, "oim", ["it security"])
    assert due(staff) == ["1"]
    with staff.begin() as session:
        mirror_people(session, "oim", [session.get_one(PersonRow, "id-oim-15")])
    assert due(staff) == ["1"]


def due(sessions: Sessions) -> list[str]:
    """What is to be mirrored; it counts as mirrored then."""
    with sessions.begin() as session:
        found = session.scalars(select(RequestRow).where(RequestRow.mirror_due)).all()
        for row in found:
            row.mirror_due = False
        return [row.request_id for row in found]


# ---- what belongs together -----------------------------------------------------------------------


def test_a_request_leads_to_its_parts_and_back_as_far_as_one_may_see(staff: Sessions) -> None:
    with staff.begin() as session:
        parent = request_of("1", requester=ADA, state=RequestState.IN_PROGRESS)
        parent.children = [
            ChildRow(child_id=number, position=place) for place, number in enumerate("239")
        ]
        session.add(parent)
        session.add(request_of("2", requester=ADA, tasks=(task_of("oim-15"),)))
        session.add_all([request_of("3", requester="1"), request_of("2", iga="other")])
        session.flush()
        whole = request_page(session, viewer(ADA), "row-oim-1")
        part = request_page(session, viewer(ADA), "row-oim-2")
        eves = request_page(session, viewer(EVE), "row-oim-2")
    assert whole is not None
    assert part is not None
    assert eves is not None
    assert [line.request_id for line in whole.children] == ["2"], "3 is somebody else's"
    assert [line.request_id for line in part.parents] == ["1"]
    assert (whole.parents, part.children, eves.parents) == ((), (), ())


def test_a_part_that_is_gone_waits_for_no_decision(staff: Sessions) -> None:
    with staff.begin() as session:
        parent = request_of("1", requester=ADA, state=RequestState.IN_PROGRESS)
        parent.children = [
            ChildRow(child_id=number, position=place) for place, number in enumerate("23")
        ]
        session.add_all([parent, request_of("2"), request_of("3", gone_at=NOON)])
        session.flush()
        whole = request_page(session, viewer(ADA), "row-oim-1")
    assert whole is not None
    assert whole.line.parts_in_approval == 1


def test_undivided_are_those_under_way_for_several_things_without_parts(staff: Sessions) -> None:
    under_way = RequestState.IN_PROGRESS
    with staff.begin() as session:
        divided = request_of("3", state=under_way, items=["a", "b"])
        divided.children = [ChildRow(child_id="4", position=0)]
        session.add_all(
            [
                request_of("1", state=under_way, items=["a", "b"]),
                request_of("2", state=under_way, items=["a"]),
                divided,
                request_of("5", items=["a", "b"]),
                request_of("6", state=RequestState.COMPLETED, items=["a", "b"]),
                request_of("7", iga="other", state=under_way, items=["a", "b"]),
            ]
        )
    with staff() as session:
        assert pictures.undivided(session, "oim") == {"1"}
