"""OAuth 2.0 tokens, one for each thread."""

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

    def __init__(self, http: Http, path: str, form: Mapping[str, str]) -> None:
        """`http` must not authenticate; `form` holds grant type and credentials."""
        self._http, self._path, self._form = http, path, dict(form)
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
            token, lifetime = str(data["access_token"]), float(data["expires_in"])
        except (TypeError, KeyError, ValueError) as error:
            raise Unavailable(self._http.system, "gave out no usable token") from error
        # a short-lived token is used for half its life, lest every call fetch one
        self._local.renew_at = asked_at + max(lifetime - _EARLY, lifetime / 2)
        self._local.token = token
