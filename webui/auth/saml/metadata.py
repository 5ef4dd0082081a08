"""The identity provider's metadata: where to send people, and which keys may sign for it.

Metadata decides whom we trust, so it is fetched over https only (or plain http from this very
machine), without redirects and proxies, with a limit on size and time. Its own signature is not
looked at: trust rests on the address that an administrator configured and on the entity id.
"""

import base64
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from pathlib import Path
from typing import IO

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from lxml.etree import _Element as Element

from broker.connectors.clocks import ahead
from webui.auth.saml.identity import parsed_time
from webui.auth.saml.names import BINDING_REDIRECT, PREFIXES, md
from webui.auth.saml.provider import is_safe_url
from webui.auth.saml.refusal import SamlRefused

MAX_BYTES = 1024 * 1024
CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 10.0
_CHUNK = 16 * 1024


class MetadataError(ValueError):
    """The metadata cannot be used; the text is one sentence for an administrator."""


@dataclass(frozen=True)
class IdpMetadata:
    """What the broker takes from an identity provider's metadata.

    `certificates` are PEM texts of its signing keys, `certificates_end_at` their end dates in the
    same order; an ended certificate is still listed, for somebody to be warned. Times are UTC.
    `clock_ahead` is how far the clock of its address is ahead of ours, if it tells the time.
    """

    entity_id: str
    sso_url: str
    certificates: tuple[str, ...]
    certificates_end_at: tuple[datetime, ...]
    valid_until: datetime | None
    clock_ahead: timedelta | None = None


def load_metadata(source: str, now: datetime, entity_id: str = "") -> IdpMetadata:
    """Read metadata from a file or from an https address (http on this machine only).

    With `entity_id` given, that provider is taken and none other; without, the document must hold
    exactly one. Raises MetadataError.
    """
    if "://" not in source:
        return parse_metadata(_read(Path(source)), now, entity_id)
    document, clock_ahead = _fetched(source)
    return replace(parse_metadata(document, now, entity_id), clock_ahead=clock_ahead)


def parse_metadata(document: bytes, now: datetime, entity_id: str = "") -> IdpMetadata:
    """As `load_metadata`, from the document itself."""
    root = _parsed(document)
    entity = _chosen(root, entity_id)
    valid_until = _still_valid(root, entity, now)
    role = entity.find("md:IDPSSODescriptor", PREFIXES)
    certificates = [] if role is None else _signing_certificates(role)
    if not certificates:
        raise MetadataError("The identity provider's metadata names no signing certificate.")
    return IdpMetadata(
        entity_id=entity.get("entityID", ""),
        sso_url=_sso_url(entity),
        certificates=tuple(c.public_bytes(Encoding.PEM).decode("ascii") for c in certificates),
        certificates_end_at=tuple(c.not_valid_after_utc for c in certificates),
        valid_until=valid_until,
    )


# ---- getting the document -----------------------------------------------------------------------


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return _limited(file, str(path))
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise MetadataError(f"The metadata file {path} cannot be read: {reason}.") from error


def _fetched(url: str) -> tuple[bytes, timedelta | None]:
    if not is_safe_url(url):
        raise MetadataError(
            f"The metadata address {url!r} is neither https nor http on this machine."
        )
    sent_at = datetime.now(UTC)
    try:
        with _opener().open(url, timeout=CONNECT_SECONDS) as answer:
            clock_ahead = ahead(answer.headers.get("Date"), sent_at, datetime.now(UTC))
            return _limited(answer, url), clock_ahead
    except urllib.error.HTTPError as error:
        raise MetadataError(f"The metadata address {url} answered {error.code}.") from error
    except (OSError, HTTPException, ValueError) as error:
        if isinstance(error, MetadataError):
            raise
        why = getattr(error, "reason", None) or error
        raise MetadataError(f"The metadata address {url} cannot be reached ({why}).") from error


def _opener() -> urllib.request.OpenerDirector:
    """Knows http and https and nothing else: no redirects, proxies, files, FTP or cookies."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _limited(stream: IO[bytes], source: str) -> bytes:
    """All of it, unless it is too much or comes too slowly."""
    ends = time.monotonic() + TOTAL_SECONDS
    read = bytearray()
    while chunk := _some(stream):
        read += chunk
        if len(read) > MAX_BYTES:
            raise MetadataError(f"The metadata from {source} is larger than 1 MB.")
        if time.monotonic() > ends:
            raise MetadataError(f"The metadata from {source} comes too slowly.")
    return bytes(read)


def _some(stream: IO[bytes]) -> bytes:
    """What has arrived; `read` would wait for a full chunk, however slowly it comes."""
    partial = getattr(stream, "read1", stream.read)
    return bytes(partial(_CHUNK))


# ---- reading it ---------------------------------------------------------------------------------


def _parsed(document: bytes) -> Element:
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, recover=False
    )
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise MetadataError("The identity provider's metadata is not XML.") from error
    if root.getroottree().docinfo.doctype or b"<!ENTITY" in document:
        raise MetadataError("The identity provider's metadata carries a document type.")
    if root.tag not in (md("EntityDescriptor"), md("EntitiesDescriptor")):
        raise MetadataError("The document is not SAML 2.0 metadata.")
    return root


def _chosen(root: Element, entity_id: str) -> Element:
    providers = [
        entity
        for entity in root.iter(md("EntityDescriptor"))
        if entity.find("md:IDPSSODescriptor", PREFIXES) is not None
    ]
    wanted = [e for e in providers if e.get("entityID") and entity_id in ("", e.get("entityID"))]
    if len(wanted) == 1:
        return wanted[0]
    if entity_id:
        raise MetadataError(f"The metadata does not describe the identity provider {entity_id!r}.")
    raise MetadataError("The metadata does not describe exactly one identity provider.")


def _still_valid(root: Element, entity: Element, now: datetime) -> datetime | None:
    try:
        ends = [parsed_time(element.get("validUntil")) for element in (root, entity)]
    except SamlRefused as error:
        raise MetadataError("The metadata's validUntil is not a time.") from error
    valid_until = min((end for end in ends if end is not None), default=None)
    if valid_until is not None and valid_until <= now:
        day = valid_until.astimezone(UTC).date()
        raise MetadataError(f"The identity provider's metadata ended on {day}.")
    return valid_until


def _sso_url(entity: Element) -> str:
    for service in entity.iterfind("md:IDPSSODescriptor/md:SingleSignOnService", PREFIXES):
        url = service.get("Location", "")
        if service.get("Binding") == BINDING_REDIRECT and is_safe_url(url):
            return url
    raise MetadataError("The metadata names no safe HTTP-Redirect sign-in address.")


def _signing_certificates(role: Element) -> list[x509.Certificate]:
    """Keys for signing, and those without a stated use (both; Metadata, 2.4.1.1)."""
    path = "ds:KeyInfo/ds:X509Data/ds:X509Certificate"
    found = {
        "".join((text.text or "").split()): None
        for key in role.iterfind("md:KeyDescriptor", PREFIXES)
        if key.get("use", "signing") == "signing"
        for text in key.iterfind(path, PREFIXES)
    }
    return [_certificate(text) for text in found]


def _certificate(text: str) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(base64.b64decode(text, validate=True))
    except ValueError as error:
        raise MetadataError("A certificate in the metadata cannot be read.") from error
