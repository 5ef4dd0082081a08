"""What a failed exchange means: the one table from HTTP to the five kinds of error."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus

import requests
import urllib3

from broker.connectors.clocks import http_date
from broker.domain.errors import (
    ConnectorError,
    Misconfigured,
    NotFound,
    Refused,
    Unavailable,
    UnknownOutcome,
)

_LONGEST_WAIT = 3600.0
_EXCERPT = 200
_REDIRECTS, _CLIENT, _SERVER = 300, 400, 500
_NOTHING_DONE = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_NO_TELLING = (HTTPStatus.REQUEST_TIMEOUT,)
_RIGHTS = ": its credentials or rights are not sufficient"
_AWAY = ": it is just being deployed, or its address is wrong"
_ADDRESS = ": its address is probably wrong"
_FINAL: dict[int, tuple[type[ConnectorError], str]] = {
    HTTPStatus.UNAUTHORIZED: (Misconfigured, _RIGHTS),
    HTTPStatus.FORBIDDEN: (Misconfigured, _RIGHTS),
    HTTPStatus.NOT_FOUND: (NotFound, ""),
    HTTPStatus.GONE: (NotFound, ""),
    HTTPStatus.METHOD_NOT_ALLOWED: (Misconfigured, _ADDRESS),
    HTTPStatus.NOT_ACCEPTABLE: (Misconfigured, _ADDRESS),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: (Misconfigured, _ADDRESS),
}
_OF_ACCOUNT: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: ": it does not take {} with this secret",
    HTTPStatus.FORBIDDEN: ": {} lacks a right that the broker needs",
}
_SPOKEN = ("message", "detail", "errorMessage", "errorCode", "error_description", "statusMessage")


class CutShort(Unavailable):
    """The answer began well and did not end: perhaps too much was asked for at once."""


def unclear(system: str, writing: bool, reason: str, wait: float | None = None) -> ConnectorError:
    """A failure after sending: harmless for a read, but a write may have happened."""
    return UnknownOutcome(system, reason) if writing else Unavailable(system, reason, wait)


def from_status(
    system: str,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    writing: bool,
    account: str = "",
) -> ConnectorError:
    """The error for an answer that is no success (RFC 9110; 429 of RFC 6585). `account` is whom
    a refusal of our credentials or rights shall name.

    429 and 503 say that the call was not carried out, and so does a 404 without data: it comes
    from a server whose application is not there, as WebLogic's while that is deployed anew. Of
    any other 5xx, and of 408, a write cannot tell.
    """
    told = f"answered {status}{spoken(body)}"
    wait = retry_after(headers.get("Retry-After"))
    if status in _NOTHING_DONE:
        return Unavailable(system, told, wait)
    if status == HTTPStatus.NOT_FOUND and not _is_json(body):
        return Unavailable(system, told + _AWAY, wait)
    if status in _FINAL:
        kind, advice = _FINAL[status]
        named = _OF_ACCOUNT.get(status, advice) if account else advice
        return kind(system, told + named.format(account))
    if status in _NO_TELLING or status >= _SERVER:
        return unclear(system, writing, told, wait)
    if status >= _CLIENT:
        return Refused(system, told)
    return _unexpected(system, status, headers, writing)


def _unexpected(
    system: str, status: int, headers: Mapping[str, str], writing: bool
) -> ConnectorError:
    if status >= _REDIRECTS and not writing:
        where = headers.get("Location", "nowhere").split("?")[0]
        return Misconfigured(system, f"redirects its API to {where}: a sign-in page is in the way")
    return unclear(system, writing, f"answered {status}, which says that nothing is done yet")


def from_transport(system: str, error: Exception, writing: bool) -> ConnectorError:
    """The error for an exchange that broke: nothing was sent, or an answer was lost."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return Misconfigured(system, _distrusted(str(error)))
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)):
        return Misconfigured(system, "its address is not a web address")
    if _never_sent(error):
        return Unavailable(system, "cannot be reached")
    if isinstance(error, (requests.Timeout, TimeoutError, urllib3.exceptions.TimeoutError)):
        return unclear(system, writing, "did not answer in time")
    return unclear(system, writing, f"broke off the connection ({type(error).__name__})")


def _distrusted(said: str) -> str:
    found = re.search(r"certificate verify failed: ([^(\"']+)", said)
    why = f" ({found[1].strip()})" if found else ""
    return (
        f"its TLS certificate is not trusted{why}: if it is right, name the file of its CA in"
        " REQUESTS_CA_BUNDLE"
    )


def _never_sent(error: BaseException | None) -> bool:
    """Whether no connection came about: refused, unresolved, or too slow to open."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, (requests.ConnectTimeout, urllib3.exceptions.NewConnectionError)):
            return True
        inner = getattr(error, "reason", None) or next(iter(error.args), None)
        error = inner if isinstance(inner, BaseException) else error.__cause__
    return False


def retry_after(value: str | None) -> float | None:
    """Seconds to wait, from seconds or an HTTP date; at most an hour; None if it says nothing."""
    try:
        seconds = float(value or "")
    except ValueError:
        seconds = _until(value)
    # "nan" fails every comparison, and is no waiting time
    return min(seconds, _LONGEST_WAIT) if seconds >= 0 else None


def _until(value: str | None) -> float:
    at = http_date(value)
    return -1.0 if at is None else max(0.0, (at - datetime.now(UTC)).total_seconds())


def spoken(body: bytes) -> str:
    """What the system says for itself, for an operator: its message, never a whole page."""
    try:
        data = parsed(body)
    except ValueError:
        return " with a page instead of data" if body.lstrip()[:1] == b"<" else ""
    return said(data)


def said(data: object) -> str:
    """The message in an answer, in brackets, or nothing."""
    words = list(dict.fromkeys(_messages(data)))
    return f" ({': '.join(words)[:_EXCERPT]})" if words else ""


def parsed(body: bytes) -> object:
    """The JSON in `body`; ValueError if it is none, or nested deeper than can be read."""
    try:
        return json.loads(body)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _is_json(body: bytes) -> bool:
    try:
        parsed(body)
    except ValueError:
        return False
    return True


def _messages(data: object) -> list[str]:
    if not isinstance(data, dict):
        return []
    own = [data[key] for key in _SPOKEN if isinstance(data.get(key), str) and data[key]]
    return _messages(data.get("error")) + own
