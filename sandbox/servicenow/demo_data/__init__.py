"""The rows of a fresh developer instance, made once for a process and shared by its instances.

Everything is drawn from seeded generators and from the words in `words/`, so that the same rows
come out on every machine. Nobody in them exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache

from sandbox.servicenow.demo_data.assets import asset_rows
from sandbox.servicenow.demo_data.catalogue import catalogue_rows
from sandbox.servicenow.demo_data.company import catalog_id, company_rows
from sandbox.servicenow.demo_data.dictionary import dictionary_rows, kind_rows
from sandbox.servicenow.demo_data.groups import group_rows, role_rows, user_role_rows
from sandbox.servicenow.demo_data.imports import import_rows
from sandbox.servicenow.demo_data.order_rows import order_rows
from sandbox.servicenow.demo_data.past_orders import past_orders as past_orders_of
from sandbox.servicenow.demo_data.people import user_rows
from sandbox.servicenow.demo_data.places import place_rows
from sandbox.servicenow.demo_data.platform import number_rows, platform_rows
from sandbox.servicenow.demo_data.tasks import task_rows
from sandbox.servicenow.records import Records
from sandbox.servicenow.rows import Shelf, StoredRow
from sandbox.servicenow.schema import Schema
from sandbox.servicenow.stock_tables import STOCK_TABLES
from sandbox.world.model import World

_WORLDS = 4  # whose rows are kept
_STOCK_NAMES = frozenset(table.name for table in STOCK_TABLES)
Loads = Mapping[str, tuple[StoredRow, ...]]


def by_table(rows: Iterable[tuple[str, StoredRow]]) -> Loads:
    """Rows, each with its table's name, as they are loaded."""
    found: dict[str, list[StoredRow]] = {}
    for table, row in rows:
        found.setdefault(table, []).append(row)
    return {table: Shelf(every) for table, every in found.items()}


@cache
def stock_rows() -> Loads:
    """Everything that comes with an instance, by table."""
    parts = (
        place_rows(), user_rows(), role_rows(), group_rows(), user_role_rows(), asset_rows(),
        task_rows(), catalogue_rows(), import_rows(), platform_rows(), number_rows(STOCK_TABLES),
        kind_rows(STOCK_TABLES), dictionary_rows(Schema(STOCK_TABLES), STOCK_TABLES),
    )  # fmt: skip
    return by_table(row for part in parts for row in part)


def populate(records: Records, world: World, *, past_orders: bool = False) -> None:
    """Fill a new instance: what comes with it, what our company added, what it ordered."""
    app = [table for table in records.schema if table.name not in _STOCK_NAMES]
    for loads in (
        stock_rows(),
        _company(_Same(world)),
        _orders(_Same(world)) if past_orders else {},
        by_table(dictionary_rows(records.schema, app)),
    ):
        for table, rows in loads.items():
            records.load(table, rows)


class _Same:
    """A world as a key: equal only to itself, so that its rows are made once."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.world is self.world

    def __hash__(self) -> int:
        return id(self.world)


@lru_cache(maxsize=_WORLDS)
def _company(same: _Same) -> Loads:
    return by_table(company_rows(same.world))


@lru_cache(maxsize=_WORLDS)
def _orders(same: _Same) -> Loads:
    world = same.world
    return by_table(order_rows(past_orders_of(world), catalog_id(world), world.seed))
