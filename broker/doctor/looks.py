"""Everything that is looked at, by name."""

from collections.abc import Iterator, Mapping
from functools import partial

from broker.context import Broker
from broker.doctor.bell import bell
from broker.doctor.connections import desk, iga
from broker.doctor.database import database
from broker.doctor.findings import Finding, Look, ok
from broker.doctor.machine import machine
from broker.doctor.secrets import secrets


def looks(broker: Broker, environment: Mapping[str, str]) -> dict[str, Look]:
    """The looks at an installation whose settings are in order; see `examine`."""
    settings = broker.settings
    return {
        "settings": _settings,
        "secrets": partial(secrets, broker, environment),
        "database": partial(database, settings),
        "redis": partial(bell, settings),
        **{name: partial(iga, broker, each) for name, each in broker.igas.items()},
        **{name: partial(desk, each) for name, each in broker.desks.items()},
        "disk": partial(machine, settings),
    }


def _settings() -> Iterator[Finding]:
    yield ok("settings", "every setting is valid.")
