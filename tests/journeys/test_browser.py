"""Signing in as people do: Debian's Chromium, the real demo, cookies as browsers keep them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from cli.demo import Addresses, free_ports, product

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180), pytest.mark.xdist_group("journeys")]


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    """The demo, running."""
    addresses = Addresses(free_ports())
    with product(addresses, tmp_path_factory.mktemp("browser") / "demo"):
        yield addresses


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    quiet = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=quiet)
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser profile of its own, without cookies."""
    made = browser.new_context()
    yield made
    made.close()


def sign_in(page: Page, url: str, person: str) -> None:
    page.goto(url)
    page.get_by_label("User name").fill(person)
    page.get_by_label("Password").fill("demo")
    page.keyboard.press("Enter")


def test_an_employee_signs_in_and_sees_her_requests(at: Addresses, context: BrowserContext) -> None:
    page = context.new_page()
    sign_in(page, at.broker, "ada")
    expect(page.locator("#open-requests [data-request-id]").first).to_be_visible()
    session = {c["name"]: c for c in context.cookies(at.broker)}["broker_session"]
    assert (session["httpOnly"], session["sameSite"]) == (True, "Lax")


def test_the_managers_link_opens_oim_without_a_second_login(
    at: Addresses, context: BrowserContext
) -> None:
    page = context.new_page()
    sign_in(page, f"{at.broker}/approvals", "ben")
    with context.expect_page() as opened:
        page.get_by_role("link", name="Decide in OIM").first.click()
    inbox = opened.value
    expect(inbox.locator("article[data-task]").first).to_be_visible()
    assert inbox.url.startswith(at.oim)


def test_an_answer_posted_from_another_browser_gets_no_session(
    at: Addresses, browser: Browser, context: BrowserContext
) -> None:
    page = context.new_page()
    taken: dict[str, str] = {}

    def keep(route: object, request: object) -> None:
        taken["body"] = request.post_data  # type: ignore[attr-defined]  # Playwright's Request
        route.abort()  # type: ignore[attr-defined]  # Playwright's Route

    page.route("**/saml/acs", keep)
    page.goto(at.broker)
    page.get_by_label("User name").fill("ada")
    page.get_by_label("Password").fill("demo")
    with page.expect_event("requestfailed"):
        page.keyboard.press("Enter")
    stranger = requests.Session()
    answer = stranger.post(
        f"{at.broker}/saml/acs",
        data=taken["body"],
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        timeout=10,
    )
    assert answer.status_code == 403
    assert "broker_session" not in stranger.cookies
    assert "did not work" in answer.text


def test_keyboard_alone_reaches_the_first_request(at: Addresses, context: BrowserContext) -> None:
    page = context.new_page()
    sign_in(page, at.broker, "ada")
    expect(page.locator("#open-requests")).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").strip().startswith("Skip")


def test_a_page_shows_no_error_in_the_browsers_console(
    at: Addresses, context: BrowserContext, tmp_path: Path
) -> None:
    page = context.new_page()
    sign_in(page, at.broker, "ada")
    expect(page.locator("#open-requests")).to_be_visible()
    # Listen from here on: the identity provider's page has no icon, which its console laments.
    said: list[str] = []
    page.on(
        "console", lambda message: said.append(message.text) if message.type == "error" else None
    )
    page.on("pageerror", lambda error: said.append(str(error)))
    for path in ("/", "/history", "/approvals", "/orders", "/access"):
        page.goto(at.broker + path)
        page.screenshot(path=tmp_path / f"{path[1:] or 'dashboard'}.png")
    assert said == []
