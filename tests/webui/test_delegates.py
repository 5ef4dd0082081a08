"""What stand-ins and members of a role read, and what belongs to a request."""

import pytest

from broker.context import Broker
from broker.domain.access_requests import RequestState
from broker.domain.people import Person
from broker.store import deciders, people
from broker.store.requests import ChildRow, RequestRow
from tests.webui.company import NOW, Company, Visit, request_row, text_of, waiting_for
from tests.webui.test_pages import row_of, section

ROLE = "IT SECURITY"


@pytest.fixture
def finn(company: Company, broker: Broker) -> str:
    """Stands in for ben, and is one of IT SECURITY with gus; request 5003 waits for those."""
    with broker.sessions.begin() as session:
        both = [Person(key, name, f"{name.title()} Example", f"{name}@example.com", key, None)
                for key, name in (("16", "FINN"), ("17", "GUS"))]  # fmt: skip
        people.remember(session, "oim", both, NOW)
        row = people.by_key(session, "oim", "16")
        assert row is not None
        company.people["finn"] = row
        deciders.remember(session, "oim", "BEN", ["FINN"], NOW)
        deciders.remember(session, "oim", ROLE, ["FINN", "GUS"], NOW)
        session.add(request_row("5003", "11", "11", "Root Access", tasks=[waiting_for(ROLE)]))
    return row.id


def row_named(broker: Broker, request_id: str) -> RequestRow:
    with broker.sessions() as session:
        return session.query(RequestRow).filter_by(request_id=request_id).one()


@pytest.mark.parametrize("path", ["/", "/approvals"])
def test_a_stand_in_is_told_for_whom_they_decide(visit: Visit, finn: str, path: str) -> None:
    waiting = section(text_of(visit("finn").get(path)), "pending-approvals")
    bens, roles = row_of(waiting, '="5001"'), row_of(waiting, '="5003"')
    assert "as delegate of <strong>Ben Example</strong>" in bens
    assert f"as one of <strong>{ROLE}</strong>" in roles
    assert "Decide in OIM" in bens
    assert "Decide in OIM" in roles


def test_who_is_named_is_told_nothing_of_the_kind(visit: Visit, finn: str) -> None:
    page = text_of(visit("ben").get("/"))
    assert "data-in-place-of" not in page
    assert '="5003"' not in page


@pytest.mark.parametrize("path", ["/", "/approvals"])
def test_somebody_else_sees_nothing_of_it(visit: Visit, finn: str, path: str) -> None:
    page = text_of(visit("eve").get(path))
    assert "5001" not in page
    assert ROLE not in page


def test_the_count_in_the_menu_counts_what_one_may_decide(visit: Visit, finn: str) -> None:
    page = text_of(visit("finn").get("/history"))
    assert ">2<" in page[page.index('id="waiting-count"') :][:60]


def test_who_asked_reads_who_may_decide_for_a_role(visit: Visit, finn: str, broker: Broker) -> None:
    row = row_of(section(text_of(visit("ada").get("/")), "open-requests"), '="5003"')
    assert f"waiting for <strong>{ROLE}</strong> (Finn Example, Gus Example) for" in row
    page = text_of(visit("ada").get(f"/requests/{row_named(broker, '5003').id}"))
    assert "Finn Example, Gus Example may decide<" in section(page, "decisions")
    assert "You may decide" not in page


def test_the_page_of_a_request_says_that_one_may_decide_it(
    visit: Visit, finn: str, broker: Broker, company: Company
) -> None:
    browser = visit("finn")
    bens = text_of(browser.get(f"/requests/{company.request.id}"))
    assert "You may decide this as delegate of <strong>Ben Example</strong>." in bens
    assert "you may decide in their place" in section(bens, "decisions")
    roles = text_of(browser.get(f"/requests/{row_named(broker, '5003').id}"))
    assert f"You may decide this as one of <strong>{ROLE}</strong>." in roles
    assert "you or Gus Example may decide<" in section(roles, "decisions")
    assert "(you or Gus Example)" in roles


def test_a_decision_opens_to_a_stand_in(visit: Visit, finn: str, company: Company) -> None:
    page = text_of(visit("finn").get(f"/approvals/{company.task.id}"))
    assert "as delegate of <strong>Ben Example</strong>" in page
    assert visit("eve").get(f"/approvals/{company.task.id}").status_code == 404


def test_a_request_that_was_split_leads_to_its_parts_and_they_back(
    visit: Visit, company: Company, broker: Broker
) -> None:
    parts = [
        request_row("6001", "11", "11", "Ledger"),
        request_row("6002", "11", "15", "Vault", RequestState.COMPLETED),
    ]
    whole = request_row("6000", "11", "11", "Ledger", RequestState.IN_PROGRESS)
    whole.children = [
        ChildRow(child_id=part.request_id, position=n) for n, part in enumerate(parts)
    ]
    with broker.sessions.begin() as session:
        session.add_all([whole, *parts])
    related = section(text_of(visit("ada").get(f"/requests/{whole.id}")), "related-requests")
    assert "OIM has split this into 2 requests" in related
    page = text_of(visit("ada").get(f"/requests/{whole.id}"))
    assert "Each part is decided on its own." in section(page, "decisions")
    assert "1 part to be decided" in page
    assert 'data-state="in progress"' in page
    row = row_of(section(text_of(visit("ada").get("/")), "open-requests"), '="6000"')
    assert ">in approval<" in row
    for part in parts:
        assert f'href="/requests/{part.id}"' in related
    back = section(text_of(visit("ada").get(f"/requests/{parts[0].id}")), "related-requests")
    assert "This is a part of" in back
    assert f'href="/requests/{whole.id}"' in back
    assert "related-requests" not in text_of(visit("ada").get(f"/requests/{company.request.id}"))


def test_comments_keep_their_lines(visit: Visit, company: Company, broker: Broker) -> None:
    with broker.sessions.begin() as session:
        row = session.get_one(RequestRow, company.request.id)
        row.tasks[0].comment = "BEN: which month?\nADA: <b>March</b>"
    page = text_of(visit("ada").get(f"/requests/{company.request.id}"))
    assert "BEN: which month?\nADA: &lt;b&gt;March&lt;/b&gt;</blockquote>" in page
