"""What each screen lists, and to whom: histories, decisions, holdings, orders and links."""

from dataclasses import replace
from datetime import timedelta

import pytest

from broker.domain.access import ItemKind
from broker.domain.access_requests import RequestState
from broker.domain.approvals import TaskState
from broker.domain.orders import LineState
from broker.domain.visibility import Role, Viewer
from broker.store.access import HoldingRow
from broker.store.base import Sessions
from broker.store.orders import OrderRow
from broker.store.people import PersonRow
from broker.store.requests import RequestRow
from broker.store.views import approvals, links, lists
from broker.store.views.access import access_page
from broker.store.views.orders import needing_attention, order_page, orders
from broker.store.views.request_page import request_page
from tests.store.conftest import NOON
from tests.store.rows import ADA, BEN, EVE, NOBODY, order_of, request_of, task_of, viewer

pytestmark = pytest.mark.both
AUDITOR = viewer(None, "", Role.AUDITOR)
DONE = RequestState.COMPLETED


def add(sessions: Sessions, *rows: object) -> None:
    with sessions.begin() as session:
        session.add_all(rows)


def numbers(lines: tuple[lists.RequestLine, ...]) -> list[str]:
    return [line.request_id for line in lines]


# ---- open requests and history -------------------------------------------------------------------


def test_open_requests_are_ones_own_newest_first(staff: Sessions) -> None:
    hour = timedelta(hours=1)
    add(
        staff,
        request_of("1", requester=ADA),
        request_of("2", beneficiaries=(ADA,), created_at=NOON + hour),
        request_of("3", requester=ADA, state=DONE, created_at=NOON + 2 * hour),
        request_of("4", requester=ADA, gone_at=NOON),
        request_of("5", requester=BEN),
        request_of("6", iga="other", requester=ADA),
        request_of("7", requester=ADA, state=RequestState.IN_PROGRESS, created_at=NOON - hour),
    )
    with staff() as session:
        assert numbers(lists.open_requests(session, viewer(ADA))) == ["2", "1", "7"]


def test_rows_of_the_same_moment_keep_their_places_when_one_is_written(staff: Sessions) -> None:
    add(staff, *(request_of(str(number), requester=ADA) for number in range(1, 6)))
    add(staff, *(order_of(str(number), f"id-oim-{ADA}", None) for number in range(1, 6)))

    def listed() -> tuple[object, ...]:
        with staff() as session:
            me = viewer(ADA)
            return numbers(lists.open_requests(session, me)), orders(session, me)

    before = listed()
    with staff.begin() as session:  # PostgreSQL puts what is written behind the rest
        session.get_one(RequestRow, "row-oim-2").mirror_due = False
        session.get_one(OrderRow, "order-2").claims = "written again"
    assert listed() == before


def history(staff: Sessions, who: Viewer, **search: object) -> list[str]:
    with staff() as session:
        return numbers(lists.history(session, who, **search).lines)  # type: ignore[arg-type]  # its options


def test_the_history_is_ones_own_unless_asked_for_everybodys(staff: Sessions) -> None:
    add(
        staff,
        request_of("1", requester=BEN, state=DONE),
        request_of("2", requester=ADA, state=DONE, created_at=NOON + timedelta(hours=1)),
        request_of("3", requester=EVE, state=DONE),
        request_of("4", requester=BEN),
    )
    assert history(staff, viewer(BEN)) == ["1"]
    assert history(staff, viewer(BEN), everybody=True) == ["2", "1"]
    assert history(staff, viewer(BEN, "oim", Role.OPERATOR)) == ["1"]
    assert sorted(history(staff, AUDITOR, everybody=True)) == ["1", "2", "3"]
    assert history(staff, AUDITOR) == []


@pytest.mark.parametrize("state", [DONE, RequestState.REJECTED, RequestState.WITHDRAWN])
def test_the_history_of_one_state(staff: Sessions, state: RequestState) -> None:
    ends = (DONE, RequestState.REJECTED, RequestState.WITHDRAWN)
    add(staff, *(request_of(end.value, requester=ADA, state=end) for end in ends))
    assert history(staff, viewer(ADA), state=state.value) == [state.value]
    assert history(staff, viewer(ADA), state="no such state") == []


SEARCHES = {
    "budget": {"1", "4"},
    "BUDGET approver": {"1"},
    "get app": {"1"},
    "100%": {"2"},
    "0_0": set[str](),
    "c:\\x": {"3"},
    "oim-15": {"5", "6"},
    "3": {"3"},
    " 3 ": {"3"},
    "ritm0010001": {"2"},
    "row-oim-3": set[str](),
    "other-11": set[str](),
}


@pytest.mark.parametrize(("text", "found"), SEARCHES.items(), ids=SEARCHES)
def test_the_history_is_searched_for(staff: Sessions, text: str, found: set[str]) -> None:
    add(
        staff,
        request_of("1", items=("Budget Approver", "Ledger"), state=DONE),
        request_of("2", items=("100% Discount",), state=DONE),
        request_of("3", items=("C:\\X",), state=DONE),
        request_of("4", items=("Travel Budget",), state=DONE),
        request_of("5", requester=EVE, state=DONE),
        request_of("6", beneficiaries=(NOBODY, EVE), state=DONE),
        order_of("RITM0010001", None, None, request_id="2"),
        order_of("RITM0010002", None, None, request_id="1", iga="other"),
    )
    assert set(history(staff, AUDITOR, everybody=True, text=text)) == found


def test_an_order_of_another_iga_finds_no_request_of_the_same_number(staff: Sessions) -> None:
    add(
        staff,
        request_of("1", state=DONE),
        order_of("RITM0010002", None, None, request_id="1", iga="other"),
    )
    assert history(staff, AUDITOR, everybody=True, text="RITM0010002") == []


def test_a_search_keeps_to_what_one_may_see(staff: Sessions) -> None:
    add(
        staff,
        request_of("1", requester=EVE, items=("Ledger",), state=DONE),
        request_of("2", requester=ADA, items=("Ledger",), state=DONE),
    )
    assert history(staff, viewer(BEN), everybody=True, text="ledger") == ["2"]


@pytest.mark.parametrize(
    ("total", "asked", "page", "pages", "shown"),
    [
        (0, 1, 1, 1, 0),
        (25, 1, 1, 1, 25),
        (25, 2, 1, 1, 25),
        (26, 1, 1, 2, 25),
        (26, 2, 2, 2, 1),
        (26, 99, 2, 2, 1),
        (26, 0, 1, 2, 25),
        (26, -3, 1, 2, 25),
    ],
)
def test_the_history_has_whole_pages_and_no_others(
    staff: Sessions, total: int, asked: int, page: int, pages: int, shown: int
) -> None:
    add(staff, *(request_of(str(n), requester=ADA, state=DONE) for n in range(total)))
    with staff() as session:
        found = lists.history(session, viewer(ADA), page=asked)
    assert (found.page, found.pages, found.total, len(found.lines)) == (page, pages, total, shown)


def test_no_request_is_on_two_pages(staff: Sessions) -> None:
    add(staff, *(request_of(f"{n:02}", requester=ADA, state=DONE) for n in range(60)))
    pages = [history(staff, viewer(ADA), page=page) for page in (1, 2, 3)]
    assert sorted(number for page in pages for number in page) == [f"{n:02}" for n in range(60)]


def test_a_line_names_its_people_in_its_own_iga(staff: Sessions) -> None:
    tasks = (task_of("other-12"), task_of("FinanceOwners", minute=1))
    add(staff, request_of("1", "other", ADA, (ADA, NOBODY), tasks, items=("Role", "Role", "B")))
    with staff() as session:
        (line,) = lists.open_requests(session, viewer(ADA, "other"))
    assert (line.requester.id, line.requester.name) == ("id-other-11", "other-11")
    assert [person.name for person in line.beneficiaries] == ["other-11", "unknown person 99"]
    assert line.what == "Role, B"
    assert [(w.name, w.is_viewer) for w in line.waiting] == [
        ("other-12", False),
        ("FinanceOwners", False),
    ]


def test_my_own_decision_is_marked_in_my_iga_only(staff: Sessions) -> None:
    task = task_of("OIM-12")
    add(staff, request_of("1", requester=ADA, tasks=(task,)))
    seen: dict[str, bool] = {}
    for who in (viewer(BEN), viewer(ADA), replace(viewer(BEN, "other"), login="oim-12")):
        with staff() as session:
            row = session.get_one(RequestRow, "row-oim-1")
            (line,) = lists.lines_of(session, who, [row])
        seen[f"{who.iga}/{who.key}"] = line.waiting[0].is_viewer
    assert seen == {"oim/12": True, "oim/11": False, "other/12": False}


# ---- decisions -----------------------------------------------------------------------------------


def decisions(lines: tuple[approvals.ApprovalLine, ...]) -> list[str]:
    return [line.request.request_id for line in lines]


def test_what_waits_for_me_is_open_there_and_undecided(staff: Sessions) -> None:
    mine = "oim-12"
    add(
        staff,
        request_of("1", tasks=(task_of(mine, minute=5),)),
        request_of("2", tasks=(task_of(mine, minute=1),)),
        request_of("3", tasks=(task_of(mine),), state=RequestState.WITHDRAWN),
        request_of("4", tasks=(task_of(mine),), gone_at=NOON),
        request_of("5", tasks=(task_of(mine, TaskState.APPROVED),)),
        request_of("6", tasks=(task_of("oim-15"),)),
        request_of("7", iga="other", tasks=(task_of(mine),)),
        request_of("8", tasks=(task_of(mine, TaskState.WITHDRAWN),)),
        request_of("9", tasks=(task_of(mine, TaskState.UNKNOWN),)),
    )
    with staff() as session:
        assert decisions(approvals.pending(session, viewer(BEN))) == ["2", "1"]
        assert approvals.pending_count(session, viewer(BEN)) == 2
        nameless = replace(viewer(BEN), key=None)
        assert approvals.pending(session, nameless) == ()
        assert approvals.pending_count(session, nameless) == 0


def test_what_i_decided_stays_listed_newest_first(staff: Sessions) -> None:
    mine = "oim-12"
    add(
        staff,
        request_of("1", tasks=(task_of(mine, TaskState.APPROVED, 1),), state=DONE),
        request_of("2", tasks=(task_of(mine, TaskState.REJECTED, 2),), gone_at=NOON),
        request_of("3", tasks=(task_of(mine, TaskState.WITHDRAWN, 3),)),
        request_of("4", tasks=(task_of(mine),)),
        request_of("5", tasks=(task_of("oim-15", TaskState.APPROVED),)),
        request_of("6", iga="other", tasks=(task_of(mine, TaskState.APPROVED),)),
    )
    with staff() as session:
        assert decisions(approvals.decided(session, viewer(BEN))) == ["2", "1"]


def test_a_decision_opens_to_its_assignee_alone(staff: Sessions) -> None:
    task = task_of("oim-12")
    add(staff, request_of("1", requester=ADA, beneficiaries=(ADA,), tasks=(task,)))
    others = (viewer(ADA), viewer(EVE), viewer(BEN, "other"), AUDITOR)
    with staff() as session:
        assert all(approvals.approval(session, who, task.id) is None for who in others)
        found = approvals.approval(session, viewer(BEN), task.id)
        assert approvals.approval(session, viewer(BEN), "another") is None
    assert found is not None
    assert (found.task.id, found.task.is_viewer, found.request.request_id) == (task.id, True, "1")


# ---- one request ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "opens", "order"),
    [
        (viewer(ADA), True, True),
        (viewer(BEN), True, False),
        (viewer(EVE), False, False),
        (viewer(ADA, "other"), False, False),
        (AUDITOR, True, True),
        (viewer(None), False, False),
    ],
    ids=["requester", "manager", "stranger", "namesake", "auditor", "nobody"],
)
def test_a_request_opens_to_its_people_and_leads_those_of_the_order_on(
    staff: Sessions, who: Viewer, opens: bool, order: bool
) -> None:
    add(staff, request_of("1"), order_of("RITM1", "id-oim-11", None))
    with staff() as session:
        page = request_page(session, who, "row-oim-1")
        assert request_page(session, who, "row-oim-2") is None
    assert (page is not None) is opens
    assert bool(page and page.order_visible) is order


def test_a_request_without_an_order_leads_to_none(staff: Sessions) -> None:
    add(staff, request_of("1", requester=ADA))
    with staff() as session:
        page = request_page(session, viewer(ADA), "row-oim-1")
    assert page is not None
    assert (page.order_visible, page.line.order) == (False, None)


# ---- orders --------------------------------------------------------------------------------------


def test_orders_are_ones_own_newest_first_and_found_by_any_number_of_the_desk(
    staff: Sessions,
) -> None:
    mine = "id-oim-11"
    first, second = order_of("RITM1", mine, None), order_of("RITM2", None, mine)
    second.received_at += timedelta(minutes=1)
    first.task_number, second.desk_request_number = "SCTASK7", "REQ8"
    add(staff, first, second, order_of("RITM3", "id-oim-15", None))

    def found(who: Viewer, text: str = "") -> list[str]:
        with staff() as session:
            return [line.item_number for line in orders(session, who, text)]

    assert found(viewer(ADA)) == ["RITM2", "RITM1"]
    assert (found(viewer(ADA), " ritm1 "), found(viewer(ADA), "sctask7")) == (["RITM1"], ["RITM1"])
    assert (found(viewer(ADA), "Req8"), found(viewer(ADA), "RITM")) == (["RITM2"], [])
    assert found(viewer(ADA), "RITM3") == []
    assert found(AUDITOR, "RITM3") == ["RITM3"]


def test_an_order_leads_to_its_request_where_one_may_see_it(staff: Sessions) -> None:
    add(
        staff,
        request_of("1", requester=EVE),
        request_of("1", iga="other", beneficiaries=(ADA,)),
        order_of("RITM1", "id-oim-11", None),
        order_of("RITM2", "id-other-11", None, iga="other", request_id="2"),
    )
    with staff() as session:
        (mine,) = orders(session, viewer(ADA))
        assert mine.lines[0].request == "row-oim-1"
        (theirs,) = orders(session, viewer(ADA, "other"))
        assert (theirs.lines[0].iga_request_id, theirs.lines[0].request) == ("2", None)


def test_what_needs_attention_waits_in_a_queue(staff: Sessions) -> None:
    late, early = order_of("RITM1", None, None), order_of("RITM2", "id-oim-11", None)
    well = order_of("RITM3", "id-oim-11", None)
    late.received_at += timedelta(minutes=1)
    for order in (late, early):
        order.lines[0].state = LineState.NEEDS_ATTENTION
    add(staff, late, early, well)
    with staff() as session:
        stuck = needing_attention(session, AUDITOR)
        assert [line.item_number for line in stuck] == ["RITM2", "RITM1"]
        assert [line.item_number for line in needing_attention(session, viewer(ADA))] == ["RITM2"]
        assert needing_attention(session, viewer(None)) == ()


@pytest.mark.parametrize(
    ("who", "opens"),
    [(viewer(ADA), True), (viewer(BEN), False), (viewer(EVE), False), (AUDITOR, True)],
    ids=["requester", "manager", "stranger", "auditor"],
)
def test_an_order_opens_to_its_people(staff: Sessions, who: Viewer, opens: bool) -> None:
    add(staff, order_of("RITM1", "id-oim-11", None))
    with staff() as session:
        assert (order_page(session, who, "order-RITM1") is not None) is opens
        assert order_page(session, who, "order-RITM9") is None


def test_the_timeline_tells_what_the_orders_own_iga_did(staff: Sessions) -> None:
    ours = request_of("1", state=DONE, tasks=(task_of("oim-12", TaskState.APPROVED, 3),))
    ours.closed_at = NOON + timedelta(minutes=9)
    ours.tasks[0].stage = "Stage1"
    theirs = request_of("1", iga="other", tasks=(task_of("other-11"),))
    add(staff, ours, theirs, order_of("RITM1", "id-oim-11", None))
    with staff() as session:
        page = order_page(session, viewer(ADA), "order-RITM1")
    assert page is not None
    assert [(step.system, step.event, step.sentence) for step in page.timeline] == [
        ("oim", "assigned", "Request 1 waits for oim-12 (Stage 1)."),
        ("oim", "approved", "oim-12: approved (Stage 1)."),
        ("oim", "completed", "Request 1 is completed."),
    ]


# ---- permanent links -----------------------------------------------------------------------------


def test_a_request_is_named_by_our_id_or_the_igas(staff: Sessions) -> None:
    add(staff, request_of("7041", requester=ADA), request_of("7042", requester=EVE))
    with staff() as session:
        for name in ("7041", "row-oim-7041"):
            found = links.request_named(session, viewer(ADA), name)
            assert found is not None
            assert found.id == "row-oim-7041"
        for name in ("7042", "row-oim-7042", "70", ""):
            assert links.request_named(session, viewer(ADA), name) is None


def test_a_number_that_two_igas_use_names_neither_to_who_sees_both(staff: Sessions) -> None:
    add(staff, request_of("7041", requester=ADA), request_of("7041", iga="other"))
    with staff() as session:
        assert links.request_named(session, AUDITOR, "7041") is None
        found = links.request_named(session, viewer(ADA), "7041")
        assert found is not None
        assert found.iga == "oim"


def test_an_order_is_named_by_our_id_or_the_desks_number(staff: Sessions) -> None:
    old, new = order_of("RITM1", "id-oim-11", None), order_of("RITM2", "id-oim-11", None)
    new.item_number, new.received_at = "RITM1", NOON + timedelta(days=1)
    add(staff, old, new, order_of("RITM3", "id-oim-15", None))
    with staff() as session:

        def found(who: Viewer, name: str) -> str | None:
            target = links.order_named(session, who, name)
            return target.id if target else None

        assert found(viewer(ADA), "ritm1") == "order-RITM2"
        assert found(viewer(ADA), "order-RITM1") == "order-RITM1"
        assert found(viewer(ADA), "RITM3") is None
        assert found(AUDITOR, "RITM3") == "order-RITM3"
        assert found(viewer(ADA), "") is None


# ---- what people hold ----------------------------------------------------------------------------


def holding(person_id: str, key: str, request_id: str | None, minute: int = 0) -> HoldingRow:
    return HoldingRow(
        person_id=person_id, kind=ItemKind.ROLE, key=key, name=f"Role {key}", since=NOON,
        request_id=request_id, seen_at=NOON + timedelta(minutes=minute),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("who", "person", "opens"),
    [
        (viewer(ADA), None, True),
        (viewer(ADA), "id-oim-11", True),
        (viewer(BEN), "id-oim-11", True),
        (viewer(ADA), "id-oim-12", False),
        (viewer(EVE), "id-oim-11", False),
        (viewer(EVE, "other"), "id-oim-11", False),
        (viewer(EVE), "id-other-11", False),
        (AUDITOR, "id-oim-11", False),
        (viewer(BEN, "oim", Role.OPERATOR), "id-oim-15", False),
        (viewer(None, "oim"), "id-oim-15", False),
        (viewer(None, "oim"), None, False),
        (viewer(ADA), "nobody", False),
    ],
)
def test_access_is_shown_to_its_holder_and_their_manager(
    staff: Sessions, who: Viewer, person: str | None, opens: bool
) -> None:
    with staff() as session:
        page = access_page(session, who, person)
    assert (page is not None) is opens
    assert page is None or page.is_viewer is (page.person.id == who.person_id)


def test_access_lists_what_this_person_holds_and_where_it_came_from(staff: Sessions) -> None:
    add(
        staff,
        request_of("1", requester=ADA, state=DONE),
        request_of("2", iga="other", requester=ADA, state=DONE),
        request_of("3", requester=EVE, state=DONE),
        holding("id-oim-11", "b", "1", minute=2),
        holding("id-oim-11", "a", None),
        holding("id-oim-11", "c", "2"),
        holding("id-oim-11", "d", "3"),
        holding("id-oim-12", "e", None, minute=9),
    )
    with staff() as session:
        page = access_page(session, viewer(ADA), None)
    assert page is not None
    assert [(h.name, h.request_id, h.request) for h in page.holdings] == [
        ("Role a", "", None),
        ("Role b", "1", "row-oim-1"),
        ("Role c", "2", None),
        ("Role d", "3", None),
    ]


def test_a_manager_finds_the_active_reports_of_their_own_iga(staff: Sessions) -> None:
    with staff.begin() as session:
        session.get_one(PersonRow, "id-oim-15").manager_key = BEN
        session.get_one(PersonRow, "id-other-12").manager_key = BEN
    with staff() as session:
        page = access_page(session, viewer(BEN), None)
        assert page is not None
        assert [person.id for person in page.reports] == ["id-oim-11", "id-oim-15"]
    with staff.begin() as session:
        session.get_one(PersonRow, "id-oim-11").active = False
    with staff() as session:
        page = access_page(session, viewer(BEN), None)
        assert page is not None
        assert [person.id for person in page.reports] == ["id-oim-15"]


def test_who_manages_nobody_has_no_reports(staff: Sessions) -> None:
    with staff() as session:
        page = access_page(session, viewer(EVE), None)
    assert page is not None
    assert (page.reports, page.holdings) == ((), ())
