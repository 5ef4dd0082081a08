"""The seeded world's odd people, read over HTTP: nobody gets another's row or access."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

import sandbox.oim
import sandbox.servicenow
from broker import bootstrap, relay
from broker.context import Broker
from broker.domain.people import normal
from broker.ports.queue import QueueName
from broker.queue.embedded import EmbeddedBell
from broker.store import people
from broker.sync import engine
from sandbox.servicenow.instance import ServiceNow
from sandbox.web import Server, serve
from sandbox.world import World, build_world


@dataclass(frozen=True)
class Installation:
    """A broker that speaks to a served sandbox."""

    broker: Broker
    world: World
    servicenow: ServiceNow

    def work(self) -> None:
        while any(relay.settle_due(self.broker, queue, 60) for queue in QueueName):
            pass


@pytest.fixture
def installation(database_url: str) -> Iterator[Installation]:
    world = build_world()
    oim_app = sandbox.oim.create_app(world)
    desk_app = sandbox.servicenow.create_app(world)
    servers: list[Server] = [serve(oim_app), serve(desk_app)]
    broker = bootstrap.build(
        {
            "BROKER_BASE_URL": "http://127.0.0.1:1",
            "BROKER_SECRET_KEY": "s" * 40,
            "BROKER_AUDIT_KEY": "a" * 40,
            "BROKER_SAML_IDP_METADATA": "http://localhost:1/metadata",
            "BROKER_DATABASE_URL": database_url,
            "BROKER_OIM_URL": servers[0].url,
            "BROKER_OIM_CONSOLE_URL": servers[0].url,
            "BROKER_OIM_USERNAME": "broker",
            "BROKER_OIM_PASSWORD": "broker",
            "BROKER_SERVICENOW_URL": servers[1].url,
            "BROKER_SERVICENOW_CLIENT_ID": "broker",
            "BROKER_SERVICENOW_CLIENT_SECRET": "broker-secret",
            "BROKER_SERVICENOW_USERNAME": "broker",
            "BROKER_SERVICENOW_PASSWORD": "broker",
            "BROKER_SERVICENOW_PEOPLE_COMPANY": world.company,
        },
        bell=EmbeddedBell(),
    )
    yield Installation(broker, world, desk_app.extensions["servicenow"])
    broker.sessions.kw["bind"].dispose()
    for server in servers:
        server.stop()


def test_whoever_cannot_be_linked_for_certain_is_listed_with_the_reason(
    installation: Installation,
) -> None:
    engine.sync_people(installation.broker)
    with installation.broker.sessions() as session:
        listed = {row.login: row.reason for row in people.unmatched(session)}
    assert {
        login: reason for login, reason in listed.items() if login not in _leavers(installation)
    } == {
        "gina": "nobody in the IGA has the employee number or login or e-mail of gina",
        "ivan.p": "2 people share the e-mail of ivan.p: IPETROV, IVANA",
        "karl": "KARL is disabled in the IGA",
        "lena": "lena is disabled in servicenow",
    }


def _leavers(installation: Installation) -> set[str]:
    return {
        person.desk_user_name or ""
        for person in installation.world.people.values()
        if not person.active
    }


def test_everybody_else_is_linked_to_themselves(installation: Installation) -> None:
    engine.sync_people(installation.broker)
    odd = {"gina", "hugo", "ivan", "karl", "lena"}
    with installation.broker.sessions() as session:
        for key, person in installation.world.people.items():
            if key in odd or not person.active:
                continue
            link = people.link_of(session, "servicenow", person.sys_id)
            assert link is not None, key
            assert link.person is not None, key
            assert link.person.key == person.usr_key


def test_no_mirrored_row_names_somebody_elses_account(installation: Installation) -> None:
    engine.sync_everything(installation.broker)
    installation.work()
    owners = {p.usr_key: p.sys_id for p in installation.world.people.values() if p.usr_key}
    linkable = {p.sys_id for key, p in installation.world.people.items() if key != "ivan"}
    history = {request.request_id: request for request in installation.world.history}
    rows = installation.servicenow.records.all("x_rqbrk_access_request")
    assert len(rows) > 100
    for row in rows:
        beneficiary = history[row["request_id"]].beneficiary
        key = installation.world.people[beneficiary].usr_key or ""
        assert row["requested_for"] in {"", owners[key]}
        assert row["requested_for"] in linkable | {""}


def test_logins_are_compared_without_case(installation: Installation) -> None:
    engine.sync_people(installation.broker)
    with installation.broker.sessions() as session:
        (ada,) = people.find(session, "oim", "login", "ada")
        assert (ada.login, ada.login_normal) == ("ADA", normal("ada"))
