"""A broker at work: a real store and outbox, the real connector, the sandbox's instance.

The clock, the instance's too, goes on whenever nothing is due, so that waiting costs nothing. Where
it is the desk's turn to be tried, the IGA is made up, and ends a request the moment it gets it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from pydantic import SecretStr
from sqlalchemy import func, select

import sandbox.servicenow
from broker import relay
from broker.connectors.registry import desk_products
from broker.context import Broker
from broker.domain.access import CatalogueItem, CatalogueMapping, Grant, ItemKind, MappingEntry
from broker.domain.access_requests import RequestState
from broker.domain.people import Person
from broker.files import ApiClient
from broker.orders.intake import receive
from broker.orders.post import parse
from broker.ports.desk import Desk, OrderRef
from broker.ports.iga import Iga, Receipt, Submission
from broker.ports.queue import QueueName
from broker.settings import Settings
from broker.store.base import open_store, sessions_of
from broker.store.orders import OrderRow
from broker.store.outbox import OutboxRow
from broker.sync import engine
from sandbox.servicenow.app import DEMO_EVENTS_SECRET, DEMO_ORDERS_SECRET
from sandbox.servicenow.instance import SCOPE, ServiceNow
from sandbox.servicenow.waits import Waits
from sandbox.web import serve
from sandbox.world import World
from sandbox.world.model import WorldPerson
from tests.use_cases.fakes import FakeBell, FakeClock, FakeIga
from tools.servers import wait_until
from webui import api

ROLE = "Finance Reporting"
ITEM = "business_role"
# Every so many requests are refused by the IGA, so that both ends of an order occur.
_REFUSES_EVERY = 5


@dataclass
class PromptIga(FakeIga):
    """Carries a request out, or refuses it, the moment it gets it."""

    def submit(self, submission: Submission) -> Receipt:
        receipt = super().submit(submission)
        refused = len(self.submissions) % _REFUSES_EVERY == 0
        end = RequestState.REJECTED if refused else RequestState.COMPLETED
        self.finish(receipt.request_id, end)
        return receipt


@dataclass
class AtWork:
    """One broker with its instance; `state` is what the instance keeps."""

    broker: Broker
    clock: FakeClock
    state: ServiceNow
    world: World
    posts: int = field(default=0)

    def ordered(self, decision: str) -> OrderRef:
        """Somebody signs in and orders something, which is `approved` or `rejected`.

        The instance's own scripts tell the broker of the sign-in and of the approval. Nothing in
        it announces an order that was rejected: a person does.
        """
        self.posts += 1
        people = customers(self.world)
        person = people[self.posts % len(people)]
        self.state.automation.logged_in(str(person.desk_user_name), "127.0.0.1")
        ref = self.decided(person, decision)
        if decision == "rejected":
            self.announce(ref, person)
        return ref

    def heard_of(self, refs: Collection[OrderRef]) -> None:
        """Wait until the broker has been told of these orders by the instance."""
        wanted = {ref.item_id for ref in refs}

        def all_there() -> bool:
            with self.broker.sessions() as session:
                return wanted <= set(session.scalars(select(OrderRow.item_id)))

        wait_until(all_there, "orders that the instance announces", 120)

    def work(self) -> None:
        """Pay everything that is owed, however often it has to be tried again."""
        while True:
            while any(relay.settle_due(self.broker, queue, 600) for queue in QueueName):
                pass
            due_at = self._next()
            if due_at is None:
                return
            self.clock.forward(seconds=max(0.0, (due_at - self.clock.now()).total_seconds()))

    def given_up(self) -> list[str]:
        """What the broker could not do, in its own words."""
        with self.broker.sessions() as session:
            query = select(OutboxRow).where(OutboxRow.given_up_at.is_not(None))
            return [f"{row.topic}: {row.last_error}" for row in session.scalars(query)]

    def decided(self, person: WorldPerson, decision: str, role: str = ROLE) -> OrderRef:
        """This person orders a role, and it is decided at once."""
        records, customer = self.state.records, person.sys_id
        item = records.find("sc_cat_item", self.world.desk_items[ITEM].sys_id)
        assert item is not None
        request = self.state.workflow.order(item, customer, {"role": role}, customer, "soak")
        (ritm,) = records.where("sc_req_item", request=request["sys_id"])
        for row in records.where("sysapproval_approver", sysapproval=ritm["sys_id"]):
            records.update("sysapproval_approver", row["sys_id"], {"state": decision}, "soak")
        return OrderRef("servicenow", ritm["sys_id"], ritm["number"])

    def announce(self, ref: OrderRef, person: WorldPerson) -> None:
        """Somebody tells the broker of an order by hand, perhaps not as the first."""
        self.posts += 1
        user_name = str(person.desk_user_name)
        content: dict[str, Any] = {
            "source": "servicenow",
            "item": {"number": ref.item_number, "sys_id": ref.item_id},
            "action": "grant",
            "beneficiary": {"user_name": user_name},
            "requested_by": {"user_name": user_name},
            "approved_by": [],
            "justification": "month end",
        }
        raw = json.dumps(content).encode()
        receive(self.broker, "servicenow", f"soak-{self.posts}", raw, parse(raw))

    def _next(self) -> datetime | None:
        """When the next thing that is still owed falls due."""
        open_ones = (OutboxRow.settled_at.is_(None), OutboxRow.given_up_at.is_(None))
        with self.broker.sessions() as session:
            return session.scalar(select(func.min(OutboxRow.due_at)).where(*open_ones))


@dataclass
class Installation(AtWork):
    """One with an IGA that is made up."""

    iga: PromptIga = field(default_factory=PromptIga)


@contextmanager
def installed(database_url: str, world: World, **settings: object) -> Iterator[Installation]:
    """A broker on this database with a fresh instance and a prompt IGA, everybody known to all."""
    clock = FakeClock()
    clock.at = datetime.now(UTC)
    iga = PromptIga(staff=_staff(world), catalogue=_CATALOGUE)
    with at_work(database_url, world, iga, clock, **settings) as made:
        yield Installation(made.broker, clock, made.state, world, iga=iga)


@contextmanager
def at_work(
    database_url: str, world: World, iga: Iga, clock: FakeClock, **settings: object
) -> Iterator[AtWork]:
    """A broker on this database between a fresh instance and this IGA, by this clock.

    Faults take as long as they must and no longer: a minute's wait would prove nothing here.
    """
    app = sandbox.servicenow.create_app(world, clock=clock.now)
    state: ServiceNow = app.extensions["servicenow"]
    state.properties[f"{SCOPE}.mid_server"] = "mid-east"
    state.waits = Waits(slow_seconds=0.05, quota_seconds=0.0, retry_after_seconds=0)
    store = open_store(database_url)
    with ExitStack() as stack:
        stack.callback(store.dispose)
        stack.callback(state.close)
        server = stack.enter_context(serve(app))
        broker = Broker(
            settings=_SETTINGS,
            sessions=sessions_of(store),
            bell=FakeBell(),
            clock=clock,
            igas={"oim": iga},
            desks={"servicenow": _connector(server.url, **settings)},
            catalogue=_catalogue(world),
            api_clients={"servicenow": _CLIENT},
        )
        ears = Flask("ears")
        api.register(ears, broker)
        state.properties[f"{SCOPE}.broker_url"] = stack.enter_context(serve(ears)).url
        engine.sync_people(broker)
        yield AtWork(broker, clock, state, world)


def customers(world: World) -> list[WorldPerson]:
    """People who order: known to both sides, and led by somebody who can approve."""
    return [
        person
        for person in world.people.values()
        if person.desk_user_name and person.desk_active and person.usr_key and person.iga_active
        if (chief := world.people.get(person.manager or "")) and chief.desk_user_name
    ][:40]


_CLIENT = ApiClient(
    "servicenow",
    frozenset({"servicenow"}),
    {
        "orders": [base64.b64decode(DEMO_ORDERS_SECRET.removeprefix("whsec_"))],
        "events": [base64.b64decode(DEMO_EVENTS_SECRET.removeprefix("whsec_"))],
    },
)
_CATALOGUE = [CatalogueItem(ItemKind.ROLE, "14", ROLE)]
_SETTINGS = Settings(
    base_url="http://127.0.0.1:8080",
    secret_key=SecretStr("s" * 40),
    audit_key=SecretStr("a" * 40),
    api_calls_per_second=0,
    saml_idp_metadata="http://localhost/metadata",
)


def _staff(world: World) -> list[Person]:
    return [
        Person(each.usr_key, each.iga_login, each.display_name, each.email, each.employee_number)
        for each in world.people.values()
        if each.iga_login and each.usr_key
    ]


def _catalogue(world: World) -> CatalogueMapping:
    item = world.desk_items[ITEM].sys_id
    grants = [Grant(ItemKind.ROLE, name_from="role")]
    entry = MappingEntry("servicenow", item, "Access to a role", grants)
    return CatalogueMapping({("servicenow", item): entry})


def _connector(url: str, **settings: object) -> Desk:
    product = desk_products()["servicenow"]
    given = {"client_id": "broker", "client_secret": "broker-secret", **settings}
    given = {"url": url, "username": "broker", "password": "broker", **given}
    return product.build("servicenow", product.settings(**given))
