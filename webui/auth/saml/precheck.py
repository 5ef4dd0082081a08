"""The allow-list that a SAML response must fit before the SAML library sees any of it.

The library decides a good deal before it has checked a signature, looks at the first reference of
a signature only, and follows what the document asks for. So the document's structure is compared
first with the little that SAML Core 2.0 (section 5.4, signature profile) and the Web Browser SSO
profile need; everything else is refused.
"""

import base64
import re
from collections.abc import Iterator

from lxml import etree
from lxml.etree import _Element as Element

from webui.auth.saml.names import (
    DIGEST_ALGORITHMS,
    ENVELOPED,
    EXC_C14N,
    PREFIXES,
    SIGNATURE_ALGORITHMS,
    STATUS_NAME_ID_POLICY,
    STATUS_SUCCESS,
    XML,
    XSI,
    ds,
    saml,
    samlp,
)
from webui.auth.saml.refusal import Reason

MAX_BYTES = 256 * 1024
# Base64 makes 4 characters of 3 bytes; line breaks add two for every 64 at most.
MAX_CHARACTERS = MAX_BYTES * 4 // 3 + MAX_BYTES // 16

_RESPONSE, _ASSERTION, _SIGNATURE = samlp("Response"), saml("Assertion"), ds("Signature")
_VALUES = frozenset({saml("AttributeValue"), saml("NameID"), saml("Issuer"), saml("Audience")})

# element: the only children it may have; an element that is not listed may have none.
_GRAMMAR = """
samlp:Response: saml:Issuer ds:Signature samlp:Status saml:Assertion
samlp:Status: samlp:StatusCode samlp:StatusMessage
saml:Assertion: saml:Issuer ds:Signature saml:Subject saml:Conditions
saml:Assertion: saml:AuthnStatement saml:AttributeStatement
saml:Subject: saml:NameID saml:SubjectConfirmation
saml:SubjectConfirmation: saml:SubjectConfirmationData
saml:Conditions: saml:AudienceRestriction saml:OneTimeUse saml:ProxyRestriction
saml:AudienceRestriction: saml:Audience
saml:ProxyRestriction: saml:Audience
saml:AuthnStatement: saml:SubjectLocality saml:AuthnContext
saml:AuthnContext: saml:AuthnContextClassRef saml:AuthnContextDeclRef saml:AuthenticatingAuthority
saml:AttributeStatement: saml:Attribute
saml:Attribute: saml:AttributeValue
ds:Signature: ds:SignedInfo ds:SignatureValue ds:KeyInfo
ds:SignedInfo: ds:CanonicalizationMethod ds:SignatureMethod ds:Reference
ds:CanonicalizationMethod: ec:InclusiveNamespaces
ds:Reference: ds:Transforms ds:DigestMethod ds:DigestValue
ds:Transforms: ds:Transform
ds:Transform: ec:InclusiveNamespaces
ds:KeyInfo: ds:X509Data ds:KeyName ds:KeyValue
ds:X509Data: ds:X509Certificate ds:X509SubjectName ds:X509IssuerSerial ds:X509SKI
ds:X509IssuerSerial: ds:X509IssuerName ds:X509SerialNumber
ds:KeyValue: ds:RSAKeyValue
ds:RSAKeyValue: ds:Modulus ds:Exponent
"""


def _qualified(name: str) -> str:
    prefix, _, local = name.partition(":")
    return f"{{{PREFIXES[prefix]}}}{local}"


def _children_by_element() -> dict[str, frozenset[str]]:
    children: dict[str, frozenset[str]] = {}
    for line in _GRAMMAR.split("\n")[1:-1]:
        element, _, names = line.partition(": ")
        known = children.get(_qualified(element), frozenset())
        children[_qualified(element)] = known.union(map(_qualified, names.split()))
    return children


_CHILDREN = _children_by_element()


def precheck(raw: str) -> bytes:
    """The XML of a posted SAMLResponse (base64), once its structure is known to be harmless.

    Says nothing about who wrote it: signatures, times and addresses are checked later.
    Raises SamlRefused.
    """
    document = _decoded(raw)
    root = _parsed(document)
    _check_root(root)
    _check_ids(root)
    _check_assertion(root)
    _check_signatures(root)
    _check_elements(root)
    _check_namespaces(root)
    return document


def _decoded(raw: str) -> bytes:
    if not raw:
        raise Reason.MISSING.refused()
    if len(raw) > MAX_CHARACTERS:
        raise Reason.TOO_LARGE.refused()
    document = _strict_base64(raw)
    if len(document) > MAX_BYTES:
        raise Reason.TOO_LARGE.refused()
    _check_bytes(document)
    return document


def _strict_base64(raw: str) -> bytes:
    """The one spelling of base64; line breaks are allowed (RFC 2045, some providers send them)."""
    text = raw.replace("\r", "").replace("\n", "")
    try:
        document = base64.b64decode(text, validate=True)
    except ValueError as error:  # also binascii.Error
        raise Reason.NOT_BASE64.refused() from error
    if base64.b64encode(document).decode("ascii") != text:
        raise Reason.NOT_BASE64.refused()
    return document


def _check_bytes(document: bytes) -> None:
    """In well-formed XML `<!` or `<?` always begins a declaration, comment, CDATA, instruction."""
    try:
        text = document.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Reason.ENCODING.refused() from error
    if "\0" in text:  # UTF-16 or UTF-32 that happens to decode
        raise Reason.ENCODING.refused()
    body = re.sub(r"\A\s*<\?xml\s[^<>]*\?>", "", text, count=1)
    if "<!DOCTYPE" in body or "<!ENTITY" in body:
        raise Reason.DTD.refused()
    if "<!" in body or "<?" in body:
        raise Reason.MARKUP.refused()


def _parsed(document: bytes) -> Element:
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        strip_cdata=False,
    )
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Reason.NOT_XML.refused() from error
    info = root.getroottree().docinfo
    if info.doctype:
        raise Reason.DTD.refused()
    if (info.encoding or "UTF-8").upper() != "UTF-8":
        raise Reason.ENCODING.refused()
    return root


def _check_root(root: Element) -> None:
    if root.tag != _RESPONSE:
        raise Reason.NOT_A_RESPONSE.refused()
    status = [code.get("Value") for code in root.iterfind("{*}Status//{*}StatusCode")]
    if STATUS_NAME_ID_POLICY in status:
        raise Reason.NAME_ID_POLICY.refused()
    if status != [STATUS_SUCCESS]:
        raise Reason.STATUS.refused()


def _check_ids(root: Element) -> None:
    seen = set[str]()
    for name, value in _attributes(root):
        if name.localname.lower() != "id":
            continue
        if name.namespace or value in seen:
            raise Reason.DUPLICATE_ID.refused()
        seen.add(value)


def _attributes(root: Element) -> Iterator[tuple[etree.QName, str]]:
    for element in root.iter():
        for name, value in element.items():
            yield etree.QName(name), str(value)


def _check_assertion(root: Element) -> None:
    if any(
        etree.QName(element).localname.startswith(("Encrypted", "Cipher"))
        for element in root.iter()
    ):
        raise Reason.ENCRYPTED.refused()
    assertions = list(root.iter("{*}Assertion"))
    if len(assertions) != 1:
        raise Reason.ASSERTION_COUNT.refused()
    if assertions[0].tag != _ASSERTION or assertions[0].getparent() is not root:
        raise Reason.ASSERTION_POSITION.refused()


def _check_signatures(root: Element) -> None:
    signatures = list(root.iter(_SIGNATURE))
    if not signatures:
        raise Reason.SIGNATURE_MISSING.refused()
    if any(_tag_of_parent(signature) not in (_RESPONSE, _ASSERTION) for signature in signatures):
        raise Reason.SIGNATURE_POSITION.refused()
    if len({_tag_of_parent(signature) for signature in signatures}) != len(signatures):
        raise Reason.SIGNATURE_COUNT.refused()
    for signature in signatures:
        _check_signature(signature)


def _tag_of_parent(element: Element) -> str:
    parent = element.getparent()
    return "" if parent is None else str(parent.tag)


def _tags(element: Element) -> list[str]:
    return [str(child.tag) for child in element]


def _check_signature(signature: Element) -> None:
    if _tags(signature)[:2] != [ds("SignedInfo"), ds("SignatureValue")]:
        raise Reason.SIGNATURE_SHAPE.refused()
    if _tags(signature)[2:] not in ([], [ds("KeyInfo")]):
        raise Reason.SIGNATURE_SHAPE.refused()
    _check_signed_info(signature[0])
    for element in signature.iterfind(ds("KeyInfo")):
        _check_key_info(element)


def _check_signed_info(signed_info: Element) -> None:
    if len(signed_info.findall(ds("Reference"))) != 1:
        raise Reason.REFERENCE_COUNT.refused()
    if _tags(signed_info) != [ds("CanonicalizationMethod"), ds("SignatureMethod"), ds("Reference")]:
        raise Reason.SIGNATURE_SHAPE.refused()
    canonicalisation, method, reference = signed_info
    if canonicalisation.get("Algorithm") != EXC_C14N:
        raise Reason.TRANSFORMS.refused()
    if method.get("Algorithm") not in SIGNATURE_ALGORITHMS or len(method):
        raise Reason.ALGORITHM.refused()
    _check_reference(reference)


def _check_reference(reference: Element) -> None:
    if _tags(reference) != [ds("Transforms"), ds("DigestMethod"), ds("DigestValue")]:
        raise Reason.SIGNATURE_SHAPE.refused()
    transforms, digest, _value = reference
    if [transform.get("Algorithm") for transform in transforms] != [ENVELOPED, EXC_C14N] or len(
        transforms[0]
    ):
        raise Reason.TRANSFORMS.refused()
    if digest.get("Algorithm") not in DIGEST_ALGORITHMS or len(digest):
        raise Reason.ALGORITHM.refused()
    if reference.get("URI") != f"#{_id_of_signed(reference)}":
        raise Reason.REFERENCE_TARGET.refused()


def _id_of_signed(reference: Element) -> str:
    """The ID of the element around the signature; a space, which no ID is, when it has none."""
    signed = next(reference.iterancestors(_RESPONSE, _ASSERTION))
    return signed.get("ID") or " "


def _check_key_info(key_info: Element) -> None:
    """Verification knows its keys and ignores this; still nothing in it may point elsewhere."""
    if not all(_fits(element) for element in key_info.iter()):
        raise Reason.KEY_INFO.refused()


def _check_elements(root: Element) -> None:
    for element in root.iter():
        if _fits(element):
            continue
        raise (Reason.VALUE_MARKUP if element.tag in _VALUES else Reason.ELEMENT).refused()


def _fits(element: Element) -> bool:
    return _CHILDREN.get(str(element.tag), frozenset()).issuperset(_tags(element))


def _check_namespaces(root: Element) -> None:
    """A relative namespace lets canonicalisation fail silently; xml:* changes what is read."""
    declared = {uri for element in root.iter() for uri in element.nsmap.values()}
    if not all(re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", uri) for uri in declared):
        raise Reason.NAMESPACE.refused()
    for name, _value in _attributes(root):
        if name.namespace == XSI and name.localname not in ("type", "nil"):
            raise Reason.NAMESPACE.refused()
        if name.namespace == XML and name.localname != "lang":
            raise Reason.NAMESPACE.refused()
