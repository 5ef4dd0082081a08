"""One installation with everything around it, and how each side is asked what it has."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import requests
from sqlalchemy import select

from broker import relay
from broker.context import Broker
from broker.domain.orders import LineState
from broker.orders import steps
from broker.ports.queue import QueueName
from broker.store.orders import OrderRow
from cli.walk.browser import Browser
from cli.walk.pages import Page
from cli.walk.systems import Row, ServiceNow
from sandbox import oim
from sandbox.oim.fulfilment import Fulfilment
from sandbox.oim.records import Request
from sandbox.oim.workflow import Workflow
from sandbox.servicenow.instance import ServiceNow as Instance
from tools.servers import wait_until

ITEM = "Access to a business role"
AWAITING = "Request Awaiting Approval"
COMPLETE, INCOMPLETE = "3", "4"
PATIENCE_SECONDS, PAUSE_SECONDS = 90.0, 0.1
API = "/iam/governance/selfservice/api/v1"


@dataclass(frozen=True)
class At:
    """Where each server is."""

    broker: str
    oim: str
    servicenow: str
    idp: str


@dataclass
class Site:
    """The three systems, and the broker, which works when told."""

    at: At
    scripts: Instance
    oim: oim.Oim
    broker: Broker
    browsers: dict[str, Browser] = field(default_factory=dict)

    # ---- ServiceNow ------------------------------------------------------------------------------

    def desk(self, user: str) -> ServiceNow:
        return ServiceNow(self.at.servicenow, user, "admin" if user == "admin" else "demo")

    def approved(self, name: str, *, by: str = "ada", **answers: str) -> Row:
        """An item that somebody ordered and their manager approved; the scripts have posted it."""
        item = self.desk(by).order(name, **answers)
        self.approve(item)
        return item

    def approve(self, item: Row) -> None:
        """Whoever ServiceNow asks says yes."""
        admin = self.desk("admin")
        query = f"sysapproval={item['sys_id']}^state=requested"
        for approval in admin.rows("sysapproval_approver", query):
            approver = admin.row("sys_user", f"sys_id={approval['approver']['value']}")
            self.desk(approver["user_name"]).change(
                "sysapproval_approver", approval["sys_id"], state="approved"
            )
        assert self.scripts.jobs.wait_idle(PATIENCE_SECONDS)

    def ordered_for(self, people: Sequence[str], name: str, *, by: str, **answers: str) -> Row:
        """One request (REQ) with an item for each of them, through the cart."""
        catalogue = f"{self.at.servicenow}/api/sn_sc/servicecatalog"
        item = self.desk("admin").row("sc_cat_item", f"name={name}")["sys_id"]
        with requests.Session() as session:
            session.auth, session.trust_env = (by, "demo"), False
            for person in people:
                body = {"sysparm_quantity": "1", "sysparm_requested_for": self.user(person),
                        "variables": answers}  # fmt: skip
                added = session.post(f"{catalogue}/items/{item}/add_to_cart", json=body, timeout=30)
                assert added.ok, added.text
            placed = session.post(f"{catalogue}/cart/submit_order", json={}, timeout=30)
            assert placed.ok, placed.text
            made: Row = placed.json()["result"]
        return made

    def user(self, person: str) -> str:
        """Their sys_id."""
        return str(self.desk("admin").row("sys_user", f"user_name={person}")["sys_id"])

    def cancel(self, item: Row) -> None:
        """Somebody cancels the item; the scripts have posted it."""
        self.desk("admin").change("sc_req_item", item["sys_id"], approval="cancelled")
        assert self.scripts.jobs.wait_idle(PATIENCE_SECONDS)

    def record(self, item: Row) -> Row:
        """The item as ServiceNow has it now."""
        return self.desk("admin").row("sc_req_item", f"sys_id={item['sys_id']}")

    def task(self, item: Row) -> Row:
        return self.desk("admin").row("sc_task", f"request_item={item['sys_id']}")

    def said(self, item: Row, element: str = "work_notes") -> str:
        """What stands on the item and its task, notes or comments, all in one."""
        keys = f"{item['sys_id']},{self.task(item)['sys_id']}"
        query = f"element_idIN{keys}^element={element}"
        rows = self.desk("admin").rows("sys_journal_field", query)
        return "\n".join(row["value"] for row in rows)

    def closed(self, item: Row) -> tuple[str, str]:
        """The states of the item and of its task."""
        return self.record(item)["state"], self.task(item)["state"]

    # ---- OIM -------------------------------------------------------------------------------------

    def raised(self, item: Row) -> list[Request]:
        """What OIM's own ledger has because of this item."""
        with self.oim.lock:
            Workflow(self.oim).advance()
            made = [self.oim.requests[request_id] for request_id in self.oim.ledger]
        return [request for request in made if item["number"] in request.justification.split()]

    def only(self, item: Row) -> Request:
        (request,) = self.raised(item)
        return request

    def for_whom(self, request: Request) -> tuple[list[str], list[str]]:
        """Logins and names of items, by OIM's own record."""
        logins = [self.oim.users[key].login for key in request.beneficiaries]
        return logins, [target.item.name for target in request.targets]

    def login(self, key: str | None) -> str:
        """The login behind a user key."""
        return self.oim.users[key or ""].login

    def browser(self, person: str) -> Browser:
        """Their browser, in which they sign in once, at the identity provider."""
        return self.browsers.setdefault(person, Browser(person))

    def console(self, person: str, flow: str, **query: str) -> Page:
        """A page of OIM's console, as this person sees it."""
        words = "".join(f"&{name}={value}" for name, value in query.items())
        return self.browser(person).open(f"{self.at.oim}/identity/faces/home?tf={flow}{words}")

    def request_page(self, person: str, request_id: str) -> Page:
        return self.console(person, "request_details", requestId=request_id)

    def status(self, person: str, request_id: str) -> str:
        """The status that stands on the request's page."""
        page = self.request_page(person, request_id)
        return next(page.root.find(data_field="status")).text

    def decide(self, person: str, request_id: str, action: str, comment: str = "") -> Page:
        """Press the button on the request's page; a task of a role is claimed first."""
        page = self.request_page(person, request_id)
        claim = next((f for f in page.forms() if f.choices("action") == ["claim"]), None)
        if claim is not None:
            self.browser(person).submit(page, claim, action="claim")
            page = self.request_page(person, request_id)
        form = next(form for form in page.forms() if action in form.choices("action"))
        return self.browser(person).submit(page, form, action=action, comment=comment)

    def holds(self, person: str, name: str, kind: str = "roles") -> bool:
        """Whether this stands on their own page in OIM's console."""
        page = self.console(person, f"my_access_{kind}")
        assert page.status == requests.codes.ok, page.text
        return name in page.text

    def fulfil(self, person: str, task: str) -> None:
        """Say that what no connector does was done by hand."""
        answer = requests.put(
            f"{self.at.oim}{API}/provtasks/{task}", json={"action": "manualComplete"}, timeout=30,
            auth=(person, "demo"), headers={"X-Requested-By": person},
        )  # fmt: skip
        assert answer.ok, answer.text

    def refuse_by_hand(self, person: str, task: str, reason: str) -> None:
        """Say that it cannot be done by hand."""
        with self.oim.lock:
            Fulfilment(self.oim).reject(self.oim.by_login[person.upper()], task, reason)

    def withdraw_as_administrator(self, request: Request) -> None:
        """An administrator of OIM takes back what the broker has raised."""
        with self.oim.lock:
            Workflow(self.oim).withdraw(self.oim.by_login["XELSYSADM"], request)

    def revokes(self, item: Row) -> Request:
        """The only request that OIM has had, once it waits; nothing of ours stays with it."""

        def there() -> bool:
            with self.oim.lock:
                Workflow(self.oim).advance()
                found = [self.oim.requests[request_id].status for request_id in self.oim.ledger]
            return found == [AWAITING]

        self.until(item, "submitted")
        wait_until(there, "one revocation that waits", PATIENCE_SECONDS, PAUSE_SECONDS)
        (request_id,) = self.oim.ledger
        return self.oim.requests[request_id]

    # ---- the broker ------------------------------------------------------------------------------

    def work(self) -> None:
        """Pay what is due now."""
        for queue in QueueName:
            relay.settle_due(self.broker, queue, PATIENCE_SECONDS)

    def order(self, item: Row) -> OrderRow:
        with self.broker.sessions() as session:
            query = select(OrderRow).where(OrderRow.item_number == item["number"])
            row = session.scalars(query).one()
            _ = row.history
            return row

    def hurry(self, item: Row) -> None:
        """Let a request that is followed ever more rarely be looked at now."""
        with self.broker.sessions.begin() as session:
            order = session.merge(self.order(item))
            for line in order.lines:
                if line.state is LineState.SUBMITTED:
                    steps.owe(session, "order.track", order, self.broker.clock.now(), line)

    def until(self, item: Row, state: str) -> OrderRow:
        """Work until the order is there."""

        def there() -> bool:
            self.hurry(item)
            self.work()
            return self.order(item).state == state

        try:
            wait_until(there, state, PATIENCE_SECONDS, PAUSE_SECONDS)
        except TimeoutError as late:
            told = [step.sentence for step in self.order(item).history]
            raise AssertionError(
                f"{item['number']} is {self.order(item).state}, not {state}: {told}"
            ) from late
        return self.order(item)

    def waits(self, item: Row, status: str) -> Request:
        """The item's only request once OIM says so; the order goes on following it."""

        def there() -> bool:
            return [request.status for request in self.raised(item)] == [status]

        self.until(item, "submitted")
        wait_until(there, f"{item['number']} to be {status}", PATIENCE_SECONDS, PAUSE_SECONDS)
        self.hurry(item)
        self.work()
        assert self.order(item).state == LineState.SUBMITTED
        assert self.record(item)["active"] == "true"
        return self.only(item)
