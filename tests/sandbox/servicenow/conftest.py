"""A ServiceNow instance on loopback, spoken to over plain HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.world import World, build_world
from tests.sandbox.servicenow.desks import Client, Desk, Receiver, served


@pytest.fixture(scope="session")
def world() -> World:
    return build_world()


@pytest.fixture
def desk(world: World) -> Iterator[Desk]:
    with served(world) as made:
        yield made


@pytest.fixture
def broker(desk: Desk) -> Client:
    return desk.as_("broker")


@pytest.fixture
def receiver(desk: Desk) -> Iterator[Receiver]:
    """Where the instance's scripts post."""
    made = Receiver()
    desk.state.properties["x_rqbrk_access.broker_url"] = made.url + "/"
    yield made
    made.stop()
