"""Who may decide what OIM has assigned to a name: a role's members, or somebody's stand-ins."""

import threading
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from broker.connectors.iga.oim.client import Client
from broker.connectors.iga.oim.people import People
from broker.connectors.iga.oim.values import Row, any_case, first, laid_open, moment
from broker.domain.errors import NotFound
from broker.domain.people import normal

_LOGIN = ("userLogin", "User Login", "login", "userName")
_NAMES = ("Role Name", "name", "roleName")
_SHOWN = ("Role Display Name", "displayName", "roleDisplayName")
_MEMBERS, _PROXIES = ("users", "members"), ("user", "users", "proxies")


class Deciders:
    """Roles, role members and proxies (REST API for OIG Self Service, "Roles", "Users").

    All roles are read once in `keep_seconds`; who is in one, or stands in, is never kept.
    """

    def __init__(self, client: Client, people: People, keep_seconds: float) -> None:
        self._client, self._people, self._keep = client, people, keep_seconds
        self._roles: tuple[float, dict[str, str]] = (float("-inf"), {})
        self._lock = threading.Lock()

    def of(self, assignee: str) -> Sequence[str]:
        """Logins; a person's own login is not among them."""
        return tuple(dict.fromkeys(self._read(assignee)))

    def _read(self, assignee: str) -> Iterable[str]:
        key = self._people.key_of(assignee)
        if key:
            # without a `proxyType` the proxies of the present are listed
            return self._logins(f"/users/{key}/proxies", _PROXIES)
        role = self._role(assignee)
        return self._logins(f"/roles/{role}/members", _MEMBERS) if role else ()

    def _logins(self, path: str, names: Sequence[str]) -> list[str]:
        """Of everybody listed there; nobody where this release has no such list."""
        try:
            return [
                login for row in self._client.listed(path, names, {}) if (login := self._login(row))
            ]
        except NotFound:
            return []

    def _login(self, row: Row) -> str:
        said = laid_open(row)
        return first(said, *_LOGIN) if self._counts(said) else ""

    def _counts(self, said: Row) -> bool:
        """Not one of the past or the future, by the clock of OIM."""
        now = datetime.now(UTC) + (self._client.clock_ahead or timedelta())
        since, until = moment(said.get("startDate")), moment(said.get("endDate"))
        return (since is None or since <= now) and (until is None or now < until)

    def _role(self, name: str) -> str:
        """The role's key: its name is shown in capitals, and filters may heed case."""
        condition = any_case("Role Name", name)
        if condition is None:
            return ""
        found = _by_name(self._client.listed("/roles", "roles", {"q": condition}))
        return found.get(normal(name)) or self._all_roles().get(normal(name), "")

    def _all_roles(self) -> dict[str, str]:
        with self._lock:
            read_at, keys = self._roles
            if time.monotonic() - read_at >= self._keep:
                keys = _by_name(self._client.listed("/roles", "roles", {}))
                self._roles = time.monotonic(), keys
            return keys


def _by_name(listed: Iterable[Row]) -> dict[str, str]:
    """Roles' keys by their names. Of a name that two bear, neither is meant for certain; one who
    bears it comes before those that are only shown under it.
    """
    borne: dict[str, set[str]] = {}
    shown: dict[str, set[str]] = {}
    for row in listed:
        said = laid_open(row)
        for found, names in ((borne, _NAMES), (shown, _SHOWN)):
            for name in filter(None, (first(said, each) for each in names)):
                found.setdefault(normal(name), set()).add(first(row, "id"))
    return {name: min(keys) for name, keys in (shown | borne).items() if len(keys) == 1}
