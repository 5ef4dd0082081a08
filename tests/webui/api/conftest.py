"""A broker on a fresh database with invented connections, and the programs that call it."""

from collections.abc import Iterator
from typing import cast

import pytest
from flask import Flask

from broker.context import Broker
from broker.domain.access import CatalogueMapping
from broker.ports.desk import Desk
from broker.ports.iga import Iga
from broker.queue.embedded import EmbeddedBell
from broker.settings import load
from broker.store.base import open_store, sessions_of
from tests.webui.api.posts import (
    EMEA_KEY,
    EVENTS_KEY,
    FixedClock,
    InventedIga,
    Program,
    clients,
)
from webui.api import register


@pytest.fixture
def broker(database_url: str) -> Iterator[Broker]:
    settings = load(
        {
            "BROKER_BASE_URL": "https://broker.example.com",
            "BROKER_SECRET_KEY": "s" * 40,
            "BROKER_AUDIT_KEY": "a" * 40,
            "BROKER_DATABASE_URL": database_url,
            "BROKER_SAML_IDP_METADATA": "/nowhere",
        }
    )
    engine = open_store(database_url)
    desk = cast("Desk", object())
    yield Broker(
        settings=settings,
        sessions=sessions_of(engine),
        bell=EmbeddedBell(),
        clock=FixedClock(),
        igas={"oim": cast("Iga", InventedIga())},
        desks={"servicenow": desk, "servicenow-emea": desk},
        catalogue=CatalogueMapping({}),
        api_clients=clients(),
    )
    engine.dispose()


@pytest.fixture
def app(broker: Broker) -> Flask:
    application = Flask("test")
    register(application, broker)
    return application


@pytest.fixture
def desk(app: Flask) -> Program:
    """ServiceNow's scripts, posting orders."""
    return Program(app.test_client())


@pytest.fixture
def events(app: Flask) -> Program:
    """ServiceNow's scripts, telling of logins."""
    return Program(app.test_client(), key=EVENTS_KEY)


@pytest.fixture
def emea(app: Flask) -> Program:
    """The scripts of another desk."""
    return Program(app.test_client(), "emea", EMEA_KEY)
