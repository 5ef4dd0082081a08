"""Calls to the Self Service API, and its way of paging."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from broker.connectors.http import Auth, Basic, Http, Limits
from broker.connectors.iga.oim.settings import Settings
from broker.connectors.iga.oim.values import Row, rows, text
from broker.connectors.oauth import Tokens
from broker.connectors.pace import Pace
from broker.domain.errors import Unavailable

_PATIENCE, _RETURNS = 3, 50
_SELF_SERVICE = "/iam/governance/selfservice/api/v1"
# Oracle, "Using the JSON Web Token Service"; `expiresIn` is a string of seconds there.
_TOKENS = "/iam/governance/token/api/v1/tokens"
# Without this header a write is ignored with a 400 (REST API for OIG Self Service 12c, "Headers").
_WRITING = {"X-Requested-By": "request-broker"}


class Client:
    """The API of one installation."""

    def __init__(self, name: str, settings: Settings, limits: Limits | None = None) -> None:
        # one more than is new on a page, for pages overlap
        self.system, self._limit = name, settings.page_size + 1
        base, limits = str(settings.url).rstrip("/"), limits or Limits(read=settings.read_seconds)
        account = f"the user {settings.username}"
        basic = Basic(settings.username, settings.password.get_secret_value())
        proof: Auth = basic
        if settings.authentication == "jwt":
            once = replace(limits, tries=1)
            service = Http(name, base, basic, headers=_WRITING, limits=once, account=account)
            proof = Tokens(service, _TOKENS, fields=("accessToken", "expiresIn"))
        pace = Pace(settings.calls_per_second)
        self._http = Http(
            name,
            base + _SELF_SERVICE,
            proof,
            headers=_WRITING,
            limits=limits,
            pace=pace,
            account=account,
        )

    @property
    def clock_ahead(self) -> timedelta | None:
        """How far the server's clock is ahead of ours, by its latest answer."""
        return self._http.clock_ahead

    def one(self, path: str) -> Row:
        """One record; NotFound if there is none."""
        data = self._http.get(path).data
        if not isinstance(data, dict):
            raise Unavailable(self.system, f"gave no record for {path}")
        return data

    def post(self, path: str, body: object) -> object:
        """Write once; the parsed answer, whatever it is."""
        return self._http.send("POST", path, body).data

    def delete(self, path: str) -> object:
        """Take back once; the parsed answer, whatever it is."""
        return self._http.send("DELETE", path).data

    def listed(
        self, path: str, keys: str | Sequence[str], params: Mapping[str, str]
    ) -> Iterator[Row]:
        """Every row of a list, each once, though rows come and go while we page.

        `keys` is the property that has the rows, or several of which the first one given counts.
        Offsets count from 1, and there is no total: `totalResult` is always -1 (REST API for
        OIG Self Service, "Pagination"). A page begins with the last row of the one before,
        or with an earlier one if rows were added. If it begins with a row not read yet, rows
        have left the list and moved others up, so the page before is read again. A page may be
        shorter than asked for: nobody says how long one may be. Ends where `hasMore` is false or
        a page is empty.
        """
        names = [keys] if isinstance(keys, str) else keys
        pages = _Pages(self._limit)
        while pages.offset:
            page, more = self._page(path, names, params, pages.offset)
            yield from pages.turn(page, more)
            if pages.stuck:
                raise Unavailable(self.system, f"repeats itself in the list of {path}")

    def _page(
        self, path: str, keys: Sequence[str], params: Mapping[str, str], offset: int
    ) -> tuple[list[Row], bool | None]:
        asked = {**params, "offset": str(offset), "limit": str(self._limit)}
        data = self._http.get(path, asked).data
        if not isinstance(data, dict):
            raise Unavailable(self.system, f"gave no list for {path}")
        listed = next((data[key] for key in keys if data.get(key)), None)
        return rows(listed), _more(data.get("hasMore"))


class _Pages:
    """Where we are in a list. `offset` is 0 when there is no more to read."""

    def __init__(self, limit: int) -> None:
        self.offset, self._idle = 1, 0
        self._limit, self._anchored, self._returns = limit, False, _RETURNS
        self._seen: set[str] = set()

    @property
    def stuck(self) -> bool:
        """Whether nothing new has come for several pages."""
        return self._idle > _PATIENCE * self._limit

    def turn(self, page: list[Row], more: bool | None) -> list[Row]:
        """The rows of this page that are new; moves on, or back where rows have moved up.

        Where nothing is said of `more`, a page with something new may be followed by another.
        """
        if self._anchored and page and not self._known(page[0]) and self._returns:
            self._returns, self._anchored = self._returns - 1, False
            self.offset = max(1, self.offset - self._limit)
            return []
        fresh = [row for row in page if not self._known(row)]
        self._seen.update(map(_identity, fresh))
        step = len(page) - 1 if len(page) > 1 else self._limit
        self._idle = 0 if fresh else self._idle + step
        self._anchored = len(page) >= self._limit
        more = bool(fresh) if more is None else more
        self.offset = self.offset + step if page and more else 0
        return fresh

    def _known(self, row: Row) -> bool:
        return _identity(row) in self._seen


def _more(said: object) -> bool | None:
    """What `hasMore` says; None where it is missing."""
    return None if said is None else str(said).lower() == "true"


def _identity(row: Row) -> str:
    """Its id; of a row without one, all that it says."""
    return text(row.get("id")) or json.dumps(row, sort_keys=True, default=str)
