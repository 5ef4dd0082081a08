"""Whether people can sign in, and until when: the trust between us and the identity provider."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from broker.doctor.clocks import clock
from broker.doctor.findings import Finding, note, ok, warning, wrong
from broker.settings import Settings
from webui.auth.saml import selfcheck
from webui.auth.saml.metadata import IdpMetadata, MetadataError, load_metadata
from webui.auth.trust import provider_of

_SOON = timedelta(days=30)
_METADATA_SOON = timedelta(days=3)
_RAW = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def sign_in(settings: Settings, now: datetime | None = None) -> Iterator[Finding]:
    """Everything about signing in over SAML."""
    now = now or datetime.now(UTC)
    try:
        selfcheck.ensure_safe()
    except RuntimeError as error:
        yield wrong("sign-in", f"{error}")
    yield from _metadata(settings, now)
    yield from _own(settings, now)


def _metadata(settings: Settings, now: datetime) -> Iterator[Finding]:
    source = settings.saml_idp_metadata
    try:
        metadata = load_metadata(source, now)
        provider_of(settings, metadata)
    except MetadataError as error:
        yield wrong("sign-in", f"{error} Correct BROKER_SAML_IDP_METADATA, or what it leads to.")
        return
    except ValueError as error:
        yield wrong("sign-in", f"{error} Correct the settings BROKER_SAML_….")
        return
    yield ok("sign-in", f"the identity provider {metadata.entity_id} can be asked.")
    if "://" not in source:
        says = f"its metadata is the file {source}: renew it whenever the provider changes its key."
        yield note("sign-in", says)
    yield from _validity(metadata, now)
    yield from clock("sign-in clock", metadata.clock_ahead)
    yield from _certificates(metadata.certificates_end_at, now)


def _validity(metadata: IdpMetadata, now: datetime) -> Iterator[Finding]:
    end = metadata.valid_until
    if end is not None and end - now < _METADATA_SOON:
        says = f"the provider's metadata is valid until {_day(end)} only: see that it is renewed."
        yield warning("sign-in", says)


def _certificates(ends: Sequence[datetime], now: datetime) -> Iterator[Finding]:
    """One that has ended does no harm beside another that is good: keys change hands that way."""
    what, good, last = "IdP certificate", [end for end in ends if end > now], max(ends)
    if not good:
        yield wrong(
            what,
            f"has ended on {_day(last)}: have the identity provider make another one, and renew"
            " its metadata here.",
        )
        return
    if len(good) < len(ends):
        gone = len(ends) - len(good)
        says = f"{gone} of {len(ends)} has ended: have the identity provider remove it."
        yield warning(what, says)
    yield _until(what, last, now, "ask the identity provider for its next one")


def _own(settings: Settings, now: datetime) -> Iterator[Finding]:
    key, certificate = settings.saml_sp_key, settings.saml_sp_certificate
    if key is None or certificate is None:
        return
    what = "our SAML certificate"
    try:
        ours = x509.load_pem_x509_certificate(certificate.get_secret_value().encode())
        private = load_pem_private_key(key.get_secret_value().encode(), password=None)
    except (ValueError, TypeError) as error:
        says = f"it or its key cannot be read: give both as PEM, the key without password ({error})"
        yield wrong(what, f"{says}.")
        return
    if ours.public_key().public_bytes(*_RAW) != private.public_key().public_bytes(*_RAW):
        yield wrong(
            what,
            "does not belong to BROKER_SAML_SP_KEY: set the two that were made together.",
        )
    yield _until(what, ours.not_valid_after_utc, now, "make another one, and tell the provider")


def _until(what: str, end: datetime, now: datetime, advice: str) -> Finding:
    if end <= now:
        return wrong(what, f"has ended on {_day(end)}: {advice}.")
    if end - now < _SOON:
        return warning(what, f"ends on {_day(end)}, in {(end - now).days} days: {advice}.")
    return ok(what, f"is good until {_day(end)}.")


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d}"
