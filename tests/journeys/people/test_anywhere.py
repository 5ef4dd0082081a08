"""On a phone, by keyboard, in the dark, back and forth: the product holds."""

import pytest
from playwright.sync_api import expect

from tests.journeys.people.conftest import Town
from tests.journeys.people.person import Cast, Person

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(600),
]
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
PAGES = ("/", "/approvals", "/history", "/orders", "/access")


def opens_the_first_request(one: Person) -> str:
    """From the dashboard; its number in OIM."""
    row = one.part("My open requests").locator("[data-request-id]").first
    number = row.get_attribute("data-request-id") or ""
    one.request(number).get_by_role("link").first.click()
    one.is_at("/requests/")
    expect(one.request(number)).to_be_visible()
    return number


def test_on_a_phone_nothing_is_cut_off(person: Cast, town: Town) -> None:
    ada, cho, (role, _) = person("ada", **PHONE), person("cho", **PHONE), town.role_for_ada()
    number = town.approved_order_of_ada("Access to a business role", role=role)["number"]
    ada.signs_in()
    for path in PAGES:
        ada.opens(path)
        fits(ada)
        ada.step(f"reads {path[1:] or 'her dashboard'} on a phone")
    ada.opens("/")
    opens_the_first_request(ada)
    fits(ada)
    ada.step("reads a request on a phone")
    ada.opens(f"/orders?q={number}")
    ada.follows(number)
    ada.sees("What happened")
    fits(ada)
    ada.step("reads an order on a phone")
    cho.signs_in("/operations")
    fits(cho)
    cho.step("looks after everything on a phone")


# The words that reach beyond the part of the page that they stand in, or beyond the screen;
# those that are for screen readers only stand in a box of one pixel.
_SPILT = """() => {
  const spilt = [], main = document.querySelector("main");
  const texts = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode, range = document.createRange();
    range.selectNodeContents(text);
    const words = range.getBoundingClientRect(), box = text.parentElement.getBoundingClientRect();
    const part = text.parentElement.closest("section, article, main").getBoundingClientRect();
    const edge = Math.min(part.right, innerWidth);
    if (words.width && box.width > 1 && words.right > edge + 1) spilt.push(text.textContent);
  }
  return spilt;
}"""


def fits(one: Person) -> None:
    """Nothing reaches beyond the edge of the screen, or of the part that it belongs to."""
    width = one.page.evaluate("document.documentElement.scrollWidth")
    assert width <= one.page.evaluate("window.innerWidth"), one.page.url
    assert one.page.evaluate(_SPILT) == [], one.page.url


def test_the_keyboard_alone_is_enough(person: Cast) -> None:
    ada = person("ada")
    ada.opens("/")
    expect(ada.page.get_by_label("User name")).to_be_focused()
    ada.types("ada", "Tab", "demo", "Enter")
    ada.is_at("/")
    ada.sees("Hello")
    ada.types("Tab")
    assert ada.focused().startswith("Skip")
    ada.step("begins with the keyboard")
    ada.types("Enter")
    ada.tabs_to("Refresh")
    ada.types("Enter")
    expect(ada.page.locator("#freshness")).to_contain_text("just now")
    expect(ada.page.get_by_role("button", name="Refresh")).to_be_focused()
    ada.step("has refreshed with the keyboard")
    rows = ada.part("My open requests").locator("[data-request-id]")
    name = rows.first.get_by_role("link").first.inner_text()
    ada.tabs_to(name)
    ada.types("Enter")
    ada.is_at("/requests/")
    ada.step("has opened a request with the keyboard")
    ada.tabs_to("History")
    ada.types("Enter")
    ada.is_at("/history")
    ada.tabs_to("Sign out", backwards=True)
    ada.types("Enter")
    ada.sees("You are signed out")
    ada.step("has signed out with the keyboard")


def test_dark_pages_are_as_readable(person: Cast, town: Town) -> None:
    ada, cho = person("ada", color_scheme="dark"), person("cho", color_scheme="dark")
    ada.signs_in()
    for path in PAGES:
        ada.opens(path)
        assert ada.page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
        ada.step(f"reads {path[1:] or 'her dashboard'} in the dark")
    ada.signs_in_to_servicenow()
    ada.step("reads the portal of ServiceNow in the dark")
    ada.opens(f"{town.at.oim}/identity/faces/home")
    ada.sees("Welcome")
    ada.step("reads OIM in the dark")
    cho.signs_in("/operations")
    cho.step("looks after everything in the dark")


def test_back_and_forward_lead_where_one_was(person: Cast) -> None:
    ada = person("ada")
    ada.signs_in()
    number = opens_the_first_request(ada)
    ada.follows("History")
    ada.is_at("/history")
    ada.page.go_back()
    expect(ada.request(number)).to_be_visible()
    ada.page.go_back()
    ada.sees("Hello", "My open requests")
    ada.step("is back on her dashboard")
    ada.page.go_forward()
    ada.is_at("/requests/")
    expect(ada.request(number)).to_be_visible()
