"""The one way out: HTTP calls with deadlines, and every failure as one of our errors.

No other module of the product imports `requests`.
"""

import base64
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Protocol

import requests
import urllib3

from broker.connectors.clocks import ahead
from broker.connectors.failures import (
    CutShort,
    from_status,
    from_transport,
    parsed,
    unclear,
)
from broker.connectors.pace import Crowded, Lanes, Pace
from broker.connectors.tally import calls
from broker.domain.errors import ConnectorError, Misconfigured, NotFound, Unavailable

_log = logging.getLogger(__name__)
_CHUNK = 65536
_NO_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.RESET_CONTENT)
# 202 is missing: ServiceNow answers so when it will not carry a call out (KB3047080)
_SUCCESS = (HTTPStatus.OK, HTTPStatus.CREATED, *_NO_BODY)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much. Times in seconds, sizes in bytes.

    `total` ends a call with all its repetitions; `tries` is for reads only; `patience` is the
    longest Retry-After that a read sits out instead of handing it to the caller.
    """

    connect: float = 3.05
    read: float = 30.0
    total: float = 90.0
    body: int = 32 * 1024 * 1024
    tries: int = 3
    patience: float = 5.0
    back_off: float = 0.25


# For somebody who stands there and waits to hear whether a connection works.
CHECKING = Limits(read=8.0, total=10.0, tries=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete, successful answer: its parsed JSON (None if it has no body) and headers."""

    status: int
    data: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class Auth(Protocol):
    """Proves who we are."""

    def headers(self) -> Mapping[str, str]:
        """Headers for the next call of this thread; may fetch a token."""
        ...

    def forget(self) -> bool:
        """Drop what was refused; True if trying once more with something fresh makes sense."""
        ...


class Http:
    """Calls one system. Shared by threads: each has its own session and cookies.

    ServiceNow serialises the calls of one session (ServiceNow support, KB3047080), and every
    system here keeps a session cookie; so cookies are kept, but never shared between threads.
    """

    def __init__(
        self,
        system: str,
        base_url: str,
        auth: Auth | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        pace: Pace | None = None,
        lanes: Lanes | None = None,
        refuses: Callable[[bytes], bool] = lambda _body: False,
        account: str = "",
    ) -> None:
        """`refuses(body)` tells a 403 about this very record from one about our rights;
        `account` is who we are, for the sentence that says so; `lanes` may be shared by all that
        speak for one account.
        """
        self.system, self._base, self._auth = system, base_url.rstrip("/"), auth
        self._headers = {"Accept": "application/json"} | dict(headers or {})
        self._limits, self._pace, self._refuses = limits or Limits(), pace or Pace(), refuses
        self._account, self._local = account, threading.local()
        self._lanes = lanes or Lanes()
        # of the latest answer: how far their clock is ahead of ours
        self.clock_ahead: timedelta | None = None

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Answer:
        """Read. Repeated, with full jitter, while the system is unavailable and time is left."""
        return self._patiently(_Call("GET", path, params=params))

    def send(
        self,
        method: str,
        path: str,
        json: object = None,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = False,
    ) -> Answer:
        """Write, once. A `repeatable` one changes nothing there and is treated as a read."""
        call = _Call(method, path, json, params, form, headers or {}, writing=not repeatable)
        return self._patiently(call) if repeatable else self._call(call, self._deadline())

    def _deadline(self) -> float:
        return time.monotonic() + self._limits.total

    def _patiently(self, call: "_Call") -> Answer:
        deadline = self._deadline()
        for attempt in range(1, self._limits.tries):
            began = time.monotonic()
            try:
                return self._call(call, deadline)
            except Unavailable as error:
                wait, now = self._wait(error.retry_after, attempt), time.monotonic()
                # what was cut off late would be again, too late for the caller to ask for less
                again = now - began if isinstance(error, CutShort) else 0.0
                if wait > self._limits.patience or now + wait + again >= deadline:
                    raise
                time.sleep(wait)
        return self._call(call, deadline)

    def _wait(self, asked: float | None, attempt: int) -> float:
        jitter = random.uniform(0, self._limits.back_off * 2**attempt)  # noqa: S311 - no secret
        return jitter if asked is None else asked + jitter

    def _call(self, call: "_Call", deadline: float) -> Answer:
        """One exchange; a second one if the first met a token that had ended.

        A 401 is given before anything is done, so even a write may be repeated after it.
        """
        status, headers, content = self._exchange(call, deadline)
        if status == HTTPStatus.UNAUTHORIZED and self._auth and self._auth.forget():
            status, headers, content = self._exchange(call, deadline)
        try:
            return self._read(call, status, headers, content)
        except ConnectorError as error:
            self._tell(call, headers, error)
            raise

    def _tell(self, call: "_Call", headers: Mapping[str, str], error: ConnectorError) -> None:
        """With the number by which the vendor's support finds the call in its own logs."""
        level = logging.INFO if isinstance(error, NotFound) else logging.WARNING
        trace = headers.get("X-Transaction-ID", "unknown")
        told = (self.system, call.method, call.path, error.reason, trace)
        _log.log(level, "%s %s %s: %s; transaction %s", *told)

    def _exchange(self, call: "_Call", deadline: float) -> tuple[int, Mapping[str, str], bytes]:
        proof = dict(self._auth.headers()) if self._auth else {}
        self._pace.wait()
        with self._lane(deadline):
            return self._sent(call, deadline, proof)

    @contextmanager
    def _lane(self, deadline: float) -> Iterator[None]:
        try:
            with self._lanes.one(deadline):
                yield
        except Crowded:
            reason = "is busy with other calls of ours: none was free in time"
            raise Unavailable(self.system, reason) from None

    def _sent(
        self, call: "_Call", deadline: float, proof: Mapping[str, str]
    ) -> tuple[int, Mapping[str, str], bytes]:
        started, sent_at, status = time.monotonic(), datetime.now(UTC), 0
        try:
            with self._request(call, deadline, proof) as response:
                status, date = response.status_code, response.headers.get("Date")
                self.clock_ahead = ahead(date, sent_at, datetime.now(UTC))
                content = self._content(response.raw, deadline, call.writing)
                return status, response.headers, content
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise from_transport(self.system, error, call.writing) from error
        finally:
            spent = time.monotonic() - started
            calls.add(self.system, status, spent)
            told = (self.system, call.method, call.path, status, spent * 1000)
            _log.debug("%s %s %s answered %d after %.0f ms", *told)

    def _request(
        self, call: "_Call", deadline: float, proof: Mapping[str, str]
    ) -> requests.Response:
        return self._session().request(
            call.method,
            self._base + call.path,
            params=call.params,
            data=call.form,
            json=call.json,
            headers={**self._headers, **call.headers},
            # a callable keeps requests from putting a .netrc entry in its place
            auth=lambda prepared: _proven(prepared, proof),
            timeout=self._timeouts(deadline),
            allow_redirects=False,
            stream=True,
        )

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
        return session

    def _timeouts(self, deadline: float) -> tuple[float, float]:
        left = deadline - time.monotonic()
        if left <= 0:
            raise Unavailable(self.system, "did not answer in time")
        return min(self._limits.connect, left), min(self._limits.read, left)

    def _content(self, raw: "_Raw", deadline: float, writing: bool) -> bytes:
        """The body, as it arrives: a drip cannot outlast the deadline, nor a flood the limit."""
        content = bytearray()
        while chunk := raw.read1(_CHUNK, decode_content=True):
            content += chunk
            if time.monotonic() > deadline:
                raise unclear(self.system, writing, "did not finish its answer in time")
            if len(content) > self._limits.body:
                raise self._too_much(writing)
        return bytes(content)

    def _too_much(self, writing: bool) -> ConnectorError:
        reason = f"answered with more than {self._limits.body} bytes"
        return unclear(self.system, True, reason) if writing else Misconfigured(self.system, reason)

    def _read(
        self, call: "_Call", status: int, headers: Mapping[str, str], content: bytes
    ) -> Answer:
        if status == HTTPStatus.FORBIDDEN and self._refuses(content):
            status = HTTPStatus.UNPROCESSABLE_ENTITY
        if status not in _SUCCESS:
            raise from_status(self.system, status, headers, content, call.writing, self._account)
        if status in _NO_BODY and not content:
            return Answer(status, None, headers)
        return Answer(status, self._json(call, headers, content), headers)

    def _json(self, call: "_Call", headers: Mapping[str, str], content: bytes) -> object:
        if "json" not in headers.get("Content-Type", "").lower():
            raise unclear(self.system, call.writing, "answered with a page instead of data")
        try:
            return parsed(content)
        except ValueError as error:
            reason = "broke off in the middle of its answer"
            if not call.writing:
                raise CutShort(self.system, reason) from error
            raise unclear(self.system, call.writing, reason) from error


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    path: str
    json: object = None
    params: Mapping[str, str] | None = None
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    writing: bool = False


class _Raw(Protocol):
    def read1(self, amount: int, decode_content: bool) -> bytes: ...


def _proven(
    prepared: requests.PreparedRequest, proof: Mapping[str, str]
) -> requests.PreparedRequest:
    prepared.headers.update(proof)
    return prepared


class Basic:
    """HTTP Basic (RFC 7617), in UTF-8."""

    def __init__(self, username: str, password: str) -> None:
        # requests' own helper encodes in Latin-1, which has not every letter
        pair = base64.b64encode(f"{username}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {pair}"}

    def headers(self) -> Mapping[str, str]:
        """The same header every time."""
        return self._headers

    def forget(self) -> bool:
        """A refused password does not get better."""
        return False
