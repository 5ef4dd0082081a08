"""What the broker sends: sign-in requests, its metadata, and the settings behind both."""

import base64
import zlib
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate
from lxml import etree
from lxml.etree import _Element as Element
from onelogin.saml2.settings import OneLogin_Saml2_Settings

from tests.webui.saml_idp import (
    ACS,
    AUDIENCE,
    PERSISTENT,
    SSO,
    foreign_key,
    idp_key,
    only,
    provider,
)
from webui.auth.saml.provider import ServiceProvider, library_settings, request_data
from webui.auth.saml.request import LoginRequest, login_request, service_provider_metadata

NOW = datetime(2026, 1, 31, 8, 15, 30, tzinfo=UTC)
EC_KEY = "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----"


def signing_provider(**changes: object) -> ServiceProvider:
    pair = foreign_key()
    return provider(sp_key=pair.key, sp_certificate=pair.certificate, **changes)


def request_in(sent: LoginRequest) -> Element:
    (packed,) = parse_qs(urlsplit(sent.url).query)["SAMLRequest"]
    return etree.fromstring(zlib.decompress(base64.b64decode(packed), wbits=-15))


def test_the_request_names_us_the_provider_and_the_moment() -> None:
    sent = login_request(provider(), "handle", NOW)
    request = request_in(sent)
    assert sent.url.startswith(f"{SSO}?SAMLRequest=")
    assert request.get("ID") == sent.request_id
    assert request.get("Destination") == SSO
    assert request.get("AssertionConsumerServiceURL") == ACS
    assert request.get("IssueInstant") == "2026-01-31T08:15:30Z"
    assert only(request, "saml:Issuer").text == AUDIENCE
    assert only(request, "samlp:NameIDPolicy").get("Format") == PERSISTENT


def test_no_authentication_method_is_demanded() -> None:
    request = request_in(login_request(provider(), "handle", NOW))
    assert request.find("{*}RequestedAuthnContext") is None


def test_every_request_has_its_own_id() -> None:
    ids = {login_request(provider(), "handle", NOW).request_id for _ in range(50)}
    assert len(ids) == 50
    assert all(len(request_id) == 41 and request_id.startswith("_") for request_id in ids)


def test_the_handle_is_sent_as_relay_state() -> None:
    query = parse_qs(urlsplit(login_request(provider(), "a-b_c.d~e", NOW).url).query)
    assert query["RelayState"] == ["a-b_c.d~e"]
    assert "Signature" not in query


@pytest.mark.parametrize("handle", ["", "x" * 81, "näme"])
def test_a_handle_that_does_not_fit_is_a_mistake(handle: str) -> None:
    with pytest.raises(ValueError, match="relay state"):
        login_request(provider(), handle, NOW)


def test_a_sign_in_address_with_a_query_keeps_it() -> None:
    sent = login_request(provider(idp_sso_url=f"{SSO}?tenant=a&b=c"), "handle", NOW)
    assert sent.url.startswith(f"{SSO}?tenant=a&b=c&SAMLRequest=")
    assert request_in(sent).get("Destination") == f"{SSO}?tenant=a&b=c"


def test_with_a_key_the_query_is_signed() -> None:
    sent = login_request(signing_provider(), "handle", NOW)
    signed, _, _ = sent.url.partition("?")[2].partition("&Signature=")
    (signature,) = parse_qs(urlsplit(sent.url).query)["Signature"]
    key = load_pem_x509_certificate(foreign_key().certificate.encode()).public_key()
    assert isinstance(key, RSAPublicKey)
    key.verify(base64.b64decode(signature), signed.encode(), PKCS1v15(), SHA256())
    names = [part.partition("=")[0] for part in signed.split("&")]
    assert names == ["SAMLRequest", "RelayState", "SigAlg"]


def test_a_key_that_cannot_be_read_is_a_mistake() -> None:
    settings = provider(sp_key=EC_KEY, sp_certificate=idp_key().certificate)
    with pytest.raises(ValueError):  # noqa: PT011  # the words are the crypto library's
        login_request(settings, "handle", NOW)


@pytest.mark.parametrize("settings", [provider(), signing_provider()], ids=["plain", "signing"])
def test_our_metadata_follows_the_schema(settings: ServiceProvider) -> None:
    text = service_provider_metadata(settings).decode()
    assert OneLogin_Saml2_Settings(library_settings(settings)).validate_metadata(text) == []


def test_our_metadata_says_where_to_post_and_how_we_sign() -> None:
    root = etree.fromstring(service_provider_metadata(signing_provider()))
    role = only(root, "{*}SPSSODescriptor")
    service = only(role, "{*}AssertionConsumerService")
    assert root.get("entityID") == AUDIENCE
    assert (service.get("Location"), service.get("Binding", "")[-9:]) == (ACS, "HTTP-POST")
    assert (role.get("AuthnRequestsSigned"), role.get("WantAssertionsSigned")) == ("true", "true")
    certificate = only(role, "{*}KeyDescriptor//ds:X509Certificate").text
    assert certificate
    assert certificate in foreign_key().certificate.replace("\n", "")


def test_our_metadata_without_a_key_names_none() -> None:
    root = etree.fromstring(service_provider_metadata(provider()))
    assert root.find(".//{*}KeyDescriptor") is None
    assert only(root, "{*}SPSSODescriptor").get("AuthnRequestsSigned") == "false"


# ---- settings ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"base_url": "http://broker.example.com"}, "base URL"),
        ({"base_url": "https://broker.example.com/?a=b"}, "end with its path"),
        ({"base_url": "https://user@broker.example.com"}, "base URL"),
        ({"base_url": "https://bro ker"}, "base URL"),
        ({"base_url": "https://broker:port"}, "base URL"),
        ({"base_url": ""}, "base URL"),
        ({"idp_sso_url": "http://idp.example.com/sso"}, "sign-in address"),
        ({"idp_sso_url": "javascript:alert(1)"}, "sign-in address"),
        ({"idp_entity_id": ""}, "entity id"),
        ({"idp_certificates": ()}, "certificate"),
        ({"idp_certificates": ("",)}, "certificate"),
        ({"sp_key": "x"}, "together"),
        ({"sp_certificate": "x"}, "together"),
    ],
)
def test_settings_that_cannot_be_safe_are_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        provider(**changes)


@pytest.mark.parametrize(
    "base", ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"]
)
def test_plain_http_is_for_this_machine_only(base: str) -> None:
    assert provider(base_url=base).acs_url == f"{base}/saml/acs"


def test_a_path_and_a_last_slash_of_the_base_url_are_understood() -> None:
    settings = provider(base_url="https://example.com/broker/")
    assert settings.acs_url == "https://example.com/broker/saml/acs"
    assert settings.entity_id == "https://example.com/broker/saml/metadata"
    assert request_data(settings)["script_name"] == "/broker/saml/acs"


def test_the_library_is_strict_and_never_trusts_a_fingerprint() -> None:
    settings = OneLogin_Saml2_Settings(library_settings(provider()))
    security = settings.get_security_data()
    assert settings.is_strict()
    assert not settings.is_debug_active()
    assert security["wantAssertionsSigned"]
    assert security["wantMessagesSigned"]
    assert security["rejectDeprecatedAlgorithm"]
    assert security["requestedAuthnContext"] is False
    assert settings.get_idp_data()["certFingerprint"] == ""
