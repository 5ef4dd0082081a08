"""What this broker sends to the identity provider: the question of a sign-in, its metadata."""

import base64
import secrets
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree
from lxml.etree import _Element as Element

from webui.auth.saml.names import BINDING_POST, DS, MD, RSA_SHA256, SAML, SAMLP, ds, md, saml, samlp
from webui.auth.saml.provider import ServiceProvider

MAX_RELAY_STATE = 80  # bytes; SAML Bindings 2.0, section 3.4.3


@dataclass(frozen=True)
class LoginRequest:
    """One sign-in: the id that the answer must name, and where to send the browser."""

    request_id: str
    url: str


def login_request(provider: ServiceProvider, relay_state: str, now: datetime) -> LoginRequest:
    """A fresh AuthnRequest for the HTTP-Redirect binding, signed when the broker has a key.

    `relay_state` is an opaque handle of at most 80 characters; it comes back with the answer,
    unprotected. Raises ValueError for a longer or empty one, or a key that is not RSA.
    """
    if not relay_state.isascii() or not 0 < len(relay_state) <= MAX_RELAY_STATE:
        raise ValueError("The relay state must be a short ASCII handle.")
    request_id = f"_{secrets.token_hex(20)}"  # an xs:ID must not begin with a digit
    request = _deflated(_authn_request(provider, request_id, now))
    query = urlencode({"SAMLRequest": request, "RelayState": relay_state})
    if provider.sp_key:
        query = _signed(query, provider.sp_key)
    joint = "&" if urlsplit(provider.idp_sso_url).query else "?"
    return LoginRequest(request_id, f"{provider.idp_sso_url}{joint}{query}")


def service_provider_metadata(provider: ServiceProvider) -> bytes:
    """This broker's SAML metadata (UTF-8 XML), for the administrator of the identity provider."""
    entity = etree.Element(
        md("EntityDescriptor"), nsmap={"md": MD, "ds": DS}, entityID=provider.entity_id
    )
    role = etree.SubElement(
        entity,
        md("SPSSODescriptor"),
        AuthnRequestsSigned=str(bool(provider.sp_key)).lower(),
        WantAssertionsSigned="true",
        protocolSupportEnumeration=SAMLP,
    )
    if provider.sp_certificate:
        _add_certificate(role, provider.sp_certificate)
    etree.SubElement(role, md("NameIDFormat")).text = provider.name_id_format
    etree.SubElement(
        role,
        md("AssertionConsumerService"),
        Binding=BINDING_POST,
        Location=provider.acs_url,
        index="0",
        isDefault="true",
    )
    return etree.tostring(entity, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _authn_request(provider: ServiceProvider, request_id: str, now: datetime) -> bytes:
    request = etree.Element(
        samlp("AuthnRequest"),
        nsmap={"samlp": SAMLP, "saml": SAML},
        ID=request_id,
        Version="2.0",
        IssueInstant=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        Destination=provider.idp_sso_url,
        ProtocolBinding=BINDING_POST,
        AssertionConsumerServiceURL=provider.acs_url,
    )
    etree.SubElement(request, saml("Issuer")).text = provider.entity_id
    policy = {"Format": provider.name_id_format, "AllowCreate": "true"}
    etree.SubElement(request, samlp("NameIDPolicy"), policy)
    return etree.tostring(request, encoding="UTF-8")


def _deflated(document: bytes) -> str:
    """Raw deflate and base64 (SAML Bindings 2.0, section 3.4.4.1)."""
    compressor = zlib.compressobj(wbits=-15)
    return base64.b64encode(compressor.compress(document) + compressor.flush()).decode("ascii")


def _signed(query: str, pem: str) -> str:
    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("The broker's SAML key must be an RSA key.")  # noqa: TRY004  # a setting's fault
    query = f"{query}&{urlencode({'SigAlg': RSA_SHA256})}"
    signature = key.sign(query.encode("ascii"), PKCS1v15(), SHA256())
    return f"{query}&{urlencode({'Signature': base64.b64encode(signature).decode('ascii')})}"


def _add_certificate(role: Element, pem: str) -> None:
    descriptor = etree.SubElement(role, md("KeyDescriptor"), use="signing")
    data = etree.SubElement(etree.SubElement(descriptor, ds("KeyInfo")), ds("X509Data"))
    lines = [line.strip() for line in pem.strip().splitlines() if not line.startswith("-----")]
    etree.SubElement(data, ds("X509Certificate")).text = "".join(lines)
