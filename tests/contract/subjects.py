"""The installed IGA products, each with a server of its own and a proxy before it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import sandbox.oim
from broker.connectors.registry import iga_products
from broker.domain.access import ItemName
from broker.ports.iga import Iga
from sandbox.oim.rows import Request, Target
from sandbox.web import serve
from sandbox.world import World
from tests.faults.proxy import FaultProxy, When, to


@dataclass(frozen=True)
class Subject:
    """A product under the contract.

    `login` and `item` exist there, the person without the item. `accepted` lists, by the server's
    own ledger, the ids of requests that it took from us. `ask` lets somebody else raise a request
    and `finish` ends one, both at the server itself.
    """

    iga: Iga
    proxy: FaultProxy
    connect: Callable[..., Iga]
    login: str
    item: ItemName
    accepted: Callable[[], Sequence[str]]
    ask: Callable[[], str]
    finish: Callable[[str], None]
    submits: When
    lists: When
    small_pages: Mapping[str, object] = field(default_factory=dict)
    wrong_secret: Mapping[str, object] = field(default_factory=dict)


@contextmanager
def oim(world: World) -> Iterator[Subject]:
    """Oracle Identity Manager: the sandbox's."""
    app = sandbox.oim.create_app(world, start_seconds=0, provisioning_seconds=3600)
    state: sandbox.oim.Oim = app.extensions["oim"]
    product = iga_products()["oim"]
    with serve(app) as server, FaultProxy(server.url) as proxy:
        known = {"url": proxy.url, "console_url": server.url, "username": "broker"}

        def connect(**settings: object) -> Iga:
            given = {**known, "password": "broker", "page_size": 50, **settings}
            return product.build("oim", product.settings(**given))

        yield Subject(
            iga=connect(),
            proxy=proxy,
            connect=connect,
            login="ada",
            item=ItemName("role", "Finance Reporting"),
            accepted=lambda: list(state.ledger),
            ask=lambda: _ask(state, world),
            finish=lambda request_id: _finish(state, request_id),
            submits=to("POST", "/requests"),
            lists=to("GET", "/requests?"),
            small_pages={"page_size": 7},
            wrong_secret={"password": "guessed"},
        )


def _ask(state: sandbox.oim.Oim, world: World) -> str:
    """Eve asks for a role in the console; nobody has decided yet."""
    eve, at = world.people["eve"].usr_key or "", datetime.now(UTC)
    role = next(item for item in world.items.values() if item.kind == "role")
    with state.lock:
        made = Request(
            state.next_id(), "Assign Roles", "Request Awaiting Approval", eve, (eve,),
            (Target(role),), at, at, "for the audit",
        )  # fmt: skip
        state.requests.keep(made, final=False)
        state.version += 1
    return made.id


def _finish(state: sandbox.oim.Oim, request_id: str) -> None:
    with state.lock:
        state.requests[request_id].status = "Request Completed"
        state.version += 1


PRODUCTS = {"oim": oim}
