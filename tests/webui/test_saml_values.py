"""Answers of a good shape and signature that say the wrong thing, or were altered."""

from datetime import UTC, datetime, timedelta

import pytest
from lxml.etree import _Element as Element
from onelogin.saml2.response import OneLogin_Saml2_Response

from tests.webui.saml_idp import (
    ACS,
    AUDIENCE,
    REQUEST_ID,
    Answer,
    accepted,
    default_attributes,
    document,
    expected,
    foreign_key,
    minutes,
    only,
    posted,
    provider,
    refusal,
    refusal_of,
    sign_all,
    signed,
)

OTHER = "https://elsewhere.example.com"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"


def wrong() -> dict[str, tuple[dict[str, object], str]]:
    """What an answer may say wrongly, and the reason it is refused for; times count from now."""
    return {
        "response without request id": ({"in_response_to": None}, "in_response_to"),
        "response to another request": ({"in_response_to": "_other"}, "in_response_to"),
        "confirmation without request id": ({"confirmed_request": None}, "in_response_to"),
        "confirmation of another request": ({"confirmed_request": "_other"}, "confirmation"),
        "both for another": (
            {"in_response_to": "_other", "confirmed_request": "_other"},
            "in_response_to",
        ),
        "no destination": ({"destination": None}, "destination"),
        "empty destination": ({"destination": ""}, "destination"),
        "destination with suffix": ({"destination": f"{ACS}/more"}, "destination"),
        "destination with query": ({"destination": f"{ACS}?a=b"}, "destination"),
        "destination elsewhere": ({"destination": f"{OTHER}/saml/acs"}, "destination"),
        "destination in plain http": ({"destination": ACS.replace("https", "http")}, "destination"),
        "no recipient": ({"recipient": None}, "recipient"),
        "recipient containing ours": ({"recipient": f"{OTHER}/?{ACS}"}, "recipient"),
        "recipient with suffix": ({"recipient": f"{ACS}/"}, "recipient"),
        "recipient elsewhere": ({"recipient": f"{OTHER}/saml/acs"}, "confirmation"),
        "no confirmation": ({"confirmations": 0}, "confirmation"),
        "two confirmations": ({"confirmations": 2}, "confirmation"),
        "holder of key": (
            {"method": "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"},
            "confirmation",
        ),
        "confirmation without end": ({"confirmed_until": None}, "confirmation"),
        "confirmation with start": ({"confirmed_from": minutes(-1)}, "confirmation"),
        "confirmation over": ({"confirmed_until": minutes(-0.02)}, "confirmation"),
        "confirmation for long": ({"confirmed_until": minutes(11)}, "lifetime"),
        "no audience": ({"audiences": ()}, "audience"),
        "another audience": ({"audiences": (f"{OTHER}/saml/metadata",)}, "audience"),
        "two audiences": ({"audiences": (AUDIENCE, f"{OTHER}/saml/metadata")}, "audience"),
        "audience with suffix": ({"audiences": (f"{AUDIENCE}/x",)}, "audience"),
        "no end": ({"valid_until": None}, "lifetime"),
        "window of years": ({"valid_until": minutes(3_000_000)}, "lifetime"),
        "window of an hour and more": ({"valid_until": minutes(60)}, "lifetime"),
        "window of years backwards": ({"valid_from": minutes(-3_000_000)}, "lifetime"),
        "expired beyond the drift": ({"valid_until": minutes(-2.05)}, "expired"),
        "expired long ago": ({"valid_from": minutes(-30), "valid_until": minutes(-20)}, "expired"),
        "not valid yet": ({"valid_from": minutes(2.1)}, "not_yet_valid"),
        "not valid for long": (
            {"valid_from": minutes(20), "valid_until": minutes(25)},
            "not_yet_valid",
        ),
        "session over": ({"session_until": minutes(-1)}, "expired"),
        "another issuer": ({"assertion_issuer": OTHER}, "issuer"),
        "empty issuer": ({"assertion_issuer": ""}, "issuer"),
        "another issuer of the response": ({"response_issuer": OTHER}, "issuer"),
        "empty issuer of the response": ({"response_issuer": ""}, "issuer"),
        "issuer with space": ({"assertion_issuer": " https://idp.example.com/metadata"}, "issuer"),
        "transient NameID": ({"name_id_format": TRANSIENT}, "name_id_format"),
        "NameID for another": ({"name_id_qualifier": OTHER}, "name_id"),
        "empty NameID": ({"name_id": ""}, "name_id"),
        "NameID before a space": ({"name_id": "ada "}, "name_id"),
        "NameID after a space": ({"name_id": " ada"}, "name_id"),
        "NameID with a space": ({"name_id": "a da"}, "name_id"),
        "NameID with a line break": ({"name_id": "ada\n"}, "name_id"),
        "NameID with a tab": ({"name_id": "a&#9;da"}, "name_id"),
        "NameID with a control": ({"name_id": "ada&#x85;"}, "name_id"),
        "NameID with a bidi mark": ({"name_id": "ada\u202e"}, "name_id"),
        "NameID with a zero-width space": ({"name_id": "a\u200bda"}, "name_id"),
        "NameID in full width": ({"name_id": "\uff41\uff44\uff41"}, "name_id"),
        "NameID of great length": ({"name_id": "a" * 257}, "name_id"),
        "no attributes": ({"attributes": {}}, "attributes_missing"),
        "no login": ({"attributes": {"email": ("ada@example.com",)}}, "login_missing"),
        "empty login": ({"attributes": {"uid": ("",)}}, "login_missing"),
        "login without value": ({"attributes": {"uid": ()}}, "login_missing"),
        "two logins": ({"attributes": {"uid": ("ada", "ben")}}, "attribute_value"),
        "login with a space": ({"attributes": {"uid": ("a da",)}}, "attribute_value"),
        "login with a control": ({"attributes": {"uid": ("ada&#x9f;",)}}, "attribute_value"),
        "two e-mails": (
            {"attributes": default_attributes() | {"email": ("a@example.com", "b@example.com")}},
            "attribute_value",
        ),
        "name with a bidi mark": (
            {"attributes": default_attributes() | {"displayName": ("\u202eada",)}},
            "attribute_value",
        ),
        "attribute twice": (
            {"extra_attributes": '<saml:Attribute Name="uid"/>'},
            "attribute_duplicate",
        ),
        "time that is none": ({"valid_until": "tomorrow"}, "schema"),
        "time without zone": ({"confirmed_until": minutes(5).rstrip("Z")}, "schema"),
        "impossible time": ({"confirmed_until": "2026-02-30T00:00:00Z"}, "schema"),
    }


@pytest.mark.parametrize("what", wrong())
def test_a_signed_answer_that_says_the_wrong_thing_is_refused(what: str) -> None:
    changes, code = wrong()[what]
    assert refusal(signed(Answer().but(**changes))) == code


def test_a_login_in_full_width_is_folded_nowhere() -> None:
    """The text would read "ada"; it must not become ada's login."""
    answer = Answer(attributes={"uid": ("\uff41\uff44\uff41",)})
    assert refusal(signed(answer)) == "attribute_value"


def test_without_a_login_attribute_the_name_id_must_be_persistent() -> None:
    answer = Answer(name_id_format=EMAIL, name_id="ada@example.com")
    assert refusal(signed(answer), provider(login_attribute="")) == "name_id_format"
    assert accepted(signed(answer)).login == "ada"


def test_an_answer_nobody_asked_for_is_refused() -> None:
    unsolicited = Answer(in_response_to=None, confirmed_request=None)
    for request_id in ("", REQUEST_ID):
        raw = posted(signed(unsolicited))
        assert refusal_of(raw, wants=expected(request_id)) == "in_response_to"


def test_an_answer_to_another_browsers_request_is_refused() -> None:
    assert refusal_of(posted(signed()), wants=expected("_theirs")) == "in_response_to"


def test_the_answer_is_judged_by_the_configured_address_alone() -> None:
    elsewhere = Answer(destination=f"{OTHER}/saml/acs", recipient=f"{OTHER}/saml/acs")
    assert refusal(signed(elsewhere)) == "destination"


def test_the_given_time_counts() -> None:
    raw = posted(signed())
    late = datetime.now(UTC) + timedelta(minutes=6)
    early = datetime.now(UTC) - timedelta(minutes=4)
    assert refusal_of(raw, wants=expected(now=late)) == "expired"
    assert refusal_of(raw, wants=expected(now=early)) == "not_yet_valid"


def test_limits_are_settings() -> None:
    answer = Answer(confirmed_until=minutes(60), valid_until=minutes(65))
    entra = provider(
        confirmation_ahead=timedelta(minutes=75), conditions_window=timedelta(minutes=75)
    )
    assert refusal(signed(answer)) == "lifetime"
    assert accepted(signed(answer), entra).login == "ada"


def test_an_old_authentication_is_refused_where_configured() -> None:
    root = signed(Answer(authenticated_at=minutes(-20)))
    assert refusal(root, provider(authn_age=timedelta(minutes=15))) == "authn_age"
    assert accepted(root, provider(authn_age=timedelta(minutes=25))).login == "ada"


# ---- signatures -------------------------------------------------------------------------------


def test_a_foreign_key_with_its_certificate_embedded_is_refused() -> None:
    assert refusal(signed(pair=foreign_key())) == "signature_invalid"


def test_a_foreign_signature_on_either_part_is_refused() -> None:
    for parts in ("assertion", "response"):
        root = signed(pair=foreign_key(), parts=parts)
        assert refusal(root, provider(require_message_signature=False)) in {
            "signature_invalid",
            "assertion_unsigned",
        }


def test_the_right_issuer_with_another_providers_key_is_refused() -> None:
    settings = provider(idp_certificates=(foreign_key().certificate,))
    assert refusal(signed(), settings) == "signature_invalid"


@pytest.mark.parametrize("demand", [True, False])
def test_an_unsigned_assertion_is_refused(demand: bool) -> None:
    settings = provider(require_message_signature=demand)
    assert refusal(signed(parts="response"), settings) == "assertion_unsigned"


def test_an_unsigned_response_is_refused_where_its_signature_is_demanded() -> None:
    assert refusal(signed(parts="assertion")) == "message_unsigned"


def test_a_removed_response_signature_is_refused() -> None:
    root = signed()
    root.remove(only(root, "ds:Signature"))
    assert refusal(root) == "message_unsigned"


def test_nothing_signed_is_refused() -> None:
    assert refusal(document(Answer())) == "signature_missing"


ALTERED: dict[str, tuple[str, str | None, str]] = {
    "NameID": ("saml:Assertion/saml:Subject/saml:NameID", None, "mallory"),
    "login": ("saml:Assertion/saml:AttributeStatement//saml:AttributeValue", None, "ben"),
    "attribute name": ("saml:Assertion/saml:AttributeStatement/saml:Attribute", "Name", "x"),
    "session": ("saml:Assertion/saml:AuthnStatement", "SessionIndex", "_2"),
    "digest": ("saml:Assertion//ds:DigestValue", None, "AAAA"),
    "signature": ("saml:Assertion//ds:SignatureValue", None, "AAAA"),
    "response issue": (".", "IssueInstant", "2026-01-01T00:00:00Z"),
}


@pytest.mark.parametrize(("path", "name", "value"), ALTERED.values(), ids=ALTERED.keys())
def test_what_was_altered_after_signing_is_refused(path: str, name: str | None, value: str) -> None:
    root = signed()
    alter(only(root, path), name, value)
    assert refusal(root) == "signature_invalid"


def alter(element: Element, name: str | None, value: str) -> None:
    if name is None:
        element.text = value
    else:
        element.set(name, value)


def test_an_altered_audience_is_refused() -> None:
    root = signed(Answer(audiences=(f"{OTHER}/saml/metadata",)))
    only(root, "saml:Assertion/saml:Conditions//saml:Audience").text = AUDIENCE
    assert refusal(root) == "signature_invalid"


def test_an_altered_address_of_an_unsigned_response_is_still_compared() -> None:
    root = signed(Answer(in_response_to="_other"), parts="assertion")
    root.set("InResponseTo", REQUEST_ID)
    settings = provider(require_message_signature=False)
    assert accepted(root, settings).login == "ada"
    only(root, "saml:Assertion").set("ID", "_assertion2")
    assert refusal(root, settings) == "reference_target"


# ---- never an error page ----------------------------------------------------------------------


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("x"), RuntimeError("x"), OSError()])
def test_whatever_the_library_raises_is_a_refusal(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(OneLogin_Saml2_Response, "is_valid", fail)
    assert refusal(signed()) == "invalid"


def test_an_assertion_without_conditions_or_authentication_is_refused() -> None:
    for name, code in (("Conditions", "lifetime"), ("AuthnStatement", "invalid")):
        root = document(Answer())
        assertion = only(root, "saml:Assertion")
        assertion.remove(only(assertion, f"saml:{name}"))
        assert refusal(sign_all(root)) == code


def test_an_assertion_without_a_name_id_is_refused() -> None:
    root = document(Answer())
    subject = only(root, "saml:Assertion/saml:Subject")
    subject.remove(only(subject, "saml:NameID"))
    assert refusal(sign_all(root)) == "name_id"


def test_elements_in_the_wrong_order_are_refused() -> None:
    root = document(Answer())
    assertion = only(root, "saml:Assertion")
    assertion.append(only(assertion, "saml:Subject"))
    assert refusal(sign_all(root)) == "schema"


def test_another_saml_version_is_refused() -> None:
    root = document(Answer())
    root.set("Version", "1.1")
    assert refusal(sign_all(root)) == "not_a_response"
