"""Everything that is looked at, by name."""

from collections.abc import Iterator, Mapping
from functools import partial

from broker.connectors.registry import setting_names
from broker.context import Broker
from broker.doctor.bell import bell
from broker.doctor.connections import desk, iga
from broker.doctor.database import database
from broker.doctor.findings import Finding, Look, listed, ok, warning
from broker.doctor.machine import machine
from broker.doctor.secrets import secrets
from broker.settings import given, unknown, unsafe


def looks(broker: Broker, environment: Mapping[str, str]) -> dict[str, Look]:
    """The looks at an installation whose settings are in order; see `examine`."""
    settings = broker.settings
    return {
        "settings": partial(_settings, broker, environment),
        "secrets": partial(secrets, broker, environment),
        "database": partial(database, settings),
        "redis": partial(bell, settings),
        **{name: partial(iga, broker, each) for name, each in broker.igas.items()},
        **{name: partial(desk, each) for name, each in broker.desks.items()},
        "disk": partial(machine, settings),
    }


def _settings(broker: Broker, environment: Mapping[str, str]) -> Iterator[Finding]:
    known = setting_names(broker.settings.iga, broker.settings.desk)
    strangers = [name for name, _ in unknown(environment, known)]
    if strangers:
        yield warning("settings", f"{listed(strangers)}: no such setting, so nothing looks at it.")
    values = given(environment).values
    plain = sorted(name for name, value in values.items() if unsafe(value))
    if plain and not broker.settings.on_loopback:
        says = f"{listed(plain)} leads people to a page in plain http: use https."
        yield warning("settings", says)
    yield ok("settings", "every setting is valid.")
