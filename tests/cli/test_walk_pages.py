"""What the walk reads in a page, and what its browser sends."""

from collections.abc import Iterator

import pytest
from flask import Flask, redirect, request
from werkzeug.wrappers import Response

from cli.walk.browser import Browser
from cli.walk.pages import Page
from sandbox.web import Server, serve

HTML = """<!DOCTYPE html>
<main id="main"><h1>Hello <b>Ada</b></h1><script>var no = "words";</script>
<ul id="rows"><li data-request-id="12" data-state="open">Stock
<a href="/go/a/1">see</a><br>count</li>
<li data-request-id="13">Other</li></ul>
<form method="post" action="save?x=1">
<input name="_csrf" value="t"><input type="checkbox" name="no">
<input type="radio" name="act" value="a"><input type="radio" name="act" value="b" checked>
<select name="role"><option value="">Choose</option><option>Finance</option></select>
<textarea name="why">month end</textarea><button name="go" value="now">Go</button></form></main>"""


@pytest.fixture
def page() -> Page:
    return Page("http://127.0.0.1:1/here/", 200, HTML)


def test_the_words_of_a_page_are_those_that_people_read(page: Page) -> None:
    section = page.section("main")

    assert section is not None
    assert section.text.startswith("Hello Ada Stock see count Other")
    assert "var no" not in page.text


def test_marked_elements_are_found_with_what_is_in_them(page: Page) -> None:
    rows = page.root.having("data-request-id")

    assert [row.text for row in rows] == ["Stock see count", "Other"]
    assert [row.text for row in page.root.find("li", data_state="open")] == ["Stock see count"]


def test_a_form_is_filled_in_as_a_browser_has_it(page: Page) -> None:
    (form,) = page.forms()

    assert (form.method, form.action) == ("post", "http://127.0.0.1:1/here/save?x=1")
    assert form.fields == {"_csrf": "t", "act": "b", "role": "", "why": "month end"}


def test_what_can_be_chosen_is_told(page: Page) -> None:
    (form,) = page.forms()

    assert form.choices("role") == ["Finance"]
    assert form.choices("act") == ["a", "b"]
    assert form.choices("go") == ["now"]


def test_links_are_found_by_their_address(page: Page) -> None:
    assert page.links("/go/") == ["http://127.0.0.1:1/go/a/1"]


def test_a_form_is_found_by_its_fields(page: Page) -> None:
    assert page.form("_csrf", "role") is not None
    assert page.form("_csrf", "password") is None
    assert page.form(action="elsewhere") is None


@pytest.fixture
def echo() -> Iterator[Server]:
    """A site that sets a Lax cookie, and a form that posts to it from another host name."""
    app = Flask("echo")

    @app.get("/")
    def front() -> Response:
        answer = Response("<p>hello</p>", content_type="text/html")
        answer.set_cookie("me", "ada", samesite="Lax")
        return answer

    @app.get("/form/<int:port>")
    def form(port: int) -> str:
        action = f"http://127.0.0.1:{port}/take"
        return f'<form method="post" action="{action}"><input name="a" value="1"></form>'

    @app.post("/take")
    def take() -> Response:
        return redirect(f"/seen?posted={request.cookies.get('me', 'nobody')}", 303)

    @app.get("/seen")
    def seen() -> str:
        return f"posted by {request.args['posted']}, read by {request.cookies.get('me', 'nobody')}"

    with serve(app) as server:
        yield server


def test_a_post_from_another_site_carries_no_lax_cookie_but_the_get_after_it_does(
    echo: Server,
) -> None:
    browser = Browser("ada")
    browser.open(f"{echo.url}/")
    there = browser.open(f"http://localhost:{echo.port}/form/{echo.port}")

    after = browser.submit(there, there.forms()[0])

    assert after.text == "posted by nobody, read by ada"


def test_a_post_on_the_same_site_carries_it(echo: Server) -> None:
    browser = Browser("ada")
    browser.open(f"{echo.url}/")
    here = browser.open(f"{echo.url}/form/{echo.port}")

    assert browser.submit(here, here.forms()[0]).text == "posted by ada, read by ada"
