"""Whether a connection to ServiceNow works, and whether its user sees what the broker needs."""

from broker.connectors.desk.servicenow.client import Client
from broker.connectors.desk.servicenow.people import Directory
from broker.connectors.desk.servicenow.settings import Settings
from broker.connectors.http import CHECKING
from broker.domain.errors import Misconfigured, NotFound, Refused
from broker.ports.health import Health

_TABLES = ("sc_req_item", "sc_task", "sysapproval_approver", "sc_item_option_mtom")
_MIRRORS = ("request", "approval")


def check(name: str, settings: Settings) -> Health:
    """Read our own user, then a little of every table that the broker works with.

    Without rights ServiceNow answers 200 and shows nothing (ServiceNow docs, "Table API"). Uses a
    client of its own, which signs in anew and does not wait for long.
    """
    client = Client(name, settings, CHECKING)
    own = Directory(client).named(settings.username)
    if own is None:
        reason = f"answers, but hides the integration user {settings.username}: rights are missing"
        raise Misconfigured(name, reason)
    hidden = [table for table in _TABLES if _is_hidden(client, table)]
    if hidden:
        reason = f"shows {settings.username} nothing of {', '.join(hidden)}: rights are missing"
        raise Misconfigured(name, reason)
    _demand_app(client, settings)
    return Health(f"{name} answers, and {own.login} is signed in.", client.clock_ahead)


def _is_hidden(client: Client, table: str) -> bool:
    try:
        return client.hides(table)
    except (Misconfigured, Refused, NotFound):
        return True


def _demand_app(client: Client, settings: Settings) -> None:
    tables = [f"{settings.scope}_{word}" for word in _MIRRORS]
    missing = [table for table in tables if _is_hidden(client, table)]
    if missing:
        reason = (
            f"has no table {' or '.join(missing)} that {settings.username} may read: install the"
            " broker's app there, and give that user its role"
        )
        raise Misconfigured(client.system, reason)
