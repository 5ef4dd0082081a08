"""Fills a new instance with rows, and keeps its system properties and their rows the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from sandbox.servicenow.demo_data import populate
from sandbox.servicenow.demo_data.company import catalog_id, passwords
from sandbox.servicenow.demo_data.people import STARS
from sandbox.servicenow.demo_data.platform import (
    property_row,
    property_texts,
    stock_properties,
)
from sandbox.servicenow.instance import SCOPE, ServiceNow
from sandbox.servicenow.records import Change, Row
from sandbox.servicenow.rows import StoredRow
from sandbox.world.model import World

PROPERTIES = "sys_properties"
# The catalogue that the portal shows; the others are read by the API.
PORTAL_CATALOGUE = "glide.sc.default_catalog"
_SECRET = "password2"


class Told(NamedTuple):
    """What is said about a property besides its value."""

    kind: str
    text: str


def fill(instance: ServiceNow, world: World, *, past_orders: bool = False) -> None:
    """Load what comes with an instance and what belongs to the world's company.

    With `past_orders` also what its people ordered in the past, as many as its history tells of.
    """
    populate(instance.records, world, past_orders=past_orders)
    for user_name, password in passwords(world).items():
        instance.accounts.add(user_name, password)
    for name, value in stock_properties().items():
        if value:
            instance.properties.setdefault(name, value)
    instance.properties.setdefault(PORTAL_CATALOGUE, catalog_id(world))
    SystemProperties(instance.properties, instance.app_folder).join(instance)


class SystemProperties:
    """The rows of `sys_properties`, which administrators read and write as they do any other."""

    def __init__(self, properties: dict[str, str], app_folder: Path) -> None:
        self._properties = properties
        self._told = {name: Told(*told) for name, told in property_texts().items()}
        self._told |= _declared(app_folder)

    def join(self, instance: ServiceNow) -> None:
        """Show the properties as rows, and take what is written to those."""
        instance.records.load(PROPERTIES, self._rows())
        instance.records.rules.append(self.after_write)

    def after_write(self, change: Change) -> None:
        """A written row is the property's new value."""
        if change.table != PROPERTIES:
            return
        gone, row = change.before, change.after
        if gone and gone["name"] != row["name"]:
            self._properties.pop(gone["name"], None)
        if row and row["value"] != STARS:
            self._properties[row["name"]] = row["value"]

    def _rows(self) -> Iterator[StoredRow]:
        for name in sorted({*self._properties, *self._told}):
            kind, text = self._told.get(name, Told("string", ""))
            value = self._properties.get(name, "")
            yield property_row(name, STARS if value and kind == _SECRET else value, kind, text)


def _declared(app_folder: Path) -> Mapping[str, Told]:
    """The properties of the scoped app."""
    source = app_folder / "properties.json"
    declared = json.loads(source.read_text()) if source.exists() else []
    return {
        f"{SCOPE}.{entry['name']}": Told(entry.get("type", "string"), entry.get("description", ""))
        for entry in declared
    }


def shown_in_portal(instance: ServiceNow) -> list[Row]:
    """What can be ordered in the portal; each row's category is its title."""
    catalogue, records = instance.properties.get(PORTAL_CATALOGUE, ""), instance.records
    rows = (row for row in records.where("sc_cat_item", active="true"))
    return [
        StoredRow({**row, "category": records.display_of("sc_category", row["category"])})
        for row in rows
        if not catalogue or catalogue in row["sc_catalogs"] or not row["sc_catalogs"]
    ]
