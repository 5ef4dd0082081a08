"""Reading while the table changes: exactly what the account may see, no gap, no repeat.

An approver reads the approvals that wait, by pages. Others' approvals are hidden from him, in long
stretches. Meanwhile other threads add rows, change rows, decide them and hand them to somebody
else, which hides them, and back.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from pydantic import SecretStr

import sandbox.servicenow
from broker.connectors.desk.servicenow.client import Client
from broker.connectors.desk.servicenow.settings import Settings
from sandbox.servicenow.instance import ServiceNow
from sandbox.servicenow.rows import stored_row
from sandbox.web import serve
from sandbox.world import World
from tests.soak.conftest import Figures, scaled

APPROVALS, READER = 20_000, "ben"
TABLE = "sysapproval_approver"
FIELDS = ("approver", "state", "sys_updated_on")
# How many stand side by side with the same owner: several pages of nothing but hidden rows.
STRETCHES = 8
CHANGERS = 3
ROUNDS, KINDS = 3, 7

pytestmark = pytest.mark.timeout(1800)


@dataclass
class Approvals:
    """Rows by what becomes of them while they are read."""

    state: ServiceNow
    own: str
    other: str
    staying: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    passing: list[str] = field(default_factory=list)
    added: set[str] = field(default_factory=set)
    before: set[str] = field(default_factory=set)
    some: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    def fill(self, count: int, chance: random.Random) -> None:
        """So many rows: in each stretch of ids most are his, or most are hidden from him."""
        keys = sorted(uuid.UUID(int=chance.getrandbits(128)).hex for _ in range(count))
        self.before = {row["sys_id"] for row in self.state.records.where(TABLE, approver=self.own)}
        rows = []
        for place, key in enumerate(keys):
            mine = (place * STRETCHES // count) % 2 == 0
            fate = chance.choices((self.staying if mine else self.hidden, None), (3, 1))[0]
            if fate is None:
                self.passing.append(key)
            else:
                fate.add(key)
            values = {"sys_id": key, "approver": self.own if mine else self.other}
            rows.append(stored_row(values | _TIMES | {"state": "requested"}))
        self.state.records.load(TABLE, rows)
        self.some = sorted(self.staying)[:50]

    def stir(self, chance: random.Random, share: list[str]) -> None:
        """Something happens to a row: to one of this changer's share, or to one that stays."""
        what = chance.choice(("add", "change", "decide", "ask again", "hide", "show", "delete"))
        key = chance.choice(share)
        self.done[what] += 1
        if what == "add":
            self._insert(uuid.UUID(int=chance.getrandbits(128)).hex, share)
        elif what == "change":
            key = chance.choice(share + self.some)
            self._update(key, due_date=f"2026-05-{chance.randint(1, 28):02} 12:00:00")
        elif what == "delete":
            share.remove(key)
            self.state.records.delete(TABLE, key, "admin")
            self._insert(key, share)
        else:
            self._update(key, **_CHANGES[what](self))

    def _insert(self, key: str, share: list[str]) -> None:
        values = {"sys_id": key, "approver": self.own, "state": "requested"}
        self.state.records.insert(TABLE, values, "admin")
        self.added.add(key)
        share.append(key)

    def _update(self, key: str, **values: str) -> None:
        self.state.records.update(TABLE, key, values, "admin")


_TIMES = dict.fromkeys(("sys_created_on", "sys_updated_on"), "2026-03-01 08:00:00")
_CHANGES: dict[str, Callable[[Approvals], dict[str, str]]] = {
    "decide": lambda _: {"state": "approved"},
    "ask again": lambda _: {"state": "requested"},
    "hide": lambda all_: {"approver": all_.other},
    "show": lambda all_: {"approver": all_.own},
}


@pytest.fixture
def served(world: World) -> Iterator[tuple[str, ServiceNow]]:
    app = sandbox.servicenow.create_app(world)
    server = serve(app)
    state: ServiceNow = app.extensions["servicenow"]
    yield server.url, state
    server.stop()
    state.close()


@contextmanager
def stirred(approvals: Approvals, seed: int) -> Iterator[None]:
    """Other threads at work on the table, without a pause worth the name."""
    over = threading.Event()

    def work(number: int) -> None:
        chance = random.Random(seed + 1 + number)
        share = approvals.passing[number::CHANGERS]
        while not over.is_set():
            approvals.stir(chance, share)
            time.sleep(0.001)  # lets the reader have the lock

    changers = [threading.Thread(target=work, args=(number,)) for number in range(CHANGERS)]
    for changer in changers:
        changer.start()
    try:
        yield
    finally:
        over.set()
        for changer in changers:
            changer.join()


def client_of(url: str, user: str, page_size: int) -> Client:
    password = SecretStr("demo")
    return Client(
        "servicenow",
        Settings.model_validate(
            {"url": url, "username": user, "password": password, "page_size": page_size}
        ),
    )


def test_20000_approvals_are_read_while_rows_come_change_and_hide(
    served: tuple[str, ServiceNow], world: World, seed: int, figures: Figures
) -> None:
    url, state = served
    approvals = Approvals(state, world.people[READER].sys_id, world.people["gina"].sys_id)
    count = scaled(APPROVALS, 200)
    approvals.fill(count, random.Random(seed))
    client = client_of(url, READER, max(5, count // 80))
    began, read, rounds = time.monotonic(), 0, 0
    with stirred(approvals, seed):
        while rounds < ROUNDS or len(approvals.done) < KINDS:
            read, rounds = read + look(client, approvals), rounds + 1
    spent = time.monotonic() - began
    figures(
        f"reading: seed {seed}, {count} approvals, {rounds} times, {read} rows seen in "
        f"{spent:.1f} s while {approvals.done.total()} things happened: "
        + ", ".join(f"{what} {times}" for what, times in sorted(approvals.done.items()))
    )


def look(client: Client, approvals: Approvals) -> int:
    """Read everything once, and compare with what was there throughout."""
    rows = list(client.rows(TABLE, "state=requested", FIELDS))
    seen = [row["sys_id"] for row in rows]
    assert len(seen) == len(set(seen)), "a row came twice"
    assert approvals.staying - set(seen) == set(), "a row is missing that was there throughout"
    assert approvals.hidden & set(seen) == set(), "a row came that was hidden throughout"
    assert {(row["approver"], row["state"]) for row in rows} == {(approvals.own, "requested")}
    known = approvals.staying | set(approvals.passing) | approvals.added | approvals.before
    assert set(seen) <= known
    return len(rows)
