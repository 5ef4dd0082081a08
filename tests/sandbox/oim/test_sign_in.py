"""Signing in to the console: over the identity provider, and back to where one wanted to go."""

from dataclasses import replace
from urllib.parse import urljoin

from sandbox.oim import Oim
from sandbox.web import Server
from tests.sandbox.oim.browsing import HOME, Browse, Forms


def test_path_and_query_survive_the_sign_in(browse: Browse, installation: Oim) -> None:
    ben = browse("ben")
    request_id = next(iter(installation.requests))
    ben.open(f"/identity/faces/home?tf=request_details&requestId={request_id}")
    assert ben.page.url.endswith(f"home?tf=request_details&requestId={request_id}")
    assert "OIM_SESSION" in ben.http.cookies


def test_somebody_without_an_oim_account_gets_no_session(browse: Browse) -> None:
    gina = browse("gina")
    assert "no active account" in gina.open("/identity/faces/home")
    assert gina.page.status_code == 403
    assert "OIM_SESSION" not in gina.http.cookies


def test_an_answer_carried_to_another_browser_gets_no_session(
    browse: Browse, server: Server
) -> None:
    ada, thief = browse("ada"), browse("eve")
    form = ada.http.get(f"{server.url}/identity/faces/home", timeout=30)
    action, fields = Forms(form.text).found[0]
    fields |= {"username": "ada", "password": "demo"}
    answer = ada.http.post(urljoin(form.url, action), fields, timeout=30)
    acs, response = Forms(answer.text).found[0]
    stolen = thief.http.post(acs, response, timeout=30)
    assert stolen.status_code == 403
    assert "OIM_SESSION" not in thief.http.cookies
    again = ada.http.post(acs, response, timeout=30)
    assert again.status_code == 403, "an answer is good for one use"


def test_after_signing_out_the_next_page_asks_again_and_is_silent(browse: Browse) -> None:
    ada = browse("ada")
    ada.open("/identity/faces/home")
    assert "signed out" in ada.open("/identity/faces/signout")
    assert "OIM_SESSION" not in ada.http.cookies
    assert "Welcome, Ada" in ada.open("/identity/faces/home")


def test_a_session_ends_with_its_users_account(browse: Browse, installation: Oim) -> None:
    ada = browse("ada")
    assert "Welcome, Ada" in ada.open(HOME)
    installation.put_user(replace(installation.by_login["ADA"], active=False))
    assert "no active account" in ada.open(HOME)


def test_a_form_posted_without_a_session_leads_home(browse: Browse, installation: Oim) -> None:
    ada = browse("ada")
    answer = ada.http.post(f"{ada.url}/identity/faces/catalog", {"item": "role:14"}, timeout=30)
    assert "Password" in answer.text
    assert installation.ledger == []
    assert "Welcome, Ada" in ada.open(HOME)
