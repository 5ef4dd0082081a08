"""Submitting while answers are lost, the search lags a minute behind and tokens end: OIM's own
ledger has exactly one request for each order, for the right person and the right item.

The instance's own scripts announce each order, the broker's outbox drives both real connectors,
and one clock that all three share goes on whenever nothing is due.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import pytest

import sandbox.oim
from broker.connectors.registry import iga_products
from broker.ports.desk import OrderRef
from broker.ports.iga import Iga
from sandbox.fault_plan import FaultPlan
from sandbox.oim.faults import EMPTY_NEXT_PAGE, FAULTS, STALE_SEARCH
from sandbox.oim.records import BROKER_KEY, Oim
from sandbox.web import serve
from sandbox.world import World
from sandbox.world.model import WorldPerson
from tests.soak.conftest import Figures, scaled
from tests.soak.installation import AtWork, at_work, customers
from tests.use_cases.fakes import FakeClock

# In the rough weather answers get lost after acceptance, and tokens end; then comes whatever else
# can go wrong. Throughout, no search knows of the last minute, and no list knows its end.
ROUGH, EVERYTHING = 400, 100
LOSSES = ["drop-after-accept", "error-after-accept", "expired-token"]
ALWAYS = {STALE_SEARCH, EMPTY_NEXT_PAGE}
OTHERS = sorted(FAULTS.keys() - ALWAYS)
STALE_SECONDS = 60.0
# In fewer, not every fault would find its call.
LEAST = 8
# So many orders of one person come together: the search for one should know of the one before.
TOGETHER = 5
BATCH = 50
# Every so many orders are announced once more, by hand.
TOLD_AGAIN = 7
HALF_AN_HOUR = 1800

pytestmark = pytest.mark.timeout(HALF_AN_HOUR)


class OneTime(FakeClock):
    """The installation's own clock, which the broker and the instance go by as well."""

    def __init__(self, oim: Oim) -> None:
        super().__init__()
        self._clock = oim.clock

    def now(self) -> datetime:
        return self._clock.now()

    def forward(self, **amount: float) -> None:
        self._clock.forward(**amount)


@dataclass(frozen=True)
class Wanted:
    """Who ordered which role."""

    person: WorldPerson
    role: str


@dataclass
class Site:
    """A broker between its desk and OIM, and what was ordered there."""

    house: AtWork
    oim: Oim
    orders: dict[OrderRef, Wanted] = field(default_factory=dict)

    def order(self, count: int) -> None:
        """So many orders more, and whatever is owed for them."""
        for start in range(0, count, BATCH):
            batch = [self._one() for _ in range(min(BATCH, count - start))]
            self.house.heard_of(batch)
            for ref in batch[::TOLD_AGAIN]:
                self.house.announce(ref, self.orders[ref].person)
            self.house.work()

    def under(self, plan: FaultPlan, count: int) -> None:
        """The same, while these faults happen."""
        self.oim.plan = plan
        self.order(count)
        self.oim.plan = None

    def _one(self) -> OrderRef:
        person, role = self._next()
        ref = self.house.decided(person, "approved", role)
        self.orders[ref] = Wanted(person, role)
        return ref

    def _next(self) -> tuple[WorldPerson, str]:
        """The next person, who has each role asked for once, and had none of them before."""
        people = customers(self.house.world)
        turn, nth = divmod(len(self.orders), TOGETHER)
        person = people[turn % len(people)]
        held = self.oim.holdings.get(str(person.usr_key), {})
        roles = [i.name for i in self.house.world.items.values() if i.kind == "role"]
        asked = {wanted.role for wanted in self.orders.values() if wanted.person is person}
        had = {one.item.name for one in held.values()} | asked
        return person, next(name for name in roles[nth:] if name not in had)


@contextmanager
def site(database_url: str, world: World) -> Iterator[Site]:
    """OIM with a token service, and a search that knows nothing of the last minute."""
    app = sandbox.oim.create_app(world, start_seconds=0, provisioning_seconds=3)
    oim: Oim = app.extensions["oim"]
    oim.waits.slow_seconds, oim.waits.retry_after_seconds = 0.05, 0
    oim.waits.stale_seconds = STALE_SECONDS
    oim.faults.update(ALWAYS)
    with (
        serve(app) as server,
        at_work(database_url, world, connector(server.url), OneTime(oim)) as house,
    ):
        yield Site(house, oim)


def connector(url: str) -> Iga:
    """Signed in by token; trusts the search after exactly as long as it lags."""
    product = iga_products()["oim"]
    given: Mapping[str, object] = {
        "url": url,
        "console_url": url,
        "username": "broker",
        "password": "broker",
        "authentication": "jwt",
        "search_delay_seconds": STALE_SECONDS,
    }
    return product.build("oim", product.settings(**given))


def wrong(made: Site) -> list[str]:
    """All that is not as it should be, by OIM's ledger and the instance's records."""
    oim, ledger = made.oim, made.oim.ledger
    count = len(made.orders)
    found = [] if len(ledger) == count else [f"{count} orders became {len(ledger)} requests"]
    named = {ref: _raised(oim, ref) for ref in made.orders}
    found += [w for ref, wanted in made.orders.items() for w in _unlike(made, ref, wanted, named)]
    strays = set(ledger) - {each for ids in named.values() for each in ids}
    return [*made.house.given_up(), *found, *(f"request {each} is nobody's" for each in strays)]


def _raised(oim: Oim, ref: OrderRef) -> list[str]:
    """The requests in the ledger whose words name this item of the desk."""
    number = re.compile(rf"\b{re.escape(ref.item_number)}\b")
    return [each for each in oim.ledger if number.search(oim.requests[each].justification)]


def _unlike(
    made: Site, ref: OrderRef, wanted: Wanted, named: Mapping[OrderRef, list[str]]
) -> list[str]:
    """What is wrong with one order."""
    if len(named[ref]) != 1:
        return [f"{ref.item_number} is named by {len(named[ref])} requests"]
    records = made.house.state.records
    item = records.at("sc_req_item", ref.item_id)
    (task,) = records.where("sc_task", request_item=ref.item_id)
    (request_id,) = named[ref]
    request = made.oim.requests[request_id]
    right = {
        "raised by us": request.requester == BROKER_KEY,
        "its person": request.beneficiaries == (wanted.person.usr_key,),
        "its item": [target.item.name for target in request.targets] == [wanted.role],
        "its task's number": task["number"] in request.justification,
        "the item's reference": item["correlation_id"] == request_id,
        "the item's system": item["correlation_display"] == "oim",
        "carried out": request.status == "Request Completed",
        "closed": (task["state"], item["state"]) == ("3", "3"),
    }
    return [f"{ref.item_number}: {what}" for what, fine in right.items() if not fine]


def test_every_order_becomes_one_request_of_the_right_person_and_item(
    database_url: str, world: World, seed: int, figures: Figures
) -> None:
    plans = [FaultPlan(seed, LOSSES, 0.2), FaultPlan(seed, OTHERS, 0.05, within=1)]
    with site(database_url, world) as made:
        for plan, count in zip(plans, (ROUGH, EVERYTHING), strict=True):
            made.under(plan, scaled(count, least=LEAST))
        figures(told(made, seed))
        assert wrong(made) == []
        assert len(made.oim.ledger) == sum(scaled(n, least=LEAST) for n in (ROUGH, EVERYTHING))
        assert [plan.unfired() for plan in plans] == [[], []]
        assert [name for name in FAULTS if not made.oim.happened[name]] == []


def told(made: Site, seed: int) -> str:
    """The figures in one line."""
    happened = {name: made.oim.happened[name] for name in sorted(FAULTS)}
    faults = ", ".join(f"{name} {count}" for name, count in happened.items())
    return (
        f"submitting, seed {seed}: {len(made.orders)} orders became {len(made.oim.ledger)}"
        f" OIM requests; {sum(happened.values())} faults: {faults}"
    )


def test_the_judge_tells_what_is_doubled_lost_or_led_astray(
    database_url: str, world: World
) -> None:
    with site(database_url, world) as made:
        made.order(2)
        assert wrong(made) == []
        (first, second), ledger = made.orders, made.oim.ledger
        ((of_first,), (of_second,)) = (_raised(made.oim, ref) for ref in (first, second))
        spoilt = made.oim.requests[of_first]
        kept, spoilt.beneficiaries = spoilt.beneficiaries, ("1",)
        assert wrong(made) == [f"{first.item_number}: its person"]
        spoilt.beneficiaries = kept
        ledger.append(of_second)
        assert f"{second.item_number} is named by 2 requests" in wrong(made)
        ledger[:] = [of_first]
        assert wrong(made) == [
            "2 orders became 1 requests",
            f"{second.item_number} is named by 0 requests",
        ]
