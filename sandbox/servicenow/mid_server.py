"""A simulated MID Server: it polls the ECC queue, calls, and replies, each way with a delay.

ServiceNow docs, "MID Server ECC Queue": a probe waits until the MID Server polls, and its reply
comes as an input row of its own. Delivery is at least once: what a MID Server has carried out
before a restart, it carries out again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.servicenow import envelope
from sandbox.servicenow.calls import Request
from sandbox.servicenow.jobs import SYSTEM, JobQueue
from sandbox.servicenow.outbound import OWN_AGENT, Outbound
from sandbox.servicenow.platform_faults import MID_DOWN, MID_DUPLICATED, MID_REPLY_LOST
from sandbox.servicenow.records import Change, Records
from sandbox.servicenow.rows import Row

_AGENT = "mid.server."


@dataclass
class MidServer:
    """Carries out the RESTProbes of the queue. A real one takes up to 40 s each way."""

    records: Records
    outbound: Outbound
    misbehaves: Callable[[str], bool]
    delay_seconds: float = 0.05
    missed_polls: int = 0

    def __post_init__(self) -> None:
        # Threads of its own: a script that waits for a reply holds one of the instance's.
        self.jobs = JobQueue(workers=1)
        self.records.rules.append(self._after_write)

    def _after_write(self, change: Change) -> None:
        row = change.after
        if change.table != "ecc_queue" or (row["queue"], row["state"]) != ("output", "ready"):
            return
        if row["topic"] == "RESTProbe" and row["agent"].startswith(_AGENT):
            if not self.records.switches.mid_calls_asynchronous:
                self._pick_up(row["sys_id"])
                return
            self.jobs.put_later(lambda: self._pick_up(row["sys_id"]), self._delay(row))

    def _delay(self, row: Row) -> float:
        return 0 if row["agent"] == _AGENT + OWN_AGENT else self.delay_seconds

    def _pick_up(self, probe: str) -> None:
        row = self.records.find("ecc_queue", probe)
        if row is None or row["state"] != "ready":
            return
        if self.misbehaves(MID_DOWN):
            self.missed_polls += 1
            self.jobs.put_later(lambda: self._pick_up(probe), self._delay(row))
            return
        self._set(probe, state="processing")
        for _ in range(2 if self.misbehaves(MID_DUPLICATED) else 1):
            self._carry_out(row)
        self._set(probe, state="processed", processed=self.records.now())

    def _carry_out(self, row: Row) -> None:
        reply = self.outbound.carry_out(_request(row))
        if self.misbehaves(MID_REPLY_LOST):
            return
        values = {
            name: row[name] for name in ("agent", "topic", "name", "source", "agent_correlator")
        } | {
            "queue": "input",
            "response_to": row["sys_id"],
            "payload": envelope.of_reply(row["payload"], reply),
            "error_string": reply.error,
        }
        if not self.records.switches.mid_calls_asynchronous:
            self._reply(values)
            return
        self.jobs.put_later(lambda: self._reply(values), self._delay(row))

    def _reply(self, values: dict[str, str]) -> None:
        reply = self.records.insert("ecc_queue", values, SYSTEM)
        self._set(reply["sys_id"], state="processed", processed=self.records.now())

    def _set(self, row: str, **values: str) -> None:
        self.records.update("ecc_queue", row, values, SYSTEM)


def _request(row: Row) -> Request:
    told = envelope.read_parameters(row["payload"])
    return Request(
        row["name"],
        row["source"],
        envelope.headers_of(told),
        told.get("content", ""),
        float(told.get("timeout") or 30000),
    )
