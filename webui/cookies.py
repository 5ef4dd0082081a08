"""The names and flags of our cookies."""

from dataclasses import dataclass

from flask import request
from werkzeug.wrappers import Response

from broker.settings import Settings


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie of ours. Off loopback its name ties it to this host and to https."""

    name: str
    secure: bool

    @property
    def value(self) -> str:
        """What the browser sent."""
        return request.cookies.get(self.name, "")

    def put(self, response: Response, value: str, seconds: int) -> None:
        """Give it to the browser. Never readable by scripts, never sent cross-site by a POST."""
        response.set_cookie(
            self.name,
            value,
            max_age=seconds,
            secure=self.secure,
            httponly=True,
            samesite="Lax",
            path="/",
        )

    def drop(self, response: Response) -> None:
        """Take it away from the browser."""
        response.delete_cookie(
            self.name, secure=self.secure, httponly=True, samesite="Lax", path="/"
        )


def cookie(settings: Settings, name: str) -> Cookie:
    """Our cookie of this name under these settings."""
    if settings.on_loopback:
        return Cookie(name, secure=False)
    return Cookie(f"__Host-{name}", secure=True)


def session_cookie(settings: Settings) -> Cookie:
    """Carries the secret of a session row."""
    return cookie(settings, "broker_session")


def login_cookie(settings: Settings) -> Cookie:
    """Proves that the browser that comes back from the identity provider is the one that left."""
    return cookie(settings, "broker_login")


def signed_out_cookie(settings: Settings) -> Cookie:
    """Says that somebody signed out in this browser, on purpose, and has not come back yet."""
    return cookie(settings, "broker_signed_out")
