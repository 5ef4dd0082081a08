"""What can be asked for in OIM, what a key is called, and what somebody holds."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence

from broker.connectors.iga.oim.client import Client
from broker.connectors.iga.oim.values import (
    Row,
    first,
    laid_open,
    moment,
    request_id_of,
    searchable,
)
from broker.domain.access import CatalogueItem, Holding, ItemKind, ItemName
from broker.domain.errors import Misconfigured
from broker.domain.people import Person

# One thing, three spellings (REST API for OIG Self Service, "Catalog" and "Requests"): the
# catalogue and a request's detail say ApplicationInstance, a new request says AppInstance.
_IN_CATALOGUE = {
    ItemKind.ROLE: "Role",
    ItemKind.ACCOUNT: "ApplicationInstance",
    ItemKind.ENTITLEMENT: "Entitlement",
}
IN_NEW_REQUEST = _IN_CATALOGUE | {ItemKind.ACCOUNT: "AppInstance"}
_KINDS = {"appinstance": ItemKind.ACCOUNT, "entitlements": ItemKind.ENTITLEMENT} | {
    word.casefold(): kind for kind, word in _IN_CATALOGUE.items()
}
_NAMES = ("entityDisplayName", "entityName")
_GONE = ("revoked", "deprovisioned", "deleted")
_NOT_YET = ("provisioning", "waiting", "ready", "provide information")


def kind_of(word: str) -> str:
    """Our word for an entity type; one that we do not know stays as it is."""
    return _KINDS.get(word.casefold(), word)


class Catalogue:
    """The catalogue (REST API for OIG Self Service, "Catalog"): requestable items only."""

    def __init__(self, client: Client, keep_seconds: float) -> None:
        self._client, self._keep = client, keep_seconds
        self._names: dict[str, tuple[float, dict[str, str]]] = {}
        self._lock = threading.Lock()
        self._told: Mapping[tuple[str, str], str] = {}

    def believe(self, names: Mapping[tuple[str, str], str]) -> None:
        """Take these names, by kind and key, for what requests ask for, without looking."""
        self._told = names

    def find(self, name: ItemName) -> CatalogueItem | None:
        """The item of exactly this kind and name; Misconfigured if the name is not unique.

        The catalogue compares beginnings only, so the whole name is compared here.
        """
        if name.kind not in list(ItemKind) or not searchable(name.name):
            return None
        for attribute, column in zip(("ENTITY_DISPLAY_NAME", "ENTITY_NAME"), _NAMES, strict=True):
            found = [
                row
                for row in self._rows(
                    ItemKind(name.kind), f" and {attribute} sw {searchable(name.name)}"
                )
                if first(row, column) == name.name.strip()
            ]
            if len({first(row, "entityKey") for row in found}) > 1:
                reason = f"its catalogue has several items called {name}, so nobody can tell which"
                raise Misconfigured(self._client.system, reason)
            if found:
                return _item(ItemKind(name.kind), found[0])
        return None

    def has_items(self) -> bool:
        """Whether anything at all can be asked for."""
        return any(next(self._rows(kind, ""), None) for kind in ItemKind)

    def name_of(self, kind: str, key: str) -> str:
        """What the catalogue calls this entity; kind and key where it is not in it."""
        told = self._told.get((kind, key))
        return told or self.known_name(kind, key) or f"{kind} {key}"

    def known_name(self, kind: str, key: str) -> str:
        """What the catalogue calls this entity; empty where it is not in it."""
        known = self._known(kind) if kind in list(ItemKind) else {}
        return known.get(key, "")

    def _known(self, kind: str) -> dict[str, str]:
        with self._lock:
            read_at, names = self._names.get(kind, (float("-inf"), {}))
            if time.monotonic() - read_at >= self._keep:
                found = (_item(ItemKind(kind), row) for row in self._rows(ItemKind(kind), ""))
                names = {item.key: item.name for item in found}
                self._names[kind] = time.monotonic(), names
            return names

    def _rows(self, kind: ItemKind, narrower: str) -> Iterator[Row]:
        query = f"ENTITY_TYPE eq {_IN_CATALOGUE[kind]}{narrower}"
        rows = self._client.listed("/catalog", "catalogs", {"q": query})
        return (row for row in rows if kind_of(first(row, "entityType")) == kind)


def _item(kind: ItemKind, row: Row) -> CatalogueItem:
    return CatalogueItem(
        kind=kind,
        # a request wants the key of the entity, not the id of the catalogue's row
        key=first(row, "entityKey"),
        name=first(row, *_NAMES),
        description=first(row, "entityDescription"),
    )


class Holdings:
    """What somebody has (REST API for OIG Self Service, "Roles", "Accounts", "Entitlements").

    An account's row has the account's own name, an entitlement's the target system's: what people
    call these things is in the catalogue.
    """

    def __init__(self, client: Client, catalogue: Catalogue) -> None:
        self._client, self._catalogue = client, catalogue

    def of(self, person: Person) -> Sequence[Holding]:
        """Roles, accounts and entitlements this person has now."""
        return [
            *self._read(person, ItemKind.ROLE, "/roles", "roles"),
            *self._read(person, ItemKind.ACCOUNT, "/accounts", "accounts"),
            *self._read(person, ItemKind.ENTITLEMENT, "/entitlements", "entitlements"),
        ]

    def _read(self, person: Person, kind: ItemKind, path: str, key: str) -> Iterator[Holding]:
        rows = self._client.listed(path, key, {"userId": person.key})
        return (self._holding(kind, row) for row in rows if not gone(row))

    def _holding(self, kind: ItemKind, row: Row) -> Holding:
        said = laid_open(row)
        account = kind is ItemKind.ACCOUNT
        # an account's own id may be the number of another application
        key = (account and first(row, "appInstanceId")) or _own_key(row, account)
        named = first(said, "displayName", "Role Display Name", "name", "roleName", "Role Name")
        known = self._catalogue.known_name(kind, key) if kind is not ItemKind.ROLE else ""
        since = first(said, "Provisioned-On Date", "startDate", "assignedOn", "grantedOn")
        return Holding(
            kind=kind,
            key=key,
            name=known or named or key,
            since=moment(since),
            request_id=request_id_of(row) or None,
            arriving=_status(row) in _NOT_YET,
        )


def _own_key(row: Row, account: bool) -> str:
    own = first(row, "id")
    return f"account {own}" if account else own


def gone(row: Row) -> bool:
    """Whether this account is listed, but not there any more."""
    return _status(row) in _GONE


def _status(row: Row) -> str:
    return first(laid_open(row), "Status", "status").casefold()
