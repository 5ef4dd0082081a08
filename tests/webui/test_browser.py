"""Pages as a real browser shows them: no rule of accessibility broken, nothing cut off."""

import threading
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from broker.context import Broker
from broker.store import sync_runs
from tests.webui.company import NOW, ROLES, Company

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]
PHONE, DESK = 360, 1200


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


Open = Callable[[str, str, str, int], Page]


@pytest.fixture
def open_page(
    browser: Browser, address: str, company: Company, give_session: Callable[..., str]
) -> Iterator[Open]:
    """Opens a page as somebody of the cast, in a theme and a width; any console noise fails."""
    contexts, noise = [], []

    def go(name: str, path: str, theme: str, width: int) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if theme == "dark" else "light",
        )
        contexts.append(context)
        secret = give_session(company.people[name], ROLES.get(name, ""))
        context.add_cookies([{"name": "broker_session", "value": secret, "url": address}])
        page = context.new_page()
        page.on("console", lambda message: noise.append(message.text))
        page.on("pageerror", lambda error: noise.append(str(error)))
        page.goto(address + path)
        return page

    yield go
    for context in contexts:
        context.close()
    assert noise == []


def paths_of(company: Company) -> list[tuple[str, str]]:
    return [
        ("ada", "/"),
        ("eve", "/"),
        ("ada", "/history"),
        ("ada", f"/requests/{company.request.id}"),
        ("ada", "/access"),
        ("ben", "/approvals"),
        ("ben", f"/approvals/{company.task.id}"),
        ("cho", "/orders"),
        ("cho", "/orders/new"),
        ("cho", f"/orders/{company.stuck.id}"),
        ("cho", "/operations"),
        ("dee", "/audit"),
        ("ada", "/saml/signed-out"),
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_breaks_a_rule_of_accessibility(
    open_page: Open, company: Company, broker: Broker, theme: str
) -> None:
    with broker.sessions.begin() as session:
        sync_runs.silent(session, "oim", NOW, "HTTP 503")
    for name, path in paths_of(company):
        found = Axe().run(open_page(name, path, theme, DESK))
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"


def test_nothing_is_wider_than_a_small_phone(open_page: Open, company: Company) -> None:
    for name, path in paths_of(company):
        page = open_page(name, path, "light", PHONE)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE, path


def test_refresh_changes_the_page_without_leaving_it(open_page: Open) -> None:
    page = open_page("ada", "/", "light", DESK)
    page.evaluate("window.stayed = true")
    page.click("#refresh")
    page.wait_for_selector(".busy")
    assert page.evaluate("window.stayed && document.activeElement.id") == "refresh"


def test_the_first_tab_leads_past_the_menu(open_page: Open) -> None:
    page = open_page("ada", "/", "light", DESK)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_times_are_told_in_the_readers_own_zone(open_page: Open) -> None:
    page = open_page("ada", "/", "light", DESK)
    page.wait_for_function("!document.querySelector('#freshness').textContent.includes('UTC')")
