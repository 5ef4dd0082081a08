"""What people read on each page."""

import html
import re
from datetime import timedelta

from sqlalchemy import select

from broker.context import Broker
from broker.domain.access_requests import RequestState
from broker.domain.orders import LineEvent
from broker.domain.people import Account, Match
from broker.ports.queue import QueueName
from broker.store import audit, orders, outbox, people, sync_runs
from broker.store.orders import OrderRow
from broker.store.outbox import OutboxRow
from broker.store.requests import RequestRow
from tests.webui.company import (
    CONSOLE,
    NOW,
    Browser,
    Company,
    CountingBell,
    FixedClock,
    Visit,
    request_row,
    text_of,
    waiting_for,
    with_iga,
)
from webui.audit.views import _csv
from webui.ui.words import absolute, relative


def row_of(page: str, mark: str) -> str:
    """The list row that carries this attribute."""
    start = page.index(mark)
    return page[page.rindex("<li", 0, start) : page.index("</li>", start)]


def section(page: str, name: str) -> str:
    start = page.index(f'id="{name}"')
    return page[start : page.index("</section>", start)]


# ---- the front page ---------------------------------------------------------------------------


def test_my_requests_are_shown_with_whom_they_wait_for(visit: Visit, company: Company) -> None:
    row = row_of(section(text_of(visit("ada").get("/")), "open-requests"), '="5001"')
    assert 'data-state="awaiting approval"' in row
    assert "waiting for <strong>Ben Example</strong> for" in row
    assert ">2 hours</time>" in row


def test_every_row_leads_into_the_iga(visit: Visit, company: Company) -> None:
    row = row_of(section(text_of(visit("ada").get("/")), "open-requests"), '="5001"')
    assert f'href="{CONSOLE}request_details&amp;requestId=5001" target="_blank"' in row
    assert ">OIM 5001<" in row


def test_what_waits_for_me_leads_to_the_iga(visit: Visit, company: Company) -> None:
    row = row_of(section(text_of(visit("ben").get("/")), "pending-approvals"), '="5001"')
    assert 'data-approval-task="task-BEN"' in row
    assert f'href="{CONSOLE}approval_details" target="_blank" rel="noopener"' in row
    assert "Decide in OIM" in row


def test_a_request_born_from_an_order_names_who_ordered_it(visit: Visit, company: Company) -> None:
    for path in ("/", f"/requests/{company.born.id}"):
        page = text_of(visit("ada").get(path))
        assert "RITM0010007" in page
        assert "unknown person" not in page
        assert "99" not in re.sub(r"<[^>]*>", "", page)
    assert "<dd>Ada Example</dd>" in text_of(visit("ada").get(f"/requests/{company.born.id}"))


def test_an_order_for_somebody_else_is_on_the_page_of_who_ordered_it(
    visit: Visit, company: Company, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        session.merge(company.order).requester_id = company.people["eve"].id
    assert 'data-request-id="5002"' in text_of(visit("eve").get("/"))
    assert visit("eve").get(f"/requests/{company.born.id}").status_code == 200


def test_the_page_says_how_old_it_is(visit: Visit, company: Company) -> None:
    page = text_of(visit("ada").get("/"))
    assert f'data-as-of="{(NOW - timedelta(minutes=2)).isoformat()}"' in page
    assert "08:15 UTC" in page
    assert "2 minutes ago" in page


def test_nothing_there_is_said_in_words(visit: Visit, company: Company) -> None:
    page = text_of(visit("eve").get("/"))
    assert "You have no open requests." in page
    assert "Nothing waits for your decision." in page


def test_a_silent_system_is_named_with_the_time_of_what_we_show(
    visit: Visit, company: Company, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        sync_runs.silent(session, "oim", NOW, "HTTP 503")
    for path in ("/", "/approvals", f"/requests/{company.request.id}"):
        page = text_of(visit("ada").get(path))
        assert 'data-silent="oim"' in page
        assert "OIM has not answered since" in page
        assert "You see what we knew" in page
        assert 'data-request-id="5001"' in page or path == "/approvals"
        assert "HTTP 503" not in page


def test_refresh_owes_a_reading_and_says_so_until_it_is_there(
    visit: Visit, company: Company, broker: Broker, bell: CountingBell
) -> None:
    ada = visit("ada")
    answer = ada.post("/refresh", headers={"HX-Request": "true"})
    assert "reading again" in text_of(answer)
    assert 'hx-trigger="every 1s"' in text_of(answer)
    assert bell.rung == ["interactive"]
    with broker.sessions.begin() as session:
        message = outbox.claim(session, bell.rung[0], NOW, timedelta(minutes=1))
        assert message is not None
        outbox.settle(session, message, NOW)
    after = text_of(ada.fragment("/"))
    assert "reading again" not in after
    assert 'hx-trigger="every 15s"' in after


def test_refresh_works_without_scripts(visit: Visit, company: Company) -> None:
    answer = visit("ada").post("/refresh", {"back": f"/requests/{company.request.id}"})
    assert answer.status_code == 303
    assert answer.location == f"/requests/{company.request.id}"
    assert visit("ada").post("/refresh", {"back": "//evil.example.com"}).location == "/"


def test_a_fragment_is_the_live_part_only(visit: Visit, company: Company) -> None:
    for path in ("/", "/approvals", f"/requests/{company.request.id}"):
        part = text_of(visit("ada").fragment(path))
        assert part.lstrip().startswith('<div id="live"'), path
        assert "<html" not in part


def test_a_fragment_that_is_shown_already_is_not_sent_again(visit: Visit, company: Company) -> None:
    ada = visit("ada")
    shown = re.search(r"seen=([0-9a-f]+)", text_of(ada.get("/")))
    assert shown is not None
    assert ada.fragment(f"/?seen={shown[1]}").status_code == 204
    assert ada.fragment("/?seen=older").status_code == 200


def test_the_same_address_without_htmx_is_the_whole_page(visit: Visit, company: Company) -> None:
    assert "<html" in text_of(visit("ada").get("/?seen=anything"))
    restored = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<html" in text_of(visit("ada").get("/", headers=restored))


# ---- one request, history ---------------------------------------------------------------------


def test_a_request_shows_all_that_the_iga_tells(visit: Visit, company: Company) -> None:
    page = text_of(visit("ada").get(f"/requests/{company.done.id}"))
    for fact in ("4001", "Assign Roles", "OIM says completed", "month end closing", "Ada Example",
                 "Warehouse Supervisor", "Ben Example", "Beneficiary Manager", "approve", "fine",
                 f"{CONSOLE}request_details&amp;requestId=4001"):  # fmt: skip
        assert fact in page, fact


def test_what_people_wrote_is_never_markup(visit: Visit, company: Company, broker: Broker) -> None:
    with broker.sessions.begin() as session:
        row = session.get_one(RequestRow, company.request.id)
        row.justification = "<img src=x onerror=alert(1)>"
        row.items[0].name = "<b hx-get='/'>Role</b>"
    for name, path in (("ada", f"/requests/{company.request.id}"), ("ada", "/"), ("ben", "/")):
        page = text_of(visit(name).get(path))
        assert "<img src=x" not in page
        assert "<b hx-get" not in page


def test_a_request_that_vanished_is_said_to_have(
    visit: Visit, company: Company, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        session.get_one(RequestRow, company.request.id).gone_at = NOW
    assert "does not show this request any more" in text_of(
        visit("ada").get(f"/requests/{company.request.id}")
    )
    assert 'data-request-id="5001"' not in text_of(visit("ada").get("/"))


def test_the_history_holds_finished_requests_only(visit: Visit, company: Company) -> None:
    page = text_of(visit("ada").get("/history"))
    assert 'data-request-id="4001" data-state="completed"' in page
    assert 'data-request-id="5001"' not in page


def test_the_history_is_searched_by_item_person_number_and_order(
    visit: Visit, company: Company, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        row = session.get_one(RequestRow, company.born.id)
        row.state, row.is_open = RequestState.COMPLETED, False
    found = {
        text: set(re.findall(r'data-request-id="(\d+)"', text_of(visit("ada").get(
            f"/history?q={text}"))))
        for text in ("warehouse", "ada", "4001", "ritm0010007", "100%25", "_", "nothing")
    }  # fmt: skip
    assert found == {
        "warehouse": {"4001"},
        "ada": {"4001", "5002"},
        "4001": {"4001"},
        "ritm0010007": {"5002"},
        "100%25": set(),
        "_": set(),
        "nothing": set(),
    }


def test_the_history_has_pages_and_a_state_filter(
    visit: Visit, company: Company, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        session.add_all(
            request_row(str(number), "11", "11", "Buyer", RequestState.REJECTED)
            for number in range(7000, 7030)
        )
    ada = visit("ada")
    first = text_of(ada.get("/history?state=rejected"))
    second = text_of(ada.get("/history?state=rejected&page=2"))
    assert first.count("data-request-id") == 25
    assert second.count("data-request-id") == 5
    assert "30 finished requests" in first
    assert "Page 2 of 2" in text_of(ada.get("/history?state=rejected&page=99"))
    assert ada.get("/history?page=minus").status_code == 200


def test_a_manager_finds_reports_requests_when_asking_for_all(
    visit: Visit, company: Company
) -> None:
    assert "4001" not in text_of(visit("ben").get("/history"))
    assert "4001" in text_of(visit("ben").get("/history?whose=all"))


# ---- approvals --------------------------------------------------------------------------------


def test_an_approval_shows_what_to_decide_and_where(visit: Visit, company: Company) -> None:
    page = text_of(visit("ben").get(f"/approvals/{company.task.id}"))
    assert "month end closing" in page
    assert f'href="{CONSOLE}approval_details"' in page
    assert 'data-approval-task="task-BEN"' in page


def test_decided_ones_are_below(visit: Visit, company: Company) -> None:
    page = text_of(visit("ben").get("/approvals"))
    assert 'data-request-id="5001"' in section(page, "pending-approvals")
    assert 'data-request-id="4001"' in section(page, "decided-approvals")
    assert "4001" not in section(page, "pending-approvals")


def test_a_login_in_another_case_is_the_same_approver(
    visit: Visit, company: Company, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        session.add(request_row("5009", "15", "15", "Buyer", tasks=[waiting_for("Ben")]))
    assert 'data-request-id="5009"' in text_of(visit("ben").get("/approvals"))


def test_a_finished_request_waits_for_nobody(
    visit: Visit, company: Company, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        row = session.get_one(RequestRow, company.request.id)
        row.is_open, row.state = False, RequestState.WITHDRAWN
    assert "Nothing waits for your decision." in text_of(visit("ben").get("/"))


# ---- access, orders, links ----------------------------------------------------------------------


def test_my_access_says_since_which_request(visit: Visit, company: Company) -> None:
    page = text_of(visit("ada").get("/access"))
    assert "Warehouse Supervisor" in page
    assert f'/requests/{company.done.id}">4001</a>' in page


def test_my_access_says_how_fresh_it_is_and_can_be_renewed(
    visit: Visit, company: Company, broker: Broker, bell: CountingBell
) -> None:
    page = text_of(visit("ada").get("/access"))
    assert "not read from OIM yet" in page  # a reading of what changed reads nobody's access
    with broker.sessions.begin() as session:
        ada = company.people["ada"]
        run = sync_runs.start(session, "oim", "person", NOW - timedelta(hours=2), person_id=ada.id)
        sync_runs.finish(session, run, NOW, {"read": 3})
    page = text_of(visit("ada").get("/access"))
    assert f'data-as-of="{(NOW - timedelta(hours=2)).isoformat()}"' in page
    assert "older than it should be" not in page
    answer = visit("ada").post("/refresh", {"back": "/access"})
    assert (answer.status_code, answer.location) == (303, "/access")
    assert bell.rung == [QueueName.INTERACTIVE]
    assert "reading again" in text_of(visit("ada").get("/access"))


def test_my_access_keeps_itself_fresh(visit: Visit, company: Company) -> None:
    page = visit("ada").fragment("/access")
    assert "<html" not in text_of(page)
    assert 'data-holding="Warehouse Supervisor"' in text_of(page)
    again = re.search(r'hx-get="([^"]+)"', text_of(page))
    assert again is not None
    assert visit("ada").fragment(html.unescape(again[1])).status_code == 204


def test_the_access_of_a_report_is_renewed_as_theirs(
    visit: Visit, company: Company, broker: Broker
) -> None:
    ada, ben = company.people["ada"].id, visit("ben")
    page = text_of(ben.fragment(f"/access?person={ada}"))
    assert f'hx-get="/access?person={ada}&amp;seen=' in page
    assert f'name="person" value="{ada}"' in page
    answer = ben.post("/refresh", {"back": f"/access?person={ada}", "person": ada})
    assert answer.location == f"/access?person={ada}"
    with broker.sessions() as session:
        assert session.scalars(select(OutboxRow.key)).all() == [ada]
    assert visit("eve").post("/refresh", {"person": ada}).status_code == 404


def test_a_manager_sees_the_access_of_reports(visit: Visit, company: Company) -> None:
    ada = company.people["ada"].id
    assert f'value="{ada}"' in text_of(visit("ben").get("/access"))
    assert "Access of Ada Example" in text_of(visit("ben").get(f"/access?person={ada}"))
    assert visit("ada").get(f"/access?person={company.people['ben'].id}").status_code == 404


def test_an_order_shows_its_way_through_both_systems(visit: Visit, company: Company) -> None:
    page = text_of(visit("ada").get(f"/orders/{company.order.id}"))
    assert "OIM took the order as request 5002." in page
    assert f'/requests/{company.born.id}">5002</a>' in page
    assert "SCTASK0010009" in page
    assert "https://desk.example.com/item/sys-RITM0010007" in page


def test_a_closed_order_says_how_it_ended(visit: Visit, company: Company, broker: Broker) -> None:
    with broker.sessions.begin() as session:
        order = session.get_one(OrderRow, company.order.id)
        for event, at in ((LineEvent.FULFIL, NOW), (LineEvent.CLOSE, NOW + timedelta(seconds=1))):
            orders.move(order.lines[0], event, at)
            orders.remember_step(session, order, at, event, f"{event} happened", order.lines[0])
    for path in ("/orders", f"/orders/{company.order.id}"):
        page = text_of(visit("ada").get(path))
        assert 'data-state="closed"' in page
        assert "access granted" in page


def test_what_the_iga_did_within_a_second_comes_after_its_start(
    visit: Visit, company: Company, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        row = session.get_one(RequestRow, company.born.id)
        row.state, row.is_open, row.closed_at = RequestState.COMPLETED, False, NOW
        order = session.get_one(OrderRow, company.order.id)
        moment = NOW + timedelta(milliseconds=300)
        orders.remember_step(session, order, moment, "submit", "Passed on.", order.lines[0])
    page = text_of(visit("ada").get(f"/orders/{company.order.id}"))
    assert page.index("Passed on.") < page.index("Request 5002 is completed.")


def test_what_the_iga_ended_comes_before_we_saw_it_end(
    visit: Visit, company: Company, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        row = session.get_one(RequestRow, company.born.id)
        row.state, row.is_open, row.closed_at = RequestState.COMPLETED, False, NOW
        order = session.get_one(OrderRow, company.order.id)
        moment = NOW + timedelta(milliseconds=300)
        orders.remember_step(session, order, moment, "fulfil", "Seen.", order.lines[0])
    page = text_of(visit("ada").get(f"/orders/{company.order.id}"))
    assert page.index("Request 5002 is completed.") < page.index("Seen.")


def test_orders_are_listed_and_found_by_number(visit: Visit, company: Company) -> None:
    assert text_of(visit("ada").get("/orders")).count("data-order-id") == 2
    assert text_of(visit("cho").get("/orders?q=ritm0010007")).count("data-order-id") == 1
    assert "You have no orders." in text_of(visit("eve").get("/orders"))


def test_permanent_links_lead_to_the_right_page_for_each(visit: Visit, company: Company) -> None:
    def target(name: str, path: str) -> str:
        return str(visit(name).get(path).location)

    request, task, order = company.request.id, company.task.id, company.order.id
    assert target("ada", f"/go/request/{request}") == f"{CONSOLE}request_details&requestId=5001"
    assert target("ada", "/go/request/5001") == f"{CONSOLE}request_details&requestId=5001"
    assert target("ben", "/go/request/5001") == f"{CONSOLE}approval_details"
    assert target("ben", f"/go/approval/{task}") == f"{CONSOLE}approval_details"
    assert target("ada", f"/go/order/{order}") == "https://desk.example.com/item/sys-RITM0010007"
    assert target("cho", "/go/order/ritm0010007") == f"/orders/{order}"
    assert target("ben", "/go/inbox") == f"{CONSOLE}approval_details"
    assert target("ben", "/go/inbox/mine") == f"{CONSOLE}approval_details"
    assert visit("ben").get("/go/unknown/1").status_code == 404


# ---- operations ---------------------------------------------------------------------------------


def test_the_operator_sees_what_is_stuck_and_who_is_not_linked(
    visit: Visit, company: Company, broker: Broker
) -> None:
    account = Account("servicenow", "k1", "gina", "Gina Falcone")
    with broker.sessions.begin() as session:
        people.remember_link(session, "oim", account, Match(None, "nobody has her number"), NOW)
        outbox.owe(session, QueueName.SYNC, "sync.changes", "all", NOW)
    page = text_of(visit("cho").get("/operations"))
    assert "RITM0010008" in section(page, "needs-attention")
    assert "Visitor badge" in section(page, "needs-attention")
    assert "nobody has her number" in section(page, "unmatched")
    assert 'data-queue="sync" data-waiting="1"' in section(page, "outbox")
    assert 'data-run="changes"' in section(page, "sync-runs")
    assert 'data-connection="oim"' in page


def test_the_operator_cancels_with_a_reason(visit: Visit, company: Company, broker: Broker) -> None:
    path = f"/operations/orders/{company.stuck.id}"
    cho = visit("cho")
    refused = cho.post(path, {"act": "cancel", "reason": "  "})
    assert refused.location == "/operations"
    assert "Say why" in text_of(cho.get("/operations"))
    cho.post(path, {"act": "cancel", "reason": "ordered twice"})
    after = text_of(cho.get("/operations"))
    assert "The order is cancelled." in after
    assert "No order needs you." in after
    with broker.sessions() as session:
        (event,) = audit.search(session, "order.cancel")
    assert event.actor_id == company.people["cho"].id


def test_adopting_needs_a_request_and_unknown_acts_do_nothing(
    visit: Visit, company: Company
) -> None:
    path, cho = f"/operations/orders/{company.stuck.id}", visit("cho")
    for act, sentence in (("adopt", "Say which request"), ("explode", "Choose what to do")):
        cho.post(path, {"act": act, "reason": "why not"})
        assert sentence in text_of(cho.get("/operations"))


def test_connections_are_tried_when_asked(visit: Visit, company: Company, broker: Broker) -> None:
    with_iga(broker, works=False)
    for headers in ({"HX-Request": "true"}, {}):
        page = text_of(visit("cho").post("/operations/check", headers=headers))
        assert 'data-connection="oim" data-works="false"' in page
        assert "nobody answers" in page
        assert 'data-connection="servicenow" data-works="true"' in page


# ---- audit --------------------------------------------------------------------------------------


def sealed_company(broker: Broker, company: Company) -> None:
    actor = audit.Actor("person", company.people["cho"].id)
    with broker.sessions.begin() as session:
        subject = ("order", company.order.id)
        audit.record(session, NOW, actor, "order.retry", subject, "done", {"why": "=cmd()"})
        audit.record(session, NOW, audit.SYSTEM, "sync.run", ("system", "oim"))
        session.flush()
        audit.seal(session, broker.audit_key, NOW)


def test_the_auditor_searches_by_what_people_know(
    visit: Visit, company: Company, broker: Broker
) -> None:
    sealed_company(broker, company)
    for text in ("RITM0010007", "cho", "order.retry", company.order.id):
        page = text_of(visit("dee").get(f"/audit?q={text}"))
        assert page.count("data-audit-event") == 1, text
        assert "Cho Example" in page


def test_the_auditor_sees_whether_the_chain_holds(
    visit: Visit, company: Company, broker: Broker
) -> None:
    sealed_company(broker, company)
    assert 'data-intact="true" data-sealed="2" data-unsealed="0"' in text_of(
        visit("dee").get("/audit")
    )
    with broker.sessions.begin() as session:
        session.add(audit.AuditSealRow(seq=3, event_id=99, hash="0" * 64, sealed_at=NOW))
    page = text_of(visit("dee").get("/audit"))
    assert 'data-intact="false"' in page
    assert "event 99 vanished" in page


def test_the_export_holds_every_event_with_its_seal(
    visit: Visit, company: Company, broker: Broker
) -> None:
    sealed_company(broker, company)
    answer = visit("dee").get("/audit/export.json")
    assert answer.json is not None
    assert answer.json["verdict"] == {"sealed": 2, "unsealed": 1, "fault": ""}
    assert [event["seal"] for event in answer.json["events"]] == [1, 2, None]
    table = visit("dee").get("/audit/export.csv")
    assert table.mimetype == "text/csv"
    assert "attachment" in table.headers["Content-Disposition"]
    assert len(text_of(table).splitlines()) == 1 + 4
    assert visit("dee").get("/audit/export.exe").status_code == 404


def test_a_cell_that_looks_like_a_formula_is_text() -> None:
    assert "'=1+1" in "".join(_csv([{"a": "=1+1", "b": 1}]))


# ---- words --------------------------------------------------------------------------------------


def test_times_are_told_relative_and_exactly(visit: Visit, clock: FixedClock) -> None:
    assert relative(NOW, NOW) == "just now"
    assert relative(NOW - timedelta(minutes=1), NOW) == "1 minute ago"
    assert relative(NOW - timedelta(days=800), NOW) == "2 years ago"
    assert relative(NOW + timedelta(hours=3), NOW) == "in 3 hours"
    assert absolute(NOW) == "2 Mar 2026, 08:17 UTC"


def test_every_page_has_one_heading_a_title_and_a_way_past_the_menu(
    visit: Visit, company: Company
) -> None:
    pages = {
        "ada": ["/", "/history", "/approvals", "/orders", "/access",
                f"/requests/{company.request.id}", f"/orders/{company.order.id}"],
        "ben": [f"/approvals/{company.task.id}"],
        "cho": ["/operations"],
        "dee": ["/audit"],
    }  # fmt: skip
    for name, paths in pages.items():
        browser: Browser = visit(name)
        for path in paths:
            page = text_of(browser.get(path))
            assert page.count("<h1") == 1, path
            assert '<a class="skip" href="#main">' in page, path
            assert 'id="main"' in page, path
            assert re.search(r"<title>\S.* · Request Broker</title>", page), path
            ids = re.findall(r'\sid="([^"]+)"', page)
            assert len(ids) == len(set(ids)), path
