"""Configuration items with their models and assets, and how they hang together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from random import Random
from typing import NamedTuple

from sandbox.servicenow.demo_data.groups import group_id
from sandbox.servicenow.demo_data.people import DemoUser, active_people
from sandbox.servicenow.demo_data.places import HOME
from sandbox.servicenow.demo_data.words import Rows, made, moment, table
from sandbox.servicenow.rows import StoredRow
from sandbox.world.model import sys_id

_PERSONAL = frozenset({"cmdb_ci_computer"})
_DOMAIN = {"sys_domain": "global", "sys_domain_path": "/"}
_NAMES = {
    "cmdb_ci_linux_server": "lnx", "cmdb_ci_win_server": "win", "cmdb_ci_unix_server": "unx",
    "cmdb_ci_esx_server": "esx", "cmdb_ci_ip_switch": "sw", "cmdb_ci_ip_router": "rt",
    "cmdb_ci_ip_firewall": "fw", "cmdb_ci_printer": "prn", "cmdb_ci_storage_device": "silo",
}  # fmt: skip
_STATUS = ("1",) * 12 + ("3", "6", "7")  # most are installed


class Item(NamedTuple):
    """A configuration item: its class, name, id and the table of what kind of thing it is."""

    table: str
    name: str

    @property
    def sys_id(self) -> str:
        """Its id."""
        return sys_id(self.table, self.name)


class Thing(NamedTuple):
    """A piece of hardware: the item, whose it is, its model and its running number."""

    item: Item
    user: DemoUser | None
    model: tuple[str, str, str]
    number: int


@cache
def things() -> tuple[Thing, ...]:
    """Every piece of hardware."""
    rng, people, number, found = Random("demo:things"), active_people(), 0, []
    for kind, model, maker, price, many in table("assets", 5, "models"):
        for place in range(1, int(many) + 1):
            number += 1
            user = rng.choice(people) if kind in _PERSONAL else None
            name = f"{model} {number:04}" if user else f"{_NAMES[kind]}{place:03}"
            found.append(Thing(Item(kind, name), user, (model, maker, price), number))
    return tuple(found)


@cache
def items(kind: str) -> Sequence[Item]:
    """The configuration items of a kind: a class, or the first part of its name's meaning."""
    found = [thing.item for thing in things()]
    found += [Item(row[0], row[1]) for name in ("software", "services")
              for row in table("assets", 3, name)]  # fmt: skip
    return [item for item in found if item.table in _FAMILIES.get(kind, (kind,))]


_FAMILIES: Mapping[str, tuple[str, ...]] = {
    "cmdb_ci_server": ("cmdb_ci_linux_server", "cmdb_ci_win_server", "cmdb_ci_unix_server"),
    "cmdb_ci_netgear": ("cmdb_ci_ip_switch", "cmdb_ci_ip_router", "cmdb_ci_ip_firewall"),
    "cmdb_ci_database": (
        "cmdb_ci_db_ora_instance", "cmdb_ci_db_mssql_instance", "cmdb_ci_db_mysql_instance",
    ),
}  # fmt: skip


def asset_rows() -> Rows:
    """Models, hardware with its assets, software, services, and relations between them."""
    for _, model, maker, price, _ in table("assets", 5, "models"):
        yield "cmdb_hardware_product_model", _model(model, maker, price)
    rng = Random("demo:assets")
    for thing in things():
        yield thing.item.table, _hardware(thing, rng)
        yield "alm_hardware", _asset(thing)
    for kind, name, port in table("assets", 3, "software"):
        yield kind, _row(Item(kind, name), tcp_port=port, category="Software")
    for kind, name, critical in table("assets", 3, "services"):
        yield kind, _row(Item(kind, name), busines_criticality=critical, category="Service")
    yield from _relations()


def _model(model: str, maker: str, price: str) -> StoredRow:
    return made(
        "cmdb_model", model, name=model, display_name=f"{maker} {model}", cost=price,
        manufacturer=sys_id("core_company", maker), status="In Production",
        sys_class_name="cmdb_hardware_product_model",
    )  # fmt: skip


def _row(item: Item, **values: object) -> StoredRow:
    usual = {"install_status": "1", "operational_status": "1", "company": HOME, "cost_cc": "USD"}
    usual |= {"sys_class_name": item.table, "sys_class_path": "/!!", "unverified": "false"}
    usual |= {"attested": "false", "monitor": "false", "skip_sync": "false", "can_print": "false"}
    return made(
        item.table, item.name, sys_id=item.sys_id, name=item.name, fault_count=0,
        **(usual | _DOMAIN | values),
    )  # fmt: skip


def _hardware(thing: Thing, rng: Random) -> StoredRow:
    (model, maker, price), number = thing.model, thing.number
    values: dict[str, object] = {
        "serial_number": f"{number * 7919 % 90000 + 10000}-{number:04}", "cost": price,
        "asset_tag": _tag(number), "model_id": sys_id("cmdb_model", model),
        "manufacturer": sys_id("core_company", maker),
        "asset": sys_id("alm_hardware", _tag(number)),
        "install_status": rng.choice(_STATUS), "category": "Hardware", "subcategory": "Computer",
        "purchase_date": moment(400 + number)[:10], "install_date": moment(380 + number),
    }  # fmt: skip
    if thing.user:
        values |= {"assigned_to": thing.user.sys_id, "os": "Windows 11", "ram": 16384}
        values |= {"cpu_count": 1, "disk_space": 512, "assigned": moment(379 + number)}
    else:
        values |= {"ip_address": f"192.0.2.{number % 254 + 1}", "environment": _environment(number)}
        values |= {"fqdn": f"{thing.item.name}.example.com", "support_group": group_id("Network")}
    return _row(thing.item, **values)


def _environment(number: int) -> str:
    return ("Production", "Production", "Test", "Development")[number % 4]


def _tag(number: int) -> str:
    return f"P{1000000 + number}"


def _asset(thing: Thing) -> StoredRow:
    (model, maker, price), tag = thing.model, _tag(thing.number)
    return made(
        "alm_hardware", tag, asset_tag=tag, display_name=f"{tag} - {maker} {model}",
        ci=thing.item.sys_id, model=sys_id("cmdb_model", model), install_status="1", quantity=1,
        assigned_to=thing.user.sys_id if thing.user else "", company=HOME, cost=price,
        sys_class_name="alm_hardware", purchase_date=moment(400 + thing.number)[:10], **_DOMAIN,
    )  # fmt: skip


def relation_id(name: str) -> str:
    """The sys_id of a kind of relation, named `what the parent does::what happens to the child`."""
    return sys_id("cmdb_rel_type", name)


def _relations() -> Rows:
    for (name,) in table("assets", 1, "relations"):
        parent, child = name.split("::")
        row = made(
            "cmdb_rel_type", name, name=name, sys_name=name, parent_descriptor=parent,
            child_descriptor=child, sys_class_name="cmdb_rel_type",
        )  # fmt: skip
        yield "cmdb_rel_type", row
    for upper, kind, lower in _pairs():
        values = {"parent": upper.sys_id, "type": relation_id(kind), "child": lower.sys_id}
        key = f"{upper.name}:{kind}:{lower.name}"
        yield "cmdb_rel_ci", made("cmdb_rel_ci", key, connection_strength=100, **values)


def _pairs() -> list[tuple[Item, str, Item]]:
    """Services depend on software, software runs on servers, servers hang on switches."""
    rng, by = Random("demo:relations"), defaultdict[str, list[Item]](list)
    for kind in ("cmdb_ci_server", "cmdb_ci_netgear", "cmdb_ci_service", "cmdb_ci_esx_server"):
        by[kind] = list(items(kind))
    software = [Item(row[0], row[1]) for row in table("assets", 2, "software")]
    found = [(service, "Depends on::Used by", rng.choice(software))
             for service in by["cmdb_ci_service"]]  # fmt: skip
    found += [(each, "Runs on::Runs", rng.choice(by["cmdb_ci_server"])) for each in software]
    for server in by["cmdb_ci_server"]:
        found.append((server, "Connects to::Connected by", rng.choice(by["cmdb_ci_netgear"])))
    return found
