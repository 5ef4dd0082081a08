"""What goes wrong on purpose between a client and the installation, and the delay of every answer.

`oim.faults` holds the names of those that happen to every call they can happen to; `oim.plan`
(`sandbox/fault_plan.py`) lets each happen once for certain and then by chance; `oim.happened`
counts how often any of them did something. All may be changed while the installation runs. The
manual shows none of these answers: pages, redirects and lost answers are what servers and proxies
before it give.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from sandbox.broken_calls import Fault, any_call, dropped, dropped_after
from sandbox.oim import mishaps
from sandbox.oim.mishaps import Call

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from sandbox.fault_plan import FaultPlan
    from sandbox.oim.records import Oim

STALE_SEARCH, EMPTY_NEXT_PAGE = "stale-search", "empty-next-page"
# In the environment of a search that lags behind: counts once it has left something out.
STALE = "sandbox.stale_search"


# Where several are switched on, the first that can happen does.
CALL_FAULTS: dict[str, Fault[Call]] = {
    "drop-before": Fault("closes the connection and does nothing", any_call, dropped),
    "down": Fault("503 with a page", any_call, mishaps.page(503, "Service Unavailable")),
    "overloaded": Fault(
        "503 with a page and Retry-After",
        Call.is_service,
        mishaps.asks_to_wait(503, "Service Unavailable"),
    ),
    "busy": Fault(
        "429 with a page and Retry-After",
        Call.is_service,
        mishaps.asks_to_wait(429, "Too Many Requests"),
    ),
    "sign-in-page": Fault(
        "302 to a login page, as a WebGate answers", Call.is_service, mishaps.sent_to_sign_in
    ),
    "sign-in-form": Fault(
        "200 with a login page, as a proxy answers", Call.is_service, mishaps.sign_in_form
    ),
    "server-error": Fault(
        "500 with a page; nothing was done",
        Call.is_api,
        mishaps.page(500, "Internal Server Error"),
    ),
    "expired-token": Fault("401: every token has run out", Call.has_token, mishaps.expired),
    "error-after-accept": Fault(
        "carries a write out, then 500 with a page", Call.is_write, mishaps.failed_afterwards
    ),
    "drop-after-accept": Fault(
        "carries a write out, then closes the connection without an answer",
        Call.is_write,
        dropped_after,
    ),
    "drop-midway": Fault(
        "carries a call out and breaks off just before the end of the answer",
        Call.is_api,
        mishaps.dropped_midway,
    ),
    "slow": Fault("answers 0.6 s later", any_call, mishaps.late_answer),
}
# Those that spoil the answer of a call that goes well otherwise; they can happen together.
SPOILING: dict[str, tuple[str, Callable[[Call], bool]]] = {
    STALE_SEARCH: ("lists of requests lack those of the last 60 s", Call.is_search),
    EMPTY_NEXT_PAGE: ("the last page of a list says that there is more", Call.is_read),
}
FAULTS: dict[str, str] = {name: fault.about for name, fault in CALL_FAULTS.items()} | {
    name: about for name, (about, _) in SPOILING.items()
}


class FaultyFront:
    """WSGI middleware in front of the whole installation."""

    def __init__(self, inner: WSGIApplication, oim: Oim, latency_ms: float) -> None:
        self._inner, self._oim, self._latency = inner, oim, latency_ms / 1000

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        time.sleep(self._latency)
        return self._answer(Call(environ, self._inner, self._oim))(environ, start_response)

    def _answer(self, call: Call) -> WSGIApplication:
        faults, plan = set(self._oim.faults), self._oim.plan
        if not faults and plan is None:
            return self._inner
        possible = _possible(call)
        happening = faults & possible
        if plan is not None and not happening & CALL_FAULTS.keys():
            happening.add(plan.choose(possible - happening) or "")
        name = next(filter(happening.__contains__, CALL_FAULTS), None)
        if name is not None:
            self._count(name)
            return CALL_FAULTS[name].answer(call)
        return self._spoiled(call, happening & SPOILING.keys(), faults, plan)

    def _spoiled(
        self, call: Call, happening: set[str], faults: set[str], plan: FaultPlan | None
    ) -> Response:
        """The answer with what these do to it, which may be nothing: then a plan tries again."""
        left_out = call.environ[STALE] = [] if STALE_SEARCH in happening else None
        answer = call.answered()
        happened = {STALE_SEARCH} if left_out else set()
        if EMPTY_NEXT_PAGE in happening and mishaps.promises_more(answer):
            happened.add(EMPTY_NEXT_PAGE)
        for name in happened:
            self._count(name)
        for name in happening - happened - faults:
            if plan is not None:
                plan.take_back(name)
        return answer

    def _count(self, name: str) -> None:
        with self._oim.lock:
            self._oim.happened[name] += 1


def _possible(call: Call) -> set[str]:
    whole = {name for name, fault in CALL_FAULTS.items() if fault.happens(call)}
    return whole | {name for name, (_, happens) in SPOILING.items() if happens(call)}


def stale(environ: WSGIEnvironment) -> list[int] | None:
    """Where a search that lags behind notes what it leaves out; None for one that does not."""
    noted: list[int] | None = environ.get(STALE)
    return noted
