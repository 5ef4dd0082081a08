"""Signing in, from the question that leaves to the session that opens, and every way to fail."""

import base64
import re
import uuid
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask, request
from lxml import etree
from werkzeug.test import TestResponse

from broker.context import Broker
from broker.domain.people import Person
from broker.settings import BadSettings
from broker.store import audit
from broker.store.audit import AuditEventRow
from broker.store.sign_in import LoginRow, SessionRow
from tests.webui import saml_idp
from tests.webui.company import (
    BASE,
    Browser,
    Company,
    CountingBell,
    FixedClock,
    Visit,
    settings,
    text_of,
    with_iga,
    with_settings,
)
from tests.webui.saml_idp import SAMLP, Answer
from webui import assets
from webui.app import create_app
from webui.auth.trust import Trust
from webui.ui.paths import own_path

ADA: dict[str, tuple[str, ...]] = {
    "uid": ("ada",),
    "email": ("ada@example.com",),
    "displayName": ("Ada Example",),
    "employeeNumber": ("1011",),
}


@dataclass
class Question:
    """What a browser was sent to the identity provider with."""

    request_id: str
    relay_state: str


@pytest.fixture(autouse=True)
def _real_time(clock: FixedClock) -> None:
    # The SAML library compares with the machine's clock as well.
    clock.time = datetime.now(UTC)


def ask(browser: Browser, wanted: str = "/") -> Question:
    answer = browser.get(f"/saml/login?next={wanted}")
    assert answer.status_code == 303
    query = parse_qs(urlsplit(answer.location).query)
    request = etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15))
    assert request.tag == f"{{{SAMLP}}}AuthnRequest"
    return Question(request.get("ID", ""), query["RelayState"][0])


def made_for(question: Question, **changes: object) -> str:
    """The signed answer to a question, as the form field."""
    base = Answer(
        in_response_to=question.request_id,
        confirmed_request=question.request_id,
        destination=f"{BASE}/saml/acs",
        recipient=f"{BASE}/saml/acs",
        audiences=(f"{BASE}/saml/metadata",),
        attributes=ADA,
    )
    root = saml_idp.document(base.but(**changes))
    saml_idp.only(root, "saml:Assertion").set("ID", f"_{uuid.uuid4().hex}")
    return saml_idp.posted(saml_idp.sign_all(root))


def deliver(browser: Browser, question: Question, raw: str) -> TestResponse:
    """The identity provider's page posts across sites: no Lax cookie comes along."""
    sender = Browser(browser.client.application.test_client())
    form = {"RelayState": question.relay_state, "SAMLResponse": raw}
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "null"}
    return sender.client.post("/saml/acs", base_url=BASE, data=form, headers=headers)


def sign_in(browser: Browser, wanted: str = "/", **changes: object) -> TestResponse:
    question = ask(browser, wanted)
    kept = deliver(browser, question, made_for(question, **changes))
    assert kept.status_code == 303, text_of(kept)
    return browser.get(kept.location)


def reasons(broker: Broker) -> list[str]:
    """The reason codes that the audit trail keeps, newest first."""
    with broker.sessions() as session:
        told = [event.details for event in audit.search(session, "sign_in")]
    return [reason for details in told for reason in re.findall(r'"reason":"(\w+)"', details)]


def session_count(broker: Broker) -> int:
    with broker.sessions() as session:
        return session.query(SessionRow).count()


# ---- the good way -------------------------------------------------------------------------------


def test_signing_in_opens_a_session_and_leads_on(
    stranger: Browser, company: Company, broker: Broker, bell: CountingBell
) -> None:
    wanted = f"/requests/{company.request.id}"
    answer = sign_in(stranger, wanted)
    assert (answer.status_code, answer.location) == (303, wanted)
    cookie = answer.headers["Set-Cookie"]
    assert "broker_session=" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Hello Ada" in text_of(stranger.get("/"))
    assert bell.rung == ["interactive"]


def test_the_person_is_linked_by_the_one_rule_whatever_the_case(
    stranger: Browser, company: Company, broker: Broker
) -> None:
    assert sign_in(stranger).status_code == 303
    with broker.sessions() as session:
        (row,) = session.query(SessionRow).all()
        assert row.person_id == company.people["ada"].id


def test_the_session_is_stored_as_a_hash_only(
    stranger: Browser, company: Company, broker: Broker
) -> None:
    sign_in(stranger)
    cookie = stranger.client.get_cookie("broker_session", domain="127.0.0.1")
    assert cookie is not None
    with broker.sessions() as session:
        assert cookie.value not in {row.id_hash for row in session.query(SessionRow)}


def test_groups_give_roles(stranger: Browser, company: Company) -> None:
    sign_in(stranger, attributes=ADA | {"groups": ("broker-operators", "canteen")})
    assert stranger.get("/operations").status_code == 200
    assert stranger.get("/audit").status_code == 403


def test_a_session_ends_no_later_than_the_identity_provider_says(
    stranger: Browser, company: Company, clock: FixedClock
) -> None:
    sign_in(stranger, session_until=saml_idp.minutes(5))
    assert stranger.get("/").status_code == 200
    clock.time += timedelta(minutes=6)
    assert stranger.get("/").status_code == 303


def test_a_new_sign_in_ends_the_browsers_earlier_session(
    stranger: Browser, company: Company, broker: Broker
) -> None:
    first, second = ask(stranger), ask(stranger)
    for question in (first, second):
        stranger.get(deliver(stranger, question, made_for(question)).location)
    assert session_count(broker) == 1


def test_two_tabs_of_one_browser_may_sign_in_at_once(stranger: Browser, company: Company) -> None:
    first, second = ask(stranger, "/history"), ask(stranger, "/orders")
    for question, wanted in ((first, "/history"), (second, "/orders")):
        kept = deliver(stranger, question, made_for(question))
        assert stranger.get(kept.location).location == wanted


def test_who_is_signed_in_is_not_asked_again(stranger: Browser, company: Company) -> None:
    sign_in(stranger)
    assert stranger.get("/saml/login?next=/orders").location == "/orders"


def test_reloading_the_last_step_is_harmless(stranger: Browser, company: Company) -> None:
    question = ask(stranger)
    kept = deliver(stranger, question, made_for(question))
    stranger.get(kept.location)
    assert stranger.get(kept.location).location == "/"


def test_signing_out_ends_the_session_for_good(
    stranger: Browser, company: Company, broker: Broker
) -> None:
    sign_in(stranger)
    cookie = stranger.client.get_cookie("broker_session", domain="127.0.0.1")
    assert cookie is not None
    answer = stranger.post("/saml/logout")
    assert answer.location == "/saml/signed-out"
    assert "You are signed out here" in text_of(stranger.get("/saml/signed-out"))
    stranger.client.set_cookie("broker_session", cookie.value, domain="127.0.0.1")
    assert stranger.get("/").status_code == 303
    assert session_count(broker) == 0


def test_after_signing_out_no_other_tab_signs_in_again_by_itself(
    stranger: Browser, company: Company
) -> None:
    sign_in(stranger)
    stranger.post("/saml/logout")
    answer = stranger.fragment("/")
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/saml/signed-out")


def test_after_signing_in_anew_an_expired_session_leads_to_sign_in(
    stranger: Browser, company: Company
) -> None:
    sign_in(stranger)
    stranger.post("/saml/logout")
    sign_in(stranger)
    stranger.client.delete_cookie("broker_session", domain="127.0.0.1")
    assert stranger.fragment("/").headers["HX-Redirect"] == "/saml/login?next=%2F"


def test_signing_out_needs_the_forms_token(stranger: Browser, company: Company) -> None:
    sign_in(stranger)
    assert stranger.client.post("/saml/logout", base_url=BASE).status_code == 400
    assert stranger.get("/").status_code == 200


def test_our_metadata_names_our_addresses(stranger: Browser) -> None:
    page = text_of(stranger.get("/saml/metadata"))
    assert f'entityID="{BASE}/saml/metadata"' in page
    assert f'Location="{BASE}/saml/acs"' in page


# ---- refusals -----------------------------------------------------------------------------------


def refused(answer: TestResponse) -> bool:
    """A page to start again from, and no session."""
    cookies = " ".join(answer.headers.getlist("Set-Cookie"))
    page = text_of(answer)
    return answer.status_code == 403 and "Start again" in page and "broker_session" not in cookies


def test_an_answer_posted_from_another_browser_gives_no_session(
    app: Flask, stranger: Browser, company: Company, broker: Broker
) -> None:
    question = ask(stranger)
    kept = deliver(stranger, question, made_for(question))
    victim = Browser(app.test_client())
    ask(victim)
    assert refused(victim.get(kept.location))
    assert refused(Browser(app.test_client()).get(kept.location))
    assert session_count(broker) == 0
    assert reasons(broker) == ["other_browser", "other_browser"]


def test_the_browser_that_asked_still_gets_in_afterwards(
    app: Flask, stranger: Browser, company: Company
) -> None:
    question = ask(stranger)
    kept = deliver(stranger, question, made_for(question))
    assert refused(Browser(app.test_client()).get(kept.location))
    assert stranger.get(kept.location).status_code == 303


def test_the_same_answer_twice_is_refused(
    stranger: Browser, company: Company, broker: Broker
) -> None:
    question = ask(stranger)
    raw = made_for(question)
    assert deliver(stranger, question, raw).status_code == 303
    assert refused(deliver(stranger, question, raw))
    assert reasons(broker) == ["unknown_handle"]


def test_a_used_assertion_is_refused_under_another_handle_too(
    stranger: Browser, company: Company, broker: Broker
) -> None:
    first, second = ask(stranger), ask(stranger)
    raw = made_for(first)
    assert deliver(stranger, first, raw).status_code == 303
    with broker.sessions.begin() as session:
        session.get_one(LoginRow, second.relay_state).request_id = first.request_id
    assert refused(deliver(stranger, second, raw))
    assert reasons(broker) == ["replay"]


def test_an_answer_to_another_question_is_refused(
    stranger: Browser, company: Company, broker: Broker
) -> None:
    first, second = ask(stranger), ask(stranger)
    assert refused(deliver(stranger, second, made_for(first)))
    assert reasons(broker) == ["in_response_to"]


def test_an_answer_that_is_too_late_is_refused(
    stranger: Browser, company: Company, clock: FixedClock
) -> None:
    question = ask(stranger)
    clock.time += timedelta(minutes=11)
    assert refused(deliver(stranger, question, made_for(question)))


def test_an_answer_nobody_asked_for_is_refused(
    stranger: Browser, company: Company, broker: Broker
) -> None:
    unasked = Question("_x", "no-such-handle")
    assert refused(deliver(stranger, unasked, made_for(unasked)))
    assert reasons(broker) == ["unknown_handle"]


@pytest.mark.parametrize("raw", ["", "%%%", "AAAA", "PHg+", "<x/>"])
def test_rubbish_is_refused_without_a_fault(
    stranger: Browser, company: Company, broker: Broker, raw: str
) -> None:
    assert refused(deliver(stranger, ask(stranger), raw))
    assert session_count(broker) == 0


@pytest.mark.parametrize("handle", ["", "x" * 10_000, "a\0b", "http://evil.example.com/"])
def test_a_strange_handle_is_refused(stranger: Browser, broker: Broker, handle: str) -> None:
    question = Question("_x", handle)
    assert refused(deliver(stranger, question, made_for(question)))


def test_a_refusal_does_not_say_why_to_the_sender(
    stranger: Browser, company: Company, broker: Broker
) -> None:
    question = ask(stranger)
    page = text_of(deliver(stranger, question, made_for(question, audiences=("other",))))
    assert reasons(broker) == ["audience"]
    assert "audience" not in page


def test_the_audit_trail_names_nobody_in_a_refusal(
    stranger: Browser, company: Company, broker: Broker
) -> None:
    question = ask(stranger)
    deliver(stranger, question, made_for(question, audiences=("other",)))
    with broker.sessions() as session:
        (event,) = session.query(AuditEventRow).all()
    assert "ada" not in event.content.lower()


def test_a_person_the_iga_does_not_know_gets_no_session(
    stranger: Browser, company: Company, broker: Broker
) -> None:
    unknown = {"uid": ("gina",), "email": ("gina@example.com",)}
    answer = sign_in(stranger, name_id="gina-1", attributes=unknown)
    assert answer.status_code == 403
    assert "We do not know you yet" in text_of(answer)
    assert session_count(broker) == 0
    assert reasons(broker) == ["nobody_known"]


def test_a_disabled_person_gets_no_session(
    stranger: Browser, company: Company, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        session.merge(company.people["ada"]).active = False
    with_iga(broker, known=[Person("11", "ADA", "Ada", employee_number="1011", active=False)])
    assert sign_in(stranger).status_code == 403
    assert session_count(broker) == 0


def test_a_stranger_cannot_be_looked_up_while_the_iga_is_silent(
    stranger: Browser, company: Company, broker: Broker
) -> None:
    with_iga(broker, works=False)
    unknown = {"uid": ("gina",), "email": ("gina@example.com",)}
    answer = sign_in(stranger, name_id="gina-1", attributes=unknown)
    assert answer.status_code == 503
    assert "does not answer" in text_of(answer)


def test_people_we_know_get_in_while_the_iga_is_silent(
    stranger: Browser, company: Company, broker: Broker
) -> None:
    with_iga(broker, works=False)
    assert sign_in(stranger).status_code == 303


def test_an_operator_without_a_person_gets_in_and_sees_nothing_personal(
    stranger: Browser, company: Company, broker: Broker
) -> None:
    operator = {"uid": ("ops",), "displayName": ("Olga Ops",), "groups": ("broker-operators",)}
    assert sign_in(stranger, name_id="ops-1", attributes=operator).status_code == 303
    page = text_of(stranger.get("/"))
    assert "Hello Olga" in page
    assert "data-request-id" not in page
    for path in ("/history", "/approvals", "/access", "/operations"):
        answer = stranger.get(path)
        assert answer.status_code == 200, path
        assert path == "/operations" or "data-request-id" not in text_of(answer), path


def test_silent_metadata_is_said_in_words(broker: Broker) -> None:
    browser = Browser(create_app(broker).test_client())
    answer = browser.get("/saml/login")
    assert answer.status_code == 503
    assert "You cannot sign in just now" in text_of(answer)


# ---- where to go afterwards ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example.com",
        "https://evil.example.com/",
        "/\\evil.example.com",
        "/%5Cevil.example.com",
        "javascript:alert(1)",
        "/requests/../saml/logout",
        "/saml/logout",
        "/orders\r\nSet-Cookie: x=1",
        "/history?q=<script>",
        "/" + "a" * 600,
        "",
    ],
)
def test_only_our_own_pages_are_gone_to(wanted: str) -> None:
    assert own_path(wanted) == "/"


@pytest.mark.parametrize(
    "wanted",
    ["/", "/history?q=role&page=2", f"/requests/{'0' * 32}", "/go/order/RITM0010007", "/approvals"],
)
def test_our_own_pages_are(wanted: str) -> None:
    assert own_path(wanted) == wanted


def test_signing_in_never_leads_to_another_site(stranger: Browser, company: Company) -> None:
    assert sign_in(stranger, "//evil.example.com").location == "/"


def test_a_link_survives_the_sign_in(stranger: Browser, company: Company) -> None:
    first = stranger.get("/go/order/RITM0010007?from=mail")
    assert first.location == f"{BASE}/saml/login?next=%2Fgo%2Forder%2FRITM0010007%3Ffrom%3Dmail"
    assert sign_in(stranger, "/go/order/RITM0010007").location == "/go/order/RITM0010007"


# ---- the app itself -----------------------------------------------------------------------------


def test_off_loopback_cookies_are_bound_to_host_and_https(broker: Broker) -> None:
    public = "https://broker.example.com"
    app = create_app(with_settings(broker, BROKER_BASE_URL=public), provider=saml_idp.provider)
    answer = app.test_client().get("/saml/login", base_url=public)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-broker_login=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_forwarded_headers_count_only_behind_the_proxies_we_have(broker: Broker) -> None:
    def address_seen(hops: int) -> str:
        app = create_app(with_settings(broker, BROKER_TRUSTED_PROXIES=str(hops)))
        headers = {"X-Forwarded-For": "6.6.6.6, 10.1.1.1"}
        with app.test_client() as client:
            client.get("/saml/signed-out", base_url=BASE, headers=headers)
            return str(request.remote_addr)

    assert address_seen(0) == "127.0.0.1"
    assert address_seen(1) == "10.1.1.1"


def test_an_htmx_that_was_tampered_with_stops_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(assets, "HTMX_SHA256", "0" * 64)
    with pytest.raises(BadSettings, match="SHA-256 differs"):
        assets.load_htmx()


def test_htmx_is_served_from_our_own_address(stranger: Browser) -> None:
    answer = stranger.get(f"/assets/htmx-{assets.HTMX_SHA256[:12]}.js")
    assert answer.mimetype == "text/javascript"
    assert "immutable" in answer.headers["Cache-Control"]


# ---- the identity provider's metadata -----------------------------------------------------------


@pytest.fixture
def metadata_file(tmp_path: Path) -> Callable[[str], str]:
    path = tmp_path / "idp.xml"

    def write(entity_id: str) -> str:
        certificate = "".join(saml_idp.idp_key().certificate.splitlines()[1:-1])
        path.write_text(
            '<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"'
            f' entityID="{entity_id}"><IDPSSODescriptor'
            ' protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
            '<KeyDescriptor><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>'
            f"<X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo>"
            "</KeyDescriptor><SingleSignOnService"
            ' Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"'
            ' Location="https://idp.example.com/sso"/></IDPSSODescriptor></EntityDescriptor>'
        )
        return str(path)

    return write


def test_the_trust_is_read_from_metadata_and_settings(
    metadata_file: Callable[[str], str], clock: FixedClock
) -> None:
    ours = settings(BROKER_SAML_IDP_METADATA=metadata_file("https://idp.example.com"))
    provider = Trust(ours, clock)()
    assert provider.idp_entity_id == "https://idp.example.com"
    assert provider.idp_sso_url == "https://idp.example.com/sso"
    assert provider.acs_url == f"{BASE}/saml/acs"
    assert provider.login_attribute == "uid"


def test_another_identity_provider_is_not_taken_over_while_running(
    metadata_file: Callable[[str], str], clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust = Trust(settings(BROKER_SAML_IDP_METADATA=metadata_file("https://one")), clock)
    first = trust()
    metadata_file("https://two")
    monkeypatch.setattr("webui.auth.trust._KEPT_SECONDS", -1.0)
    assert trust() is first


def test_a_session_can_be_opened_for_every_visitor_of_the_cast(visit: Visit) -> None:
    assert visit("eve").get("/").status_code == 200
