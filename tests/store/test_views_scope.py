"""Who may see which row, told in rows: keys repeat in every IGA, so the IGA always counts."""

from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker.domain.access_requests import RequestState
from broker.domain.approvals import TaskState
from broker.domain.orders import LineState
from broker.domain.people import normal
from broker.domain.visibility import Role, Viewer, may_see
from broker.store.base import Sessions
from broker.store.orders import OrderLineRow, OrderRow
from broker.store.people import PersonRow
from broker.store.requests import ApprovalTaskRow, BeneficiaryRow, RequestRow
from broker.store.views import scope
from broker.store.views.lists import orders_of
from tests.store.conftest import NOON

pytestmark = pytest.mark.both

NOBODY = "99"
ADA, BEN, EVE = "11", "12", "15"
# Key, manager: the same keys in both IGAs, with other people behind them.
STAFF = {"oim": ((ADA, BEN), (BEN, "1"), (EVE, None)), "other": ((ADA, EVE), (BEN, None))}


def person(iga: str, key: str, manager: str | None) -> PersonRow:
    login = f"{iga}-{key}"
    return PersonRow(
        id=f"id-{login}", iga=iga, key=key, login=login, login_normal=login, display_name=login,
        email="", email_normal="", employee_number="", number_normal="", manager_key=manager,
        active=True, seen_at=NOON,
    )  # fmt: skip


def task_of(login: str, state: TaskState = TaskState.REQUESTED) -> ApprovalTaskRow:
    return ApprovalTaskRow(
        position=0, task_id=f"task-{login}", assignee=login, assignee_normal=normal(login),
        state=state, raw_state=state.value, stage="", assigned_at=NOON,
    )  # fmt: skip


def request_of(
    number: str,
    iga: str = "oim",
    requester: str = NOBODY,
    beneficiaries: tuple[str, ...] = (),
    tasks: tuple[ApprovalTaskRow, ...] = (),
    created_at: datetime = NOON,
) -> RequestRow:
    return RequestRow(
        id=f"row-{iga}-{number}", iga=iga, request_id=number, raw_status="",
        state=RequestState.AWAITING_APPROVAL, is_open=True, request_type="",
        requester_key=requester, justification="", created_at=created_at, seen_at=NOON,
        changed_at=NOON, fingerprint="f", items=[], tasks=list(tasks),
        beneficiaries=[BeneficiaryRow(person_key=key) for key in beneficiaries],
    )  # fmt: skip


def order_of(
    number: str,
    requester: str | None,
    beneficiary: str | None,
    iga: str = "oim",
    request_id: str = "1",
    received_at: datetime = NOON,
) -> OrderRow:
    return OrderRow(
        id=f"order-{number}", source="servicenow", client="servicenow", item_id=f"sys-{number}",
        item_number=number, task_id="t", task_number="SCTASK1", action="grant", claims=number,
        posted="{}", iga=iga, received_at=received_at, requester_id=requester,
        beneficiary_id=beneficiary, justification="",
        lines=[OrderLineRow(position=0, state=LineState.SUBMITTED, reference=number,
                            iga_request_id=request_id, changed_at=NOON)],
    )  # fmt: skip


def viewer(key: str | None, iga: str = "oim", *roles: Role) -> Viewer:
    login = f"{iga}-{key}"
    person_id = f"id-{login}" if key else None
    return Viewer(person_id, key, login if key else "", frozenset(roles), iga=iga)


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
    "of the same number as one ordered in the other IGA": Case(
        order={"requester": "id-other-11", "beneficiary": None, "iga": "other"}
    ),
}  # fmt: skip


@pytest.fixture
def staff(sessions: Sessions) -> Sessions:
    """Both IGAs' people, in the database."""
    with sessions.begin() as session:
        session.add_all(person(iga, *who) for iga, all_ in STAFF.items() for who in all_)
    return sessions


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
        parties = scope.parties_of(session, row, orders_of(session, [row]).get(row.id))
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
        assert may_see(shouting, scope.parties_of(session, row, None))


def test_somebody_without_a_login_decides_nothing(staff: Sessions) -> None:
    with staff.begin() as session:
        session.add(request_of("1", tasks=(task_of(""),)))
        session.flush()
        unnamed = Viewer(None, None, "", iga="oim")
        assert not session.scalars(select(RequestRow).where(scope.visible(unnamed))).all()
