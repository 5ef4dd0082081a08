"""Writing under faults: exactly one note, one back-reference, and the right state everywhere.

The instance's own scripts announce each order through a MID Server, the broker's outbox drives the
real connector, and the instance's journal and ledger are the judges.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from sqlalchemy import func, select, update

from broker.ports.desk import OrderRef
from broker.store.requests import RequestRow
from broker.sync import engine
from broker.sync.apply import owe_mirror
from sandbox.fault_plan import FaultPlan
from sandbox.servicenow.faults import FAULTS as ALL_FAULTS
from sandbox.world import World
from tests.soak.conftest import Figures, scaled
from tests.soak.installation import Installation, installed
from tests.soak.judging import Judge
from tests.use_cases.fakes import awaiting

ORDERS, MIRRORED, ROWS = 1_000, 10_000, 20_000
# A request and its approval are created and changed: four writes.
WRITES_OF_A_REQUEST = 4
FAULTS = sorted(ALL_FAULTS)
HALF_AN_HOUR = 1800

pytestmark = pytest.mark.timeout(HALF_AN_HOUR)


@dataclass
class Soak:
    """What was ordered and requested so far, and how often each fault happened."""

    house: Installation
    closed: list[OrderRef] = field(default_factory=list)
    rejected: list[OrderRef] = field(default_factory=list)
    requested: int = 0
    fired: Counter[str] = field(default_factory=Counter)

    def under(self, plan: FaultPlan, orders: int, requests: int) -> None:
        """Do so much while these faults happen, and whatever is owed for it."""
        self.house.state.plan = plan
        self.order(orders)
        self.request(requests)
        self.house.state.plan = None
        self.fired.update(plan.fired)

    def order(self, count: int) -> None:
        """Orders to be closed; beside every tenth, one that is rejected at the desk."""
        approved = [self.house.ordered("approved") for _ in range(count)]
        self.closed += approved
        self.house.heard_of(approved)
        missing = -(-len(self.closed) // 10) - len(self.rejected)
        self.rejected += [self.house.ordered("rejected") for _ in range(missing)]
        self.house.work()

    def request(self, count: int) -> None:
        """Requests raised in the IGA itself, which are mirrored twice: waiting, and ended."""
        ids = [f"R{self.requested + number}" for number in range(count)]
        self.requested += count
        ada, ben = (str(self.house.world.people[name].usr_key) for name in ("ada", "ben"))
        self.house.iga.requests |= {key: awaiting(key, ada, ben) for key in ids}
        self._mirror()
        for key in ids:
            self.house.iga.finish(key)
        self._mirror()

    def _mirror(self) -> None:
        engine.sync_changes(self.house.broker)
        self.house.work()

    def wrong(self) -> list[str]:
        """All that is not as it should be."""
        judge = Judge(self.house)
        orders = [w for ref in self.closed for w in judge.closed(ref)]
        orders += [w for ref in self.rejected for w in judge.rejected(ref)]
        return [*self.house.given_up(), *orders, *judge.mirror()]

    def told(self, what: str, seed: int) -> str:
        """The figures, for people."""
        judge = Judge(self.house)
        writes = ", ".join(f"{count} {word}s" for word, count in sorted(judge.mirrored.items()))
        faults = ", ".join(f"{name} {count}" for name, count in sorted(self.fired.items()))
        return (
            f"{what}, seed {seed}: {len(self.closed)} orders closed, {len(self.rejected)} noted,"
            f" {judge.mirrored.total()} mirror writes ({writes});"
            f" {self.fired.total()} faults: {faults}"
        )


def shares(whole: int, parts: int) -> Sequence[int]:
    """`whole` in equal parts, the first ones larger by one where it does not come out even."""
    return [whole // parts + (part < whole % parts) for part in range(parts)]


def test_each_fault_in_turn_loses_and_doubles_nothing(
    database_url: str, world: World, seed: int, figures: Figures
) -> None:
    orders = shares(scaled(ORDERS, least=len(FAULTS)), len(FAULTS))
    least = len(FAULTS) * WRITES_OF_A_REQUEST
    requests = shares(scaled(MIRRORED, least=least) // WRITES_OF_A_REQUEST, len(FAULTS))
    with installed(database_url, world, batch_size=25) as house:
        soak = Soak(house)
        for name, *shared in zip(FAULTS, orders, requests, strict=True):
            soak.under(FaultPlan(seed, [name], 0.05, within=1), *shared)
        figures(soak.told("each fault in turn", seed))
        assert soak.wrong() == []
        assert [name for name in FAULTS if not soak.fired[name]] == []


def test_all_faults_at_random_lose_and_double_nothing(
    database_url: str, world: World, seed: int, figures: Figures
) -> None:
    with installed(database_url, world, batch_size=25) as house:
        soak = Soak(house)
        plan = FaultPlan(seed, FAULTS, 0.02)
        soak.under(plan, scaled(ORDERS), scaled(MIRRORED) // WRITES_OF_A_REQUEST)
        figures(soak.told("all faults at random", seed))
        assert soak.wrong() == []
        assert plan.unfired() == []


def test_the_mirror_equals_the_brokers_rows_and_is_written_once(
    database_url: str, world: World, seed: int, figures: Figures
) -> None:
    with installed(database_url, world) as house:
        soak = Soak(house)
        soak.request(scaled(ROWS) // 2)
        written = Judge(house).mirrored
        look_at_all_again(house)
        judge = Judge(house)
        figures(
            f"mirror: {judge.rows()} rows equal the broker's after {written.total()} writes;"
            f" a second run made {(judge.mirrored - written).total()}"
        )
        assert soak.wrong() == []
        assert judge.rows() >= scaled(ROWS)
        assert judge.mirrored == written


def look_at_all_again(house: Installation) -> None:
    """Every row may differ, so far as the broker knows: it compares each with what it wrote."""
    with house.broker.sessions.begin() as session:
        session.execute(update(RequestRow).values(mirror_due=True))
        owe_mirror(session, house.broker, house.broker.clock.now())
    house.work()
    with house.broker.sessions() as session:
        assert session.scalar(select(func.count()).where(RequestRow.mirror_due)) == 0
