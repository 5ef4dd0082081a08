"""The identity provider over HTTP, judged by python3-saml in its strictest settings."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
import requests
from onelogin.saml2.authn_request import OneLogin_Saml2_Authn_Request
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings

from sandbox import idp as provider
from sandbox.idp.requests import AuthnRequest
from sandbox.idp.responses import Answer, KeyPair, build_response, pretty, sign, wrap
from sandbox.web import Server, address, listen, serve
from sandbox.world import build_world

SP, ACS = "http://127.0.0.1:9/saml/metadata", "http://127.0.0.1:9/saml/acs"
REQUEST_DATA = {"https": "off", "http_host": "127.0.0.1:9", "script_name": "/saml/acs"}


class Forms(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = values["action"]
        if tag == "input":
            self.fields[values["name"]] = values.get("value", "")


@pytest.fixture(scope="module")
def keys() -> KeyPair:
    return KeyPair.generate()


@pytest.fixture(scope="module")
def server(keys: KeyPair) -> Iterator[Server]:
    listener = listen()
    app = provider.create_app(
        build_world(),
        base_url=address(listener, "localhost"),
        service_providers={SP: ACS},
        keys=keys,
    )
    with serve(app, "localhost", listener=listener) as running:
        yield running


@pytest.fixture
def idp(server: Server) -> provider.Idp:
    found: provider.Idp = server.app.extensions["idp"]
    return found


@pytest.fixture
def settings(server: Server) -> OneLogin_Saml2_Settings:
    metadata = requests.get(f"{server.url}/metadata", timeout=5).text
    found = OneLogin_Saml2_IdPMetadataParser.parse(metadata)["idp"]
    return OneLogin_Saml2_Settings(
        {
            "strict": True,
            "sp": {"entityId": SP, "assertionConsumerService": {"url": ACS}},
            "idp": found,
            "security": {
                "wantAssertionsSigned": True,
                "wantMessagesSigned": True,
                "rejectDeprecatedAlgorithm": True,
                "requestedAuthnContext": False,
                "allowSingleLabelDomains": True,
            },
        }
    )


def ask(settings: OneLogin_Saml2_Settings, browser: requests.Session) -> tuple[str, Any]:
    asked = OneLogin_Saml2_Authn_Request(settings)
    answer = browser.get(
        settings.get_idp_sso_url(),
        params={"SAMLRequest": asked.get_request(), "RelayState": "/here?a=1"},
        timeout=5,
    )
    return asked.get_id(), answer


def log_in(page: requests.Response, browser: requests.Session, **given: str) -> requests.Response:
    form = Forms(page.text)
    base = page.url.partition("/sso")[0]
    return browser.post(base + form.action, data={**form.fields, **given}, timeout=5)


def judged(xml: str, settings: OneLogin_Saml2_Settings, request_id: str) -> str | None:
    response = OneLogin_Saml2_Response(settings, base64.b64encode(xml.encode()).decode())
    data = REQUEST_DATA | {"post_data": {"SAMLResponse": "x"}}
    if response.is_valid(data, request_id=request_id):
        return None
    return str(response.get_error())


def test_a_password_gets_an_answer_that_a_strict_service_provider_accepts(
    settings: OneLogin_Saml2_Settings, idp: provider.Idp
) -> None:
    with requests.Session() as browser:
        request_id, page = ask(settings, browser)
        form = Forms(log_in(page, browser, username="cho", password="demo").text)
    xml = base64.b64decode(form.fields["SAMLResponse"]).decode()
    assert form.action == ACS
    assert form.fields["RelayState"] == "/here?a=1"
    assert judged(xml, settings, request_id) is None
    response = OneLogin_Saml2_Response(settings, form.fields["SAMLResponse"])
    assert response.get_attributes() == {
        "uid": ["cho"],
        "email": ["cho.takahashi@example.com"],
        "displayName": ["Cho Takahashi"],
        "employeeNumber": [idp.world.people["cho"].employee_number],
        "groups": ["broker-operators"],
    }
    assert response.get_nameid() == idp.name_id(idp.world.people["cho"], SP)


def test_a_second_request_of_the_same_browser_is_answered_silently(
    settings: OneLogin_Saml2_Settings,
) -> None:
    with requests.Session() as browser:
        _, page = ask(settings, browser)
        log_in(page, browser, username="ada", password="demo")
        _, again = ask(settings, browser)
        assert "SAMLResponse" in Forms(again.text).fields
        browser.get(again.url.partition("/sso")[0] + "/logout", timeout=5)
        _, after = ask(settings, browser)
        assert "password" in Forms(after.text).fields


def test_a_wrong_password_shows_the_form_again_as_401(settings: OneLogin_Saml2_Settings) -> None:
    with requests.Session() as browser:
        _, page = ask(settings, browser)
        answer = log_in(page, browser, username="ada", password="wrong")
        assert answer.status_code == 401
        assert Forms(answer.text).fields["username"] == "ada"
        right = log_in(page, browser, username="ada", password="demo")
        assert "SAMLResponse" in Forms(right.text).fields


def test_a_foreign_service_provider_and_a_foreign_address_are_refused(
    server: Server, settings: OneLogin_Saml2_Settings
) -> None:
    for sp, acs in (("http://evil.example/sp", ACS), (SP, "http://evil.example/acs")):
        changed = OneLogin_Saml2_Settings(
            {
                "sp": {"entityId": sp, "assertionConsumerService": {"url": acs}},
                "idp": settings.get_idp_data(),
                "security": {"allowSingleLabelDomains": True},
            }
        )
        with requests.Session() as browser:
            _, page = ask(changed, browser)
        assert page.status_code == 400
        assert "SAMLResponse" not in page.text
    nonsense = requests.get(f"{server.url}/sso?SAMLRequest=%3Cxml%3E", timeout=5)
    assert nonsense.status_code == 400


def test_somebody_without_an_employee_number_has_no_such_attribute(idp: provider.Idp) -> None:
    assert "employeeNumber" not in provider.attributes(idp.world.people["ivan"])


def test_name_ids_differ_from_one_service_provider_to_another(idp: provider.Idp) -> None:
    ada = idp.world.people["ada"]
    assert idp.name_id(ada, SP) != idp.name_id(ada, "http://127.0.0.1:10/other")
    assert "ada" not in idp.name_id(ada, SP)


@pytest.fixture
def honest(idp: provider.Idp) -> Answer:
    session = provider.Session(idp.world.people["ada"], build_world().now)
    return idp.answer(session, AuthnRequest("_asked", SP, ACS, force=False))


def test_crafted_answers_are_judged_for_what_is_wrong_with_them(
    settings: OneLogin_Saml2_Settings, honest: Answer, keys: KeyPair
) -> None:
    late = replace(honest, issued_at=honest.issued_at - timedelta(hours=1))
    cases = {
        "InResponseTo": replace(honest, in_response_to="_other"),
        "audience": replace(honest, audiences=("http://127.0.0.1:10/other",)),
        "instead of": replace(honest, destination="http://evil.example/acs"),
        "expired": late,
    }
    assert judged(build_response(honest, keys), settings, "_asked") is None
    for said, answer in cases.items():
        assert said in (judged(build_response(answer, keys), settings, "_asked") or "")


def test_answers_can_be_left_unsigned_or_signed_by_somebody_else(
    settings: OneLogin_Saml2_Settings, honest: Answer, keys: KeyPair
) -> None:
    unsigned = build_response(honest, keys, sign_response=False)
    foreign = build_response(honest, KeyPair.generate("stranger"))
    altered = build_response(honest, keys).replace("P-", "Q-")
    assert "must be signed" in (judged(unsigned, settings, "_asked") or "") or "not signed" in (
        judged(unsigned, settings, "_asked") or ""
    )
    assert judged(foreign, settings, "_asked")
    assert judged(altered, settings, "_asked")


def test_the_parts_of_an_answer_can_be_put_together_by_hand(honest: Answer, keys: KeyPair) -> None:
    signed = sign(wrap(honest, ""), keys)
    assert "Signature" in pretty(signed)
    assert "Assertion " not in signed
