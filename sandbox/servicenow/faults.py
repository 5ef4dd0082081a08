"""What goes wrong on purpose between a client and the instance, and the delay of every answer.

`instance.faults` holds the names of those that happen to every call they can happen to;
`instance.plan` (`fault_plan.py`) lets each happen once for certain and then by chance. Both may be
changed while the instance runs. `CALL_FAULTS` has them all; ServiceNow docs, "Inbound REST API rate
limiting" and "Default transaction quotas", ServiceNow support, KB3047080 (202) and KB0622240
(semaphores).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from sandbox.broken_calls import Fault, any_call, dropped, dropped_after
from sandbox.servicenow import mishaps
from sandbox.servicenow.mishaps import Call
from sandbox.servicenow.platform_faults import PLATFORM_FAULTS
from sandbox.servicenow.waits import SKEWED

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from sandbox.servicenow.instance import ServiceNow

LONGEST_URL = 8192
# In the environment of a part of a batch: who sent the batch.
INNER = "sandbox.inside_batch"


# Those of whole calls; where several are switched on, the first that can happen does.
CALL_FAULTS: dict[str, Fault[Call]] = {
    "drop-before": Fault("closes the connection and does nothing", any_call, dropped),
    "down": Fault(
        "503 with a page, as a load balancer answers for an instance that is away",
        any_call,
        mishaps.page(503, "Service Unavailable"),
    ),
    "bad-gateway": Fault(
        "502 with a page; nothing was done", any_call, mishaps.page(502, "Bad Gateway")
    ),
    "gateway-timeout": Fault(
        "504 with a page; the call was carried out behind it",
        any_call,
        mishaps.given_up_by_the_gateway,
    ),
    "hibernating": Fault(
        "200 with a page, as an idle developer instance answers",
        any_call,
        mishaps.page(200, "Instance Hibernating page"),
    ),
    "sign-in-page": Fault(
        "200 with a sign-in page, as a proxy answers", any_call, mishaps.page(200, "Sign in")
    ),
    "sign-in-redirect": Fault(
        "302 to an identity provider, as single sign-on answers",
        any_call,
        mishaps.to_the_identity_provider,
    ),
    "rate-limit": Fault(
        "429 with Retry-After: the calls of this hour are used up",
        Call.is_api,
        mishaps.rate_limited,
    ),
    "busy": Fault("429 without any header: no semaphore is free", Call.is_api, mishaps.busy),
    "session-overflow": Fault(
        "202 without a result: the call was not carried out",
        Call.is_api,
        mishaps.overflowed,
    ),
    "expired-token": Fault("401: every token has run out", Call.has_token, mishaps.expired),
    "drop-after-accept": Fault(
        "carries a write out, then closes the connection without an answer",
        Call.is_write,
        dropped_after,
    ),
    "drop-midway": Fault(
        "carries the call out and breaks off in the middle of the answer",
        Call.is_api,
        mishaps.dropped_midway,
    ),
    "batch-unserviced": Fault(
        "carries out half of a batch and names the rest unserviced",
        Call.is_batch,
        mishaps.batch_unserviced,
    ),
    "batch-cancelled": Fault(
        "carries out half of a batch, then 500 transaction cancelled",
        Call.is_batch,
        mishaps.batch_cancelled,
    ),
    "cancelled": Fault(
        "carries the call out, then 500 transaction cancelled, after 60 s",
        Call.is_api,
        mishaps.cancelled,
    ),
    "quota-error": Fault(
        "200 with half of a list, and an error member after it",
        Call.is_list,
        mishaps.ends_in_an_error,
    ),
    "quota-cut": Fault("JSON that ends in the middle", Call.is_api, mishaps.ends_in_the_middle),
    "slow": Fault("answers 0.6 s later", any_call, mishaps.late_answer),
    SKEWED: Fault("dates answers and rows five minutes ahead", any_call, mishaps.dated_ahead),
}
# Those of one part of a batch.
PART_FAULTS: dict[str, Fault[Call]] = {
    "part-busy": Fault("429 for one part of a batch", any_call, mishaps.busy),
    "part-failed": Fault(
        "500 for one part of a batch; nothing was done", any_call, mishaps.part_failed
    ),
    "part-cut": Fault(
        "carries a part of a batch out, and ends its answer in the middle",
        any_call,
        mishaps.ends_in_the_middle,
    ),
    "part-cancelled": Fault(
        "carries a part of a batch out, then 500 for it",
        any_call,
        mishaps.part_cancelled,
    ),
}
FAULTS: dict[str, str] = {
    **{name: fault.about for name, fault in (CALL_FAULTS | PART_FAULTS).items()},
    **PLATFORM_FAULTS,
}


class FaultyFront:
    """WSGI middleware in front of the whole instance."""

    def __init__(self, inner: WSGIApplication, instance: ServiceNow) -> None:
        self._inner = inner
        self._instance = instance

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call = Call(environ, self._inner, self._instance)
        if environ.get(INNER):
            fault = self._fault(PART_FAULTS, call)
        else:
            time.sleep(self._instance.latency_ms / 1000)
            fault = self._fault(CALL_FAULTS, call) or self._too_long(environ)
        return (fault(call) if fault else self._inner)(environ, start_response)

    def _fault(
        self, known: dict[str, Fault[Call]], call: Call
    ) -> Callable[[Call], Response] | None:
        faults, plan = set(self._instance.faults), self._instance.plan
        if not faults and plan is None:
            return None
        possible = [name for name, fault in known.items() if fault.happens(call)]
        name = next(filter(faults.__contains__, possible), None)
        if name is None and plan is not None:
            name = plan.choose(possible)
        return known[name].answer if name else None

    def _too_long(self, environ: WSGIEnvironment) -> Callable[[Call], Response] | None:
        target = environ["PATH_INFO"] + "?" + environ.get("QUERY_STRING", "")
        refused = self._instance.switches.long_urls_refused and len(target) > LONGEST_URL
        return mishaps.page(414, "Request-URI Too Long") if refused else None
