"""Calls to one instance: rows of tables, and many writes at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from broker.connectors.desk.servicenow.settings import Settings
from broker.connectors.desk.servicenow.values import Row, sys_id, unwrapped
from broker.connectors.failures import unclear
from broker.connectors.http import Answer, Auth, Basic, Http, Limits
from broker.connectors.oauth import Tokens
from broker.connectors.pace import Pace
from broker.domain.errors import NotFound

_TABLE = "/api/now/table"
_BATCH = "/api/now/v1/batch"
_TOKEN = "/oauth_token.do"  # noqa: S105 - a path
_PLAIN = {"sysparm_display_value": "false", "sysparm_exclude_reference_link": "true"}
_MOST_ROWS, _SAMPLE = 1_000_000, 10
# Refusals of this record, not of our rights (ServiceNow docs, "REST API HTTP response codes").
_RECORD_REFUSED = (b"Data Policy Exception", b"aborted by Business Rule")


class Client:
    """One instance, spoken to as the integration user."""

    def __init__(self, name: str, settings: Settings, limits: Limits | None = None) -> None:
        self.system, self._limit = name, settings.page_size
        base, limits = str(settings.url).rstrip("/"), limits or Limits(read=settings.read_seconds)
        once, account = replace(limits, tries=1), _account(settings)
        self._http = Http(
            name,
            base,
            _proof(settings, Http(name, base, limits=once, account=account)),
            limits=limits,
            pace=Pace(settings.calls_per_second),
            refuses=lambda body: any(words in body for words in _RECORD_REFUSED),
            account=account,
        )

    @property
    def clock_ahead(self) -> timedelta | None:
        """How far the instance's clock is ahead of ours, by its latest answer."""
        return self._http.clock_ahead

    def hides(self, table: str) -> bool:
        """Whether there are rows of which we see none: limits come before rights, so the total
        counts what we may not see (ServiceNow docs, "Table API").
        """
        asked = _PLAIN | _only(("sys_id",)) | {"sysparm_limit": str(_SAMPLE)}
        answer = self._http.get(f"{_TABLE}/{table}", asked)
        return not self._several(answer) and _total(answer, 0) > 0

    def row(self, table: str, key: str, fields: Sequence[str] = ()) -> Row:
        """The record with this sys_id; NotFound if it is gone or hidden."""
        found = self._one(self._http.get(self._path(table, key), _PLAIN | _only(fields)))
        if found.get("sys_id") != key:
            raise NotFound(self.system, f"gave another record for {table} {key}")
        return found

    def displayed(self, table: str, key: str, fields: Sequence[str]) -> Row:
        """The record as a person sees it: the only way to read a whole journal."""
        shown = {"sysparm_display_value": "true", **_only(fields)}
        return self._one(self._http.get(self._path(table, key), shown))

    def rows(self, table: str, query: str, fields: Sequence[str], order: str = "") -> Iterator[Row]:
        """Every row that meets `query`, each once.

        ServiceNow applies the limit before it hides rows, so a page may be short: the offset
        grows by the limit, up to X-Total-Count (ServiceNow docs, "Table API"). It drops
        conditions that it does not understand, so callers compare each row again.
        """
        ordered = "^".join(filter(None, [query, order, "ORDERBYsys_id"]))
        asked = (
            _PLAIN | _only(fields) | {"sysparm_query": ordered, "sysparm_limit": str(self._limit)}
        )
        seen: set[str] = set()
        for offset in range(0, _MOST_ROWS, self._limit):
            answer = self._http.get(f"{_TABLE}/{table}", asked | {"sysparm_offset": str(offset)})
            page = self._several(answer)
            for row in page:
                if row.get("sys_id") not in seen:
                    seen.add(row.get("sys_id", ""))
                    yield row
            if offset + self._limit >= _total(answer, offset + len(page) + bool(page)):
                return

    def patch(self, table: str, key: str, fields: Mapping[str, str]) -> Row:
        """Change these fields of a record; what it then holds in them. Journals read back empty."""
        params = _PLAIN | _only(tuple(fields))
        return self._one(
            self._http.send("PATCH", self._path(table, key), dict(fields), params=params), True
        )

    def batch(self, body: Mapping[str, object]) -> Mapping[str, object]:
        """Send many calls in one; each must be harmless when repeated, for this may repeat them."""
        data = self._http.send("POST", _BATCH, body, repeatable=True).data
        if not isinstance(data, dict):
            raise unclear(self.system, False, "gave no answer to a batch")
        return data

    def _path(self, table: str, key: str) -> str:
        return f"{_TABLE}/{table}/{sys_id(self.system, key)}"

    def _one(self, answer: Answer, writing: bool = False) -> Row:
        result = self._result(answer, writing)
        if not isinstance(result, dict):
            raise unclear(self.system, writing, "gave no record in its answer")
        return unwrapped(result)

    def _several(self, answer: Answer) -> list[Row]:
        result = self._result(answer, False)
        if not isinstance(result, list):
            raise unclear(self.system, False, "gave no list in its answer")
        return [unwrapped(row) for row in result if isinstance(row, dict)]

    def _result(self, answer: Answer, writing: bool) -> object:
        """What is in `result`. A 200 may end in an error: a quota cuts answers off."""
        if not isinstance(answer.data, dict) or "error" in answer.data:
            raise unclear(self.system, writing, "began an answer and ended it with an error")
        return answer.data.get("result")


def _only(fields: Sequence[str]) -> dict[str, str]:
    names = dict.fromkeys(["sys_id", *fields])
    return {"sysparm_fields": ",".join(names)} if fields else {}


def _total(answer: Answer, unknown: int) -> int:
    """How many rows there are; where nobody says so, one page more as long as rows come."""
    said = answer.headers.get("X-Total-Count", "")
    return int(said) if said.isdecimal() else unknown


def _account(settings: Settings) -> str:
    """Who we are there, for an operator to read."""
    user = f"the user {settings.username}"
    if not settings.client_id:
        return user
    client = f"the OAuth client {settings.client_id}"
    return f"{client} with {user}" if settings.grant == "password" else client


def _proof(settings: Settings, http: Http) -> Auth:
    """OAuth where there is a client; instances restrict Basic more and more (KB3025707)."""
    password = settings.password.get_secret_value()
    if not settings.client_id:
        return Basic(settings.username, password)
    form = {
        "grant_type": settings.grant,
        "client_id": settings.client_id,
        "client_secret": settings.client_secret.get_secret_value(),
    }
    if settings.grant == "password":
        form |= {"username": settings.username, "password": password}
    return Tokens(http, _TOKEN, form)
