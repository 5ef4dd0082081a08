"""Who may see which row, told in rows: keys repeat in every IGA, so the IGA always counts."""

from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker.domain.approvals import TaskState
from broker.domain.visibility import Role, Viewer, may_see
from broker.store.base import Sessions
from broker.store.orders import OrderRow
from broker.store.requests import RequestRow
from broker.store.views import scope
from tests.store.rows import (
    ADA,
    BEN,
    EVE,
    NOBODY,
    STAFF,
    order_of,
    request_of,
    task_of,
    viewer,
)

pytestmark = pytest.mark.both


@dataclass(frozen=True)
class Case:
    """One request, and exactly those who may see it (of all keys in both IGAs)."""

    request: dict[str, object] = field(default_factory=dict)
    order: dict[str, object] | None = None
    seen_by: tuple[tuple[str, str], ...] = ()


CASES = {
    "nobody's": Case(),
    "asked for by ada": Case({"requester": ADA}, seen_by=(("oim", ADA), ("oim", BEN))),
    "for ada": Case({"beneficiaries": (ADA,)}, seen_by=(("oim", ADA), ("oim", BEN))),
    "for eve, who has no manager": Case({"beneficiaries": (EVE,)}, seen_by=(("oim", EVE),)),
    "for several": Case(
        {"beneficiaries": (NOBODY, EVE, ADA)},
        seen_by=(("oim", ADA), ("oim", BEN), ("oim", EVE)),
    ),
    "the other ada's": Case(
        {"iga": "other", "requester": ADA}, seen_by=(("other", ADA), ("other", EVE))
    ),
    "for the other ada": Case(
        {"iga": "other", "beneficiaries": (ADA,)}, seen_by=(("other", ADA), ("other", EVE))
    ),
    "decided by eve": Case(
        {"tasks": (("OIM-15", TaskState.APPROVED),)}, seen_by=(("oim", EVE),)
    ),
    "waiting for eve, in another spelling": Case(
        {"tasks": ((" oim-15 ", TaskState.REQUESTED),)}, seen_by=(("oim", EVE),)
    ),
    "waiting for a login of the other IGA": Case(
        {"iga": "other", "tasks": (("oim-15", TaskState.REQUESTED),)}
    ),
    "ordered by ada for nobody known": Case(
        order={"requester": "id-oim-11", "beneficiary": None},
        seen_by=(("oim", ADA), ("oim", BEN)),
    ),
    "ordered by eve for ada": Case(
        {"beneficiaries": (ADA,)},
        order={"requester": "id-oim-15", "beneficiary": "id-oim-11"},
        seen_by=(("oim", ADA), ("oim", BEN), ("oim", EVE)),
    ),
    "ordered by nobody known": Case(order={"requester": None, "beneficiary": None}),
    "of the same number as one that ada ordered in the other IGA": Case(
        order={"requester": "id-oim-11", "beneficiary": None, "iga": "other"}
    ),
    "of the same number as one ordered in the other IGA": Case(
        order={"requester": "id-other-11", "beneficiary": None, "iga": "other"}
    ),
}  # fmt: skip


def add(session: Session, case: Case) -> str:
    """Store the case's request, number 1, and its order; gives the row's id."""
    facts = dict(case.request)
    tasks: tuple[tuple[str, TaskState], ...] = facts.pop("tasks", ())  # type: ignore[assignment]  # of CASES
    row = request_of("1", tasks=tuple(task_of(*task) for task in tasks), **facts)  # type: ignore[arg-type]  # of CASES
    session.add(row)
    if case.order is not None:
        session.add(order_of("RITM1", **case.order))  # type: ignore[arg-type]  # of CASES
    session.flush()
    return row.id


EVERYBODY = [(iga, key) for iga in STAFF for key in (ADA, BEN, EVE)]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_request_is_found_by_exactly_its_people(staff: Sessions, case: Case) -> None:
    with staff.begin() as session:
        row_id = add(session, case)
        query = select(RequestRow.id)
        found = {
            (iga, key): set(session.scalars(query.where(scope.visible(viewer(key, iga)))))
            for iga, key in EVERYBODY
        }
    assert {who for who, ids in found.items() if row_id in ids} == set(case.seen_by)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_pure_rule_lets_exactly_its_people_open_it(staff: Sessions, case: Case) -> None:
    with staff.begin() as session:
        row = session.get_one(RequestRow, add(session, case))
        parties = scope.parties_of(session, row)
    allowed = {(iga, key) for iga, key in EVERYBODY if may_see(viewer(key, iga), parties)}
    assert allowed == set(case.seen_by)


@pytest.mark.parametrize("role", Role)
def test_a_role_shows_every_request_of_every_iga(staff: Sessions, role: Role) -> None:
    with staff.begin() as session:
        session.add_all([request_of("1"), request_of("2", iga="other")])
        session.flush()
        for who in (viewer(None, "", role), viewer(EVE, "oim", role)):
            assert len(session.scalars(select(RequestRow).where(scope.visible(who))).all()) == 2


def test_a_role_alone_makes_no_request_ones_own(staff: Sessions) -> None:
    with staff.begin() as session:
        session.add_all([request_of("1", requester=NOBODY), request_of("2", requester=EVE)])
        session.flush()
        owner = viewer(EVE, "oim", Role.OPERATOR)
        assert session.scalars(select(RequestRow.request_id).where(scope.own(owner))).all() == ["2"]
        nobody = viewer(None, "oim", Role.OPERATOR)
        assert not session.scalars(select(RequestRow).where(scope.own(nobody))).all()


def test_what_waits_for_me_or_my_report_asked_for_is_not_my_own(staff: Sessions) -> None:
    with staff.begin() as session:
        session.add(request_of("1", requester=ADA, tasks=(task_of("oim-12"),)))
        session.flush()
        assert not session.scalars(select(RequestRow).where(scope.own(viewer(BEN)))).all()


def test_an_order_makes_a_request_its_requesters_own(staff: Sessions) -> None:
    with staff.begin() as session:
        session.add_all([request_of("1"), request_of("1", iga="other"), request_of("2")])
        session.add(order_of("RITM1", "id-oim-15", None))
        session.flush()
        query = select(RequestRow.id).where(scope.own(viewer(EVE)))
        assert session.scalars(query).all() == ["row-oim-1"]


ORDERS = [
    pytest.param(viewer(ADA), {"RITM1", "RITM2"}, id="requester and beneficiary"),
    pytest.param(viewer(EVE), {"RITM2"}, id="beneficiary only"),
    pytest.param(viewer(BEN), set(), id="a manager sees the request, not the order"),
    pytest.param(viewer(ADA, "other"), set(), id="the same key in another IGA"),
    pytest.param(viewer(None), set(), id="no person, although an order has none either"),
    pytest.param(viewer(None, "", Role.AUDITOR), {"RITM1", "RITM2", "RITM3"}, id="auditor"),
    pytest.param(viewer(EVE, "oim", Role.OPERATOR), {"RITM1", "RITM2", "RITM3"}, id="operator"),
]


@pytest.mark.parametrize(("who", "numbers"), ORDERS)
def test_an_order_is_seen_by(staff: Sessions, who: Viewer, numbers: set[str]) -> None:
    with staff.begin() as session:
        session.add_all(
            [
                order_of("RITM1", "id-oim-11", "id-oim-11"),
                order_of("RITM2", "id-oim-11", "id-oim-15"),
                order_of("RITM3", None, None),
            ]
        )
        session.flush()
        query = select(OrderRow.item_number).where(scope.visible_orders(who))
        assert set(session.scalars(query)) == numbers


def test_a_login_is_compared_without_case_on_either_side(staff: Sessions) -> None:
    with staff.begin() as session:
        session.add(request_of("1", tasks=(task_of("oim-15"),)))
        session.flush()
        shouting = replace(viewer(EVE), login="OIM-15")
        row = session.scalars(select(RequestRow).where(scope.visible(shouting))).one()
        assert may_see(shouting, scope.parties_of(session, row))


def test_somebody_without_a_login_decides_nothing(staff: Sessions) -> None:
    with staff.begin() as session:
        session.add(request_of("1", tasks=(task_of(""),)))
        session.flush()
        unnamed = Viewer(None, None, "", iga="oim")
        assert not session.scalars(select(RequestRow).where(scope.visible(unnamed))).all()


def test_of_two_orders_that_follow_one_request_each_requester_sees_it(staff: Sessions) -> None:
    """An operator may have adopted it for the second: neither list nor page may forget one."""
    with staff.begin() as session:
        session.add(request_of("1"))
        session.add_all([order_of(f"RITM{key}", f"id-oim-{key}", None) for key in (ADA, EVE)])
        session.flush()
        row = session.get_one(RequestRow, "row-oim-1")
        parties = scope.parties_of(session, row)
        for key in (ADA, BEN, EVE):
            who = viewer(key)
            assert may_see(who, parties)
            assert session.scalars(select(RequestRow).where(scope.visible(who))).all() == [row]
