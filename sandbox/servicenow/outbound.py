"""Calls that scripts make to other systems: at once, or through the ECC queue.

ServiceNow docs, "RESTMessageV2", "HTTP connection management properties" (no wait is longer than
30 seconds), "Outbound HTTP logging properties" (100 characters of a body are kept), "MID Server ECC
Queue". Through a MID Server every call is asynchronous; a script may only wait for the reply.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import requests

from sandbox.servicenow import envelope
from sandbox.servicenow.calls import Reply, Request
from sandbox.servicenow.jobs import SYSTEM
from sandbox.servicenow.records import Records
from sandbox.servicenow.rows import Row

USER_AGENT = "ServiceNow/1.0"
# Where an asynchronous call without a MID Server goes: the instance itself carries it out.
OWN_AGENT = "NODE_AGENT"
_CAP, _CAP_ON = "glide.http.outbound.max_timeout", "glide.http.outbound.max_timeout.enabled"
_ECC_WAIT = "glide.rest.outbound.ecc_response.timeout"
_LOG_ON, _LOGGED = "glide.outbound_http.db.log", "glide.outbound_http.content.max_limit"
_LOOK_SECONDS = 0.02


def carry_out(request: Request, longest_seconds: float, user_agent: str = USER_AGENT) -> Reply:
    """Make the call, as the instance or a MID Server does. Never raises for the network."""
    began = time.monotonic()
    wait = min(request.timeout_ms / 1000, longest_seconds)
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(
                request.method,
                request.url,
                headers={"User-Agent": user_agent, **request.headers},
                data=request.body.encode("utf-8"),
                timeout=wait,
            )
    except requests.RequestException as error:
        return Reply(0, error=str(error), milliseconds=_since(began))
    told = {name.lower(): value for name, value in answer.headers.items()}
    return Reply(answer.status_code, answer.text, told, milliseconds=_since(began))


def _since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)


class Outbound:
    """The instance's side of every call that a script makes."""

    def __init__(self, records: Records, properties: Mapping[str, str]) -> None:
        self._records = records
        self._properties = properties

    @property
    def longest_seconds(self) -> float:
        """How long an answer is waited for at most: half a minute unless properties say else."""
        if self._properties.get(_CAP_ON, "true") == "true":
            return float(self._properties.get(_CAP) or 30)
        return float(self._properties.get(_ECC_WAIT) or 300)

    def send(self, request: Request) -> Reply:
        """Call now, and log it as the platform logs it."""
        reply = self.carry_out(request)
        self._log(request, reply)
        return reply

    def carry_out(self, request: Request) -> Reply:
        """Call now, and leave no trace in the log: a MID Server's call is not the instance's."""
        named = self._records.switches.outbound_named
        return carry_out(request, self.longest_seconds, USER_AGENT if named else "python")

    def queue(self, request: Request) -> str:
        """Leave the call to the MID Server (or to the instance); gives the ECC row's sys_id."""
        values = {
            "agent": f"mid.server.{request.mid_server or OWN_AGENT}",
            "topic": "RESTProbe",
            "name": request.method,
            "source": request.parameters.get("source", request.url),
            "queue": "output",
            "state": "ready",
            "agent_correlator": request.correlator,
            "payload": envelope.of_probe(request),
        }
        return self._records.insert("ecc_queue", values, SYSTEM)["sys_id"]

    def wait(self, probe: str, seconds: float) -> Reply | None:
        """The reply to a queued call; None when there is none after so many seconds, or the cap."""
        deadline = time.monotonic() + min(seconds, self.longest_seconds)
        while (reply := self._reply_to(probe)) is None and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
        return reply

    def _reply_to(self, probe: str) -> Reply | None:
        found = self._records.where("ecc_queue", response_to=probe)
        return reply_of(found[0]) if found else None

    def _log(self, request: Request, reply: Reply) -> None:
        if self._properties.get(_LOG_ON, "true") != "true":
            return
        cut = self._records.switches.outbound_bodies_cut
        kept = int(self._properties.get(_LOGGED) or 100) if cut else None
        values = {
            "method": request.method.upper(),
            "url": request.url,
            "user_agent": USER_AGENT,
            "request_body": request.body[:kept],
            "response_body": reply.body[:kept],
            "response_status": reply.status,
            "response_time": reply.milliseconds,
            "error_message": reply.error,
        }
        self._records.insert("sys_outbound_http_log", values, SYSTEM)


def reply_of(row: Row) -> Reply:
    """What an input row of the ECC queue tells of its call."""
    told = envelope.read_reply(row["payload"])
    return Reply(int(told.get("http_status_code") or 0), told["output"], {}, told["error"])
