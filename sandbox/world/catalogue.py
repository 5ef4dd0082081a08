"""What can be asked for: in the IGA's catalogue, and in ServiceNow's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from sandbox.world.cast import RESERVED
from sandbox.world.model import DeskItem, DeskVariable, WorldItem, WorldPerson
from sandbox.world.tables import rows

_FIRST_CATALOG_ID = 2001
_IN_OFFICE = timedelta(days=4 * 366)


def build_items(people: Mapping[str, WorldPerson], today: date) -> dict[tuple[str, str], WorldItem]:
    """The IGA's catalogue by kind and name, as `items.txt` has it. Roles have owners: seniors of
    the department who have been in office for as long as anybody remembers.
    """
    table = [row + [""] * (9 - len(row)) for row in rows("items")]
    whose = {row[2]: row[4] for row in table if row[0] != "entitlement"}
    owners = _owners(people, today)
    items = (_item(index, row, whose, owners) for index, row in enumerate(table))
    return {(item.kind, item.name): item for item in items}


def _item(
    index: int, row: list[str], whose: Mapping[str, str], owners: Mapping[str, list[str]]
) -> WorldItem:
    kind, key, name, display, category, risk, text, department, how = row
    department = department or whose.get(category, category)
    ours = owners.get(department) or owners["Human Resources"]
    return WorldItem(
        kind=kind, key=key, catalog_id=_FIRST_CATALOG_ID + index, name=name,
        display_name=display or name, description=text, category=category, risk=risk,
        application={"role": "", "account": name}.get(kind, category), department=department,
        owner=ours[index % len(ours)] if kind == "role" else None, by_hand=how == "by hand",
    )  # fmt: skip


def _owners(people: Mapping[str, WorldPerson], today: date) -> dict[str, list[str]]:
    """By department those beneath its head, or else the head."""
    heads = {p.key for p in people.values() if p.manager and people[p.manager].manager is None}
    found: dict[str, list[str]] = {people[key].department: [] for key in heads}
    for person in people.values():
        since = person.leads_since
        long = since is not None and since < today - _IN_OFFICE
        if long and person.active and person.manager in heads and person.key not in RESERVED:
            found[person.department].append(person.key)
    for key in heads:
        found[people[key].department] = found[people[key].department] or [key]
    return found


def build_desk_items(items: Mapping[tuple[str, str], WorldItem]) -> dict[str, DeskItem]:
    """ServiceNow's catalogue: some items stand for access, most of real life's do not."""
    lists = {
        "@roles": tuple(name for kind, name in items if kind == "role"),
        "@accounts": tuple(name for kind, name in items if kind == "account"),
    }
    return {
        key: DeskItem(key, name, short, category, tuple(_questions(questions, lists)))
        for key, name, short, category, questions in rows("desk_items")
    }


def _questions(text: str, lists: Mapping[str, tuple[str, ...]]) -> list[DeskVariable]:
    found = []
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        name, _, rest = part.partition("=")
        question, _, listed = rest.partition(":")
        choices = lists.get(listed.strip()) or _split(listed)
        mandatory = name.endswith("*")
        found.append(DeskVariable(name.rstrip("*"), question.strip(), mandatory, choices))
    return found


def _split(listed: str) -> tuple[str, ...]:
    return tuple(choice.strip() for choice in listed.split(",") if choice.strip())
