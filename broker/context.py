"""What a use case is handed: the connections, the store, the bell and the clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from broker.domain.access import CatalogueMapping
from broker.files import ApiClient
from broker.ports.clock import Clock
from broker.ports.desk import Desk
from broker.ports.iga import Iga
from broker.ports.queue import Bell
from broker.settings import Settings
from broker.store.base import Sessions


@dataclass(frozen=True)
class Broker:
    """One installation at work. Look connections up for each unit of work, never keep them."""

    settings: Settings
    sessions: Sessions
    bell: Bell
    clock: Clock
    igas: Mapping[str, Iga]
    desks: Mapping[str, Desk]
    catalogue: CatalogueMapping
    api_clients: Mapping[str, ApiClient]

    def iga(self, name: str | None = None) -> Iga:
        """The IGA connection of that name, or the default one."""
        return self.igas[name or self.settings.iga]

    def desk(self, name: str | None = None) -> Desk:
        """The desk connection of that name, or the default one."""
        return self.desks[name or self.settings.desk]

    @property
    def lease(self) -> timedelta:
        """How long a claimed message belongs to its worker."""
        return timedelta(seconds=self.settings.lease_seconds)

    @property
    def audit_key(self) -> bytes:
        """The key of the audit chain."""
        return self.settings.audit_key.get_secret_value().encode()

    @property
    def audit_keys(self) -> tuple[bytes, ...]:
        """Every key that the audit chain was sealed with, oldest first."""
        before = self.settings.audit_keys_before
        return (*(key.get_secret_value().encode() for key in before), self.audit_key)
