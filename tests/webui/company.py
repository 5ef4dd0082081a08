"""The cast of these tests, their rows, their browsers, and stand-ins for what is outside.

ada reports to ben; cho operates; dee audits; eve works elsewhere.
"""

import dataclasses
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from broker.context import Broker
from broker.domain.access_requests import RequestState
from broker.domain.approvals import TaskState
from broker.domain.errors import Unavailable
from broker.domain.orders import LineState
from broker.domain.people import Account, Match, Person, normal
from broker.domain.visibility import Role
from broker.ports.desk import DeskWaiting, OrderRef
from broker.ports.health import Health
from broker.ports.queue import QueueName
from broker.settings import Settings, load
from broker.store import people
from broker.store.orders import OrderLineRow, OrderRow
from broker.store.people import PersonRow
from broker.store.requests import (
    ApprovalTaskRow,
    BeneficiaryRow,
    RequestedItemRow,
    RequestRow,
)

BASE = "http://127.0.0.1:8080"
NOW = datetime(2026, 3, 2, 8, 17, tzinfo=UTC)
CONSOLE = "https://oim.example.com/identity/faces/home?tf="


class FixedClock:
    """Shows the time that the test says."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time


class CountingBell:
    """Remembers which queues were rung."""

    def __init__(self) -> None:
        self.rung: list[QueueName] = []

    def ring(self, queue: QueueName) -> None:
        self.rung.append(queue)


@dataclass
class StandIn:
    """An outside system as far as screens need one: links, a check, and people by attribute."""

    name: str
    works: bool = True
    known: list[Person] = field(default_factory=list)
    waiting: dict[str, list[DeskWaiting]] = field(default_factory=dict)

    def request_link(self, request_id: str) -> str:
        return f"{CONSOLE}request_details&requestId={request_id}"

    def inbox_link(self) -> str:
        return f"{CONSOLE}approval_details"

    def access_link(self) -> str:
        return f"{CONSOLE}my_access_roles"

    def item_link(self, ref: OrderRef) -> str:
        return f"https://desk.example.com/item/{ref.item_id}"

    def waiting_for(self, key: str, at: datetime) -> Sequence[DeskWaiting]:
        if not self.works:
            raise Unavailable(self.name, "nobody answers")
        return [each for each in self.waiting.get(key, []) if not each.since or each.since <= at]

    def check(self) -> Health:
        if not self.works:
            raise Unavailable(self.name, "nobody answers")
        return Health("answers")

    def find_people(self, attribute: str, value: str) -> Sequence[Person]:
        if not self.works:
            raise Unavailable(self.name, "nobody answers")
        return [p for p in self.known if normal(getattr(p, attribute)) == normal(value)]


def settings(**changes: str) -> Settings:
    return load(
        {
            "BROKER_BASE_URL": BASE,
            "BROKER_SECRET_KEY": "s" * 40,
            "BROKER_AUDIT_KEY": "a" * 40,
            "BROKER_SAML_IDP_METADATA": "unused.xml",
            "BROKER_OPERATOR_GROUPS": "broker-operators",
            "BROKER_AUDITOR_GROUPS": "broker-auditors",
            **changes,
        }
    )


@dataclass
class Company:
    """The rows that tests speak about, by name."""

    people: dict[str, PersonRow]
    request: RequestRow
    task: ApprovalTaskRow
    born: RequestRow
    done: RequestRow
    order: OrderRow
    stuck: OrderRow


CAST = {
    "ada": ("11", "12"),
    "ben": ("12", "1"),
    "cho": ("13", "1"),
    "dee": ("14", "1"),
    "eve": ("15", "1"),
}
ROLES = {"cho": Role.OPERATOR, "dee": Role.AUDITOR}


def befall_at_the_desk(broker: Broker) -> StandIn:
    """ben has an account at the desk, and two decisions wait for him there; gives the desk."""
    person = Person("12", "BEN", "Ben Example", "ben@example.com", "1012")
    account = Account("servicenow", "sys-ben", "ben", "Ben", "ben@example.com", "1012")
    with broker.sessions.begin() as session:
        people.remember_link(session, "oim", account, Match(person, ""), NOW)
    since = NOW - timedelta(hours=2)
    own = DeskWaiting("a" * 32, "RITM0010020", "A <b>laptop</b>", "", since, "https://desk/a")
    others = DeskWaiting("b" * 32, "", "Contract 7", "Gus Boss", None, "https://desk/b")
    desk = cast("StandIn", broker.desks["servicenow"])
    desk.waiting["sys-ben"] = [own, others]
    return desk


def request_row(
    number: str,
    requester: str,
    beneficiary: str,
    item: str,
    state: RequestState = RequestState.AWAITING_APPROVAL,
    tasks: Sequence[ApprovalTaskRow] = (),
) -> RequestRow:
    return RequestRow(
        iga="oim", request_id=number, state=state, raw_status=f"OIM says {state}",
        is_open=not state.final, request_type="Assign Roles", requester_key=requester,
        justification="month end closing", created_at=NOW - timedelta(hours=2), seen_at=NOW,
        changed_at=NOW, closed_at=NOW if state.final else None, fingerprint="f",
        items=[RequestedItemRow(position=0, kind="role", key="1", name=item,
                                beneficiary_key=beneficiary)],
        tasks=list(tasks),
        beneficiaries=[BeneficiaryRow(person_key=beneficiary)],
    )  # fmt: skip


def waiting_for(login: str) -> ApprovalTaskRow:
    return ApprovalTaskRow(
        position=0, task_id=f"task-{login}", assignee=login, assignee_normal=normal(login),
        state=TaskState.REQUESTED, raw_state="ASSIGNED", stage="Beneficiary Manager",
        assigned_at=NOW - timedelta(hours=2),
    )  # fmt: skip


def decided_by(login: str) -> ApprovalTaskRow:
    return ApprovalTaskRow(
        position=0, task_id=f"old-{login}", assignee=login, assignee_normal=normal(login),
        state=TaskState.APPROVED, raw_state="APPROVE", stage="Beneficiary Manager",
        assigned_at=NOW - timedelta(days=9), decided_at=NOW - timedelta(days=8), comment="fine",
    )  # fmt: skip


def order_row(number: str, person: PersonRow, state: LineState, request_id: str | None) -> OrderRow:
    return OrderRow(
        source="servicenow", client="servicenow", item_id=f"sys-{number}", item_number=number,
        task_id="t1", task_number="SCTASK0010009", action="grant", claims=number, posted="{}",
        iga="oim", received_at=NOW - timedelta(hours=1), beneficiary_id=person.id,
        requester_id=person.id, justification="needed at the desk",
        lines=[OrderLineRow(position=0, kind="role", name="Budget Approver", state=state,
                            reference=f"{number}-1", iga_request_id=request_id, changed_at=NOW)],
    )  # fmt: skip


def unconfirmed_row(number: str, **posted: object) -> OrderRow:
    """An order that waits for an operator, because the desk could not confirm it."""
    said = {"beneficiary": {"user_name": "gina.falcone"}, **posted}
    row = order_row(number, PersonRow(), LineState.NEEDS_ATTENTION, None)
    row.posted, row.justification = json.dumps(said), "A badge for a guest, for one day"
    row.lines[0].kind = row.lines[0].name = ""
    row.lines[0].left_state = LineState.RECEIVED
    row.lines[0].reason = "The catalogue item “Visitor badge” has no entry."
    return row


@dataclass
class Browser:
    """A client with a cookie jar, and with the form token of the page it saw last."""

    client: FlaskClient

    def get(self, path: str, headers: dict[str, str] | None = None) -> TestResponse:
        return self.client.get(path, base_url=BASE, headers=headers)

    def fragment(self, path: str) -> TestResponse:
        headers = {"HX-Request": "true", "HX-Current-URL": f"{BASE}{path}"}
        return self.get(path, headers=headers)

    def post(
        self,
        path: str,
        data: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> TestResponse:
        """With the token of a page that this browser has seen."""
        sent = {"csrf_token": self.token(), **(data or {})}
        return self.client.post(path, base_url=BASE, data=sent, headers=headers)

    def token(self) -> str:
        page = self.get("/history").get_data(as_text=True)
        return page.partition('name="csrf_token" value="')[2].partition('"')[0]


Visit = Callable[[str], Browser]


def with_iga(broker: Broker, **changes: object) -> StandIn:
    """The IGA's stand-in, changed."""
    iga = cast("StandIn", broker.igas["oim"])
    for name, value in changes.items():
        setattr(iga, name, value)
    return iga


def with_settings(broker: Broker, **changes: str) -> Broker:
    """The same Broker under other settings."""
    return dataclasses.replace(broker, settings=settings(**changes))


def text_of(answer: TestResponse) -> str:
    """The page's text."""
    return answer.get_data(as_text=True)
