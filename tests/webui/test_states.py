"""Pages when something is missing, old, silent, long or wrong: what people read then."""

import re
from datetime import timedelta

import pytest
from flask import Flask

from broker.context import Broker
from broker.domain.access_requests import RequestState
from broker.domain.approvals import TaskState
from broker.domain.orders import LineState
from broker.store import audit, sync_runs
from broker.store.access import HoldingRow
from broker.store.orders import OrderRow
from broker.store.outbox import OutboxRow
from broker.store.requests import RequestRow
from broker.store.sync_runs import SyncRunRow
from tests.webui.company import (
    NOW,
    Company,
    FixedClock,
    Visit,
    decided_by,
    request_row,
    text_of,
    waiting_for,
)
from tests.webui.test_pages import row_of, section
from webui.errors import error_page
from webui.ui.words import plural


def words(page: str) -> str:
    """What a page says, without its marks."""
    return " ".join(re.sub(r"<[^>]*>", " ", page[page.index("<main") :]).split())


# ---- how old it is ------------------------------------------------------------------------------


def test_data_older_than_three_beats_is_said_to_be_old(
    visit: Visit, company: Company, clock: FixedClock
) -> None:
    assert "data-old" not in text_of(visit("ada").get("/"))
    clock.time = NOW + timedelta(hours=2)
    for path in ("/", "/approvals", f"/requests/{company.request.id}"):
        page = text_of(visit("ada").get(path))
        assert 'data-old="oim"' in page, path
        assert "OIM was last read 2 hours ago . Press Refresh" in words(page)


def test_a_silent_system_is_told_once_not_as_old_data_too(
    visit: Visit, company: Company, broker: Broker, clock: FixedClock
) -> None:
    with broker.sessions.begin() as session:
        sync_runs.silent(session, "oim", NOW, "HTTP 503")
    clock.time = NOW + timedelta(hours=2)
    page = text_of(visit("ada").get("/"))
    assert "data-old" not in page
    assert "renewed by itself as soon as OIM answers" in page


def test_before_the_first_reading_nobody_is_told_to_have_no_requests(
    visit: Visit, company: Company, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        session.query(SyncRunRow).delete()
    page = text_of(visit("eve").get("/"))
    assert "not read from OIM yet" in page
    assert "have not been read from OIM yet" in page
    assert "You have no open requests" not in page


def test_a_screen_reader_hears_that_it_is_being_read_again(visit: Visit, company: Company) -> None:
    ada = visit("ada")
    assert 'data-announce="0 decisions waiting for you, 2 open' in text_of(ada.get("/"))
    answer = text_of(ada.post("/refresh", headers={"HX-Request": "true"}))
    assert 'data-announce="reading again from OIM"' in answer


# ---- where it stands ----------------------------------------------------------------------------


def stages(page: str) -> list[str]:
    """The stages of a page's track, each with its mark."""
    track = page[page.index('<ol class="track"') :].partition("</ol>")[0]
    marks = re.findall(r'<li class="(\w+)"', track)
    names = re.findall(r'track-name">([^<]+)<', track)
    return [f"{name}: {mark}" for name, mark in zip(names, marks, strict=True)]


REQUESTS = [
    (RequestState.REQUESTED, "Decision: now"),
    (RequestState.AWAITING_APPROVAL, "Decision: now"),
    (RequestState.IN_PROGRESS, "Set up in OIM: now"),
    (RequestState.COMPLETED, "Done: done"),
    (RequestState.REJECTED, "Decision: bad"),
    (RequestState.WITHDRAWN, "Decision: ended"),
    (RequestState.FAILED, "Set up in OIM: bad"),
    (RequestState.CLOSED, "Decision: ended"),
]


@pytest.mark.parametrize(("state", "stage"), REQUESTS, ids=[state.name for state, _ in REQUESTS])
def test_a_request_shows_where_it_stands(
    visit: Visit, company: Company, broker: Broker, state: RequestState, stage: str
) -> None:
    with broker.sessions.begin() as session:
        row = session.get_one(RequestRow, company.request.id)
        row.state, row.is_open = state, not state.final
    page = text_of(visit("ada").get(f"/requests/{company.request.id}"))
    assert stage in stages(page)
    assert page.count('aria-current="step"') == (state != RequestState.COMPLETED)


ORDERS = [
    (LineState.RECEIVED, "Checked with ServiceNow: now"),
    (LineState.UNCERTAIN, "Passed on to OIM: now"),
    (LineState.SUBMITTED, "Set up in OIM: now"),
    (LineState.FULFILLED, "Access granted: done"),
    (LineState.REJECTED, "Checked with ServiceNow: bad"),
    (LineState.FAILED, "Set up in OIM: bad"),
    # These two have a request in OIM: that is how far they came.
    (LineState.NEEDS_ATTENTION, "Set up in OIM: help"),
    (LineState.CANCELLED, "Set up in OIM: ended"),
]


@pytest.mark.parametrize(("state", "stage"), ORDERS, ids=[state.name for state, _ in ORDERS])
def test_an_order_shows_where_it_stands(
    visit: Visit, company: Company, broker: Broker, state: LineState, stage: str
) -> None:
    with broker.sessions.begin() as session:
        session.get_one(OrderRow, company.order.id).lines[0].state = state
    assert stage in stages(text_of(visit("ada").get(f"/orders/{company.order.id}")))


def test_an_order_to_take_away_speaks_of_taking_away(
    visit: Visit, company: Company, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        session.get_one(OrderRow, company.order.id).action = "revoke"
    page = text_of(visit("ada").get(f"/orders/{company.order.id}"))
    assert stages(page)[-2:] == ["Taken away in OIM: now", "Access removed: todo"]
    assert "Take access away" in page
    for path in (f"/orders/{company.order.id}", "/orders"):
        assert "take away from Ada Example" in words(text_of(visit("ada").get(path))), path


def test_an_order_that_took_access_away_does_not_say_granted(
    visit: Visit, company: Company, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        row = session.get_one(OrderRow, company.order.id)
        row.action, row.lines[0].state = "revoke", LineState.FULFILLED
    page = text_of(visit("ada").get(f"/orders/{company.order.id}"))
    assert stages(page)[-1] == "Access removed: done"
    assert "access removed" in page
    assert "access granted" not in page


@pytest.mark.parametrize(
    ("state", "said"),
    [(LineState.SUBMITTED, "does"), (LineState.FULFILLED, "did"), (LineState.CANCELLED, "")],
)
def test_an_order_without_a_request_says_that_it_is_done_directly(
    visit: Visit, company: Company, broker: Broker, state: LineState, said: str
) -> None:
    with broker.sessions.begin() as session:
        line = session.get_one(OrderRow, company.order.id).lines[0]
        line.state, line.iga_request_id = state, None
    page = text_of(visit("ada").get(f"/orders/{company.order.id}"))
    told = re.findall(r"OIM (\w+) it directly, without a request", page)
    assert told == [said] * bool(said), "a cancelled one was never passed on"


def test_only_an_operator_is_asked_to_look_after_an_order(
    visit: Visit, company: Company, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        line = session.get_one(OrderRow, company.order.id).lines[0]
        line.state, line.reason = LineState.NEEDS_ATTENTION, "Undo it there. Then retry."
    sentence = "An operator looks after it; you need not do anything."
    for name in ("ada", "cho"):
        page = text_of(visit(name).get(f"/orders/{company.order.id}"))
        assert (sentence in page) is (name == "ada")


def test_a_request_of_an_order_was_approved_in_the_desk(visit: Visit, company: Company) -> None:
    page = text_of(visit("ada").get(f"/requests/{company.born.id}"))
    assert "Approved in ServiceNow: done" in stages(page)
    assert "ServiceNow holds the approval of RITM0010007" in page


def test_a_request_of_an_order_that_is_decided_in_the_iga_does_not_say_approved(
    visit: Visit, company: Company, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        row = session.get_one(RequestRow, company.born.id)
        row.state, row.tasks = RequestState.AWAITING_APPROVAL, [waiting_for("BEN")]
    page = text_of(visit("ada").get(f"/requests/{company.born.id}"))
    assert stages(page)[1:3] == ["Decision: now", "Set up in OIM: todo"]


def test_who_decides_reads_that_access_is_to_be_taken_away(
    visit: Visit, company: Company, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        session.get_one(RequestRow, company.request.id).request_type = "Revoke Account"
    for path in ("/", "/approvals", f"/approvals/{company.task.id}"):
        assert "take away from Ada Example" in words(text_of(visit("ben").get(path))), path
    page = text_of(visit("ada").get(f"/requests/{company.request.id}"))
    assert stages(page)[2] == "Taken away in OIM: todo"
    assert "What is taken away Finance Reporting Role · from Ada Example" in words(page)
    assert "without end" not in page


def test_a_request_that_takes_away_is_not_being_set_up(
    visit: Visit, company: Company, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        row = session.get_one(RequestRow, company.request.id)
        row.request_type, row.state = "Remove from Roles", RequestState.IN_PROGRESS
    whole = text_of(visit("ada").get(f"/requests/{company.request.id}"))
    listed = row_of(section(text_of(visit("ada").get("/")), "open-requests"), '="5001"')
    for said in (whole, listed):
        assert "being removed" in said
        assert "being set up" not in said


def test_the_numbers_in_a_justification_stand_below_what_people_wrote(
    visit: Visit, company: Company, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        row = session.get_one(RequestRow, company.born.id)
        row.justification = "RITM0010007 SCTASK0010009 RB-0123456789abcdef For the audit"
    page = words(text_of(visit("ada").get(f"/requests/{company.born.id}")))
    assert "Why For the audit RITM0010007 SCTASK0010009 RB-0123456789abcdef" in page


@pytest.mark.parametrize(("written", "shown"), [("For the audit", True), ("", False)])
def test_a_list_shows_what_people_wrote_without_the_numbers(
    visit: Visit, company: Company, broker: Broker, written: str, shown: bool
) -> None:
    with broker.sessions.begin() as session:
        row = session.get_one(RequestRow, company.request.id)
        row.justification = f"RITM0010007 SCTASK0010009 RB-0123456789abcdef {written}".strip()
    page = words(text_of(visit("ben").get("/approvals")))
    assert "RB-0123" not in page
    assert ("“For the audit”" in page) is shown
    assert "“”" not in page


# ---- decisions ----------------------------------------------------------------------------------


def test_a_rejection_is_told_at_the_top_with_its_reason(
    visit: Visit, company: Company, broker: Broker
) -> None:
    task = decided_by("BEN")
    task.state, task.raw_state, task.comment = TaskState.REJECTED, "REJECT", "Too broad."
    with broker.sessions.begin() as session:
        row = request_row("6001", "11", "11", "Buyer", RequestState.REJECTED, [task])
        session.add(row)
        session.flush()
        address = f"/requests/{row.id}"
    page = words(text_of(visit("ada").get(address)))
    assert "Ben Example rejected this. “Too broad.”" in page
    assert page.index("rejected this") < page.index("Decisions")


def test_a_word_of_the_vendor_that_we_do_not_know_is_shown_as_it_is(
    visit: Visit, company: Company, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        row = session.get_one(RequestRow, company.request.id)
        row.raw_status = "Frobnicated"
        row.tasks[0].state, row.tasks[0].raw_state = TaskState.UNKNOWN, "STALE"
    page = words(text_of(visit("ada").get(f"/requests/{company.request.id}")))
    assert "Status in OIM Frobnicated" in page
    assert "Ben Example stale" in page


def test_every_page_tells_how_many_decisions_wait(visit: Visit, company: Company) -> None:
    for path in ("/", "/history", "/orders", "/access"):
        assert 'decision">1</span>' in text_of(visit("ben").get(path)), path
        assert 'decision"></span>' in text_of(visit("ada").get(path)), path


def test_a_list_that_was_cut_says_so(visit: Visit, company: Company, broker: Broker) -> None:
    with broker.sessions.begin() as session:
        session.add_all(
            request_row(str(number), "15", "15", "Buyer", tasks=[waiting_for("BEN")])
            for number in range(7000, 7205)
        )
    for name, order in (("ben", "longest waiting first"), ("eve", "newest first")):
        page = text_of(visit(name).get("/"))
        assert f"Only the first 200 are shown, {order}." in page


def test_many_items_and_people_stay_one_line(
    visit: Visit, company: Company, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        row = session.get_one(RequestRow, company.request.id)
        names = ("Buyer", "Clerk", "Auditor", "Planner")
        row.items += [
            type(row.items[0])(
                position=place, kind="role", key=str(place), name=name, beneficiary_key="11"
            )
            for place, name in enumerate(names, 1)
        ]
    page = text_of(visit("ada").get("/"))
    assert "Finance Reporting, Buyer, Clerk and 2 more" in page


# ---- in the products' own names -----------------------------------------------------------------


def test_a_timeline_names_the_products_not_their_kinds(
    visit: Visit, company: Company, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        order = session.get_one(OrderRow, company.order.id)
        order.history[0].sentence = "servicenow announced it; the IGA took it, closed at the desk."
    page = text_of(visit("ada").get(f"/orders/{company.order.id}"))
    assert "ServiceNow announced it; OIM took it, closed in ServiceNow." in page


def test_the_menu_marks_the_family_of_a_page(visit: Visit, company: Company) -> None:
    for name, path in (("ada", f"/orders/{company.order.id}"), ("cho", "/orders/new")):
        assert '<a href="/orders" class="here">' in text_of(visit(name).get(path)), path
    assert '<a href="/orders" aria-current="page">' in text_of(visit("ada").get("/orders"))


# ---- for operators and auditors -----------------------------------------------------------------


def test_the_operator_reads_first_whether_somebody_should_look(
    visit: Visit, company: Company, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        sync_runs.silent(session, "oim", NOW, "HTTP 503")
        session.add(
            OutboxRow(queue="orders", topic="order.close", key="k", created_at=NOW, due_at=NOW,
                      given_up_at=NOW, last_error="HTTP 400", attempts=9)
        )  # fmt: skip
    page = words(text_of(visit("cho").get("/operations")))
    assert "Somebody should look. OIM does not answer" in page
    assert "1 order needs a decision of yours. 1 piece of work was given up." in page


def test_an_operator_with_nothing_to_do_is_told_so(
    visit: Visit, company: Company, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        session.get_one(OrderRow, company.stuck.id).lines[0].state = LineState.CANCELLED
    page = words(text_of(visit("cho").get("/operations")))
    assert "All is well. No system is silent, and no order needs you." in page


def test_what_a_reading_brought_is_told_in_words(
    visit: Visit, company: Company, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        for counts in ({"read": 4, "new": 3, "same": 1, "gone": 0}, {"read": 0}):
            run = sync_runs.start(session, "oim", "person", NOW, company.people["ada"].id)
            sync_runs.finish(session, run, NOW, counts)
        sync_runs.start(session, "oim", "people", NOW)
    page = words(text_of(visit("cho").get("/operations")))
    assert "Ada Example just now 0.0 s 4 read, 3 new, 1 unchanged" in page
    assert "Ada Example just now 0.0 s nothing new" in page
    assert "People and their accounts just now running" in page
    assert page.count("nothing new") == 1
    assert plural(5001, "person", "people") == "5,001 people"


def test_the_audit_page_names_requests_and_shortens_hashes(
    visit: Visit, company: Company, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        subject = ("request", company.request.id)
        audit.record(session, NOW, audit.SYSTEM, "request.new", subject, "new", {"hash": "ab" * 32})
    page = text_of(visit("dee").get("/audit?q=5001"))
    assert ">5001</a>" in page
    assert "abababababab…" in page
    assert "2026-03-02 08:17:00" in page


# ---- errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "title"),
    [
        (403, "This is not yours to open"),
        (404, "There is nothing here for you"),
        (500, "Something went wrong on our side"),
        (503, "Not available just now"),
    ],
)
def test_an_error_says_what_to_tell_when_asking_for_help(
    app: Flask, status: int, title: str
) -> None:
    with app.test_request_context():
        page = error_page(status).get_data(as_text=True)
    assert title in page
    assert f"error {status}" in page
    assert "2 Mar 2026, 08:17 UTC" in page


def test_an_empty_part_of_my_access_is_said_to_be_empty(
    visit: Visit, company: Company, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        session.query(HoldingRow).delete()
    assert "Roles Not read yet." in words(text_of(visit("ada").get("/access")))
    with broker.sessions.begin() as session:
        run = sync_runs.start(session, "oim", "person", NOW, company.people["ada"].id)
        sync_runs.finish(session, run, NOW, {"read": 0})
    assert "Roles No roles." in words(text_of(visit("ada").get("/access")))


def test_files_are_named_by_their_content_on_error_pages_too(
    visit: Visit, company: Company
) -> None:
    # Browsers keep them for a year: without it an upgrade would come with yesterday's looks.
    for path in ("/", "/nothing-here", "/saml/signed-out"):
        page = text_of(visit("ada").get(path))
        files = re.findall(r'(?:src|href)="([^"]+\.(?:css|js|svg)[^"]*)"', page)
        assert len(files) >= 4
        assert all(re.search(r"v=[0-9a-f]{12}$|-[0-9a-f]{12}\.js$", file) for file in files), files
