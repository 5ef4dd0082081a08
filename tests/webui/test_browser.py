"""Pages as a real browser shows them: no rule of accessibility broken, nothing cut off."""

import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server
from werkzeug.test import run_wsgi_app

from broker.context import Broker
from broker.store import sync_runs
from tests.webui import hard_times
from tests.webui.company import (
    NOW,
    ROLES,
    Company,
    befall_at_the_desk,
    request_row,
    unconfirmed_row,
    waiting_for,
)
from tools.servers import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PHONE, DESK = 360, 1200
PLACE = "JSON.stringify(document.querySelector('#open-requests').getBoundingClientRect())"


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


class Busy:
    """The app, which knows how many requests it is answering."""

    def __init__(self, app: Flask) -> None:
        self._inner, self._lock, self.count = app.wsgi_app, threading.Lock(), 0

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:  # noqa: ANN401 - WSGI's
        with self._lock:
            self.count += 1
        try:
            pieces, status, headers = run_wsgi_app(self._inner, environ, buffered=True)
            start_response(status, list(headers))
            return list(pieces)
        finally:
            with self._lock:
                self.count -= 1


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    app.wsgi_app = busy = Busy(app)  # type: ignore[method-assign]  # as Flask's manual does it
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()
    # A part that a closed page had asked for is still being made; the database goes next.
    wait_until(lambda: busy.count == 0, "the end of every request")


Open = Callable[[str, str, str, int], Page]


@pytest.fixture
def forgiven() -> list[str]:
    """Patterns of what the browser may say on its console in this test."""
    return []


@pytest.fixture
def open_page(
    browser: Browser,
    address: str,
    company: Company,
    give_session: Callable[..., str],
    forgiven: list[str],
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
    assert [said for said in noise if not any(re.search(p, said) for p in forgiven)] == []


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


def hard_paths_of(company: Company, rejected: str) -> list[tuple[str, str]]:
    return [
        ("ada", "/"),
        ("ada", f"/requests/{company.request.id}"),
        ("ada", f"/requests/{rejected}"),
        ("ben", "/approvals"),
        ("ben", f"/approvals/{company.task.id}"),
        ("cho", "/operations"),
        ("cho", f"/orders/{company.stuck.id}"),
        ("eve", "/orders"),
        ("eve", "/access"),
        ("eve", "/nothing-here"),
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


@pytest.mark.parametrize(("theme", "width"), [("light", DESK), ("dark", PHONE)])
def test_what_waits_in_servicenow_arrives_and_breaks_no_rule(
    open_page: Open, company: Company, broker: Broker, theme: str, width: int
) -> None:
    befall_at_the_desk(broker)
    page = open_page("ben", "/approvals", theme, width)
    expect(page.locator("[data-desk-approval]")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_what_waits_in_servicenow_stands_before_what_is_decided_and_stays(
    open_page: Open, company: Company, broker: Broker
) -> None:
    befall_at_the_desk(broker)
    page = open_page("ben", "/approvals", "light", DESK)
    expect(page.locator("#at-the-desk + #decided-approvals")).to_have_count(1)
    expect(page.locator("[data-desk-approval]")).to_have_count(2)
    with broker.sessions.begin() as session:
        session.add(request_row("7020", "11", "11", "Another role", tasks=[waiting_for("ben")]))
    page.evaluate("document.querySelector('#at-the-desk').dataset.kept = 'yes'")
    page.evaluate("htmx.ajax('GET', '/approvals', {target: '#live', swap: 'outerHTML'})")
    expect(page.locator("#pending-approvals")).to_contain_text("Another role")
    expect(page.locator("#at-the-desk[data-kept] [data-desk-approval]")).to_have_count(2)


def test_nothing_is_wider_than_a_small_phone(open_page: Open, company: Company) -> None:
    for name, path in paths_of(company):
        page = open_page(name, path, "light", PHONE)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE, path


def test_hard_times_break_no_rule_and_fit_a_phone(
    open_page: Open, company: Company, broker: Broker, forgiven: list[str]
) -> None:
    forgiven.append("status of 404")
    for name, path in hard_paths_of(company, hard_times.befall(broker, company)):
        page = open_page(name, path, "dark", PHONE)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE, path
        found = Axe().run(page)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"


def test_a_refusal_is_read_at_its_field_and_an_unconfirmed_order_fits_a_phone(
    open_page: Open, company: Company, broker: Broker
) -> None:
    item = {"type": "role", "name": hard_times.LONG_ITEM}
    unconfirmed = unconfirmed_row("RITM0010031", items=[item])
    with broker.sessions.begin() as session:
        session.add(unconfirmed)
    page = open_page("cho", f"/orders/{company.stuck.id}", "light", PHONE)
    page.get_by_label("Reason").fill("She had asked herself.")
    page.get_by_role("button", name="Adopt").click()
    field = page.get_by_label("OIM request to adopt")
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description(re.compile("Say which request of OIM"))
    expect(page.get_by_label("Reason")).to_have_value("She had asked herself.")
    for shown in (page, open_page("cho", f"/orders/{unconfirmed.id}", "dark", PHONE)):
        assert shown.evaluate("document.documentElement.scrollWidth") <= PHONE
        found = Axe().run(shown)
        assert found.violations_count == 0, found.generate_report()


def test_letters_twice_as_large_still_fit(open_page: Open, company: Company) -> None:
    for name, path in paths_of(company):
        page = open_page(name, path, "light", DESK)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate("document.documentElement.scrollWidth") <= DESK, path


def test_nothing_moves_when_a_page_is_being_read_again(open_page: Open) -> None:
    for width in (PHONE, DESK):
        page = open_page("ada", "/", "light", width)
        before = page.evaluate(PLACE)
        page.click("#refresh")
        page.wait_for_selector(".busy")
        # In one look: between two, the page may be renewed.
        assert page.evaluate(PLACE) == before, width


def test_a_page_that_cannot_be_renewed_says_so_and_keeps_what_it_had(
    open_page: Open, forgiven: list[str]
) -> None:
    forgiven += ["ERR_FAILED", "htmx:", "status of 503", "Response Status Error"]
    page = open_page("ada", "/", "light", PHONE)
    row = page.locator("[data-request-id='5001']")
    page.route("**/refresh", lambda route: route.abort())
    page.click("#refresh")
    expect(page.get_by_text("The Request Broker cannot be reached.")).to_be_visible()
    expect(page.get_by_text("You still see this page as of")).to_be_visible()
    expect(row).to_be_visible()
    page.unroute("**/refresh")
    page.route("**/refresh", lambda route: route.fulfill(status=503, body="no"))
    page.reload()
    page.click("#refresh")
    expect(page.get_by_text("The Request Broker could not renew this page.")).to_be_visible()
    expect(row).to_be_visible()
    page.unroute("**/refresh")
    page.click("#refresh")
    expect(page.locator(".lost")).to_have_count(0)


def test_what_has_the_focus_keeps_it_when_the_page_is_renewed(
    open_page: Open, company: Company, broker: Broker
) -> None:
    page = open_page("ada", "/", "light", DESK)
    title = page.locator(f"#request-{company.request.id}")
    title.focus()
    with broker.sessions.begin() as session:
        sync_runs.silent(session, "oim", NOW, "HTTP 503")
    page.evaluate("void htmx.ajax('GET', '/', {target: '#live', swap: 'outerHTML'})")
    page.wait_for_selector("[data-silent]")
    expect(title).to_be_focused()


def test_the_tab_and_the_menu_count_what_waits(open_page: Open) -> None:
    page = open_page("ben", "/", "light", DESK)
    expect(page).to_have_title("(1) Overview · Request Broker")
    expect(page.get_by_role("link", name="Approvals 1 waiting", exact=True)).to_be_visible()
    calm = open_page("ada", "/", "light", DESK)
    expect(calm).to_have_title("Overview · Request Broker")
    expect(calm.get_by_role("link", name="Approvals", exact=True)).to_be_visible()


def test_a_whole_row_leads_to_its_page(open_page: Open, company: Company) -> None:
    page = open_page("ada", "/", "light", PHONE)
    state = page.locator("[data-request-id='5001'] .row-state").bounding_box()
    assert state is not None
    page.mouse.click(state["x"] + 5, state["y"] + 5)
    expect(page).to_have_url(re.compile(f"/requests/{company.request.id}$"))


def test_links_that_leave_say_so(open_page: Open) -> None:
    page = open_page("ben", "/", "light", DESK)
    leaving = page.locator("a[target=_blank]")
    assert leaving.count() > 1
    for link in leaving.all():
        assert (link.text_content() or "").endswith("(opens in a new tab)")


def test_motion_stops_for_those_who_ask(open_page: Open) -> None:
    page = open_page("ada", "/", "light", DESK)
    page.emulate_media(reduced_motion="reduce")
    page.click("#refresh")
    page.wait_for_selector(".busy")
    style = "getComputedStyle(document.querySelector('.busy .icon')).animationName"
    assert page.evaluate(style) == "none"


def test_paper_is_white_and_without_buttons(open_page: Open, company: Company) -> None:
    for path in (f"/requests/{company.request.id}", f"/orders/{company.order.id}"):
        page = open_page("ada", path, "dark", DESK)
        page.emulate_media(media="print", color_scheme="dark")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
            "rgb(255, 255, 255)"
        )
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        for hidden in ("nav", "button", ".btn"):
            assert not any(found.is_visible() for found in page.locator(hidden).all()), hidden


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
    expect(page.locator("#freshness")).not_to_contain_text("UTC")
