"""Settings in, Broker out: the only place that picks adapters."""

import os
from collections.abc import Mapping

from pydantic import BaseModel, ValidationError

from broker.connectors import registry
from broker.connectors.registry import Port, Product
from broker.context import Broker
from broker.files import load_api_clients, load_catalogue
from broker.ports.clock import Clock, SystemClock
from broker.ports.queue import Bell
from broker.queue import rq
from broker.settings import PREFIX, BadSettings, load, sentences, with_files
from broker.store.base import open_store, sessions_of


def build(
    environment: Mapping[str, str] | None = None,
    *,
    bell: Bell | None = None,
    clock: Clock | None = None,
) -> Broker:
    """The Broker that the environment describes; BadSettings has a sentence per fault.

    `bell` is the embedded queue's, where the caller runs one. Without it, Redis must be set.
    """
    source = dict(environment if environment is not None else os.environ)
    settings = load(source)
    connections = with_files(source)
    return Broker(
        settings=settings,
        sessions=sessions_of(open_store(settings.database_url)),
        bell=bell or rq.bell(settings.redis_url),
        clock=clock or SystemClock(),
        igas={settings.iga: _connect(registry.iga_products(), settings.iga, connections)},
        desks={settings.desk: _connect(registry.desk_products(), settings.desk, connections)},
        catalogue=load_catalogue(settings.catalogue, settings.desk),
        api_clients=load_api_clients(settings.api_clients, allow_demo=settings.on_loopback),
    )


def _connect(
    products: Mapping[str, Product[Port]], name: str, environment: Mapping[str, str]
) -> Port:
    product = products.get(name)
    if product is None:
        raise BadSettings([f"There is no connector “{name}”: choose one of {', '.join(products)}."])
    return product.build(name, _read(product.settings, f"{PREFIX}{name.upper()}_", environment))


def _read(model: type[BaseModel], prefix: str, environment: Mapping[str, str]) -> BaseModel:
    fields = {
        name.removeprefix(prefix).lower(): value
        for name, value in environment.items()
        if name.startswith(prefix)
    }
    try:
        return model(
            **{name: value for name, value in fields.items() if name in model.model_fields}
        )
    except ValidationError as error:
        raise BadSettings(sentences(error, prefix)) from None
