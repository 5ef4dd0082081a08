"""The console in a real browser: readable by everybody, on a telephone, and without a mouse."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.sandbox.oim import acts
from tests.sandbox.oim.browsing import HOME
from tests.sandbox.oim.sites import Site
from tests.sandbox.oim.test_console_pages import DOCUMENTED

pytestmark = [pytest.mark.browser, pytest.mark.slow]
_PATIENCE_MS = 60_000.0
PAGES = [
    *(f"{HOME}?tf={flow}" for flow in DOCUMENTED),
    "/identity/faces/catalog?search=finance",
    "/identity/faces/cart",
    "/identity/faces/track-requests",
    "/identity/faces/provisioning-tasks",
]
_SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

SitDown = Callable[..., Page]


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()
    expect.set_options(timeout=None)


@pytest.fixture
def sit_down(browser: Browser, installed: Site) -> Iterator[SitDown]:
    """`sit_down("ada")` signs her in; options are those of a context."""
    contexts = []

    def start(name: str, **options: object) -> Page:
        # Colours on their way are none that axe could judge.
        still = {"reduced_motion": "reduce"} | options
        contexts.append(browser.new_context(base_url=installed.url, **still))  # type: ignore[arg-type]  # as Playwright has them
        contexts[-1].set_default_timeout(_PATIENCE_MS)
        page = contexts[-1].new_page()
        page.goto(HOME)
        page.get_by_label("User name").fill(name)
        page.get_by_label("Password").fill("demo")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{installed.url}/**")
        return page

    yield start
    for context in contexts:
        context.close()


def waiting(site: Site) -> str:
    """A request of ada's that waits for ben."""
    request_id = acts.ask(site)
    site.as_("broker").wait_for(request_id, "Request Awaiting Approval")
    return request_id


def faults(page: Page) -> list[str]:
    """What breaks a rule of accessibility, and what is wider than the window."""
    found = [
        f"{one['id']}: {one['nodes'][0]['html'][:160]}"
        for one in Axe().run(page).response["violations"]
    ]
    wider = page.evaluate(_SIDEWAYS)
    return found + ([f"{wider} px wider than the window"] if wider > 0 else [])


@pytest.mark.parametrize(
    "options",
    [
        {"viewport": {"width": 1200, "height": 800}},
        {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"},
    ],
    ids=["desk", "telephone in the dark"],
)
def test_every_page_is_readable(
    sit_down: SitDown, installed: Site, options: dict[str, object]
) -> None:
    request_id, ben = waiting(installed), sit_down("ben", **options)
    found = {}
    for path in [*PAGES, f"{HOME}?tf=request_details&requestId={request_id}"]:
        ben.goto(path)
        for details in ben.locator("summary").all()[:1]:
            details.click()
        found[path] = faults(ben)
    assert not {path: said for path, said in found.items() if said}


def test_tabs_are_walked_with_the_arrow_keys(sit_down: SitDown, installed: Site) -> None:
    request_id, ada = waiting(installed), sit_down("ada")
    ada.goto(f"{HOME}?tf=request_details&requestId={request_id}")
    expect(ada.get_by_role("tabpanel")).to_have_count(1)
    ada.get_by_role("tab", name="Requested items").focus()
    ada.keyboard.press("ArrowRight")
    expect(ada.get_by_role("tab", name="Approval details")).to_be_focused()
    expect(ada.get_by_role("tabpanel", name="Approval details")).to_be_visible()
    ada.keyboard.press("End")
    expect(ada.get_by_role("tabpanel", name="Comments")).to_be_visible()
    ada.keyboard.press("ArrowRight")
    expect(ada.get_by_role("tab", name="Requested items")).to_be_focused()


def test_an_address_leads_to_a_part_of_a_request(sit_down: SitDown, installed: Site) -> None:
    request_id, ada = waiting(installed), sit_down("ada")
    ada.goto(f"{HOME}?tf=request_details&requestId={request_id}#comments")
    ada.get_by_label("Add a comment").fill("Please before Friday.")
    ada.get_by_role("button", name="Add comment").click()
    expect(ada.get_by_role("status")).to_have_text("Your comment has been added.")
    panel = ada.get_by_role("tabpanel", name="Comments (1)")
    expect(panel.get_by_text("Please before Friday.")).to_be_visible()


def test_a_decision_needs_no_mouse(sit_down: SitDown, installed: Site) -> None:
    request_id, ben = waiting(installed), sit_down("ben")
    ben.goto(f"{HOME}?tf=request_details&requestId={request_id}")
    ben.keyboard.press("Tab")
    expect(ben.get_by_role("link", name="Skip to the content")).to_be_focused()
    ben.keyboard.press("Enter")
    for _ in range(2):
        ben.keyboard.press("Tab")
    expect(ben.get_by_label("Comment", exact=True)).to_be_focused()
    ben.keyboard.type("fine with me")
    ben.keyboard.press("Tab")
    ben.keyboard.press("Enter")
    expect(ben.get_by_role("status")).to_have_text("You have approved.")
    expect(ben.get_by_text("fine with me")).to_be_visible()
    assert acts.approvers(installed, request_id, "previous")[0]["comments"] == "fine with me"


def test_without_its_script_everything_is_on_one_page(sit_down: SitDown, installed: Site) -> None:
    request_id, ada = waiting(installed), sit_down("ada")
    ada.route("**/console.js", lambda route: route.abort())
    ada.goto(f"{HOME}?tf=request_details&requestId={request_id}")
    for heading in ("Requested items", "Approval details", "Comments"):
        expect(ada.get_by_role("heading", name=heading)).to_be_visible()
