"""The test console in a real browser: by keyboard alone, on a phone, and without a mouse trap."""

import dataclasses

import pytest
from axe_playwright_python.sync_playwright import Axe

from broker.context import Broker
from broker.domain.access import CatalogueMapping
from tests.use_cases.fakes import FakeDesk, FakeIga
from tests.webui.test_browser import (  # fixtures, and what they need
    DESK,
    PHONE,
    Open,
    address,
    browser,
    forgiven,
    open_page,
)
from tests.webui.test_console import ADA, FINANCE, NEW, REF, ROLE, an_item

__all__ = ["address", "browser", "forgiven", "open_page"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def broker(broker: Broker) -> Broker:
    """The Broker between an IGA and a desk that can be asked."""
    return dataclasses.replace(
        broker,
        igas={"oim": FakeIga(staff=[ADA], catalogue=[FINANCE])},
        desks={"servicenow": FakeDesk(items={REF.item_id: an_item()})},
        catalogue=CatalogueMapping({("servicenow", "role"): ROLE}),
    )


def test_an_operator_tries_and_carries_out_with_the_keyboard_alone(open_page: Open) -> None:
    page = open_page("cho", NEW, "light", DESK)
    page.evaluate("window.stayed = true")
    page.focus("#person")
    page.keyboard.type("ada")
    page.wait_for_selector("#people option[value=ADA]", state="attached")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "kind"
    page.keyboard.press("Tab")
    page.keyboard.type("Warehouse")
    page.wait_for_selector("#items option[value='Warehouse Supervisor']", state="attached")
    page.fill("#name", "Finance Reporting")
    page.keyboard.press("Enter")
    page.wait_for_selector("#trial section[data-good=true]")
    assert page.evaluate("window.stayed")
    page.fill("#number", REF.item_number)
    page.focus("#carry-out")
    page.keyboard.press("Enter")
    page.wait_for_url("**/orders/*")
    page.wait_for_selector("article[data-state=received]")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_a_dry_run_says_breaks_no_rule_of_accessibility(open_page: Open, theme: str) -> None:
    page = open_page("cho", f"{NEW}?person=nobody&number={REF.item_number}", theme, PHONE)
    page.click("#dry-run")
    page.wait_for_selector("#trial section[data-good=false]")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
