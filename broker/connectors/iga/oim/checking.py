"""Whether a connection to OIM works, and whether its user sees what the broker needs."""

from broker.connectors.http import CHECKING
from broker.connectors.iga.oim.catalogue import Catalogue
from broker.connectors.iga.oim.client import Client
from broker.connectors.iga.oim.people import People
from broker.connectors.iga.oim.settings import Settings
from broker.domain.errors import Misconfigured, NotFound
from broker.ports.health import Health


def check(name: str, settings: Settings) -> Health:
    """Read our own user and the beginning of the catalogue: nothing means that rights are missing.

    Uses a client of its own, which signs in anew and does not wait for long.
    """
    client = Client(name, settings, CHECKING)
    try:
        own = People(client).find("login", settings.username)
        sees_items = Catalogue(client, 0).has_items()
    except NotFound as error:
        raise Misconfigured(name, "has no Self Service API at its address") from error
    if len(own) != 1:
        reason = f"answers, but does not show the broker's own user {settings.username}"
        raise Misconfigured(name, reason)
    if not sees_items:
        reason = f"shows {settings.username} an empty catalogue: rights are missing"
        raise Misconfigured(name, reason)
    return Health(f"{name} answers, and {own[0].login} is signed in.", client.clock_ahead)
