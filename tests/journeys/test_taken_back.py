"""An order cancelled in ServiceNow, from the app's own scripts to what OIM has in the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from broker import relay
from broker.bootstrap import build
from broker.context import Broker
from broker.orders import console
from broker.orders.console import Wish
from broker.ports.queue import QueueName
from broker.queue.embedded import EmbeddedBell
from broker.store.audit import Actor
from broker.store.orders import OrderRow
from cli import demo_settings
from cli.walk.systems import Row, ServiceNow
from sandbox import oim, servicenow
from sandbox.oim.workflow import Workflow
from sandbox.servicenow.instance import ServiceNow as Instance
from sandbox.web import serve
from sandbox.world import build_world
from tools.servers import Database, wait_until
from webui import api

ROLE = "Stock Count Team"
pytestmark = [pytest.mark.slow]


@dataclass
class Site:
    """OIM, ServiceNow and the broker's API on loopback; the broker works when told."""

    servicenow: str
    scripts: Instance
    oim: oim.Oim
    broker: Broker

    def approved(self) -> Row:
        """An item that ada ordered and ben approved, posted by the instance's scripts."""
        ada, ben = (ServiceNow(self.servicenow, name, "demo") for name in ("ada", "ben"))
        item = ada.order("Access to a business role", role=ROLE)
        approval = ben.row("sysapproval_approver", f"sysapproval={item['sys_id']}")
        ben.change("sysapproval_approver", approval["sys_id"], state="approved")
        assert self.scripts.jobs.wait_idle(60)
        return item

    def cancel(self, item: Row) -> None:
        """Somebody cancels the item at the desk."""
        admin = ServiceNow(self.servicenow, "admin", "admin")
        admin.change("sc_req_item", item["sys_id"], approval="cancelled")
        assert self.scripts.jobs.wait_idle(60)

    def work(self) -> None:
        """Pay what is due now."""
        for queue in QueueName:
            relay.settle_due(self.broker, queue, 20)

    def order(self, item: Row) -> OrderRow:
        with self.broker.sessions() as session:
            query = select(OrderRow).where(OrderRow.item_number == item["number"])
            row = session.scalars(query).one()
            _ = row.history
            return row

    def worked_until(self, item: Row, state: str) -> OrderRow:
        def there() -> bool:
            self.work()
            return self.order(item).state == state

        wait_until(there, f"{item['number']} to be {state}", 60)
        return self.order(item)

    def raised(self, item: Row) -> list[str]:
        """What OIM's own ledger has because of this item."""
        with self.oim.lock:
            made = [self.oim.requests[request_id] for request_id in self.oim.ledger]
        return [request.id for request in made if item["number"] in request.justification]

    def says(self, request_id: str, status: str) -> bool:
        """Whether OIM's own record of the request says this by now."""
        with self.oim.lock:
            Workflow(self.oim).advance()
            return self.oim.requests[request_id].status == status

    def notes(self, item: Row) -> list[str]:
        journal = self.scripts.records.journal(item["sys_id"], "work_notes")
        return [row["value"] for row in journal]


@pytest.fixture
def here(tmp_path: Path, database: Database) -> Iterator[Site]:
    with site(tmp_path / "site", database) as made:
        yield made


@contextmanager
def site(folder: Path, database: Database) -> Iterator[Site]:
    world, door = build_world(people=40, requests=40), Flask("api")
    # What is submitted stays under way: nothing is provisioned while the test looks.
    console = oim.create_app(
        world, base_url="http://127.0.0.1:1", idp_metadata_url="http://localhost:1/metadata",
        provisioning_seconds=3600,
    )  # fmt: skip
    with serve(door) as web:
        desk = servicenow.create_app(world, broker_url=web.url)
        with serve(console) as oim_server, serve(desk) as desk_server:
            environment = demo_settings.prepare(
                folder, broker=web.url, servicenow=desk_server.url, oim=oim_server.url,
                idp="http://localhost:1",
            ) | {"BROKER_DATABASE_URL": database.url}  # fmt: skip
            broker = build(environment, bell=EmbeddedBell())
            api.register(door, broker)
            scripts = desk.extensions["servicenow"]
            yield Site(desk_server.url, scripts, console.extensions["oim"], broker)
            broker.sessions.kw["bind"].dispose()
            scripts.close()


def test_an_order_taken_back_in_time_never_reaches_oim(here: Site) -> None:
    item = here.approved()
    assert here.order(item).state == "received"
    here.cancel(item)
    order = here.worked_until(item, "cancelled")
    assert order.lines[0].reason == f"{item['number']} was cancelled at the desk."
    here.work()
    assert here.raised(item) == []
    (note,) = here.notes(item)
    assert "Nothing was submitted to the IGA." in note


def test_an_order_taken_back_too_late_needs_an_operator(here: Site) -> None:
    """OIM has approved it by itself; what is withdrawn in time is in journeys/orders."""
    item = here.approved()
    here.worked_until(item, "submitted")
    (request_id,) = here.raised(item)
    wait_until(lambda: here.says(request_id, "Request Auto Approved"), "its approval", 60)
    here.cancel(item)
    order = here.worked_until(item, "needs_attention")
    assert f"Request {request_id} goes on in the IGA, which has it at “" in order.lines[0].reason
    assert here.raised(item) == [request_id]


def test_a_post_that_was_lost_is_made_good_from_the_console(here: Site) -> None:
    here.scripts.properties["x_rqbrk_access.broker_url"] = "http://127.0.0.1:1"
    item = here.approved()
    wish = Wish("ADA", "role", ROLE, item["number"], "servicenow")
    operator = Actor("person", "cho")
    trial = console.try_out(here.broker, wish, operator)
    assert (trial.problems, trial.held) == ((), False)
    console.carry_out(here.broker, wish, operator)
    here.worked_until(item, "submitted")
    assert len(here.raised(item)) == 1
