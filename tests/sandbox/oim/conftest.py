"""An OIM of the test's own, spoken to over HTTP."""

from collections.abc import Iterator

import pytest

from sandbox import oim
from sandbox.web import Server
from sandbox.world import World, build_world
from tests.sandbox.oim.browsing import Browse, browsers
from tests.sandbox.oim.sites import API, Api, Site, served, until

__all__ = ["API", "Api", "until"]


@pytest.fixture(scope="session")
def world() -> World:
    return build_world()


@pytest.fixture
def installed(world: World) -> Iterator[Site]:
    """An OIM and the identity provider that it trusts."""
    with served(world) as made:
        yield made


@pytest.fixture
def site(installed: Site) -> tuple[Server, Server]:
    """The two servers."""
    return installed.server, installed.provider


@pytest.fixture
def server(installed: Site) -> Server:
    return installed.server


@pytest.fixture
def installation(installed: Site) -> oim.Oim:
    return installed.state


@pytest.fixture
def broker(installed: Site) -> Api:
    return installed.as_("broker")


@pytest.fixture
def ada(installed: Site) -> Api:
    return installed.as_("ada")


@pytest.fixture
def ben(installed: Site) -> Api:
    return installed.as_("BEN")


@pytest.fixture
def browse(installed: Site) -> Iterator[Browse]:
    """`browse("ada")` is a browser of ada's."""
    with browsers(installed.url) as start:
        yield start
