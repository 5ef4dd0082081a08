"""Calls to one instance: rows of tables, and many writes at once."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from broker.connectors.desk.servicenow.paging import OutOfOrder, Page, by_key
from broker.connectors.desk.servicenow.settings import Settings
from broker.connectors.desk.servicenow.values import Row, labelled, one_of, sys_id, unwrapped
from broker.connectors.failures import CutShort, said, unclear
from broker.connectors.http import Answer, Auth, Basic, Http, Limits
from broker.connectors.oauth import Tokens
from broker.connectors.pace import Lanes, Pace
from broker.domain.errors import Misconfigured, NotFound, Refused, UnknownOutcome

_log = logging.getLogger(__name__)
_TABLE = "/api/now/table"
_BATCH = "/api/now/v1/batch"
_TOKEN = "/oauth_token.do"  # noqa: S105 - a path
_PLAIN = {"sysparm_display_value": "false", "sysparm_exclude_reference_link": "true"}
_BOTH = _PLAIN | {"sysparm_display_value": "all"}
_SAMPLE, _FEWEST = 10, 10
# Refusals of this record, not of our rights (ServiceNow docs, "REST API HTTP response codes").
_RECORD_REFUSED = (b"Data Policy Exception", b"aborted by Business Rule")


class Client:
    """One instance, spoken to as the integration user."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        limits: Limits | None = None,
        lanes: Lanes | None = None,
    ) -> None:
        """`lanes` are shared by all that speak for the same account."""
        self.system, self._limit, self._most = name, settings.page_size, settings.most_rows
        base, limits = str(settings.url).rstrip("/"), limits or Limits(read=settings.read_seconds)
        once, account = replace(limits, tries=1), _account(settings)
        self._http = Http(
            name,
            base,
            _proof(settings, Http(name, base, limits=once, account=account)),
            limits=limits,
            pace=Pace(settings.calls_per_second),
            lanes=lanes,
            refuses=lambda body: any(words in body for words in _RECORD_REFUSED),
            account=account,
        )

    @property
    def clock_ahead(self) -> timedelta | None:
        """How far the instance's clock is ahead of ours, by its latest answer."""
        return self._http.clock_ahead

    def sample(self, table: str, fields: Sequence[str]) -> tuple[list[Row], bool]:
        """The first rows, and whether others are hidden: limits come before rights, so the total
        counts what we may not see (ServiceNow docs, "Table API").
        """
        asked = {"sysparm_query": "ORDERBYsys_id", "sysparm_limit": str(_SAMPLE)}
        answer = self._http.get(f"{_TABLE}/{table}", _PLAIN | _only(fields) | asked)
        rows = self._several(answer)
        return rows, (_total(answer) or 0) > len(rows)

    def lets_change(self, table: str, key: str) -> bool:
        """Whether we may write this record. Nothing of it is changed: no field is sent."""
        try:
            self.patch(table, key, {})
        except (Misconfigured, NotFound):
            return False
        except Refused:
            # a rule of the table minds this record; the right was there
            return True
        return True

    def app_version(self, scope: str) -> str:
        """The version of the scoped app, as its own API tells; Refused or NotFound without it."""
        answer = self._http.get(f"/api/{scope}/v1/broker/version")
        return self._one(answer).get("version", "")

    def row(self, table: str, key: str, fields: Sequence[str]) -> Row:
        """The record with this sys_id; NotFound if it is gone or hidden."""
        found = self._one(self._http.get(self._path(table, key), _PLAIN | _only(fields)))
        if found.get("sys_id") != key:
            raise NotFound(self.system, f"gave another record for {table} {key}")
        return found

    def displayed(self, table: str, key: str, fields: Sequence[str]) -> Row:
        """The record as a person sees it: the only way to read a whole journal."""
        shown = {"sysparm_display_value": "true", **_only(fields)}
        return self._one(self._http.get(self._path(table, key), shown))

    def rows(
        self, table: str, query: str, fields: Sequence[str], labels: bool = False
    ) -> Iterator[Row]:
        """Every row that meets `query`, each once, by sys_id.

        ServiceNow drops conditions that it does not understand, so callers compare each row
        again. `labels` adds what people see (`values.labelled`). Misconfigured if there are more
        rows than anybody expects.
        """
        size = _Size(self._limit)
        asked = (_BOTH if labels else _PLAIN) | _only(fields)
        read = by_key(lambda beyond: self._page(table, [query, *beyond], asked, size))
        try:
            for count, row in enumerate(read, 1):
                if count > self._most:
                    raise Misconfigured(self.system, f"has more than {self._most} rows of {table}")
                yield row
        except OutOfOrder:
            reason = f"does not give {table} in the order of sys_id: a right to query is missing"
            raise Misconfigured(self.system, reason) from None

    def rows_of(
        self,
        table: str,
        column: str,
        ids: Sequence[str],
        fields: Sequence[str],
        also: str = "",
        labels: bool = False,
    ) -> Iterator[Row]:
        """Every row whose `column` is one of `ids` and that meets `also`. Compared again here."""
        wanted = frozenset(ids)
        for condition in one_of(column, list(dict.fromkeys(ids))):
            query = "^".join(filter(None, [condition, also]))
            for row in self.rows(table, query, (column, *fields), labels):
                if row.get(column) in wanted:
                    yield row

    def _page(
        self, table: str, conditions: Sequence[str], asked: Mapping[str, str], size: "_Size"
    ) -> Page:
        """The first rows that meet all conditions; fewer at once after an answer was cut off."""
        query = "^".join([*filter(None, conditions), "ORDERBYsys_id"])
        while True:
            page = {"sysparm_query": query, "sysparm_limit": str(size.now)}
            try:
                answer = self._http.get(f"{_TABLE}/{table}", {**asked, **page})
                return Page(self._several(answer), _total(answer), size.now)
            except CutShort:
                if not size.halved():
                    raise

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
        return [labelled(row) for row in result if isinstance(row, dict)]

    def _result(self, answer: Answer, writing: bool) -> object:
        """What is in `result`. A 200 may end in an error: a quota cuts answers off."""
        if isinstance(answer.data, dict) and "error" not in answer.data:
            return answer.data.get("result")
        reason = f"began an answer and ended it with an error{said(answer.data)}"
        trace = answer.headers.get("X-Transaction-ID", "unknown")
        _log.warning("%s %s; transaction %s", self.system, reason, trace)
        raise UnknownOutcome(self.system, reason) if writing else CutShort(self.system, reason)


class _Size:
    """How many rows are asked for at once: fewer where the instance cannot finish in time."""

    def __init__(self, limit: int) -> None:
        self.now = limit

    def halved(self) -> bool:
        """Ask for half of it from now on; False if that would be next to nothing."""
        self.now = max(self.now // 2, 1)
        return self.now >= _FEWEST


def _only(fields: Sequence[str]) -> dict[str, str]:
    return {"sysparm_fields": ",".join(dict.fromkeys(["sys_id", *fields]))}


def _total(answer: Answer) -> int | None:
    """How many rows there are, hidden ones too; None where nobody says so."""
    said = answer.headers.get("X-Total-Count", "")
    return int(said) if said.isdecimal() else None


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
