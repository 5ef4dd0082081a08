"""Whether a connection to OIM works, and whether its user sees what the broker needs."""

from collections.abc import Iterator, Sequence

from broker.connectors.http import CHECKING
from broker.connectors.iga.oim.catalogue import Catalogue
from broker.connectors.iga.oim.client import Client
from broker.connectors.iga.oim.people import People
from broker.connectors.iga.oim.settings import Settings
from broker.connectors.iga.oim.values import first
from broker.domain.errors import Misconfigured, NotFound
from broker.domain.people import Person
from broker.ports.health import Health


def check(name: str, settings: Settings) -> Health:
    """Read our own user, others, the beginning of the catalogue, of the roles and of the requests.

    Nothing, where there must be something, means that rights are missing. Uses a client of its
    own, which signs in anew and does not wait for long.
    """
    client = Client(name, settings, CHECKING)
    try:
        own = People(client).find("login", settings.username)
        _demand_own(name, settings.username, own)
        missing = list(_missing(client, own[0].key))
    except NotFound as error:
        raise Misconfigured(name, "has no Self Service API at its address") from error
    if missing:
        reason = f"shows {settings.username} {' and '.join(missing)}: rights are missing"
        raise Misconfigured(name, reason)
    return Health(f"{name} answers, and {own[0].login} is signed in.", client.clock_ahead)


def _demand_own(name: str, username: str, own: Sequence[Person]) -> None:
    if len(own) != 1:
        reason = f"answers, but does not show the broker's own user {username}"
        raise Misconfigured(name, reason)


def _missing(client: Client, own_key: str) -> Iterator[str]:
    """What an administrator would see, and this account does not. Who is no administrator sees
    themselves and their reports only ("Requests", "Users").
    """
    others = (user for user in client.listed("/users", "users", {}) if first(user, "id") != own_key)
    if next(others, None) is None:
        yield "no user but itself"
    if not Catalogue(client, 0).has_items():
        yield "an empty catalogue"
    if next(client.listed("/roles", "roles", {}), None) is None:
        yield "no role"
    # none is all right: that it may be read is what counts
    next(client.listed("/requests", "requests", {"view": "trackRequests"}), None)
