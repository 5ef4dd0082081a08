"""The access catalogue. It has no documented address; `/identity/faces/catalog` is our own."""

from __future__ import annotations

from flask import render_template, request

from sandbox.oim.access import state
from sandbox.oim.console.frame import Page, console, me, refused, session, to_submitted
from sandbox.oim.console.paging import slice_of
from sandbox.oim.records import Target
from sandbox.oim.workflow import NotPossible, Workflow
from sandbox.world import WorldItem

_ADDRESS = "/identity/faces/catalog"


def found_items(words: str, kind: str = "", category: str = "") -> list[WorldItem]:
    """Items of this kind and category whose names or description hold all of the words."""
    wanted = words.lower().split()
    return [
        item
        for item in state().items.values()
        if state().requestable(item)
        and kind in ("", item.kind)
        and category in ("", item.category)
        and all(word in _text(item) for word in wanted)
    ]


def _text(item: WorldItem) -> str:
    names = f"{item.display_name} {item.name} {item.application}"
    return f"{names} {item.category} {item.description}".lower()


def categories() -> list[str]:
    """Of all that can be asked for, by name."""
    return sorted({item.category for item in state().items.values()})


def owner_name(item: WorldItem) -> str:
    """Who answers for a role; empty where nobody does."""
    person = state().world.people.get(item.owner or "")
    return person.display_name if person else ""


def posted_item() -> WorldItem | None:
    """The item that a form names by kind and key."""
    kind, _, key = request.form.get("item", "").partition(":")
    return state().items.get((kind, key))


@console.get(_ADDRESS)
def catalogue() -> Page:
    """Search what can be asked for, a page at a time."""
    asked = {name: request.args.get(name, "") for name in ("search", "kind", "category")}
    found = found_items(asked["search"], asked["kind"], asked["category"])
    return render_template(
        "oim/catalogue.html",
        items=slice_of(found),
        asked=asked,
        held=set(state().holdings.get(me().key, {})),
        chosen={(line.item.kind, line.item.key) for line in session().cart.lines},
        categories=categories(),
        owner=owner_name,
    )


@console.post(_ADDRESS)
def ask_for_item() -> Page:
    """Request one item for oneself."""
    item = posted_item()
    if item is None:
        return refused("The catalogue has no such item.", 404)
    why = request.form.get("justification", "").strip()
    try:
        made = Workflow(state()).submit(me(), [me().key], [Target(item)], why)
    except NotPossible as error:
        return refused(str(error), 409)
    return to_submitted(made)
