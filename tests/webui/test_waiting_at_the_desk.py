"""What waits for somebody in ServiceNow itself, on the page of approvals."""

from collections.abc import Callable

import pytest

from broker.context import Broker
from tests.webui.company import Browser, Company, StandIn, Visit, befall_at_the_desk, text_of

PATH = "/approvals/at-the-desk"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def desk(broker: Broker, company: Company) -> StandIn:
    """The desk, where ben has an account, and two decisions."""
    return befall_at_the_desk(broker)


@pytest.fixture
def part(visit: Visit, company: Company, desk: StandIn) -> Callable[[str], str]:
    """The part of the page that asks ServiceNow, for somebody of the cast."""
    return lambda name: text_of(visit(name).get(PATH, headers=HTMX))


def test_the_page_asks_for_the_part_and_does_not_wait_for_it(
    visit: Visit, company: Company, desk: StandIn
) -> None:
    desk.works = False
    page = text_of(visit("ben").get("/approvals"))
    assert f'hx-get="{PATH}" hx-trigger="load"' in page
    assert "Waiting in" not in page


def test_each_decision_says_what_for_whom_since_when_and_where(part: Callable[[str], str]) -> None:
    page = part("ben")
    assert "Waiting in ServiceNow" in page
    assert "RITM0010020" in page
    assert "A &lt;b&gt;laptop&lt;/b&gt;" in page
    assert "you stand in for Gus Boss" in page
    assert 'href="https://desk/a"' in page
    assert page.count("data-desk-approval") == 2
    assert "<html" not in page


def test_somebody_elses_decisions_are_not_shown(part: Callable[[str], str]) -> None:
    page = part("eve")
    assert "RITM0010020" not in page
    assert "No account in ServiceNow is certainly yours." in page


def test_nothing_waiting_is_said(part: Callable[[str], str], desk: StandIn) -> None:
    desk.waiting.clear()
    assert "Nothing waits for you in ServiceNow." in part("ben")


def test_a_desk_that_does_not_answer_is_told_from_one_where_nothing_waits(
    part: Callable[[str], str], desk: StandIn
) -> None:
    desk.works = False
    page = part("ben")
    assert "ServiceNow does not answer just now" in page
    assert "Nothing waits" not in page


def test_without_javascript_it_is_a_page_of_its_own(visit: Visit, desk: StandIn) -> None:
    page = text_of(visit("ben").get(PATH))
    assert "<html" in page
    assert page.count("data-desk-approval") == 2


def test_whoever_is_not_signed_in_is_shown_nothing(
    stranger: Browser, company: Company, desk: StandIn
) -> None:
    assert "RITM0010020" not in text_of(stranger.get(PATH))
