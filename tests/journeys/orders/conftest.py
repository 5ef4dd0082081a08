"""ServiceNow, OIM, the identity provider and the whole broker on loopback; it works when told.

How an order ended is asked of OIM's own ledger and pages and of ServiceNow's own records: the
broker says itself only how far it has come.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from broker.bootstrap import build
from broker.queue.embedded import EmbeddedBell
from cli import demo_settings
from sandbox import idp, oim, servicenow
from sandbox.oim.sign_in import service_provider
from sandbox.web import address, listen, serve
from sandbox.world import World, build_world
from sandbox.world.model import DeskItem, DeskVariable
from tests.journeys.orders.site import At, Site
from tools.servers import Database
from webui.app import create_app

_ROLE = DeskVariable("role", "Which role?", mandatory=True)
_DAYS = (
    DeskVariable("start_date", "From when on?", mandatory=False),
    DeskVariable("end_date", "Until when?", mandatory=False),
)
# Beside those of the demo: a role for a time, and two that take access away.
TEMPORARY = DeskItem("role_for_a_time", "Role for a time", "A role", "Access", (_ROLE, *_DAYS))
RETURN = DeskItem(
    "return_account", "Give back an account", "An account", "Access",
    (DeskVariable("application", "Which application?", mandatory=True),),
)  # fmt: skip
LEAVE = DeskItem("leave_role", "Leave a role", "A role", "Access", (_ROLE,))
_MAPPED = (
    (TEMPORARY, "grant", '{ type = "role", name_from = "role" }'),
    (RETURN, "revoke", '{ type = "account", name_from = "application" }'),
    (LEAVE, "revoke", '{ type = "role", name_from = "role" }'),
)


@cache
def _world() -> World:
    world = build_world(people=40, requests=40)
    items = {item.key: item for item, _, _ in _MAPPED}
    return replace(world, desk_items=world.desk_items | items)


def _catalogue() -> str:
    return "\n".join(
        f'[[item]]\ncatalogue_item = "{item.sys_id}"\nlabel = "{item.name}"\naction = "{action}"\n'
        f"grants = [{grant}]\n"
        for item, action, grant in _MAPPED
    )


@pytest.fixture
def site(tmp_path: Path, database: Database) -> Iterator[Site]:
    """Everything new, and nothing of it left afterwards."""
    doors = {name: listen() for name in ("broker", "oim", "servicenow", "idp")}
    at = At(
        broker=address(doors["broker"]),
        oim=address(doors["oim"]),
        servicenow=address(doors["servicenow"]),
        idp=address(doors["idp"], "localhost"),
    )
    environment = demo_settings.prepare(
        tmp_path / "site", broker=at.broker, servicenow=at.servicenow, oim=at.oim, idp=at.idp
    )
    with Path(environment["BROKER_CATALOGUE"]).open("a", encoding="utf-8") as file:
        file.write(_catalogue())
    broker = build(environment | {"BROKER_DATABASE_URL": database.url}, bell=EmbeddedBell())
    console = oim.create_app(
        _world(), base_url=at.oim, idp_metadata_url=f"{at.idp}/metadata",
        start_seconds=0.02, provisioning_seconds=0.06,
    )  # fmt: skip
    desk = servicenow.create_app(_world(), broker_url=at.broker)
    scripts = desk.extensions["servicenow"]
    revoking = f"{RETURN.sys_id}, {LEAVE.sys_id}"
    scripts.properties["x_rqbrk_access.revoking_items"] = revoking
    people = idp.create_app(
        _world(), base_url=at.idp,
        service_providers=dict([
            service_provider(at.oim), (f"{at.broker}/saml/metadata", f"{at.broker}/saml/acs")
        ]),
    )  # fmt: skip
    with (
        serve(create_app(broker), listener=doors["broker"]),
        serve(console, listener=doors["oim"]),
        serve(desk, listener=doors["servicenow"]),
        serve(people, "localhost", listener=doors["idp"]),
    ):
        yield Site(at, scripts, console.extensions["oim"], broker)
        broker.sessions.kw["bind"].dispose()
        scripts.close()
