"""An employee asks in OIM, her manager decides there, and both see it on their pages."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.journeys.people.conftest import Town
from tests.journeys.people.person import Cast, Person
from tools.servers import wait_until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(600),
]
_A_READING_MS = 5_000.0


def test_an_employee_asks_in_oim_and_follows_it_everywhere(person: Cast, town: Town) -> None:
    ada, role = person("ada"), town.role_for_ada()
    ada.context.clock.install()
    ada.opens("/")
    ada.sees("Password")
    ada.step("is asked who she is")
    ada.gives_the_password()
    ada.sees("Hello", "as of")
    mine = ada.part("My open requests")
    ada.sees("waiting for", within=mine)
    expect(mine.locator("time").first).to_be_visible()
    ada.step("reads her dashboard")

    mine.locator("[data-request-id]").first.get_by_role("link").first.click()
    ada.sees("Decisions", "About this request", "Why", "What is asked for")
    number = ada.page.locator("[data-request-id]").first.get_attribute("data-request-id") or ""
    ada.step("opens a request")
    ada.follows("Open in OIM")
    ada.sees(f"Request {number}", "Approval details")
    assert ada.passwords == 1, "OIM asked for a password of its own"
    ada.step("sees the same request in OIM")

    request_id = ada.asks_in_oim_for(role, "I take part in the stocktaking.")
    ada.step("has asked for it")
    ada.goes_back_to_the_first_tab()

    ada.opens("/")
    ada.page.evaluate("window.stayed = true")
    portal = ada.takes_another_tab()
    ada.signs_in_to_servicenow()
    ada.reloads_until_it_sees(f"Request {request_id}")
    ada.step("finds it on the portal of ServiceNow")
    portal.close()
    ada.page = ada.context.pages[0]
    ada.lets_time_pass()
    expect(ada.request(request_id, "My open requests")).to_be_visible()
    assert ada.page.evaluate("window.stayed"), "the dashboard was loaded anew"
    ada.step("sees it appear on the dashboard that stayed open")


def test_a_manager_follows_a_mailed_link_and_decides_in_oim(person: Cast, town: Town) -> None:
    ada, ben = person("ada"), person("ben")
    ada.signs_in()
    wanted = ada.asks_in_oim_for(town.role_for_ada(), "For the stocktaking.")
    unwanted = ada.asks_in_oim_for(town.role_for_ada(), "Out of curiosity.")
    ada.opens("/")
    ada.presses("Refresh")
    expect(ada.request(wanted, "My open requests")).to_contain_text(
        "waiting for Ben", ignore_case=True
    )
    expect(ada.request(unwanted, "My open requests")).to_be_visible()
    ada.step("waits for Ben")

    ben.signs_in(f"/go/request/{wanted}")
    ben.is_at(ben.at.oim)
    ben.sees("Pending approvals", f"Request {wanted}", "For the stocktaking.")
    assert ben.passwords == 1
    ben.step("follows the mailed link to what he has to decide")

    ben.opens("/approvals")
    ben.sees("For the stocktaking.", "Out of curiosity.", within=ben.part("Waiting for you"))
    ben.step("sees all that waits for him")
    ben.request(wanted, "Waiting for you").get_by_role("link").first.click()
    ben.sees("About this request", "For the stocktaking.", "waiting for you")
    ben.step("reads what he is asked")
    ben.follows("Decide in OIM")
    decides(ben, wanted, "Approve", "Yes, for the stocktaking.")
    ben.step("has approved")
    ben.opens(f"{ben.at.oim}/identity/faces/home?tf=approval_details")
    decides(ben, unwanted, "Reject", "Not without a reason.")
    ben.step("has rejected the other one")
    assert ben.passwords == 1, "OIM asked for a password of its own"
    ben.goes_back_to_the_first_tab()

    ben.opens("/")
    ben.presses("Refresh")
    for request_id in (wanted, unwanted):
        expect(ben.request(request_id)).to_have_count(0)
    ben.step("has nothing of it left to decide")
    ada.opens(f"{ada.at.oim}/identity/faces/home?tf=request_details&requestId={wanted}")
    ada.reloads_until_it_sees("Request Completed")
    ada.step("sees in OIM that it is done")
    ada.opens("/")
    ada.presses("Refresh")
    for request_id in (wanted, unwanted):
        expect(ada.request(request_id)).to_have_count(0)
    ada.step("has nothing of it left to wait for")

    ada.follows("History")
    ada.fills_in("Search", unwanted)
    ada.chooses("State", "rejected")
    ada.presses("Show")
    expect(ada.page.locator("[data-request-id]")).to_have_count(1)
    ada.step("finds the rejected one in her history")
    ada.request(unwanted).get_by_role("link").first.click()
    ada.sees("Not without a reason.", "rejected")
    ada.step("reads why")


def test_what_is_said_and_taken_back_in_oim_reaches_the_broker(person: Cast, town: Town) -> None:
    ada, ben = person("ada"), person("ben")
    ada.signs_in()
    number = ada.asks_in_oim_for(town.role_for_ada(), "For the quarter's end.")
    ada.reloads_until_it_sees("Request Awaiting Approval")
    ada.opens("/")
    ada.presses("Refresh")
    expect(ada.request(number, "My open requests")).to_contain_text("waiting", ignore_case=True)
    ben.signs_in(f"/go/request/{number}")
    ben.sees("Pending approvals", f"Request {number}")
    ben.follows(f"Request {number}")
    ben.page.get_by_role("tab", name="Comments").click()
    ben.fills_in("Add a comment", "Until when do you need it?")
    ben.presses("Add comment")
    ben.sees("Your comment has been added.")
    ben.step("has asked something in OIM")

    refreshes_until(ada, "/", ada.page.get_by_text("Until when do you need it?"), opening=number)
    ada.step("reads at the broker what was asked in OIM")
    ada.follows("Open in OIM")
    ada.presses("Withdraw request")
    ada.sees("The request has been withdrawn.")
    ada.step("takes it back in OIM")
    ada.goes_back_to_the_first_tab()
    refreshes_until(ada, "/", ada.request(number, "My open requests"), gone=True)
    refreshes_until(ben, "/approvals", ben.request(number, "Waiting for you"), gone=True)
    ben.step("has nothing of it left to decide")


def decides(ben: Person, request_id: str, button: str, comment: str) -> None:
    """Approve or reject in OIM's inbox, with a comment."""
    task = ben.page.locator(f"[data-request='{request_id}']")
    ben.fills_in("Comment", comment, within=task)
    ben.presses(button, within=task)
    expect(ben.page.get_by_role("heading", level=1)).to_have_text(re.compile(request_id))
    ben.sees(comment)


def refreshes_until(
    who: Person, path: str, wanted: Locator, *, opening: str = "", gone: bool = False
) -> None:
    """Press the button of this page until it, or the request it opens, shows this, or not any more.

    One reading of OIM serves all who ask within a few seconds: it may be from just before.
    """

    def shown() -> bool:
        who.opens(path)
        who.presses("Refresh")
        if opening:
            who.request(opening).get_by_role("link").first.click()
        try:
            expect(wanted).to_have_count(0 if gone else 1, timeout=_A_READING_MS)
        except AssertionError:
            return False
        return True

    wait_until(shown, f"{wanted} on {path}", 120)
