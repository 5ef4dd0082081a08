"""The sandbox's servers, spoken to over HTTP, and connectors that speak to them."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

import sandbox.oim
import sandbox.servicenow
from broker.connectors.registry import desk_products, iga_products
from broker.ports.desk import Desk, OrderRef
from broker.ports.iga import Iga
from sandbox.servicenow.instance import ServiceNow
from sandbox.web import serve
from sandbox.world import World, build_world


@dataclass(frozen=True)
class OimSite:
    """An OIM installation, what it keeps, and a connector for it."""

    url: str
    state: sandbox.oim.Oim
    iga: Iga
    world: World

    def connect(self, **settings: object) -> Iga:
        """Another connector for it, with these settings."""
        return oim_at(self.url, **settings)


@dataclass(frozen=True)
class DeskSite:
    """A ServiceNow instance, what it keeps, and a connector for it."""

    url: str
    state: ServiceNow
    desk: Desk
    world: World

    def connect(self, **settings: object) -> Desk:
        """Another connector for it, with these settings."""
        return servicenow_at(self.url, **settings)

    def order(self, item: str, **variables: str) -> OrderRef:
        """Ada orders an item; gives its reference, without a task."""
        ada, ordered = self.world.people["ada"].sys_id, self.world.desk_items[item]
        row = self.state.records.find("sc_cat_item", ordered.sys_id)
        assert row is not None
        made = self.state.workflow.order(row, ada, variables, ada, "ada")
        (ritm,) = self.state.records.where("sc_req_item", request=made["sys_id"])
        return OrderRef("servicenow", ritm["sys_id"], ritm["number"])

    def decide(self, ref: OrderRef, decision: str = "approved") -> None:
        """Ben decides."""
        for row in self.state.records.where("sysapproval_approver", sysapproval=ref.item_id):
            values = {"state": decision}
            self.state.records.update("sysapproval_approver", row["sys_id"], values, "ben")

    def approved(self, item: str, **variables: str) -> OrderRef:
        """An order of ada's that ben approved."""
        ref = self.order(item, **variables)
        self.decide(ref)
        return ref

    def row(self, table: str, key: str) -> dict[str, str]:
        """A row as it is now."""
        found = self.state.records.find(table, key)
        assert found is not None
        return dict(found)

    def journal(self, key: str, element: str) -> list[str]:
        """What was written into a journal field."""
        return [row["value"] for row in self.state.records.journal(key, element)]


def oim_at(url: str, /, **settings: object) -> Iga:
    product = iga_products()["oim"]
    given = {"url": url, "console_url": url, "username": "broker", "password": "broker", **settings}
    return product.build("oim", product.settings(**given))


def servicenow_at(url: str, /, **settings: object) -> Desk:
    product = desk_products()["servicenow"]
    given = {"client_id": "broker", "client_secret": "broker-secret", **settings}
    given = {"url": url, "username": "broker", "password": "broker", **given}
    return product.build("servicenow", product.settings(**given))


@pytest.fixture(scope="session")
def world() -> World:
    return build_world()


@pytest.fixture
def oim(world: World) -> Iterator[OimSite]:
    app = sandbox.oim.create_app(world, start_seconds=0, provisioning_seconds=0)
    server = serve(app)
    yield OimSite(server.url, app.extensions["oim"], oim_at(server.url), world)
    server.stop()


@pytest.fixture
def desk(world: World) -> Iterator[DeskSite]:
    app = sandbox.servicenow.create_app(world)
    server = serve(app)
    state: ServiceNow = app.extensions["servicenow"]
    yield DeskSite(server.url, state, servicenow_at(server.url), world)
    server.stop()
    state.close()
