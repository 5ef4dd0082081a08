"""Tokens that end: OAuth 2.0 and its likes, one token for each thread."""

import math
import threading
import time
from collections.abc import Mapping

from broker.connectors.http import Http
from broker.domain.errors import Unavailable

_EARLY = 60.0


class Tokens:
    """Fetches a token by form (RFC 6749 §4.3, §4.4) and renews it a minute before its end.

    The end is computed from each answer: ServiceNow hands out the same, already ageing token
    again (ServiceNow docs, "OAuth API response parameters").
    """

    def __init__(
        self,
        http: Http,
        path: str,
        form: Mapping[str, str] | None = None,
        fields: tuple[str, str] = ("access_token", "expires_in"),
    ) -> None:
        """`http` tries once, for whoever reads repeats the whole call.

        `form` holds grant type and credentials, unless `http` itself proves who we are;
        `fields` name the token and its life in seconds in the answer.
        """
        self._http, self._path, self._form, self._fields = http, path, form, fields
        self._local = threading.local()

    def headers(self) -> Mapping[str, str]:
        """The Authorization header; fetches a token when there is none that lasts."""
        if getattr(self._local, "token", None) is None or time.monotonic() >= self._local.renew_at:
            self._fetch()
        return {"Authorization": f"Bearer {self._local.token}"}

    def forget(self) -> bool:
        """Drop this thread's token: the next call fetches another."""
        self._local.token = None
        return True

    def _fetch(self) -> None:
        asked_at = time.monotonic()
        data = self._http.send("POST", self._path, form=self._form, repeatable=True).data
        try:
            token, lifetime = _word(data[self._fields[0]]), _seconds(data[self._fields[1]])
        except (TypeError, KeyError, ValueError) as error:
            raise Unavailable(self._http.system, "gave out no usable token") from error
        # a short-lived token is used for half its life, lest every call fetch one
        self._local.renew_at = asked_at + max(lifetime - _EARLY, lifetime / 2)
        self._local.token = token


def _word(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("no token")
    return value


def _seconds(value: object) -> float:
    seconds = float(value)  # type: ignore[arg-type]  # whatever else it is raises TypeError
    if math.isnan(seconds):
        raise ValueError("no number of seconds")
    return seconds
