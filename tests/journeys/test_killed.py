"""Killed in the middle of a submission: after a restart OIM has one request for the order."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from broker.bootstrap import build
from broker.context import Broker
from broker.orders.intake import receive
from broker.orders.post import parse
from broker.store.orders import OrderRow
from cli import demo_settings
from cli.walk.systems import Row, ServiceNow
from sandbox import oim, servicenow
from sandbox.web import serve
from sandbox.world import build_world
from tests.conftest import migrate, sqlite
from tests.journeys.killed import MOMENTS
from tools.servers import Database, free_port, wait_until

ROOT = Path(__file__).resolve().parents[2]
ROLE = "Stock Count Team"
DONE = {"submitted", "fulfilled", "closed"}
pytestmark = [pytest.mark.slow]


@dataclass
class Site:
    """OIM and ServiceNow in this process; the broker's processes beside it."""

    environment: Mapping[str, str]
    servicenow: str
    oim: oim.Oim
    broker: Broker

    def ordered(self) -> tuple[str, str]:
        """An order that is approved at the desk and received by the broker: its id, its RITM."""
        ritm = self._approved()
        body = json.dumps(
            {
                "source": "servicenow",
                "item": {"number": ritm["number"], "sys_id": ritm["sys_id"]},
                "action": "grant",
                "beneficiary": {"user_name": "ada"},
                "requested_by": {"user_name": "ada"},
                "approved_by": [],
                "justification": "stocktaking",
            }
        ).encode()
        taken = receive(self.broker, "servicenow", "msg_1", body, parse(body))
        return str(taken["order_id"]), str(ritm["number"])

    def _approved(self) -> Row:
        ritm = ServiceNow(self.servicenow, "ada", "demo").order(
            "Access to a business role", role=ROLE
        )
        ben = ServiceNow(self.servicenow, "ben", "demo")
        approval = ben.row("sysapproval_approver", f"sysapproval={ritm['sys_id']}")
        ben.change("sysapproval_approver", approval["sys_id"], state="approved")
        return ritm

    def requests_for(self, number: str) -> list[str]:
        """What OIM's own ledger has because of this item."""
        with self.oim.lock:
            found = [self.oim.requests[request_id] for request_id in self.oim.ledger]
        return [request.id for request in found if number in request.justification]

    def state(self, order_id: str) -> str:
        with self.broker.sessions() as session:
            return str(session.get_one(OrderRow, order_id).state)

    @contextmanager
    def process(self, *words: str, killed: str = "") -> Iterator["subprocess.Popen[bytes]"]:
        """One process of the product, ended after the test."""
        module = "tests.journeys.killed" if killed else "cli.main"
        process = subprocess.Popen(
            [sys.executable, "-m", module, *words],
            cwd=ROOT,
            env={**self.environment, "KILLED": killed},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            # The group: a worker that was killed may leave a child behind.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def site(folder: Path, database: Database, redis_url: str | None) -> Iterator[Site]:
    world = build_world(people=40, requests=40)
    console = oim.create_app(
        world, base_url="http://127.0.0.1:1", idp_metadata_url="http://localhost:1/metadata"
    )
    desk = servicenow.create_app(world)
    with serve(console) as oim_server, serve(desk) as desk_server:
        environment = demo_settings.prepare(
            folder,
            broker="http://127.0.0.1:1",
            servicenow=desk_server.url,
            oim=oim_server.url,
            idp="http://localhost:1",
        )
        environment |= {
            "BROKER_DATABASE_URL": database.url,
            "BROKER_LEASE_SECONDS": "2",
            "BROKER_OIM_SEARCH_DELAY_SECONDS": "0.5",
        }
        if redis_url:
            environment["BROKER_REDIS_URL"] = redis_url
        broker = build(environment, bell=None if redis_url else Silent())
        yield Site(environment, desk_server.url, console.extensions["oim"], broker)
        broker.sessions.kw["bind"].dispose()


class Silent:
    """Nobody listens yet: what is owed waits for the start."""

    def ring(self, _queue: object) -> None:
        pass


def dead(process: "subprocess.Popen[bytes]") -> bool:
    return process.poll() == -signal.SIGKILL


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_worker_killed_with_its_child_leaves_exactly_one_request(
    moment: str, tmp_path: Path, database: Database, redis_url: str
) -> None:
    with site(tmp_path / "site", database, redis_url) as here, here.process("clock"):
        order_id, number = here.ordered()
        with here.process("worker", "orders", killed=moment) as worker:
            wait_until(lambda: dead(worker), f"the kill {moment}", 30)
        assert len(here.requests_for(number)) == (moment != "before the call")

        with here.process("worker", "orders"):
            wait_until(lambda: here.state(order_id) in DONE, "the order's submission", 40)

        assert len(here.requests_for(number)) == 1


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_embedded_process_killed_leaves_exactly_one_request(
    moment: str, tmp_path: Path
) -> None:
    database = sqlite(tmp_path / "broker.sqlite")
    migrate(database)
    with site(tmp_path / "site", database, None) as here:
        order_id, number = here.ordered()
        with here.process("web", "--port", str(free_port()), killed=moment) as web:
            wait_until(lambda: dead(web), f"the kill {moment}", 30)
        assert len(here.requests_for(number)) == (moment != "before the call")

        with here.process("web", "--port", str(free_port())):
            wait_until(lambda: here.state(order_id) in DONE, "the order's submission", 40)

        assert len(here.requests_for(number)) == 1
