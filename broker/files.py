"""The two files an operator writes: the catalogue mapping and the API clients. Both TOML."""

import base64
import binascii
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from broker.domain.access import CatalogueMapping, Grant, ItemKind, MappingEntry
from broker.settings import DEMO_SECRETS, BadSettings

FAMILIES = ("orders", "events")
_SECRET_PREFIX = "whsec_"  # noqa: S105 - how every such secret begins
_KEY_BYTES = range(24, 65)


@dataclass(frozen=True, slots=True)
class ApiClient:
    """A program that may call the machine API: for which desks, and with which keys.

    Several keys of one family are all valid, so that they can be exchanged in peace.
    """

    name: str
    sources: frozenset[str]
    keys: Mapping[str, Sequence[bytes]]


def load_catalogue(path: Path | None, source: str) -> CatalogueMapping:
    """The catalogue mapping; entries without a source are meant for `source`."""
    entries = _toml(path, "BROKER_CATALOGUE").get("item", []) if path else []
    try:
        return CatalogueMapping(dict(_entry(entry, source) for entry in entries))
    except (KeyError, TypeError, ValueError) as error:
        raise BadSettings([f"BROKER_CATALOGUE: {path}: an entry is wrong: {error!r}."]) from None


def _entry(entry: dict[str, Any], source: str) -> tuple[tuple[str, str], MappingEntry]:
    grants = tuple(
        Grant(ItemKind(grant["type"]), grant.get("name"), grant.get("name_from"))
        for grant in entry["grants"]
    )
    key = (entry.get("source", source), entry["catalogue_item"])
    return key, MappingEntry(*key, entry["label"], grants)


def load_api_clients(path: Path | None, allow_demo: bool) -> Mapping[str, ApiClient]:
    """The clients by name. Demo secrets are refused unless `allow_demo`."""
    entries = _toml(path, "BROKER_API_CLIENTS").get("client", []) if path else []
    try:
        clients = [_client(entry, allow_demo) for entry in entries]
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise BadSettings([f"BROKER_API_CLIENTS: {path}: an entry is wrong: {error}."]) from None
    return {client.name: client for client in clients}


def _client(entry: dict[str, Any], allow_demo: bool) -> ApiClient:
    secrets = entry["secrets"]
    unknown = set(secrets) - set(FAMILIES)
    if unknown:
        raise ValueError(f"secrets are for {' and '.join(FAMILIES)}, not {', '.join(unknown)}")
    keys = {family: [_key(text, allow_demo) for text in texts] for family, texts in secrets.items()}
    return ApiClient(entry["name"], frozenset(entry["sources"]), keys)


def _key(text: str, allow_demo: bool) -> bytes:
    """The bytes of a Standard Webhooks secret: `whsec_` and base64 of 24 to 64 bytes."""
    if text in DEMO_SECRETS and not allow_demo:
        raise ValueError("a secret that the demo uses stands here: choose your own")
    key = base64.b64decode(text.removeprefix(_SECRET_PREFIX), validate=True)
    if not text.startswith(_SECRET_PREFIX) or len(key) not in _KEY_BYTES:
        raise ValueError("a secret must be whsec_ and base64 of 24 to 64 random bytes")
    return key


def _toml(path: Path, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        raise BadSettings([f"{name}: {path} cannot be read: {error.strerror}."]) from None
    except tomllib.TOMLDecodeError as error:
        raise BadSettings([f"{name}: {path} is not TOML: {error}."]) from None
