"""A small company: ada reports to ben, eve works elsewhere; one IGA, one desk, one database."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import pytest
from pydantic import SecretStr

from broker import relay
from broker.context import Broker
from broker.domain.access import CatalogueItem, CatalogueMapping, Grant, ItemKind, MappingEntry
from broker.domain.orders import Action
from broker.domain.people import Account, Person
from broker.orders.intake import receive
from broker.orders.post import parse
from broker.ports.desk import DeskApproval, DeskOrder, OrderRef
from broker.ports.queue import QueueName
from broker.settings import Settings
from broker.store import people, requests
from broker.store.audit import AuditEventRow
from broker.store.base import open_store, sessions_of
from broker.store.orders import OrderRow
from broker.store.requests import RequestRow
from broker.sync import engine
from tests.use_cases.fakes import FakeBell, FakeClock, FakeDesk, FakeIga

ADA = Person("1", "ADA", "Ada Moreno", "ada@example.com", "1001", "2")
BEN = Person("2", "BEN", "Ben Okafor", "ben@example.com", "1002")
EVE = Person("3", "EVE", "Eve Lindqvist", "eve@example.com", "1003")
FINANCE = CatalogueItem(ItemKind.ROLE, "14", "Finance Reporting")
BUDGET = CatalogueItem(ItemKind.ROLE, "15", "Budget Approver")
LEDGER = CatalogueItem(ItemKind.ACCOUNT, "21", "Ledger")
MAPPING = {
    "role": MappingEntry(
        "servicenow", "role", "Access to a role", [Grant(ItemKind.ROLE, name_from="role")]
    ),
    "both": MappingEntry(
        "servicenow",
        "both",
        "Finance starter kit",
        [Grant(ItemKind.ROLE, "Finance Reporting"), Grant(ItemKind.ROLE, "Budget Approver")],
    ),
    "account": MappingEntry(
        "servicenow", "account", "Application account", [Grant(ItemKind.ACCOUNT, "Ledger")]
    ),
    "leave": MappingEntry(
        "servicenow", "leave", "Give back an account", [Grant(ItemKind.ACCOUNT, "Ledger")],
        Action.REVOKE,
    ),
    "leave_role": MappingEntry(
        "servicenow", "leave_role", "Leave a role", [Grant(ItemKind.ROLE, name_from="role")],
        Action.REVOKE,
    ),
    "laptop": MappingEntry("servicenow", "laptop", "Standard laptop", []),
}  # fmt: skip


def account(person: Person, **changes: object) -> Account:
    """The person's user at the desk."""
    facts = {
        "key": f"sys-{person.key}",
        "login": person.login.lower(),
        "display_name": person.display_name,
        "email": person.email,
        "employee_number": person.employee_number,
    }
    return Account("servicenow", **(facts | changes))  # type: ignore[arg-type]  # checked by the dataclass's users


@dataclass
class House:
    """Everything a use-case test touches."""

    broker: Broker
    iga: FakeIga
    desk: FakeDesk
    clock: FakeClock
    bell: FakeBell
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def item(
        self,
        catalogue_item: str = "role",
        person: Person = ADA,
        approval: DeskApproval = DeskApproval.APPROVED,
        **variables: str,
    ) -> OrderRef:
        """An item that exists at the desk."""
        number = next(self.numbers)
        task = (f"{number + 500:032x}", f"SCTASK{number:07}")
        ref = OrderRef("servicenow", f"{number:032x}", f"RITM{number:07}", *task)
        label = MAPPING[catalogue_item].label if catalogue_item in MAPPING else catalogue_item
        self.desk.items[ref.item_id] = DeskOrder(
            ref=ref,
            active=True,
            approval=approval,
            decisions=[],
            requested_for=account(person),
            opened_by=account(person),
            catalogue_item=catalogue_item,
            catalogue_label=label,
            variables=variables or {"role": "Finance Reporting"},
            evidence={"sys_id": ref.item_id, "sys_mod_count": "3"},
            task_ids=[task[0]],
            justification="month end",
        )
        self.desk.changed_at[ref.item_id] = self.clock.now()
        if approval is not DeskApproval.PENDING:
            self.desk.approve(ref.item_id, approval, self.clock.now())
        return ref

    def change(self, ref: OrderRef, **facts: Any) -> None:  # noqa: ANN401 - fields of many types
        """The desk's record of the item is another now."""
        self.desk.items[ref.item_id] = replace(self.desk.items[ref.item_id], **facts)

    def body(self, ref: OrderRef, **changes: object) -> bytes:
        """What the desk's script posts about an item."""
        content: dict[str, Any] = {
            "source": "servicenow",
            "item": {"number": ref.item_number, "sys_id": ref.item_id},
            "task": {"number": ref.task_number, "sys_id": ref.task_id},
            "action": "grant",
            "beneficiary": {"user_name": "ada"},
            "requested_by": {"user_name": "ada"},
            "approved_by": [],
            "justification": "month end",
        }
        return json.dumps(content | changes).encode()

    def post(self, ref: OrderRef, *, webhook_id: str = "", **changes: object) -> dict[str, Any]:
        """Announce an item as the desk's script does."""
        raw = self.body(ref, **changes)
        unique = webhook_id or f"id-{next(self.numbers)}"
        return receive(self.broker, "servicenow", unique, raw, parse(raw))

    def work(self) -> None:
        """Pay everything that is due, in every queue, until nothing is."""
        while any(relay.settle_due(self.broker, queue, 30) for queue in QueueName):
            pass

    def wait(self, rounds: int = 1, **amount: float) -> None:
        """Let time pass and work, as often as told."""
        for _ in range(rounds):
            self.clock.forward(**amount)
            self.work()

    def order(self, answer: dict[str, Any]) -> OrderRow:
        """The order as stored now, with its timeline."""
        with self.broker.sessions() as session:
            row = session.get_one(OrderRow, answer["order_id"])
            _ = (row.history, row.beneficiary, row.requester)
            return row

    def state(self, answer: dict[str, Any]) -> str:
        """The order's state now."""
        return self.order(answer).state.value

    def reason(self, answer: dict[str, Any]) -> str:
        """The sentence an operator reads."""
        return self.order(answer).lines[0].reason

    def audit(self, action: str) -> list[AuditEventRow]:
        """Audit events of one action."""
        with self.broker.sessions() as session:
            return session.query(AuditEventRow).filter_by(action=action).all()


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    clock = FakeClock()
    iga = FakeIga(staff=[ADA, BEN, EVE], catalogue=[FINANCE, BUDGET, LEDGER])
    desk = FakeDesk(users=[account(ADA), account(BEN), account(EVE)])
    with house_on(database_url, iga, desk, clock) as made:
        yield made


@contextmanager
def house_on(url: str, iga: FakeIga, desk: FakeDesk, clock: FakeClock) -> Iterator[House]:
    """The broker on this database, in this world."""
    bell = FakeBell()
    engine = open_store(url)
    broker = Broker(
        settings=Settings(
            base_url="http://127.0.0.1:8080",
            secret_key=SecretStr("s" * 40),
            audit_key=SecretStr("a" * 40),
            saml_idp_metadata="http://localhost/metadata",
            iga=iga.name,
        ),
        sessions=sessions_of(engine),
        bell=bell,
        clock=clock,
        igas={iga.name: iga},
        desks={"servicenow": desk},
        catalogue=CatalogueMapping({("servicenow", key): entry for key, entry in MAPPING.items()}),
        api_clients={},
    )
    yield House(broker, iga, desk, clock, bell)
    engine.dispose()


@pytest.fixture
def known(house: House) -> House:
    """Everybody is known and linked; nothing has been requested yet."""
    engine.sync_people(house.broker)
    return house


def id_of(house: House, person: Person) -> str:
    """Our id of somebody known."""
    with house.broker.sessions() as session:
        row = people.by_key(session, "oim", person.key)
        assert row is not None
        return row.id


def stored(house: House, request_id: str) -> RequestRow:
    """Our row of this request."""
    with house.broker.sessions() as session:
        row = requests.by_request_id(session, "oim", request_id)
        assert row is not None
        return row
