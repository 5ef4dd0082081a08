"""Reading what a service provider asks for (SAML 2.0 bindings, HTTP Redirect)."""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import dataclass

from lxml import etree

_LIMIT = 64 * 1024
_PROTOCOL = "{urn:oasis:names:tc:SAML:2.0:protocol}AuthnRequest"
_ISSUER = "{urn:oasis:names:tc:SAML:2.0:assertion}Issuer"


class BadRequest(ValueError):
    """Not an AuthnRequest that we answer; the message is a sentence for people."""


@dataclass(frozen=True)
class AuthnRequest:
    """Who asks, under which id, and where the answer shall go."""

    id: str
    issuer: str
    acs_url: str
    force: bool


def read_request(encoded: str) -> AuthnRequest:
    """The request in the `SAMLRequest` parameter of a redirect."""
    root = _parsed(_inflated(encoded))
    issuer = root.findtext(_ISSUER) or ""
    if root.tag != _PROTOCOL or not root.get("ID") or not issuer.strip():
        raise BadRequest("This is not a complete sign-in request.")
    return AuthnRequest(
        id=root.get("ID", ""),
        issuer=issuer.strip(),
        acs_url=root.get("AssertionConsumerServiceURL", ""),
        force=root.get("ForceAuthn", "false") in ("true", "1"),
    )


def _inflated(encoded: str) -> bytes:
    try:
        return zlib.decompressobj(-15).decompress(base64.b64decode(encoded, validate=True), _LIMIT)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise BadRequest("The sign-in request cannot be decoded.") from error


def _parsed(xml: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        raise BadRequest("The sign-in request is not XML.") from error
