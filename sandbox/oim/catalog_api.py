"""`/catalog`: what can be asked for; REST API for OIG Self Service, "Catalog"."""

from __future__ import annotations

from collections.abc import Iterator

from flask import request

from sandbox.oim.access import no_such, state
from sandbox.oim.envelope import Json, links, selected
from sandbox.oim.query import BadQuery, Values, parse
from sandbox.oim.rendering import KIND_WORDS
from sandbox.oim.resource_rows import catalog_columns, catalog_detail, catalog_row
from sandbox.oim.resources import listing, matching, ordered, resource_api, wanted
from sandbox.world import WorldItem

catalog_api = resource_api("catalog")
_NAMES = ("entity_name", "entity_display_name", "user_defined_tags")
_ATTRIBUTES: dict[str, Values[WorldItem]] = {
    "entity_type": lambda item: (KIND_WORDS[item.kind], KIND_WORDS[item.kind] + "s"),
    "entity_name": lambda item: (item.name,),
    "entity_display_name": lambda item: (item.display_name,),
    "user_defined_tags": lambda item: (item.category,),
}
_ORDERS = _ATTRIBUTES | {"catalog_id": lambda item: (str(item.catalog_id),)}


@catalog_api.get("/catalog")
def list_catalog() -> Json:
    """Requestable items. Names match from their beginning, whatever the operator says; one of
    them at a time, with ENTITY_TYPE.
    """
    query = request.args.get("q", "")
    _check(query)
    loose = state().switches.catalog_matches_beginnings
    test = matching(_ATTRIBUTES, _begins_with(query) if loose else query)
    found = [item for item in _offered() if test(item)]
    rows = [selected(catalog_row(item), wanted()) for item in ordered(found, _ORDERS)]
    return listing("catalogs", rows, "/catalog")


def _offered() -> Iterator[WorldItem]:
    return filter(state().requestable, state().items.values())


def _check(query: str) -> None:
    used = {condition.name for group in parse(query, state().grammar) for condition in group}
    if len(used.intersection(_NAMES)) > 1:
        raise BadQuery("Only one of the names can be searched at a time.")


def _begins_with(query: str) -> str:
    words = query.split()
    for place, word in enumerate(words[:-1]):
        if word.lower() in _NAMES:
            words[place + 1] = "sw"
    return " ".join(words)


def _item(catalog_id: str) -> WorldItem:
    found = next((item for item in _offered() if str(item.catalog_id) == catalog_id), None)
    if found is None:
        no_such("catalog item")
    return found


@catalog_api.get("/catalog/<catalog_id>")
def show_catalog_item(catalog_id: str) -> Json:
    """One catalogue item by the catalogue's own id."""
    return selected(catalog_detail(state(), _item(catalog_id)), wanted())


@catalog_api.get("/catalog/<catalog_id>/metadata")
def show_catalog_metadata(catalog_id: str) -> Json:
    """Each attribute of a catalogue item, with what is known about the attribute."""
    item = _item(catalog_id)
    columns = catalog_columns(state(), item)
    rows = [
        {
            "metadataValue": value,
            "metadataDefinitionId": str(number),
            "metadataDefinitionDBColumnName": column,
            "metadataDefinitionDisplayName": column.replace("_", " ").title(),
            "metadataDefinitionSearchable": str(column.lower() in _ATTRIBUTES).lower(),
            "metadataDefinitionSortable": str(column.lower() in _ORDERS).lower(),
            "metadataDefinitionUdf": "false",
            "metadataDefinitionCertifiable": "true",
        }
        for number, (column, value) in enumerate(columns.items(), 1)
    ]
    return {"links": links(f"/catalog/{catalog_id}/metadata"), "catalogMetadatas": rows}
