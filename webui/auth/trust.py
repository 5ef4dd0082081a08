"""The identity provider we trust: read from its metadata when first needed, then kept."""

import threading
import time
from collections.abc import Callable

import structlog

from broker.ports.clock import Clock
from broker.settings import Settings
from webui.auth.saml.metadata import IdpMetadata, MetadataError, load_metadata
from webui.auth.saml.provider import ServiceProvider

_KEPT_SECONDS = 3600.0
_log = structlog.get_logger(__name__)


class Trust:
    """Calling it gives the trust of this moment: read once an hour, the last good one meanwhile.

    Once an identity provider has been met, metadata that names another one is not taken over.
    Raises MetadataError while there is none at all.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._lock = threading.Lock()
        self._provider: ServiceProvider | None = None
        self._read_at = 0.0

    def __call__(self) -> ServiceProvider:
        """The trust, fresh enough."""
        with self._lock:
            known = self._provider
            if known is None or time.monotonic() - self._read_at > _KEPT_SECONDS:
                known = self._provider = self._read(known)
                self._read_at = time.monotonic()
            return known

    def _read(self, known: ServiceProvider | None) -> ServiceProvider:
        source, entity_id = self._settings.saml_idp_metadata, known.idp_entity_id if known else ""
        try:
            metadata = load_metadata(source, self._clock.now(), entity_id)
            return provider_of(self._settings, metadata)
        except ValueError as error:
            if known is None:
                raise error if isinstance(error, MetadataError) else MetadataError(error) from error
            _log.warning("kept the identity provider's earlier metadata", why=str(error))
            return known


def provider_of(settings: Settings, metadata: IdpMetadata) -> ServiceProvider:
    """Our side of the trust, from the settings, and theirs, from the metadata."""
    key, certificate = settings.saml_sp_key, settings.saml_sp_certificate
    return ServiceProvider(
        base_url=settings.base_url,
        idp_entity_id=metadata.entity_id,
        idp_sso_url=metadata.sso_url,
        idp_certificates=metadata.certificates,
        sp_key=key.get_secret_value() if key else None,
        sp_certificate=certificate.get_secret_value() if certificate else None,
        require_message_signature=settings.saml_want_message_signed,
        login_attribute=settings.saml_login_attribute,
        email_attribute=settings.saml_email_attribute,
        employee_number_attribute=settings.saml_number_attribute,
        display_name_attribute=settings.saml_name_attribute,
        group_attribute=settings.saml_group_attribute,
    )


ProviderSource = Callable[[], ServiceProvider]
