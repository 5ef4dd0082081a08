"""Browser sessions of the sandbox's pages: who, and the token that its forms must carry."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

COOKIE = "glide_session_store"


@dataclass(frozen=True)
class Session:
    """One signed-in browser. `form_token` is the platform's `sysparm_ck`."""

    user_name: str
    form_token: str = field(default_factory=lambda: secrets.token_hex(32))


@dataclass
class Sessions:
    """Sessions by the value of their cookie."""

    _open: dict[str, Session] = field(default_factory=dict)

    def start(self, user_name: str) -> str:
        """A new session; gives the cookie's value."""
        key = secrets.token_hex(16).upper()
        self._open[key] = Session(user_name)
        return key

    def find(self, cookie: str | None) -> Session | None:
        """The session of that cookie."""
        return self._open.get(cookie or "")

    def end(self, cookie: str | None) -> None:
        """Sign out."""
        self._open.pop(cookie or "", None)
