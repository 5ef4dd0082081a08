"""The two files an operator writes: the catalogue mapping and the API clients. Both TOML."""

import base64
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from broker.domain.access import CatalogueMapping, Grant, ItemKind, MappingEntry
from broker.domain.orders import CONSOLE, SWEEP, Action
from broker.settings import DEMO_SECRETS, BadSettings

K = TypeVar("K")
T = TypeVar("T")
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
    keys: Mapping[str, Sequence[bytes]] = field(repr=False)


def load_catalogue(path: Path | None, source: str) -> CatalogueMapping:
    """The catalogue mapping; entries without a source are meant for `source`.

    Raises BadSettings with a sentence for each entry that is wrong.
    """
    entries = _entries(path, "BROKER_CATALOGUE", "item", lambda entry: _entry(entry, source))
    return CatalogueMapping(entries)


def _entry(entry: dict[str, Any], source: str) -> tuple[tuple[str, str], MappingEntry]:
    _refuse_unknown(entry)
    grants = tuple(_grant(grant) for grant in entry["grants"])
    key = (entry.get("source", source), entry["catalogue_item"])
    return key, MappingEntry(*key, entry["label"], grants, Action(entry.get("action", "grant")))


def _refuse_unknown(entry: dict[str, Any]) -> None:
    """A misspelt `action` that was passed over would give access that is to be taken away."""
    unknown = sorted(set(entry) - {"source", "catalogue_item", "label", "grants", "action"})
    if unknown:
        raise ValueError(f"{', '.join(unknown)} means nothing there")


def _grant(grant: dict[str, Any]) -> Grant:
    if ("name" in grant) == ("name_from" in grant):
        raise ValueError("a grant has either a name or a name_from")
    return Grant(ItemKind(grant["type"]), grant.get("name"), grant.get("name_from"))


def load_api_clients(path: Path | None, allow_demo: bool) -> Mapping[str, ApiClient]:
    """The clients by name. Demo secrets are refused unless `allow_demo`.

    Raises BadSettings with a sentence for each client that is wrong.
    """
    return _entries(path, "BROKER_API_CLIENTS", "client", lambda each: _client(each, allow_demo))


def _client(entry: dict[str, Any], allow_demo: bool) -> tuple[str, ApiClient]:
    name, secrets, sources = entry["name"], entry["secrets"], entry["sources"]
    if name in (CONSOLE, SWEEP):
        raise ValueError(f"the broker itself takes orders in under the name {name}: choose another")
    if not isinstance(sources, list) or not all(isinstance(name, str) for name in sources):
        raise ValueError('sources are a list of names, such as ["servicenow"]')
    if not isinstance(secrets, dict):
        # what stands there instead may be a secret
        raise TypeError('secrets stand under their family, such as secrets.orders = ["whsec_…"]')
    unknown = set(secrets) - set(FAMILIES)
    if unknown:
        raise ValueError(f"secrets are for {' and '.join(FAMILIES)}, not {', '.join(unknown)}")
    if not allow_demo:
        _refuse_demo(secrets)
    keys = {family: [_key(text) for text in texts] for family, texts in secrets.items()}
    return name, ApiClient(name, frozenset(sources), keys)


def _refuse_demo(secrets: Mapping[str, Sequence[str]]) -> None:
    families = [family for family, texts in secrets.items() if set(texts) & DEMO_SECRETS]
    if families:
        of = " and ".join(families)
        raise ValueError(f"a secret that the demo uses stands under {of}: choose your own")


def _key(text: str) -> bytes:
    """The bytes of a Standard Webhooks secret: `whsec_` and base64 of 24 to 64 bytes."""
    advice = "a secret must be whsec_ and base64 of 24 to 64 random bytes"
    try:
        key = base64.b64decode(text.removeprefix(_SECRET_PREFIX), validate=True)
    except ValueError:
        raise ValueError(advice) from None
    if not text.startswith(_SECRET_PREFIX) or len(key) not in _KEY_BYTES:
        raise ValueError(advice)
    return key


def _entries(
    path: Path | None, setting: str, table: str, read: Callable[[dict[str, Any]], tuple[K, T]]
) -> dict[K, T]:
    """Each [[table]] of the file, named and made by `read`; wrong ones are told by number."""
    found, faults = dict[K, T](), list[str]()
    for number, entry in enumerate(_tables(path, setting, table), 1):
        try:
            _add(found, *read(entry))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            why = f"lacks {error}" if isinstance(error, KeyError) else f"is wrong: {error}"
            faults.append(f"{setting}: {path}: {table} {number} {why}.")
    if faults:
        raise BadSettings(faults)
    return found


def _add(found: dict[K, T], name: K, made: T) -> None:
    if name in found:
        words = " ".join(name) if isinstance(name, tuple) else name
        raise ValueError(f"{words} has an entry already")
    found[name] = made


def _tables(path: Path | None, setting: str, table: str) -> Sequence[dict[str, Any]]:
    content = _toml(path, setting) if path else {}
    strange = ", ".join(sorted(set(content) - {table}))
    if strange:
        sentence = f"holds {strange}, which means nothing there: write [[{table}]]"
        raise BadSettings([f"{setting}: {path} {sentence}."])
    tables: Sequence[dict[str, Any]] = content.get(table, [])
    return tables


def _toml(path: Path, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSettings([f"{name}: {path} cannot be read: {error.strerror}."]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings([f"{name}: {path} is not TOML: {error}."]) from None
