"""Whether a connection to ServiceNow works, and if not, what of the many things it is.

Without rights ServiceNow answers 200 and shows nothing, an unknown column is left out without a
word (ServiceNow docs, "Table API"): so everything is asked for by name, and looked at.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from broker.connectors.desk.servicenow.client import Client
from broker.connectors.desk.servicenow.people import Directory
from broker.connectors.desk.servicenow.settings import Settings
from broker.connectors.http import CHECKING
from broker.domain.errors import Misconfigured, NotFound, Refused
from broker.ports.health import Health

# The version of the scoped app that this broker was made with.
APP_VERSION = "1.0.0"
_RIGHTS = "give the user {} the roles that the connector's page names"


@dataclass(frozen=True, slots=True)
class _Need:
    """A table that the broker works with: the columns it must show, and whether we write it."""

    table: str
    columns: Sequence[str]
    written: bool = False


def check(name: str, settings: Settings) -> Health:
    """Read our own user, then a little of every table, and try to change nothing of a row.

    Uses a client of its own, which signs in anew and does not wait for long.
    """
    client = Client(name, settings, CHECKING)
    own = Directory(client, settings).named(settings.username)
    if own is None:
        reason = f"answers, but hides the integration user {settings.username}: rights are missing"
        raise Misconfigured(name, reason, _RIGHTS.format(settings.username))
    tables = _Tables(client, settings)
    tables.demand(list(_needs(settings)))
    _demand_app(client, settings)
    tables.demand(_mirrors(settings))
    return Health(f"{name} answers, and {own.login} is signed in.", client.clock_ahead)


def _needs(settings: Settings) -> Iterator[_Need]:
    correlation = (settings.correlation_id_field, settings.correlation_name_field)
    yield _Need("sys_user", ("user_name", "name", "email", settings.number_field, "active"))
    yield _Need("sc_request", ("number",))
    item = ("number", "request", "cat_item", "approval", "state", "active", "sys_updated_on")
    yield _Need("sc_req_item", (*item, *correlation), written=True)
    yield _Need("sc_task", ("number", "request_item", "state", "active"), written=True)
    approval = ("sysapproval", "approver", "state", "document_id", "source_table")
    yield _Need("sysapproval_approver", approval)
    yield _Need("sys_user_delegate", ("user", "delegate", "approvals", "starts", "ends"))
    yield _Need("sc_item_option_mtom", ("request_item", "sc_item_option"))


def _mirrors(settings: Settings) -> list[_Need]:
    """What the app's columns are, its version tells."""
    words = ("request", "approval")
    return [_Need(f"{settings.scope}_{word}", ("sys_id",), written=True) for word in words]


class _Tables:
    """Looks at the first rows of tables. An empty table tells nothing, and is taken for right."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client, self._user = client, settings.username

    def demand(self, needs: Sequence[_Need]) -> None:
        """Misconfigured names every table with the worst that is wrong with any."""
        seen = {need: self._rows(need) for need in needs}
        self._refuse(
            "shows {} nothing of {}", [n.table for n, rows in seen.items() if rows is None]
        )
        missing = [name for need, rows in seen.items() for name in _missing(need, rows or [])]
        self._refuse("shows {} no column {}", missing)
        closed = [need.table for need, rows in seen.items() if self._is_closed(need, rows or [])]
        self._refuse("does not let {} change {}", closed)

    def _refuse(self, sentence: str, names: Sequence[str]) -> None:
        if names:
            reason = f"{sentence.format(self._user, ', '.join(names))}: rights are missing"
            raise Misconfigured(self._client.system, reason, _RIGHTS.format(self._user))

    def _rows(self, need: _Need) -> Sequence[dict[str, str]] | None:
        """The first rows; None if there are some, and none for us."""
        try:
            rows, hidden = self._client.sample(need.table, need.columns)
        except (Misconfigured, Refused, NotFound):
            return None
        return None if hidden and not rows else [dict(row) for row in rows]

    def _is_closed(self, need: _Need, rows: Sequence[dict[str, str]]) -> bool:
        if not need.written or not rows:
            return False
        return not self._client.lets_change(need.table, rows[0]["sys_id"])


def _missing(need: _Need, rows: Sequence[dict[str, str]]) -> list[str]:
    """Columns that no row has."""
    if not rows:
        return []
    return [f"{need.table}.{name}" for name in need.columns if all(name not in r for r in rows)]


def _demand_app(client: Client, settings: Settings) -> None:
    """Misconfigured unless the broker's app is there, in the version that this broker knows."""
    try:
        version = client.app_version(settings.scope)
    except (Refused, NotFound) as error:
        reason = f"has no application {settings.scope} ({error.reason})"
        raise Misconfigured(client.system, reason, "install the broker's app there") from error
    if version != APP_VERSION:
        reason = f"has version {version or 'unknown'} of the application {settings.scope}"
        advice = f"this broker was made with version {APP_VERSION}: install that one there"
        raise Misconfigured(client.system, reason, advice)
