"""`/entitlements` and `/applications`; REST API for OIG Self Service, "Entitlement", "Application".

Both list what the catalogue does not offer, too.
"""

from __future__ import annotations

from flask import request

from sandbox.oim.access import no_such, state
from sandbox.oim.envelope import Json, selected
from sandbox.oim.query import Values
from sandbox.oim.resource_rows import application_row, entitlement_row, held_of
from sandbox.oim.resources import known, listing, matching, ordered, resource_api, wanted
from sandbox.world import WorldItem

entitlements_api = resource_api("entitlements")
CONNECTED, DISCONNECTED = "Connected", "Disconnected"

_ENTITLEMENT: dict[str, Values[WorldItem]] = {
    "entitlementkey": lambda item: (item.key,),
    "entitlementvalue": lambda item: (item.name,),
    "entitlementdisplayname": lambda item: (item.display_name,),
}


@entitlements_api.get("/entitlements")
def list_entitlements() -> Json:
    """The entitlements of one user, or all there are. The filter has two names: `filter` is that
    of the reference, `q` that of all other resources.
    """
    key = request.args.get("userId")
    test = matching(_ENTITLEMENT, request.args.get("filter"))
    found = _items("entitlement") if key is None else _of(key)
    rows = [_row(item) for item in ordered(found, _ENTITLEMENT) if test(item)]
    return listing("entitlements", rows, "/entitlements")


def _of(key: str) -> list[WorldItem]:
    return [held.item for held in held_of(state(), known(key).key, "entitlement")]


def _items(kind: str) -> list[WorldItem]:
    return [item for item in state().items.values() if item.kind == kind]


def _row(item: WorldItem) -> Json:
    return selected(entitlement_row(state(), item), wanted())


@entitlements_api.get("/entitlements/<key>")
def show_entitlement(key: str) -> Json:
    """One entitlement."""
    item = state().items.get(("entitlement", key))
    if item is None:
        no_such("entitlement")
    return _row(item)


def _type(item: WorldItem) -> str:
    return DISCONNECTED if state().provisioning.by_hand(item) else CONNECTED


_APPLICATION: dict[str, Values[WorldItem]] = {
    "appinstancename": lambda item: (item.name,),
    "appinstancetype": lambda item: (_type(item),),
    "displayname": lambda item: (item.display_name,),
}


@entitlements_api.get("/applications")
def list_applications() -> Json:
    """All application instances; `appInstanceType eq Disconnected` are made by hand."""
    test = matching(_APPLICATION)
    found = [item for item in ordered(_items("account"), _APPLICATION) if test(item)]
    rows = [selected(application_row(item, _type(item)), wanted()) for item in found]
    return listing("applications", rows, "/applications")


@entitlements_api.get("/applications/<key>")
def show_application(key: str) -> Json:
    """One application instance."""
    item = state().items.get(("account", key))
    if item is None:
        no_such("application instance")
    return selected(application_row(item, _type(item)), wanted())
