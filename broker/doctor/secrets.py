"""Secrets: long enough, each used once, and in files that not everybody can read."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from broker.context import Broker
from broker.doctor.findings import Finding, listed, note, ok, warning, wrong
from broker.files import ApiClient
from broker.settings import PREFIX

_GOOD_LENGTH, _VARIETY = 32, 8
_OTHERS_MAY_READ = 0o004
# A container's own secrets, which nobody outside it can see, are readable inside.
_CONTAINERS_OWN = Path("/run/secrets")


def secrets(broker: Broker, environment: Mapping[str, str]) -> Iterator[Finding]:
    """What can be said of secrets without telling them."""
    found = [*_keys(broker), *_clients(broker), *_files(broker, environment)]
    yield from found or [ok("secrets", "are long, all different, and kept from others.")]


def _keys(broker: Broker) -> Iterator[Finding]:
    if broker.settings.secret_key == broker.settings.audit_key:
        yield wrong(
            "secrets", "BROKER_SECRET_KEY and BROKER_AUDIT_KEY are the same: choose another one."
        )


def _clients(broker: Broker) -> Iterator[Finding]:
    clients = broker.api_clients.values()
    if not clients:
        yield warning(
            "API clients", "there are none, so that no desk can reach us: see BROKER_API_CLIENTS."
        )
    for client in clients:
        yield from _client(client, set(broker.desks))
    uses = Counter(key for client in clients for key in _all_keys(client))
    if shared := [client.name for client in clients if any(uses[k] > 1 for k in _all_keys(client))]:
        yield wrong(
            "API clients",
            f"a secret is used more than once ({listed(shared)}): give every client another one for"
            " orders and for events.",
        )


def _client(client: ApiClient, desks: set[str]) -> Iterator[Finding]:
    weak = [key for key in _all_keys(client) if len(key) < _GOOD_LENGTH or len(set(key)) < _VARIETY]
    if weak:
        yield warning(
            "API clients",
            f"{client.name} has a short or simple secret: make one of {_GOOD_LENGTH} random bytes"
            " (openssl rand -base64 32).",
        )
    if strangers := sorted(client.sources - desks):
        yield note(
            "API clients",
            f"{client.name} may speak for {listed(strangers)}, and there is no such connection.",
        )


def _all_keys(client: ApiClient) -> list[bytes]:
    return [key for keys in client.keys.values() for key in dict.fromkeys(keys)]


def _files(broker: Broker, environment: Mapping[str, str]) -> Iterator[Finding]:
    named = {
        name: Path(value)
        for name, value in environment.items()
        if name.startswith(PREFIX) and name.endswith("_FILE") and value
    }
    if broker.settings.api_clients:
        named[f"{PREFIX}API_CLIENTS"] = broker.settings.api_clients
    for name, path in sorted(named.items()):
        if _open_to_all(path):
            yield warning(
                "secrets", f"everybody on this machine can read {path} ({name}): chmod o-r."
            )


def _open_to_all(path: Path) -> bool:
    if _CONTAINERS_OWN in path.absolute().parents:
        return False
    return path.exists() and bool(path.stat().st_mode & _OTHERS_MAY_READ)
