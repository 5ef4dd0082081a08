"""Settings in, Broker out: the only place that picks adapters."""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ValidationError

from broker.connectors import registry
from broker.connectors.registry import Port, Product
from broker.context import Broker
from broker.files import load_api_clients, load_catalogue
from broker.ports.clock import Clock, SystemClock
from broker.ports.queue import Bell
from broker.queue import rq
from broker.settings import (
    PREFIX,
    BadSettings,
    Faults,
    Given,
    Settings,
    given,
    is_local,
    load,
    sentences,
    typos,
    unsafe,
)
from broker.store.base import open_store, sessions_of

_ONE_PROCESS = (
    "BROKER_DATABASE_URL: SQLite serves one process only, and this installation has several:"
    " set it to postgresql+psycopg://…."
)


def build(
    environment: Mapping[str, str] | None = None,
    *,
    bell: Bell | None = None,
    clock: Clock | None = None,
) -> Broker:
    """The Broker that the environment describes; BadSettings has a sentence per fault, for every
    fault that there is.

    `bell` is the embedded queue's, where the caller runs one. Without it, Redis must be set.
    """
    source = dict(environment if environment is not None else os.environ)
    parts, faults = _Parts(source), Faults()
    settings = faults.of(lambda: load(source))
    iga = faults.of(lambda: parts.connect(registry.iga_products(), parts.iga))
    desk = faults.of(lambda: parts.connect(registry.desk_products(), parts.desk))
    catalogue = faults.of(lambda: load_catalogue(parts.path("CATALOGUE"), parts.desk))
    clients = faults.of(lambda: load_api_clients(parts.path("API_CLIENTS"), parts.on_loopback))
    faults.of(parts.demand_no_typos)
    if bell is None:
        faults.of(parts.demand_what_processes_share)
    faults.demand_none()
    assert settings is not None
    assert iga is not None
    assert desk is not None
    assert catalogue is not None
    assert clients is not None
    return Broker(
        settings=settings,
        sessions=sessions_of(open_store(settings.database_url)),
        bell=bell or rq.bell(settings.redis_url),
        clock=clock or SystemClock(),
        igas={settings.iga: iga},
        desks={settings.desk: desk},
        catalogue=catalogue,
        api_clients=clients,
    )


class _Parts:
    """What the Broker is made of, each part read by itself, whatever is wrong with the others."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment, self._given = environment, given(environment)
        self.iga, self.desk = self._named("iga"), self._named("desk")
        self.on_loopback = is_local(self._given.values.get(f"{PREFIX}BASE_URL", ""))

    def _named(self, family: str) -> str:
        default = str(Settings.model_fields[family].default)
        return self._given.values.get(f"{PREFIX}{family.upper()}", default)

    def path(self, name: str) -> Path | None:
        """The file that a setting names."""
        path = self._given.values.get(PREFIX + name)
        return Path(path) if path else None

    def demand_what_processes_share(self) -> None:
        """Raise BadSettings unless there is Redis, and a database for more than one process."""
        values, found = self._given.values, list[str]()
        if f"{PREFIX}REDIS_URL" not in values:
            found.append(rq.MISSING)
        database = values.get(f"{PREFIX}DATABASE_URL", "sqlite")
        if database.startswith("sqlite") and not self.on_loopback:
            found.append(_ONE_PROCESS)
        if told := self._given.told(found):
            raise BadSettings(told)

    def demand_no_typos(self) -> None:
        """Raise BadSettings for names that are nearly settings."""
        if found := typos(self._environment, registry.setting_names(self.iga, self.desk)):
            raise BadSettings(found)

    def connect(self, products: Mapping[str, Product[Port]], name: str) -> Port:
        """The connection of that name, from its own settings."""
        product = products.get(name)
        if product is None:
            known = ", ".join(products)
            raise BadSettings([f"There is no connector “{name}”: choose one of {known}."])
        prefix = f"{PREFIX}{name.upper()}_"
        settings = _read(product.settings, prefix, self._given)
        if not self.on_loopback and unsafe(self._given.values.get(f"{prefix}URL", "")):
            raise BadSettings(
                [f"{prefix}URL: must begin with https://: passwords and orders travel there."]
            )
        return product.build(name, settings)


def _read(model: type[BaseModel], prefix: str, found: Given) -> BaseModel:
    fields = {
        name.removeprefix(prefix).lower(): value
        for name, value in found.values.items()
        if name.startswith(prefix)
    }
    try:
        return model(
            **{name: value for name, value in fields.items() if name in model.model_fields}
        )
    except ValidationError as error:
        raise BadSettings(found.told(sentences(error, prefix))) from None
