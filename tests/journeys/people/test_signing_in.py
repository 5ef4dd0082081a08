"""Signing in and out as browsers do it: tabs, cookies, sessions that end, a stolen answer."""

import pytest
import requests
from playwright.sync_api import Request, Route, expect

from tests.journeys.people.person import Cast, Person

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(600),
]


def test_the_sessions_cookie_is_out_of_scripts_reach(person: Cast) -> None:
    ada = person("ada")
    ada.signs_in()
    ada.sees("Hello")
    ada.step("is signed in")
    cookies = {cookie.get("name"): cookie for cookie in ada.context.cookies(ada.at.broker)}
    session = cookies["broker_session"]
    assert (session.get("httpOnly"), session.get("sameSite")) == (True, "Lax")


def test_an_answer_posted_from_another_browser_gets_no_session(person: Cast) -> None:
    ada = person("ada")
    ada.expects(r"net::ERR_FAILED \S+/saml/acs", "the answer is held back in this journey")
    taken: list[str] = []

    def keep(route: Route, request: Request) -> None:
        taken.append(request.post_data or "")
        route.abort()

    ada.page.route("**/saml/acs", keep)
    ada.opens("/")
    with ada.page.expect_event("requestfailed"):
        ada.fills_in_name_and_password()
    stranger = requests.Session()
    answer = stranger.post(
        f"{ada.at.broker}/saml/acs",
        data=taken[0],
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        timeout=60,
    )
    assert (answer.status_code, "broker_session" in stranger.cookies) == (403, False)
    assert "did not work" in answer.text
    stranger.close()


def test_two_tabs_can_sign_in_at_the_same_time(person: Cast) -> None:
    ada = person("ada")
    ada.opens("/history")
    first = ada.page
    ada.takes_another_tab()
    ada.signs_in("/access")
    ada.is_at("/access")
    ada.step("has signed in in the second tab")
    ada.page = first
    ada.gives_the_password()
    ada.is_at("/history")
    ada.step("has signed in in the first tab too")


def test_an_expired_session_leads_to_sign_in_and_back(person: Cast) -> None:
    ada = person("ada")
    ada.expects(rf"401 {ada.at.broker}/\S*", "her session has ended")
    ada.context.clock.install()
    ada.signs_in("/approvals")
    ada.sees("Waiting for you")
    loses_both_sessions(ada)
    ada.lets_time_pass()
    expect(ada.page.get_by_label("Password")).to_be_visible()
    ada.step("is asked to sign in again")
    ada.gives_the_password()
    ada.is_at("/approvals")
    ada.sees("Waiting for you")
    ada.step("is back where she was")


def test_a_button_pressed_too_late_leads_to_sign_in_and_back(person: Cast) -> None:
    ada = person("ada")
    ada.expects(rf"401 {ada.at.broker}/refresh", "her session has ended")
    ada.signs_in("/approvals")
    loses_both_sessions(ada)
    ada.presses("Refresh")
    ada.sees("Please sign in again", "Nothing you sent was carried out.")
    ada.step("is told that she is not signed in any more")
    ada.follows("Sign in again")
    ada.gives_the_password()
    ada.is_at("/approvals")


def loses_both_sessions(one: Person) -> None:
    """Ours and the identity provider's have come to their end."""
    one.context.clear_cookies()


def test_signing_out_here_is_signing_out_in_every_tab(person: Cast) -> None:
    ada = person("ada")
    ada.expects(rf"401 {ada.at.broker}/\S*", "she has signed out")
    ada.context.clock.install()
    ada.signs_in()
    ada.takes_another_tab()
    ada.opens("/history")
    ada.presses("Sign out")
    ada.sees("You are signed out")
    ada.step("has signed out")
    ada.page = ada.context.pages[0]
    ada.lets_time_pass()
    ada.sees("You are signed out")
    ada.step("is signed out in the other tab too")
    ada.opens(f"{ada.at.idp}/logout")
    ada.page.go_back()
    ada.page.go_back()
    expect(ada.page.get_by_label("Password")).to_be_visible()
    ada.does_not_see("My open requests")
    ada.step("has left nothing behind for the next one at this computer")
