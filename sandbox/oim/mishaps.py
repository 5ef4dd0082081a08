"""What comes of a call that meets a fault; `faults.py` says which do."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from sandbox.broken_calls import BrokenCall, broken_off
from sandbox.oim.access import page_answer, unauthorized

if TYPE_CHECKING:
    from sandbox.oim.records import Oim

_SERVICES = ("/iam/governance/", "/idaas/im/scim/")
_SELF_SERVICE = "/iam/governance/selfservice/"
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_SIGN_IN = "https://sso.example.com/oam/server/obrareq.cgi?encquery=demo"


@dataclass(frozen=True)
class Call(BrokenCall):
    """One call of an installation that meets a fault."""

    oim: Oim

    def is_service(self) -> bool:
        """Of an API or of the token service, not of the console."""
        return self.path.startswith(_SERVICES)

    def is_api(self) -> bool:
        """Of the Self Service API."""
        return self.path.startswith(_SELF_SERVICE)

    def is_write(self) -> bool:
        """Of that API, and it may change something."""
        return self.is_api() and self.method not in _READS

    def is_read(self) -> bool:
        """Of that API, and it changes nothing."""
        return self.is_api() and not self.is_write()

    def is_search(self) -> bool:
        """A list of requests."""
        return self.is_read() and self.path.endswith("/requests")


def page(status: int, title: str) -> Callable[[Call], Response]:
    return lambda _: page_answer(status, f"Error {status}--{title}")


def asks_to_wait(status: int, title: str) -> Callable[[Call], Response]:
    """A page, and for how long it is of no use to ask again."""

    def answer(call: Call) -> Response:
        wait = {"Retry-After": str(call.oim.waits.retry_after_seconds)}
        return page_answer(status, f"Error {status}--{title}", wait)

    return answer


def sent_to_sign_in(_: Call) -> Response:
    """As a WebGate before the server does with who has no session."""
    return page_answer(302, "302 Moved Temporarily", {"Location": _SIGN_IN})


def sign_in_form(_: Call) -> Response:
    """As a proxy does that follows the redirect itself."""
    return page_answer(200, "Oracle Access Management: Sign in")


def expired(call: Call) -> Response:
    """Every token given out so far has run out."""
    call.oim.tokens.expire_all()
    return unauthorized()


def failed_afterwards(call: Call) -> Response:
    """The call is carried out; what the caller sees is a page of an error."""
    call.answered()
    return page(500, "Internal Server Error")(call)


def dropped_midway(call: Call) -> Response:
    """All but the end of the answer comes."""
    return broken_off(call, lambda body: body[:-1])


def late_answer(call: Call) -> Response:
    time.sleep(call.oim.waits.slow_seconds)
    return call.answered()


def promises_more(answer: Response) -> bool:
    """Let a list's last page say that there is more; False if this is none."""
    try:
        body = json.loads(answer.get_data())
    except ValueError:
        return False
    if not isinstance(body, dict) or body.get("hasMore") is not False:
        return False
    answer.set_data(json.dumps(body | {"hasMore": True}))
    return True
