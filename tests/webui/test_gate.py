"""Who gets in, and who sees what: every route, every person."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask, request
from sqlalchemy.exc import OperationalError
from werkzeug.routing import Rule

from broker.context import Broker
from tests.webui.company import BASE, Browser, Company, FixedClock, Visit, text_of
from webui.auth.gate import OWN_DOOR, PUBLIC_ENDPOINTS, is_open
from webui.security import CONTENT_POLICY, HEADERS
from webui.ui.access import is_public, needed_role

# Whoever adds a public page writes it down here as well.
PUBLIC_PAGES = {
    "auth.login",
    "auth.answer",
    "auth.collect",
    "auth.metadata",
    "auth.signed_out",
    "assets.htmx_file",
}
ROLE_PAGES = {
    "operations.overview",
    "operations.check",
    "operations.decide",
    "audit.search",
    "audit.export",
    "console.decide",
    "console.empty",
    "console.items",
    "console.people",
}
# Pages that are about the viewer, whoever that is.
OWN_PAGES = {
    "dashboard.front_page",
    "dashboard.refresh",
    "requests.history",
    "approvals.mine",
    "approvals.at_the_desk",
    "orders.mine",
    "access.held",
    "links.inbox",
    "auth.logout",
}


def pages(app: Flask) -> Iterator[Rule]:
    for rule in app.url_map.iter_rules():
        name = rule.endpoint
        if name not in PUBLIC_ENDPOINTS and name.split(".")[0] not in OWN_DOOR:
            yield rule


def gets(rule: Rule) -> bool:
    return "GET" in (rule.methods or ())


def address(rule: Rule, **values: str) -> str:
    return re.sub(r"<(?:[^:>]+:)?([^>]+)>", lambda found: values.get(found[1], "x"), rule.rule)


def test_nothing_is_public_that_is_not_on_the_short_list(app: Flask) -> None:
    marked = {name for name, view in app.view_functions.items() if is_public(view)}
    assert marked == PUBLIC_PAGES


def test_every_page_is_of_a_known_kind(app: Flask) -> None:
    about_a_thing = {"requests.one", "approvals.one", "orders.one", "links.go"}
    known = PUBLIC_PAGES | ROLE_PAGES | OWN_PAGES | about_a_thing
    assert {rule.endpoint for rule in pages(app)} == known


def test_without_a_session_no_page_answers(app: Flask, stranger: Browser) -> None:
    for rule in pages(app):
        if rule.endpoint in PUBLIC_PAGES:
            continue
        answer = stranger.client.open(
            address(rule), base_url=BASE, method="GET" if gets(rule) else "POST"
        )
        assert answer.status_code in (303, 401), rule
        if answer.status_code == 303:
            assert answer.location.startswith(f"{BASE}/saml/login?next="), rule


def test_a_view_without_a_mark_is_closed(app: Flask, stranger: Browser) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    with app.test_request_context("/forgotten"):
        assert not is_open(request)
    assert stranger.get("/forgotten").status_code == 303


def test_a_fragment_without_a_session_sends_the_page_to_sign_in(stranger: Browser) -> None:
    answer = stranger.fragment("/approvals")
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/saml/login?next=%2Fapprovals"
    assert answer.data == b""


def test_a_post_without_a_session_is_refused_in_words(stranger: Browser) -> None:
    answer = stranger.client.post("/refresh", base_url=BASE)
    assert answer.status_code == 401
    assert "Nothing you sent was carried out" in text_of(answer)


def answered_to(
    stranger: Browser, referer: str = "", back: str = "", path: str = "/refresh"
) -> str:
    """The page that a form gets whose session has ended meanwhile."""
    headers = {"Referer": referer} if referer else {}
    form = {"back": back} if back else {}
    return text_of(stranger.client.post(path, base_url=BASE, data=form, headers=headers))


def test_a_form_with_an_ended_session_leads_back_to_its_page(stranger: Browser) -> None:
    request_page = f"/requests/{'a' * 32}"
    wanted = f'href="/saml/login?next=%2Frequests%2F{"a" * 32}"'
    assert wanted in answered_to(stranger, f"{BASE}{request_page}")
    assert wanted in answered_to(stranger, back=request_page)
    approvals = 'href="/saml/login?next=%2Fapprovals"'
    assert approvals in answered_to(stranger, f"{BASE}/approvals", back=request_page)
    assert approvals in answered_to(stranger, f"{BASE}/approvals", path="/saml/logout")


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("https://evil.example/approvals", ""),
        (f"{BASE}.evil.example/approvals", ""),
        (f"{BASE}@evil.example/approvals", ""),
        (f"{BASE}//evil.example/", ""),
        (f"{BASE}/saml/logout", ""),
        ("http://[", ""),
        ("", "//evil.example/approvals"),
        ("", "https://evil.example/approvals"),
        ("", "/approvals\\@evil.example"),
        ("", "javascript:alert(1)"),
    ],
)
def test_a_form_with_an_ended_session_leads_nowhere_else(
    stranger: Browser, referer: str, back: str
) -> None:
    page = answered_to(stranger, referer, back)
    assert 'href="/saml/login?next=%2F"' in page
    assert "evil" not in page


def test_a_form_of_htmx_with_an_ended_session_leads_back_to_its_page(stranger: Browser) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": f"{BASE}/approvals"}
    answer = stranger.client.post("/refresh", base_url=BASE, headers=headers)
    assert (answer.status_code, answer.data) == (401, b"")
    assert answer.headers["HX-Redirect"] == "/saml/login?next=%2Fapprovals"


def test_a_form_of_an_earlier_session_leads_back_to_its_page(visit: Visit) -> None:
    form = {"csrf_token": "of another session", "back": "/approvals"}
    answer = visit("ada").post("/refresh", form)
    assert answer.status_code == 400
    assert 'href="/approvals">Back to the page<' in text_of(answer)


def about_ada(company: Company) -> list[str]:
    ids = [company.request.id, company.born.id, company.done.id]
    paths = [f"/requests/{each}" for each in ids]
    paths += [f"/go/request/{number}" for number in ("5001", "5002", "4001", *ids)]
    paths += [f"/orders/{order.id}" for order in (company.order, company.stuck)]
    paths += [f"/go/order/{name}" for name in (company.order.id, "RITM0010007")]
    paths += [f"/approvals/{company.task.id}", f"/go/approval/{company.task.id}"]
    return [*paths, f"/access?person={company.people['ada'].id}"]


def test_eve_gets_404_for_every_page_and_fragment_of_adas(visit: Visit, company: Company) -> None:
    eve = visit("eve")
    for path in about_ada(company):
        for answer in (eve.get(path), eve.fragment(path)):
            assert answer.status_code == 404, path
            assert "Ada" not in text_of(answer), path


def test_eves_own_pages_say_nothing_about_ada(app: Flask, visit: Visit, company: Company) -> None:
    eve = visit("eve")
    paths = {address(r) for r in pages(app) if r.endpoint in OWN_PAGES and gets(r)}
    for path in [*paths, "/history?whose=all", "/history?q=Finance", "/orders?q=RITM0010007"]:
        for answer in (eve.get(path), eve.fragment(path)):
            page = text_of(answer)
            assert "Ada" not in page, path
            assert "5001" not in page, path
            assert company.request.id not in page, path


def test_who_may_see_a_request(visit: Visit, company: Company) -> None:
    seen = {
        name
        for name in ("ada", "ben", "cho", "dee", "eve")
        if visit(name).get(f"/requests/{company.request.id}").status_code == 200
    }
    assert seen == {"ada", "ben", "cho", "dee"}


def test_pages_of_a_role_are_for_that_role(app: Flask, visit: Visit) -> None:
    for rule in pages(app):
        role = needed_role(app.view_functions[rule.endpoint])
        assert (role is not None) == (rule.endpoint in ROLE_PAGES)
        if role is None:
            continue
        method = "GET" if gets(rule) else "POST"
        for name in ("ada", "ben", "eve", "dee" if role == "operator" else "cho"):
            answer = visit(name).client.open(address(rule), base_url=BASE, method=method)
            assert answer.status_code in (400, 403), (rule, name)


def test_every_answer_carries_the_headers(app: Flask, visit: Visit, stranger: Browser) -> None:
    ada = visit("ada")
    for rule in app.url_map.iter_rules():
        if not gets(rule):
            continue
        for browser in (ada, stranger):
            answer = browser.get(address(rule, filename="app.css"))
            for name, value in HEADERS.items():
                assert answer.headers[name] == value, (rule, name)
            answer.close()


def test_the_policy_allows_nothing_inline_and_nothing_foreign() -> None:
    assert "unsafe" not in CONTENT_POLICY
    assert "http" not in CONTENT_POLICY
    assert "default-src 'none'" in CONTENT_POLICY
    assert "frame-ancestors 'none'" in CONTENT_POLICY


def test_no_page_brings_a_script_or_style_of_its_own(visit: Visit, company: Company) -> None:
    for name, paths in {"ada": about_ada(company)[:1], "cho": ["/operations"]}.items():
        for path in ["/", *paths]:
            page = text_of(visit(name).get(path))
            assert not re.search(r"<script(?![^>]*\bsrc=)", page), path
            assert "<style" not in page
            assert not re.search(r"\sstyle=|\son[a-z]+=", page), path


def test_pages_are_not_stored_but_files_are(visit: Visit, stranger: Browser) -> None:
    assert visit("ada").get("/").headers["Cache-Control"] == "no-store"
    with stranger.get("/static/app.css") as answer:
        assert "max-age" in answer.headers["Cache-Control"]


def test_a_form_without_its_token_is_refused(visit: Visit) -> None:
    answer = visit("ada").client.post("/refresh", base_url=BASE)
    assert answer.status_code == 400
    assert "That form is too old" in text_of(answer)


def test_the_token_may_come_as_a_header(visit: Visit) -> None:
    ada = visit("ada")
    headers = {"X-CSRFToken": ada.token(), "HX-Request": "true"}
    answer = ada.client.post("/refresh", base_url=BASE, headers=headers)
    assert answer.status_code == 200


def test_a_post_from_another_site_is_refused_even_with_a_token(visit: Visit) -> None:
    answer = visit("ada").post("/refresh", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_an_unknown_host_is_refused(app: Flask) -> None:
    answer = app.test_client().get("/", base_url="http://evil.example.com")
    assert answer.status_code == 400
    assert "evil.example.com" not in text_of(answer)


def test_a_body_that_is_too_large_is_refused(stranger: Browser) -> None:
    answer = stranger.client.post(
        "/saml/acs", base_url=BASE, data={"SAMLResponse": "A" * 10_000_000}
    )
    assert answer.status_code == 413


def test_a_session_ends_when_its_time_is_over(visit: Visit, clock: FixedClock) -> None:
    ada = visit("ada")
    assert ada.get("/").status_code == 200
    clock.time += timedelta(hours=9)
    assert ada.get("/").status_code == 303


def test_a_session_ends_when_its_person_is_disabled(
    visit: Visit, broker: Broker, company: Company
) -> None:
    ada = visit("ada")
    with broker.sessions.begin() as session:
        session.merge(company.people["ada"]).active = False
    assert ada.get("/").status_code == 303
    with broker.sessions.begin() as session:
        session.merge(company.people["ada"]).active = True
    assert ada.get("/").status_code == 303


@pytest.mark.parametrize(
    "path",
    ["/history?q=%00", "/requests/%00", "/orders/a%00b", "/audit?q=%00", "/go/request/%00",
     "/access?person=%00", "/history?state=nonsense", "/history?page=-3", "/history?q=%FF"],
)  # fmt: skip
def test_strange_addresses_are_no_fault_of_ours(visit: Visit, path: str) -> None:
    assert visit("dee").get(path).status_code in (200, 400, 404)


@pytest.mark.parametrize(
    ("path", "status"), [("/nowhere", 404), ("/requests/none", 404), ("/saml/nowhere", 404)]
)
def test_errors_are_pages_in_peoples_words(visit: Visit, path: str, status: int) -> None:
    answer = visit("ada").get(path)
    assert answer.status_code == status
    assert "There is nothing here for you" in text_of(answer)


def test_a_fault_is_a_page_without_its_story(
    app: Flask, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.view_functions, "requests.history", lambda: 1 // 0)
    answer = visit("ada").get("/history")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in text_of(answer)
    assert "ZeroDivision" not in text_of(answer)


def test_a_silent_database_is_said_to_be_one(
    app: Flask, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost() -> str:
        raise OperationalError("select", {}, Exception("gone"))

    monkeypatch.setitem(app.view_functions, "requests.history", lost)
    assert visit("ada").get("/history").status_code == 503
