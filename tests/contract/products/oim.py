"""Oracle Identity Manager: the sandbox's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import requests

import sandbox.oim
from broker.connectors.registry import iga_products
from broker.domain.access import ItemKind, ItemName
from broker.ports.iga import Iga
from sandbox.oim.rows import QUEUE, Request, Target, Task
from sandbox.oim.rules import DIRECT, Rule
from sandbox.web import serve
from sandbox.world import World
from tests.contract.needs import ACTING_AS_A_USER, DELTA_READS, TAKING_AWAY
from tests.contract.subject import Calls, Hands, Subject
from tests.faults.proxy import FaultProxy, to

SETTINGS = {
    "url": "http://127.0.0.1:9",
    "console_url": "http://127.0.0.1:9",
    "username": "broker",
    "password": "broker",
}
# Its API has no filter by date of change, lets nobody act for another, and can take away accounts
# only (REST API for OIG Self Service, "Requests", "Accounts").
MAY_LEAVE_OUT = {
    DELTA_READS,
    ACTING_AS_A_USER,
    TAKING_AWAY[ItemKind.ROLE],
    TAKING_AWAY[ItemKind.ENTITLEMENT],
}
CALLS = Calls(
    submitting=to("POST", "/requests"),
    listing=to("GET", "/requests?"),
    reading=to("GET", "/requests/"),
    withdrawing=to("DELETE", "/requests/"),
    revoking=to("DELETE", "/accounts/"),
)
_API = "/iam/governance/selfservice/api/v1"
# Longer than any request of ours takes here.
_LONG = 3600.0
_TOKENS_LIVE = 60.0


@contextmanager
def running(world: World) -> Iterator[Subject]:
    """One installation, whose requests start at once and take an hour to be carried out."""
    app = sandbox.oim.create_app(
        world, start_seconds=0, provisioning_seconds=_LONG, token_seconds=_TOKENS_LIVE
    )
    inside = Inside(app.extensions["oim"], world)
    product = iga_products()["oim"]
    with serve(app) as server, FaultProxy(server.url) as proxy:

        def connect(**settings: object) -> Iga:
            known = {**SETTINGS, "url": proxy.url, "console_url": server.url, "page_size": 50}
            return product.build("oim", product.settings(**(known | settings)))

        yield Subject(
            iga=connect(),
            proxy=proxy,
            connect=connect,
            login="ada",
            items=(ItemName("role", "Finance Reporting"), ItemName("role", "Budget Approver")),
            roles={"IT SECURITY": inside.logins(*world.queues["IT SECURITY"])},
            stand_ins={"BEN": inside.logins("finn")},
            hands=inside.hands(),
            calls=CALLS,
            small_pages={"page_size": 7},
            wrong_secret={"password": "guessed"},
            impatient={"read_seconds": 0.5},
            tokens={"authentication": "jwt"},
            proofs=Doors(server.url, inside).proofs(),
        )


class Inside:
    """Hands in the installation."""

    def __init__(self, state: sandbox.oim.Oim, world: World) -> None:
        self.state, self.world = state, world

    def hands(self) -> Hands:
        """What the suite may do behind the API."""
        return Hands(
            accepted=lambda: list(self.state.ledger),
            asked_of=self.asked_of,
            ask=self.ask,
            quote=lambda words: self.ask("ada", words),
            finish=self.finish,
            reassign=self.reassign,
            vanish=self.vanish,
            carry_out=lambda: self.state.clock.forward(_LONG),
            end_tokens=lambda: self.state.clock.forward(_TOKENS_LIVE),
            hold_back=lambda: self.rule("manager"),
            give=self.give,
            at_once=lambda: self.rule(*DIRECT),
        )

    def rule(self, *stages: str) -> None:
        """Decide on what the broker raises like this from now on."""
        self.state.rules.insert(0, Rule(stages, requester="BROKER"))

    def key(self, name: str) -> str:
        """The usr_key of somebody of the cast."""
        return self.world.people[name].usr_key or ""

    def logins(self, *names: str) -> Sequence[str]:
        """How the product spells these people's logins."""
        return [str(self.world.people[name].iga_login) for name in names]

    def asked_of(self, request_id: str) -> tuple[str, Sequence[ItemName]]:
        """For whom this request is, and what it asks for."""
        with self.state.lock:
            request = self.state.requests[request_id]
            (beneficiary,) = request.beneficiaries
            names = [ItemName(each.item.kind, each.item.name) for each in request.targets]
            return beneficiary, names

    def ask(self, name: str = "eve", words: str = "for the audit") -> str:
        """Eve asks for a role for somebody in the console, and ben has to decide."""
        at = self.state.clock.now()
        role = next(item for item in self.world.items.values() if item.kind == "role")
        with self.state.lock:
            made = Request(
                self.state.next_id(), "Assign Roles", "Request Awaiting Approval",
                self.key("eve"), (self.key(name),), (Target(role),), at, at, words,
                tasks=[Task(str(uuid4()), 1, self.key("ben"), at)],
            )  # fmt: skip
            self.state.requests[made.id] = made
            self.state.version += 1
        return made.id

    def finish(self, request_id: str) -> None:
        """It was decided and carried out."""
        with self.state.lock:
            request = self.state.requests[request_id]
            request.status = "Request Completed"
            for task in request.open_tasks:
                task.state, task.outcome = "COMPLETED", "APPROVE"
                task.decided_at, task.decided_by = self.state.clock.now(), task.assignee
            self.state.version += 1

    def reassign(self, request_id: str) -> str:
        """The decision is a role's now; nothing of it shows in a list."""
        with self.state.lock:
            (task,) = self.state.requests[request_id].open_tasks
            task.assignee = f"{QUEUE}IT SECURITY"
        return "IT SECURITY"

    def vanish(self, request_id: str) -> None:
        """It was removed from the database."""
        with self.state.lock:
            del self.state.requests[request_id]
            self.state.version += 1

    def give(self, kind: ItemKind) -> ItemName:
        """Ada has an item of this kind, as if from always."""
        item = self.world.items[_GIVEN[kind]]
        self.state.hold(self.key("ada"), item, self.state.clock.now(), None)
        return ItemName(kind, item.name)


_GIVEN = {
    ItemKind.ROLE: ("role", "Recruiter"),
    ItemKind.ACCOUNT: ("account", "Salesforce"),
    ItemKind.ENTITLEMENT: ("entitlement", "SAP_FI_POST"),
}


# ---- what this product has no door for -----------------------------------------------------------


@dataclass(frozen=True)
class Doors:
    """The API, past the connector and the proxy; with hands inside, to see what came of it."""

    url: str
    inside: Inside

    def call(self, method: str, path: str, who: str = "broker", **params: str) -> Any:  # noqa: ANN401 -- a response
        """What this user is answered."""
        password = "broker" if who == "broker" else "demo"
        return requests.request(
            method, self.url + _API + path, params=params, auth=(who, password),
            headers={"X-Requested-By": "tests"}, timeout=60,
        )  # fmt: skip

    def no_delta(self) -> None:
        """No list tells when something changed, nor can it be asked for."""
        asked = self.inside.ask()
        for name in ("reqModifiedOnDate", "reqModifiedOn"):
            found = self.call("GET", "/requests", q=f"{name} gt 2026-01-01T00:00:00Z")
            assert found.status_code == 400
        (row,) = self.call("GET", "/requests", q=f"id eq {asked}").json()["requests"]
        assert not [name for name in row if "odified" in name]

    def nobody_else(self) -> None:
        """Whoever asks sees their own pending approvals, whomever they name."""
        asked = self.inside.ask()
        view = {"view": "pendingApprovals", "userid": self.inside.key("ben"), "userId": "BEN"}
        for who, shown in (("ben", True), ("broker", False)):
            rows = self.call("GET", "/requests", who, **view).json()["requests"]
            assert (asked in [row["id"] for row in rows]) is shown

    def stays(self, kind: ItemKind, *doors: str) -> None:
        """Whatever is tried to delete, the person still has it."""
        given, ada = self.inside.give(kind), self.inside.key("ada")
        place = (given.kind, self.inside.world.items[given.kind, given.name].key)
        held = self.inside.state.holdings[ada][place]
        for path in doors:
            known = {"key": place[1], "user": ada, "id": held.id}
            assert self.call("DELETE", path.format(**known)).status_code >= 400
        assert place in self.inside.state.holdings[ada]

    def proofs(self) -> Mapping[str, Callable[[], None]]:
        """One for each capability that this product has not."""
        return {
            DELTA_READS: self.no_delta,
            ACTING_AS_A_USER: self.nobody_else,
            TAKING_AWAY[ItemKind.ROLE]: lambda: self.stays(
                ItemKind.ROLE,
                "/roles/{key}/members/{user}",
                "/roles/{key}/members",
                "/users/{user}/roles/{key}",
            ),
            TAKING_AWAY[ItemKind.ENTITLEMENT]: lambda: self.stays(
                ItemKind.ENTITLEMENT,
                "/entitlements/{key}",
                "/entitlements/{id}",
                "/users/{user}/entitlements/{key}",
            ),
        }
