"""SAML responses, honest by default, and as crooked as a test wants them.

SAML 2.0 core and the web browser SSO profile; shaped like the answers of common identity providers:
response and assertion both signed, exclusive canonicalisation, RSA-SHA256.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from xml.sax.saxutils import escape, quoteattr

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Constants
from onelogin.saml2.utils import OneLogin_Saml2_Utils

PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_NAMESPACES = (
    'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" '
    'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'
)
_KEY_BITS, _KEY_EXPONENT = 2048, 65537

Change = Callable[[str], str]


@dataclass(frozen=True)
class KeyPair:
    """A signing key and its certificate, both PEM."""

    private_key: str
    certificate: str

    @classmethod
    def generate(
        cls, common_name: str = "sandbox-idp", good_for: timedelta = timedelta(days=364)
    ) -> KeyPair:
        """A fresh key with a certificate for a year, of which `good_for` is left."""
        key = rsa.generate_private_key(_KEY_EXPONENT, _KEY_BITS)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        end = datetime.now(UTC) + good_for
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(end - timedelta(days=365))
            .not_valid_after(end)
            .sign(key, hashes.SHA256())
        )
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return cls(pem.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode())

    @property
    def certificate_body(self) -> str:
        """The certificate as metadata carries it: base64 without its frame."""
        return "".join(self.certificate.splitlines()[1:-1])


def _new_id() -> str:
    return f"_{token_hex(20)}"


@dataclass(frozen=True)
class Answer:
    """What a response says. Every field can be changed (`dataclasses.replace`) to say it wrongly.

    Times are aware UTC. An empty `in_response_to`, `recipient`, `destination` or `session_index`
    leaves the attribute out, an empty `audiences` the restriction.
    """

    issuer: str
    acs_url: str
    audiences: tuple[str, ...]
    name_id: str
    in_response_to: str = ""
    attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    destination: str | None = None
    recipient: str | None = None
    assertion_issuer: str | None = None
    name_id_format: str = PERSISTENT
    status: str = SUCCESS
    method: str = BEARER
    context: str = PASSWORD
    session_index: str = field(default_factory=_new_id)
    response_id: str = field(default_factory=_new_id)
    assertion_id: str = field(default_factory=_new_id)
    issued_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    authenticated_at: datetime | None = None
    before: timedelta = timedelta(seconds=30)
    lifetime: timedelta = timedelta(minutes=5)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _attribute(name: str, value: str) -> str:
    return f" {name}={quoteattr(value)}" if value else ""


def _attributes(values: Mapping[str, Sequence[str]]) -> str:
    """An attribute without a value is left out, as identity providers do."""
    rows = (
        f'<saml:Attribute Name={quoteattr(name)} NameFormat="'
        'urn:oasis:names:tc:SAML:2.0:attrname-format:basic">'
        + "".join(
            '<saml:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" '
            'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">'
            f"{escape(value)}</saml:AttributeValue>"
            for value in listed
        )
        + "</saml:Attribute>"
        for name, listed in values.items()
        if listed
    )
    inner = "".join(rows)
    return f"<saml:AttributeStatement>{inner}</saml:AttributeStatement>" if inner else ""


def build_assertion(answer: Answer) -> str:
    """The assertion alone, not signed."""
    until, start = answer.issued_at + answer.lifetime, answer.issued_at - answer.before
    audiences = "".join(f"<saml:Audience>{escape(a)}</saml:Audience>" for a in answer.audiences)
    restriction = f"<saml:AudienceRestriction>{audiences}</saml:AudienceRestriction>"
    recipient = answer.acs_url if answer.recipient is None else answer.recipient
    signed_in_at = answer.authenticated_at or answer.issued_at
    return (
        f'<saml:Assertion {_NAMESPACES} ID="{answer.assertion_id}" Version="2.0" '
        f'IssueInstant="{_moment(answer.issued_at)}">'
        f"<saml:Issuer>{escape(answer.assertion_issuer or answer.issuer)}</saml:Issuer>"
        f'<saml:Subject><saml:NameID Format="{answer.name_id_format}">'
        f"{escape(answer.name_id)}</saml:NameID>"
        f'<saml:SubjectConfirmation Method="{answer.method}"><saml:SubjectConfirmationData '
        f'NotOnOrAfter="{_moment(until)}"{_attribute("Recipient", recipient)}'
        f"{_attribute('InResponseTo', answer.in_response_to)}/></saml:SubjectConfirmation>"
        f'</saml:Subject><saml:Conditions NotBefore="{_moment(start)}" '
        f'NotOnOrAfter="{_moment(until)}">{restriction if audiences else ""}</saml:Conditions>'
        f'<saml:AuthnStatement AuthnInstant="{_moment(signed_in_at)}"'
        f"{_attribute('SessionIndex', answer.session_index)}><saml:AuthnContext>"
        f"<saml:AuthnContextClassRef>{answer.context}</saml:AuthnContextClassRef>"
        f"</saml:AuthnContext></saml:AuthnStatement>{_attributes(answer.attributes)}"
        "</saml:Assertion>"
    )


def wrap(answer: Answer, inner: str) -> str:
    """A response, not signed, around whatever `inner` is: an assertion, several, or none."""
    destination = answer.acs_url if answer.destination is None else answer.destination
    return (
        f'<samlp:Response {_NAMESPACES} ID="{answer.response_id}" Version="2.0" '
        f'IssueInstant="{_moment(answer.issued_at)}"{_attribute("Destination", destination)}'
        f"{_attribute('InResponseTo', answer.in_response_to)}>"
        f"<saml:Issuer>{escape(answer.issuer)}</saml:Issuer>"
        f'<samlp:Status><samlp:StatusCode Value="{answer.status}"/></samlp:Status>'
        f"{inner}</samlp:Response>"
    )


def sign(
    xml: str,
    keys: KeyPair,
    *,
    signature: str = Constants.RSA_SHA256,
    digest: str = Constants.SHA256,
) -> str:
    """`xml` with its root element signed, the signature right after the Issuer."""
    signed = OneLogin_Saml2_Utils.add_sign(
        xml, keys.private_key, keys.certificate, sign_algorithm=signature, digest_algorithm=digest
    )
    return signed.decode() if isinstance(signed, bytes) else str(signed)


def _same(xml: str) -> str:
    return xml


def build_response(
    answer: Answer,
    keys: KeyPair,
    *,
    sign_assertion: bool = True,
    sign_response: bool = True,
    change_assertion: Change = _same,
    change_response: Change = _same,
    signature: str = Constants.RSA_SHA256,
    digest: str = Constants.SHA256,
) -> str:
    """The response as XML. `change_assertion` and `change_response` rewrite the XML just before it
    is signed; what is to break a signature is done to the result.
    """
    assertion = change_assertion(build_assertion(answer))
    if sign_assertion:
        assertion = sign(assertion, keys, signature=signature, digest=digest)
    response = change_response(wrap(answer, assertion))
    if sign_response:
        response = sign(response, keys, signature=signature, digest=digest)
    return response


def pretty(xml: str) -> str:
    """The XML indented, for people; its signatures no longer hold."""
    root = etree.fromstring(xml.encode(), etree.XMLParser(resolve_entities=False))
    return etree.tostring(root, pretty_print=True).decode()
