"""OAuth tokens and the application registry (ServiceNow docs, "OAuth API response parameters")."""

from __future__ import annotations

import math
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.servicenow.records import Records, Row

ACCESS_SECONDS = 1800
REFRESH_SECONDS = 8_640_000
REGISTRY = "oauth_entity"


class Registry:
    """The OAuth clients: active rows of `oauth_entity`."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def find(self, client_id: str, secret: str) -> Row | None:
        """The client of that id, if the secret is right."""
        for row in self._records.where(REGISTRY, client_id=client_id, active="true"):
            if secrets.compare_digest(row["client_secret"].encode(), secret.encode()):
                return row
        return None

    def known(self, client_id: str) -> Row | None:
        """The client of that id, whoever asks."""
        return next(iter(self._records.where(REGISTRY, client_id=client_id, active="true")), None)


@dataclass
class Grant:
    """One access token with the refresh token of its client and user."""

    client_id: str
    user_name: str
    access: str
    refresh: str
    expires: float
    refresh_expires: float


class Tokens:
    """Tokens by client and user. Asking again inside the lifetime gives the same, ageing token
    (recorded); `clock` counts seconds and may be replaced by a test's."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._newest: dict[tuple[str, str], Grant] = {}
        self._by_access: dict[str, Grant] = {}
        self._jwt_ids: set[str] = set()
        self._lock = threading.Lock()

    def issue(
        self,
        client_id: str,
        user_name: str,
        seconds: int = ACCESS_SECONDS,
        refresh_seconds: int = REFRESH_SECONDS,
        *,
        anew: bool = False,
    ) -> Grant:
        """The token that this client holds for the user, or a new one when that has run out."""
        with self._lock:
            grant = self._newest.get((client_id, user_name))
            if grant is not None and grant.expires > self.clock() and not anew:
                return grant
            refresh, ends = secrets.token_urlsafe(48), self.clock() + refresh_seconds
            if grant is not None and grant.refresh_expires > self.clock():
                refresh, ends = grant.refresh, grant.refresh_expires
            return self._keep(client_id, user_name, refresh, seconds, ends)

    def refresh(
        self, client_id: str, token: str, seconds: int = ACCESS_SECONDS, *, stays: bool = True
    ) -> Grant | None:
        """A new access token for the holder of a refresh token, which itself stays as it is."""
        for grant in list(self._newest.values()):
            live = grant.refresh_expires > self.clock() and grant.client_id == client_id
            if live and secrets.compare_digest(grant.refresh.encode(), token.encode()):
                kept = grant.refresh if stays else secrets.token_urlsafe(48)
                return self._keep(client_id, grant.user_name, kept, seconds, grant.refresh_expires)
        return None

    def user_name(self, token: str) -> str | None:
        """Whose live access token this is."""
        grant = self._by_access.get(token)
        return grant.user_name if grant and grant.expires > self.clock() else None

    def seconds_left(self, grant: Grant) -> int:
        """The token's remaining life, a second short as the platform reports it."""
        return max(math.ceil(grant.expires - self.clock()) - 1, 0)

    def revoke(self, token: str) -> None:
        """End an access token, or a refresh token and the access tokens that came of it."""
        for access, grant in list(self._by_access.items()):
            if token in (access, grant.refresh):
                grant.expires = self.clock()
            if token == grant.refresh:
                grant.refresh_expires = self.clock()

    def first_use(self, jwt_id: str) -> bool:
        """Whether this id of a signed assertion was never seen before; it is remembered."""
        with self._lock:
            seen = jwt_id in self._jwt_ids
            self._jwt_ids.add(jwt_id)
        return not seen

    def expire_all(self) -> None:
        """Every access token runs out now; the refresh tokens stay good."""
        for grant in list(self._by_access.values()):
            grant.expires = self.clock()

    def revoke_all(self) -> None:
        """Forget every token, as a restart of the instance may."""
        self._newest.clear()
        self._by_access.clear()

    def _keep(
        self, client_id: str, user_name: str, refresh: str, seconds: int, refresh_ends: float
    ) -> Grant:
        ends = self.clock() + seconds
        grant = Grant(client_id, user_name, secrets.token_urlsafe(48), refresh, ends, refresh_ends)
        self._newest[client_id, user_name] = grant
        self._by_access[grant.access] = grant
        return grant
