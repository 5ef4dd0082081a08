"""A small company in rows, the app in front of it, and browsers of its people."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, cast

import pytest
from flask import Flask

from broker.context import Broker
from broker.domain.access import CatalogueMapping, ItemKind
from broker.domain.access_requests import RequestState
from broker.domain.orders import LineState
from broker.domain.people import Person
from broker.store import people, sign_in, sync_runs
from broker.store.access import HoldingRow
from broker.store.base import open_store, sessions_of
from broker.store.orders import OrderHistoryRow
from broker.store.people import PersonRow
from tests.webui import saml_idp
from tests.webui.company import (
    BASE,
    CAST,
    NOW,
    ROLES,
    Browser,
    Company,
    CountingBell,
    FixedClock,
    StandIn,
    Visit,
    decided_by,
    order_row,
    request_row,
    settings,
    waiting_for,
)
from webui.app import create_app


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def bell() -> CountingBell:
    return CountingBell()


@pytest.fixture
def broker(database_url: str, clock: FixedClock, bell: CountingBell) -> Iterator[Broker]:
    engine = open_store(database_url)
    yield Broker(
        settings=settings(),
        sessions=sessions_of(engine),
        bell=bell,
        clock=clock,
        igas={"oim": cast("Any", StandIn("oim"))},
        desks={"servicenow": cast("Any", StandIn("servicenow"))},
        catalogue=CatalogueMapping({}),
        api_clients={},
    )
    engine.dispose()


@pytest.fixture
def app(broker: Broker) -> Flask:
    made = create_app(broker, provider=lambda: saml_idp.provider(base_url=BASE))
    made.config["TESTING"] = True
    made.config["PROPAGATE_EXCEPTIONS"] = False
    return made


@pytest.fixture
def company(broker: Broker) -> Company:
    with broker.sessions.begin() as session:
        everybody = [
            Person(key, name.upper(), f"{name.title()} Example", f"{name}@example.com", f"10{key}",
                   manager)
            for name, (key, manager) in CAST.items()
        ]  # fmt: skip
        people.remember(session, "oim", everybody, NOW)
        session.flush()
        rows = {row.login.lower(): row for row in people.all_of(session, "oim")}
        task = waiting_for("BEN")
        request = request_row("5001", "11", "11", "Finance Reporting", tasks=[task])
        born = request_row("5002", "99", "11", "Budget Approver", RequestState.IN_PROGRESS)
        done = request_row("4001", "11", "11", "Warehouse Supervisor", RequestState.COMPLETED,
                           tasks=[decided_by("BEN")])  # fmt: skip
        order = order_row("RITM0010007", rows["ada"], LineState.SUBMITTED, "5002")
        stuck = order_row("RITM0010008", rows["ada"], LineState.NEEDS_ATTENTION, None)
        stuck.lines[0].reason = "The catalogue item “Visitor badge” has no entry."
        stuck.lines[0].left_state = LineState.RECEIVED
        holding = HoldingRow(person_id=rows["ada"].id, kind=ItemKind.ROLE, key="19",
                             name="Warehouse Supervisor", since=NOW, request_id="4001",
                             seen_at=NOW)  # fmt: skip
        session.add_all([request, born, done, order, stuck, holding])
        session.flush()
        session.add(OrderHistoryRow(order_id=order.id, at=NOW, event="submit", state="submitted",
                                    sentence="OIM took the order as request 5002."))  # fmt: skip
        run = sync_runs.start(session, "oim", "changes", NOW - timedelta(minutes=2))
        sync_runs.finish(session, run, NOW, {"read": 3})
        sync_runs.answered(session, "oim", NOW)
    return Company(rows, request, task, born, done, order, stuck)


@pytest.fixture
def give_session(broker: Broker) -> Callable[..., str]:
    """Opens a session for a person's row, without SAML; gives its secret."""

    def give(person: PersonRow | None, roles: str = "", hours: float = 8) -> str:
        with broker.sessions.begin() as session:
            row = session.get(PersonRow, person.id) if person else None
            now = broker.clock.now()
            end = now + timedelta(hours=hours)
            return sign_in.open_session(session, row, "Somebody", roles, now, end)

    return give


@pytest.fixture
def visit(app: Flask, company: Company, give_session: Callable[..., str]) -> Visit:
    """A signed-in browser of somebody of the cast."""

    def open_browser(name: str) -> Browser:
        client = app.test_client()
        secret = give_session(company.people[name], ROLES.get(name, ""))
        client.set_cookie("broker_session", secret, domain="127.0.0.1")
        return Browser(client)

    return open_browser


@pytest.fixture
def stranger(app: Flask) -> Browser:
    """A browser of nobody in particular."""
    return Browser(app.test_client())
