"""What can be asked for, what is held, and what a desk's catalogue item stands for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from broker.domain.orders import Action


class ItemKind(StrEnum):
    """The three kinds of access an IGA grants."""

    ROLE = "role"
    ACCOUNT = "account"
    ENTITLEMENT = "entitlement"


@dataclass(frozen=True, slots=True)
class CatalogueItem:
    """Something that can be asked for. `key` is what the IGA wants in a request."""

    kind: ItemKind
    key: str
    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Holding:
    """Access a person has now; `arriving`: the IGA lists it, and has not made it usable yet."""

    kind: ItemKind
    key: str
    name: str
    since: datetime | None = None
    request_id: str | None = None
    arriving: bool = False


@dataclass(frozen=True, slots=True, order=True)
class ItemName:
    """An item as people and posts name it: kind and name, not yet looked up."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Grant:
    """One item an entry stands for: a fixed name, or the value of a variable."""

    kind: ItemKind
    name: str | None = None
    name_from: str | None = None


@dataclass(frozen=True, slots=True)
class MappingEntry:
    """What one catalogue item of one desk stands for. No grants: it is not about access.

    With the action REVOKE the same items are taken away.
    """

    source: str
    catalogue_item: str
    label: str
    grants: Sequence[Grant]
    action: Action = Action.GRANT


class UnmappedItem(Exception):
    """The mapping has no answer; the message is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class CatalogueMapping:
    """Every entry, by (source, sys_id of the catalogue item)."""

    entries: Mapping[tuple[str, str], MappingEntry]

    def resolve(
        self, source: str, catalogue_item: str, label: str, variables: Mapping[str, str]
    ) -> tuple[ItemName, ...]:
        """The items that this catalogue item with these variables stands for.

        An empty tuple means: known, and not about access. Raises UnmappedItem if the
        catalogue item, or a variable it needs, is missing.
        """
        entry = self.entries.get((source, catalogue_item))
        if entry is None:
            raise UnmappedItem(
                f"The catalogue item “{label}” ({catalogue_item}) has no entry in the catalogue"
                " mapping: add one, then retry."
            )
        return tuple(sorted(_item(grant, entry, variables) for grant in entry.grants))

    def action(self, source: str, catalogue_item: str) -> Action:
        """What is to be done with these items; GRANT for an item without an entry."""
        entry = self.entries.get((source, catalogue_item))
        return entry.action if entry else Action.GRANT


def _item(grant: Grant, entry: MappingEntry, variables: Mapping[str, str]) -> ItemName:
    name = grant.name or variables.get(grant.name_from or "", "").strip()
    if not name:
        raise UnmappedItem(
            f"The order of “{entry.label}” leaves its variable “{grant.name_from}” empty, so"
            " nobody can tell which access is meant."
        )
    return ItemName(grant.kind, name)
