"""What is written on the form of an account, as requests carry it: lists of names and values.

REST API for OIG Self Service, "Requests": `appFormData` of an item, also in the update of who
decides. That a new request takes it under the same name is our own reading, and so is that every
form has the name that the account will have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.oim.envelope import Json
from sandbox.oim.records import Oim, Request
from sandbox.oim.rows import Target
from sandbox.oim.service import objects

FORM = "appFormData"


def read(entry: Mapping[str, Any]) -> dict[str, str]:
    """The form in what was sent about an item; what has no name is left out."""
    listed = objects(entry.get(FORM))
    return {str(one["name"]): str(one.get("value") or "") for one in listed if one.get("name")}


def shown(oim: Oim, request: Request, target: Target) -> list[Json] | None:
    """The form of an item; only accounts have one, and it is filled in for one person."""
    if target.item.kind != "account" or request.bulk:
        return None
    filled_in = {"Account Name": oim.users[request.beneficiaries[0]].login.lower()}
    both = (filled_in | target.form).items()
    return [{"name": name, "value": value} for name, value in both]


def change(request: Request, entry: Mapping[str, Any]) -> None:
    """Write on the forms what an update says about its items."""
    for sent in objects(entry.get("reqTargetEntities")):
        for target in request.targets:
            if target.item.key == str(sent.get("entityId")):
                target.form |= read(sent)
