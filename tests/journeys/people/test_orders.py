"""An order in ServiceNow becomes access; one that nobody can carry out waits for an operator."""

import pytest
from playwright.sync_api import expect

from cli.walk.systems import ServiceNow
from tests.journeys.people.conftest import Town
from tests.journeys.people.person import Cast, Person
from tools.servers import wait_until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(600),
]
BADGE = "Visitor badge"


def orders(one: Person) -> str:
    """Send the form of an item in ServiceNow as it is filled in; the item's number."""
    one.presses("Order now")
    heading = one.page.get_by_role("heading", name="RITM")
    expect(heading).to_contain_text("Waiting for approval")
    return heading.inner_text().split()[0]


def approves_in_servicenow(one: Person, number: str, comment: str) -> None:
    """Approve an order on ServiceNow's portal."""
    one.opens(f"{one.at.servicenow}/sp")
    one.follows(number)
    one.fills_in("Comment", comment)
    one.step("reads the order in ServiceNow")
    one.presses("Approve")
    expect(one.page.get_by_role("link", name=number)).to_have_count(0)


def finds_the_order(one: Person, number: str) -> None:
    """Look among the orders until it has arrived, and open it."""
    one.opens("/orders")
    one.reloads_until_it_sees(number)
    one.step("finds the order")
    one.follows(number)
    expect(one.page.get_by_role("heading", level=1)).to_contain_text(number)


def test_an_order_in_servicenow_becomes_access(person: Cast, town: Town) -> None:
    ada, ben, (role, _) = person("ada"), person("ben"), town.role_for_ada()
    ada.signs_in("/access")
    ada.sees("Roles", "Accounts", "Entitlements")
    expect(ada.page.locator(f"[data-holding='{role}']")).to_have_count(0)
    ada.step("sees what she has")

    ada.signs_in_to_servicenow()
    ada.follows("Catalogue")
    ada.step("looks into the catalogue of ServiceNow")
    ada.follows("Access to a business role")
    ada.chooses("Which role?", role)
    ada.step("chooses a role")
    number = orders(ada)
    ada.step("has ordered it")

    ben.signs_in_to_servicenow()
    ben.step("sees in ServiceNow what waits for him")
    approves_in_servicenow(ben, number, "For the month end.")
    ben.step("has approved it")

    finds_the_order(ada, number)
    ada.page.evaluate("window.stayed = true")
    for event in ("submit", "fulfil", "close"):
        expect(ada.page.locator(f"[data-event='{event}']").first).to_be_visible()
    ada.sees("access granted", role)
    assert ada.page.evaluate("window.stayed"), "the order's page was loaded anew"
    ada.step("watches the order until it is closed")
    ada.follows("Open in ServiceNow")
    ada.sees("Closed Complete", "Access granted")
    ada.step("reads the answer in ServiceNow")
    ada.goes_back_to_the_first_tab()
    ada.follows("My access")
    ada.reloads_until_it_sees(role)
    expect(ada.page.locator(f"[data-holding='{role}']")).to_be_visible()
    ada.step("has the access")
    assert (ada.passwords, ben.passwords) == (2, 1)


def test_an_operator_settles_orders_of_something_nobody_knows(person: Cast, town: Town) -> None:
    ada, ben, cho = person("ada"), person("ben"), person("cho")
    ada.signs_in_to_servicenow()
    ada.follows("Catalogue")
    ada.follows(BADGE)
    first = orders(ada)
    ben.signs_in_to_servicenow()
    approves_in_servicenow(ben, first, "Fine.")
    second = town.approved_order_of_ada(BADGE)["number"]

    cho.signs_in("/operations")
    needy = cho.part("Needs attention")
    cho.reloads_until_it_sees(first)
    cho.reloads_until_it_sees(second)
    cho.step("sees which orders need somebody")
    cho.follows(first, within=needy)
    cho.sees("needs attention", BADGE)
    cho.step("reads why")
    decides(cho, "Retry", "The catalogue may have changed.")
    cho.sees("The order goes on from where it stopped.")
    cho.sees("Tried again: The catalogue may have changed.")
    expect(cho.page.locator("[data-event='ask for help']")).to_have_count(2)
    cho.sees("needs attention")
    cho.step("has tried again in vain")

    cho.opens("/operations")
    cho.follows(second, within=needy)
    decides(cho, "Cancel order", "Reception hands out badges.")
    cho.sees("The order is cancelled.", "Cancelled: Reception hands out badges.")
    cho.step("has cancelled the other one")
    cho.opens("/operations")
    cho.sees(first, within=needy)
    expect(needy.get_by_text(second)).to_have_count(0)


def test_an_operator_lets_a_cancelled_order_follow_what_was_asked_in_oim(
    person: Cast, town: Town
) -> None:
    ada, cho, role = person("ada"), person("cho"), town.role_for_ada()
    ada.signs_in()
    own = ada.asks_in_oim_for(role, "I take part in the stocktaking.")
    unlike = ada.asks_in_oim_for(town.role_for_ada(), "And the goods that come in.")
    with town.in_weather("oim-slow"):
        ritm = town.approved_order_of_ada("Access to a business role", role=role[0])
        item = f"sys_id={ritm['sys_id']}"
        wait_until(
            lambda: bool(town.desk.row("sc_req_item", item)["correlation_id"]),
            f"the request for {ritm['number']}",
            60,
        )
        administrator = ServiceNow(town.at.servicenow, "admin", "admin")
        administrator.change("sc_req_item", ritm["sys_id"], approval="cancelled")
        cho.signs_in("/operations")
        cho.reloads_until_it_sees(ritm["number"])
    cho.follows(ritm["number"], within=cho.part("Needs attention"))
    cho.sees("needs attention", "was cancelled", role[0])
    cho.step("reads that the order was cancelled under way")
    cho.fills_in("OIM request to adopt", unlike)
    decides(cho, "Adopt", "A slip of the finger.")
    cho.sees(f"Request {unlike} is not for {role[0]}.")
    cho.step("is kept from a mistake")
    cho.fills_in("OIM request to adopt", own)
    decides(cho, "Adopt", "She had asked in OIM herself.")
    cho.sees("The order now follows that request.", f"Adopted request {own}")
    expect(cho.page.locator(f"main [data-request-id='{own}']")).to_be_visible()
    cho.step("lets it follow what ada asked in OIM")


def decides(one: Person, button: str, reason: str) -> None:
    """Do something about the order on this page."""
    one.fills_in("Reason", reason)
    one.presses(button)
