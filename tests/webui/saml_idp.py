"""A throw-away identity provider for the SAML tests: own key, own templates, own signer.

It shares no code with the product, so that a mistake there is not repeated here.
"""

import base64
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from html import escape

import pytest
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from lxml import etree
from lxml.etree import _Element as Element

from webui.auth.saml.verify import Expected, Identity, SamlRefused, ServiceProvider, verify

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
NS = {"saml": SAML, "samlp": SAMLP, "ds": DS}
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"

BROKER = "https://broker.example.com"
ACS = f"{BROKER}/saml/acs"
AUDIENCE = f"{BROKER}/saml/metadata"
IDP = "https://idp.example.com/metadata"
SSO = "https://idp.example.com/sso"
REQUEST_ID = "_4fee3b046395c4e751011e97f8900b5273d56685"


@dataclass(frozen=True)
class KeyPair:
    """A private key and a self-signed certificate over it, both PEM."""

    key: str
    certificate: str


def make_key_pair(name: str, ends_at: datetime | None = None) -> KeyPair:
    """A fresh RSA key; the certificate ends in a day unless told otherwise."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    end = ends_at or datetime.now(UTC) + timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(end - timedelta(days=30))
        .not_valid_after(end)
        .sign(key, SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return KeyPair(pem.decode(), certificate.public_bytes(Encoding.PEM).decode())


@cache
def idp_key() -> KeyPair:
    """The identity provider's key of this test run."""
    return make_key_pair("idp.example.com")


@cache
def foreign_key() -> KeyPair:
    """A key that the broker has never heard of."""
    return make_key_pair("elsewhere.example.com")


@cache
def expired_key() -> KeyPair:
    """A key whose certificate ended yesterday."""
    return make_key_pair("old.example.com", datetime.now(UTC) - timedelta(days=1))


def provider(**changes: object) -> ServiceProvider:
    """The broker's settings for this identity provider."""
    settings: dict[str, object] = {
        "base_url": BROKER,
        "idp_entity_id": IDP,
        "idp_sso_url": SSO,
        "idp_certificates": (idp_key().certificate,),
    }
    return ServiceProvider(**(settings | changes))  # type: ignore[arg-type]  # values vary by name


def stamp(after: timedelta) -> str:
    """A time as SAML writes it, counted from now."""
    return (datetime.now(UTC) + after).strftime("%Y-%m-%dT%H:%M:%SZ")


def minutes(count: float) -> str:
    """The time that many minutes from now, as SAML writes it."""
    return stamp(timedelta(minutes=count))


@dataclass(frozen=True)
class Style:
    """How the document is spelt: prefixes ("" is the default namespace) and line breaks."""

    saml: str = "saml"
    samlp: str = "samlp"
    ds: str = "ds"
    pretty: bool = False

    def tag(self, prefix: str, name: str) -> str:
        return f"{prefix}:{name}" if prefix else name

    def a(self, name: str) -> str:
        return self.tag(self.saml, name)

    def p(self, name: str) -> str:
        return self.tag(self.samlp, name)

    def declare(self, prefix: str, uri: str) -> str:
        return f'xmlns:{prefix}="{uri}"' if prefix else f'xmlns="{uri}"'


def default_attributes() -> dict[str, tuple[str, ...]]:
    return {
        "uid": ("ada",),
        "email": ("ada@example.com",),
        "displayName": ("Ada Lindqvist",),
        "employeeNumber": ("1001",),
        "groups": ("broker-operators", "broker-auditors"),
    }


@dataclass(frozen=True)
class Answer:
    """What the identity provider says. None leaves the XML attribute or element out."""

    in_response_to: str | None = REQUEST_ID
    destination: str | None = ACS
    response_issuer: str | None = IDP
    status: str = f'<samlp:StatusCode Value="{SUCCESS}"/>'
    assertion_issuer: str = IDP
    name_id: str = "b1946ac92492d2347c6235b4d2611184"  # XML text
    name_id_format: str | None = PERSISTENT
    name_id_qualifier: str | None = None
    confirmations: int = 1
    method: str = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
    confirmed_request: str | None = REQUEST_ID
    recipient: str | None = ACS
    confirmed_from: str | None = None
    confirmed_until: str | None = field(default_factory=lambda: minutes(5))
    valid_from: str | None = field(default_factory=lambda: minutes(-0.5))
    valid_until: str | None = field(default_factory=lambda: minutes(5))
    audiences: tuple[str, ...] = (AUDIENCE,)
    authenticated_at: str = field(default_factory=lambda: minutes(0))
    session_index: str | None = "_session1"
    session_until: str | None = field(default_factory=lambda: minutes(480))
    attributes: dict[str, tuple[str, ...]] = field(default_factory=default_attributes)
    extra_attributes: str = ""  # XML, after the others
    issued_at: str = field(default_factory=lambda: minutes(0))

    def but(self, **changes: object) -> "Answer":
        """The same answer with some values changed."""
        return replace(self, **changes)  # type: ignore[arg-type]  # values vary by name


def attributes(**values: str | None) -> str:
    """XML attributes, leaving out those that are None."""
    return "".join(f' {k}="{escape(v)}"' for k, v in values.items() if v is not None)


def document(answer: Answer, style: Style | None = None) -> Element:
    """The unsigned response as a tree."""
    s = style or Style()
    glue = "\n  " if s.pretty else ""
    parts = [
        f"<{s.p('Response')} {s.declare(s.samlp, SAMLP)}"
        + attributes(
            ID="_response1",
            Version="2.0",
            IssueInstant=answer.issued_at,
            Destination=answer.destination,
            InResponseTo=answer.in_response_to,
        )
        + ">",
        _issuer(s, answer.response_issuer),
        f"<{s.p('Status')}>{answer.status.replace('samlp:', s.p(''))}</{s.p('Status')}>",
        _assertion(answer, s, glue),
        f"</{s.p('Response')}>",
    ]
    return etree.fromstring(glue.join(part for part in parts if part))


def _issuer(s: Style, issuer: str | None) -> str:
    if issuer is None:
        return ""
    return f"<{s.a('Issuer')} {s.declare(s.saml, SAML)}>{escape(issuer)}</{s.a('Issuer')}>"


def _assertion(answer: Answer, s: Style, glue: str) -> str:
    head = attributes(ID="_assertion1", Version="2.0", IssueInstant=answer.issued_at)
    parts = [
        f"<{s.a('Assertion')} {s.declare(s.saml, SAML)}{head}>",
        f"<{s.a('Issuer')}>{escape(answer.assertion_issuer)}</{s.a('Issuer')}>",
        _subject(answer, s),
        _conditions(answer, s),
        _authentication(answer, s),
        _attribute_statement(answer, s, glue),
        f"</{s.a('Assertion')}>",
    ]
    return glue.join(part for part in parts if part)


def _subject(answer: Answer, s: Style) -> str:
    naming = attributes(Format=answer.name_id_format, SPNameQualifier=answer.name_id_qualifier)
    data = attributes(
        InResponseTo=answer.confirmed_request,
        Recipient=answer.recipient,
        NotBefore=answer.confirmed_from,
        NotOnOrAfter=answer.confirmed_until,
    )
    confirmation = (
        f"<{s.a('SubjectConfirmation')}{attributes(Method=answer.method)}>"
        f"<{s.a('SubjectConfirmationData')}{data}/></{s.a('SubjectConfirmation')}>"
    )
    return (
        f"<{s.a('Subject')}><{s.a('NameID')}{naming}>{answer.name_id}</{s.a('NameID')}>"
        f"{confirmation * answer.confirmations}</{s.a('Subject')}>"
    )


def _conditions(answer: Answer, s: Style) -> str:
    window = attributes(NotBefore=answer.valid_from, NotOnOrAfter=answer.valid_until)
    audiences = "".join(
        f"<{s.a('Audience')}>{escape(audience)}</{s.a('Audience')}>"
        for audience in answer.audiences
    )
    restriction = f"<{s.a('AudienceRestriction')}>{audiences}</{s.a('AudienceRestriction')}>"
    return f"<{s.a('Conditions')}{window}>{restriction if audiences else ''}</{s.a('Conditions')}>"


def _authentication(answer: Answer, s: Style) -> str:
    session = attributes(
        AuthnInstant=answer.authenticated_at,
        SessionIndex=answer.session_index,
        SessionNotOnOrAfter=answer.session_until,
    )
    context = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
    return (
        f"<{s.a('AuthnStatement')}{session}><{s.a('AuthnContext')}><{s.a('AuthnContextClassRef')}>"
        f"{context}</{s.a('AuthnContextClassRef')}></{s.a('AuthnContext')}></{s.a('AuthnStatement')}>"
    )


def _attribute_statement(answer: Answer, s: Style, glue: str) -> str:
    kind = (
        'xmlns:xs="http://www.w3.org/2001/XMLSchema" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string"'
    )
    name, value = s.a("Attribute"), s.a("AttributeValue")
    parts = [
        f"<{name}{attributes(Name=key)}>"
        + "".join(f"<{value} {kind}>{text}</{value}>" for text in texts)
        + f"</{name}>"
        for key, texts in answer.attributes.items()
    ] + ([answer.extra_attributes] if answer.extra_attributes else [])
    if not parts:
        return ""
    return f"<{s.a('AttributeStatement')}>{glue.join(parts)}</{s.a('AttributeStatement')}>"


def sign(element: Element, pair: KeyPair, prefix: str = "ds", key_name: str | None = None) -> None:
    """Sign one Response or Assertion in place, the signature right after its Issuer."""
    node = xmlsec.template.create(
        element, xmlsec.constants.TransformExclC14N, xmlsec.constants.TransformRsaSha256, ns=prefix
    )
    issuer = element.find("saml:Issuer", NS)
    element.insert(0 if issuer is None else 1, node)
    reference = xmlsec.template.add_reference(
        node, xmlsec.constants.TransformSha256, uri=f"#{element.get('ID')}"
    )
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformExclC14N)
    info = xmlsec.template.ensure_key_info(node)
    if key_name:
        xmlsec.template.add_key_name(info, key_name)
    xmlsec.template.x509_data_add_certificate(xmlsec.template.add_x509_data(info))
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(pair.key, xmlsec.constants.KeyDataFormatPem)
    context.key.load_cert_from_memory(pair.certificate, xmlsec.constants.KeyDataFormatPem)
    xmlsec.tree.add_ids(element, ["ID"])
    context.sign(node)


def signed(
    answer: Answer | None = None,
    style: Style | None = None,
    pair: KeyPair | None = None,
    parts: str = "both",
    key_name: str | None = None,
) -> Element:
    """The response, signed; `parts` says which: assertion, response or both."""
    prefix = (style or Style()).ds
    return sign_all(document(answer or Answer(), style), pair, parts, prefix, key_name)


def sign_all(
    root: Element,
    pair: KeyPair | None = None,
    parts: str = "both",
    prefix: str = "ds",
    key_name: str | None = None,
) -> Element:
    """Sign a response that was built or altered by hand."""
    if parts in {"assertion", "both"}:
        sign(only(root, "saml:Assertion"), pair or idp_key(), prefix, key_name)
    if parts in {"response", "both"}:
        sign(root, pair or idp_key(), prefix, key_name)
    return etree.fromstring(etree.tostring(root))  # lxml cannot search what xmlsec has inserted


def only(root: Element, path: str) -> Element:
    """The first element at the path, which must be there."""
    found = root.find(path, NS)
    assert found is not None, path
    return found


def posted(root: Element) -> str:
    """The form field `SAMLResponse` that carries the tree."""
    return base64.b64encode(etree.tostring(root)).decode()


def posted_text(text: str) -> str:
    """The form field that carries this text."""
    return base64.b64encode(text.encode()).decode()


def expected(request_id: str = REQUEST_ID, now: datetime | None = None) -> Expected:
    return Expected(request_id, now or datetime.now(UTC))


def accepted(root: Element, to: ServiceProvider | None = None) -> Identity:
    """The identity that the broker reads from the tree."""
    return verify(posted(root), expected(), to or provider())


def refusal_of(raw: str, to: ServiceProvider | None = None, wants: Expected | None = None) -> str:
    """The reason code with which the broker refuses; fails when it gives an identity."""
    with pytest.raises(SamlRefused) as refused:
        verify(raw, wants or expected(), to or provider())
    return refused.value.code


def refusal(root: Element, to: ServiceProvider | None = None) -> str:
    """The reason code with which the broker refuses the tree."""
    return refusal_of(posted(root), to)
