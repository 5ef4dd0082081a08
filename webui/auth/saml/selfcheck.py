"""Whether this process may verify SAML at all: looked at once, before the first request.

lxml and xmlsec each bring a copy of libxml2 and share trees in memory, so the two must fit each
other; a wrong pair fails at import, at random, or by accepting what it should not.
"""

import base64
import importlib.metadata
import threading
from datetime import UTC, datetime, timedelta
from types import ModuleType

PINS = {"lxml": "6.1.3", "xmlsec": "1.3.17", "python3-saml": "1.16.0"}

_BASE_URL = "https://self-check.invalid"
_IDP = "https://idp.self-check.invalid"
_REQUEST_ID = "_self-check"
_TEMPLATE = """\
<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"
 xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r" Version="2.0" IssueInstant="{now}"
 Destination="{acs}" InResponseTo="{request}"><saml:Issuer>{idp}</saml:Issuer><samlp:Status>\
<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>{assertion}\
</samlp:Response>"""
_ASSERTION = """\
<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a" Version="2.0"
 IssueInstant="{now}"><saml:Issuer>{idp}</saml:Issuer><saml:Subject>\
<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">golden</saml:NameID>\
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">\
<saml:SubjectConfirmationData InResponseTo="{request}" Recipient="{acs}" NotOnOrAfter="{end}"/>\
</saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{now}" NotOnOrAfter="{end}">\
<saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction>\
</saml:Conditions><saml:AuthnStatement AuthnInstant="{now}"><saml:AuthnContext>\
<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified\
</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement></saml:Assertion>"""

_cleaned = threading.Event()


def ensure_safe() -> None:
    """Check versions and libraries, close xmlsec's file and network openers, try the door once.

    Takes well under a second. Raises RuntimeError with a sentence when sign-in would not be safe.
    """
    _check_versions()
    _check_libraries()
    _check_door()


def _check_versions() -> None:
    for name, wanted in PINS.items():
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError as error:
            raise RuntimeError(f"The package {name} is not installed.") from error
        if found != wanted:
            raise RuntimeError(f"The package {name} is {found}; SAML is only safe with {wanted}.")


def _check_libraries() -> None:
    etree, xmlsec = _imported()
    ours, theirs = tuple(etree.LIBXML_VERSION), tuple(xmlsec.get_libxml_version())
    if ours != theirs:
        raise RuntimeError(f"lxml carries libxml2 {ours} but xmlsec carries {theirs}.")
    if not _cleaned.is_set():  # a second clean-up has nothing to remove
        xmlsec.cleanup_callbacks()
        _cleaned.set()


def _imported() -> tuple[ModuleType, ModuleType]:
    """Imported here, so that a pair that does not fit gives a sentence instead of a traceback."""
    try:
        import xmlsec
        from lxml import etree
    except ImportError as error:
        raise RuntimeError(f"lxml and xmlsec do not work together: {error}.") from error
    return etree, xmlsec


def _check_door() -> None:
    from webui.auth.saml.verify import Expected, SamlRefused, ServiceProvider, verify

    key, certificate = _throw_away_key()
    provider = ServiceProvider(
        base_url=_BASE_URL,
        idp_entity_id=_IDP,
        idp_sso_url=f"{_IDP}/sso",
        idp_certificates=(certificate,),
        login_attribute="",
    )
    expected = Expected(_REQUEST_ID, datetime.now(UTC))
    golden = _golden(provider.acs_url, provider.entity_id, key, certificate)
    try:
        verify(_posted(golden), expected, provider)
    except SamlRefused as refused:
        raise RuntimeError(f"A good SAML response is refused: {refused.sentence}") from refused
    try:
        verify(_posted(golden.replace(b">golden<", b">forged<")), expected, provider)
    except SamlRefused:
        return
    raise RuntimeError("A forged SAML response is accepted.")


def _golden(acs: str, audience: str, key: str, certificate: str) -> bytes:
    """A response with both signatures, as the configured provider would send it."""
    from onelogin.saml2.utils import OneLogin_Saml2_Utils

    now = datetime.now(UTC)
    values = {
        "now": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "end": f"{now + timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}",
        "acs": acs,
        "audience": audience,
        "idp": _IDP,
        "request": _REQUEST_ID,
    }
    assertion = OneLogin_Saml2_Utils.add_sign(_ASSERTION.format(**values), key, certificate)
    response = _TEMPLATE.format(assertion=assertion.decode(), **values)
    return bytes(OneLogin_Saml2_Utils.add_sign(response, key, certificate))


def _posted(document: bytes) -> str:
    return base64.b64encode(document).decode("ascii")


def _throw_away_key() -> tuple[str, str]:
    """An RSA key and its certificate as PEM; made for this check and forgotten."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "self-check")])
    today = datetime.now(UTC)
    certificate = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), today, today + timedelta(days=1)
    ).sign(key, SHA256())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode("ascii"), certificate.public_bytes(Encoding.PEM).decode("ascii")
