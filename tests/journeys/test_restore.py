"""A new cluster, restored from a back-up that was taken while orders were under way.

The commands are those of docs/operations.md, word for word. OIM and ServiceNow live on, know
more than the restored database, and judge: each order was carried out once and said so once.
"""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest

from cli.demo import Addresses
from cli.walk.systems import MachineApi, Row, ServiceNow
from tests.conftest import or_skip
from tests.journeys.twenty import ITEM, Twenty
from tools.servers import PostgreSQL, postgresql_program, program, wait_until
from tools.stack import Stack, running
from tools.stack.compose import ROOT

PATIENCE_SECONDS = 180
GUIDE = ROOT / "docs" / "operations.md"
OURS = ("web", "worker-interactive", "worker-orders", "worker-sync", "clock")
QUICK = {"BROKER_LEASE_SECONDS": "3", "BROKER_OIM_SEARCH_DELAY_SECONDS": "1"}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


class Orders(Twenty):
    """Orders of ada's, one of which waits for ben's approval."""

    def __init__(self, at: Addresses) -> None:
        super().__init__(at)
        self._api = MachineApi(at.broker)

    def post_again_what_is_unknown(self) -> None:
        """What ServiceNow's administrator does after a restore, with the fix script."""
        for number, item in self.items.items():
            if not self._api.orders_of(number):
                self._api.post_order(posted(item))

    def place_waiting(self, stack: Stack) -> Row:
        """One that the broker knows and the desk has not approved."""
        ada = ServiceNow(stack.at.servicenow, "ada", "demo")
        item = ada.order(ITEM, role=max(self._oim.simple_roles()))
        self._api.post_order(posted(item))
        self.items[item["number"]] = item
        return item

    def approve(self, item: Row) -> None:
        approval = self._ben.row("sysapproval_approver", f"sysapproval={item['sys_id']}")
        self._ben.change("sysapproval_approver", approval["sys_id"], state="approved")

    def settled(self) -> bool:
        """Whether the broker itself says of each that it is over."""
        return all(
            [order["state"] for order in self._api.orders_of(number)] == ["closed"]
            for number in self.items
        )

    def await_end(self) -> None:
        """Until both ServiceNow and the broker say that each is over."""
        try:
            wait_until(lambda: self.closed() and self.settled(), "an end", PATIENCE_SECONDS)
        except TimeoutError:
            pytest.fail(f"Not every order has ended: {self.told()}")

    def told(self) -> dict[str, str]:
        """What the broker says of those that are not closed."""
        known = {number: self._api.orders_of(number) for number in self.items}
        return {
            number: f"{found[0]['state']}, {found[0]['lines']}, {found[0]['history']}"
            for number, found in known.items()
            if found and found[0]["state"] != "closed"
        }


def posted(item: Row) -> Row:
    """What ServiceNow's script would post for an item."""
    return {
        "source": "servicenow",
        "item": {"number": item["number"], "sys_id": item["sys_id"]},
        "action": "grant",
        "beneficiary": {"user_name": "ada"},
        "requested_by": {"user_name": "ada"},
        "approved_by": [],
        "justification": "stocktaking",
    }


def commands(title: str) -> str:
    """The shell commands of one section of the guide."""
    text = GUIDE.read_text(encoding="utf-8")
    section = re.split(r"^#+ ", text.partition(f"# {title}\n")[2], maxsplit=1, flags=re.MULTILINE)
    return "\n".join(re.findall(r"^```sh\n(.*?)^```", section[0], re.MULTILINE | re.DOTALL))


def operate(stack: Stack, script: str, places: Mapping[str, str]) -> str:
    """Type the guide's commands, in the owner's environment."""
    postgresql = Path(postgresql_program("pg_dump")).parent
    environment = {**stack.owner_environment, **places}
    environment["PATH"] = f"{postgresql}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-euxc", script],
        env=environment,
        cwd=stack.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def address(stack: Stack, secret: str) -> str:
    """A role's address as PostgreSQL's own programs write it."""
    told = (stack.folder / "secrets" / secret).read_text(encoding="utf-8").strip()
    return told.replace("postgresql+psycopg://", "postgresql://")


def places(stack: Stack) -> dict[str, str]:
    return {
        "OWNER": address(stack, "database_owner_url"),
        "BACKUP": str(stack.folder / "broker.dump"),
    }


def lose_everything(stack: Stack) -> None:
    """As a fire would: PostgreSQL's files too. Redis forgets as well."""
    for name in OURS:
        stack.service(name).kill()
    stack.postgresql.stop()
    stack.redis.clear()


def new_cluster(stack: Stack) -> PostgreSQL:
    """Another PostgreSQL, with roles and an empty database, at another address."""
    options = stack.parts["postgresql"].command[1:]
    fresh = PostgreSQL.bare(options, stack.folder, "scram-sha-256")
    fresh.create("broker")
    roles = (ROOT / "deploy" / "compose" / "roles.sql").read_text(encoding="utf-8")
    fresh.run_script("broker", stack.here.text(roles))
    for secret in ("database_url", "database_owner_url"):
        file = stack.folder / "secrets" / secret
        old = file.read_text(encoding="utf-8")
        file.write_text(re.sub(r":\d+/", f":{fresh.port}/", old), encoding="utf-8")
    return fresh


def demand_insert_only(stack: Stack) -> None:
    """The application's role can neither alter nor remove what was audited."""
    for act in ("UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"):
        for table, column in (("audit_events", "action"), ("audit_seals", "hash")):
            with (
                psycopg.connect(address(stack, "database_url")) as connection,
                pytest.raises(psycopg.errors.InsufficientPrivilege),
            ):
                connection.execute(act.format(table, column, "'x'"))


def test_a_back_up_restored_into_a_new_cluster_ends_every_order_once(tmp_path: Path) -> None:
    or_skip(lambda: postgresql_program("pg_dump"))
    or_skip(lambda: program("Redis", "redis-server"))
    with running(tmp_path / "stack", settings=QUICK) as stack:
        orders = Orders(stack.at)
        waiting = orders.place_waiting(stack)
        orders.place(5)
        wait_until(orders.under_way, "the first request in OIM", PATIENCE_SECONDS)
        operate(stack, commands("Back-up"), places(stack))

        orders.approve(waiting)
        orders.place(2)
        orders.await_end()
        orders.place(2)
        lose_everything(stack)

        fresh = new_cluster(stack)
        try:
            said = operate(stack, commands("Restore"), places(stack))
            assert "verified:" in said
            assert "orders are under way" in said
            for name in OURS:
                stack.service(name).restart()
            stack.wait_healthy(*OURS)
            orders.post_again_what_is_unknown()
            orders.await_end()
            orders.judge()
            assert stack.run("audit", "verify").returncode == 0
            exported = stack.run("audit", "export").stdout
            assert exported.count("installation.restored") == 1, "typed once, and enough"
            demand_insert_only(stack)
        finally:
            for name in OURS:
                stack.service(name).engine.stop()
            fresh.stop()
