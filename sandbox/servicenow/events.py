"""The event queue: what the platform runs later, on its own threads, in no promised order.

ServiceNow docs, "Event states", "Business rules" (async), "Script actions". Nothing is tried again
unless a script asks for it, and one event may be run twice: from a second login event, or from the
copy of a row that was transferred.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sandbox.servicenow.engine import Engine, ScriptFailed
from sandbox.servicenow.jobs import SYSTEM, JobQueue
from sandbox.servicenow.platform_faults import (
    EVENT_TRANSFERRED,
    LOGIN_DISORDERED,
    LOGIN_DUPLICATED,
)
from sandbox.servicenow.queries import Evaluator
from sandbox.servicenow.records import Change, Records, Row

_LOGINS = frozenset({"login", "session.established"})
_HELD_SECONDS = 2.0


class Automation:
    """The scoped app's async business rules and script actions, read from its metadata files."""

    def __init__(
        self,
        records: Records,
        jobs: JobQueue,
        folder: Path,
        misbehaves: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._records = records
        self._jobs = jobs
        self._misbehaves = misbehaves
        self._rules = _read(folder / "business_rules")
        self._actions = _read(folder / "script_actions")
        self._held: list[str] = []
        self._holding = threading.Lock()
        self.engine: Engine | None = None
        records.rules.append(self._after_write)

    def logged_in(self, user_name: str, address: str) -> None:
        """What every kind of sign-in raises: a session, `session.established` and `login`.

        ServiceNow support, KB1500674: parm1 is the user name, parm2 the address, `instance` the
        session's id.
        """
        session = {"name": user_name, "last_accessed": self._records.now()}
        instance = self._records.insert("sys_user_session", session, SYSTEM)["sys_id"]
        if self._records.switches.sessions_announced:
            self.raise_event("session.established", user_name, address, instance)
        for _ in range(2 if self._misbehaves(LOGIN_DUPLICATED) else 1):
            self.raise_event("login", user_name, address, instance)

    def raise_event(self, name: str, parm1: str, parm2: str = "", instance: str = "") -> None:
        """Insert a `sysevent` row and queue the script actions registered for the event."""
        event = self._insert(name, parm1, parm2, instance)
        if name == "login" and self._misbehaves(LOGIN_DISORDERED):
            self._hold(event)
            return
        self._jobs.put(lambda: self._process(event))
        self._let_go()

    def raise_event_at(
        self, name: str, parm1: str, parm2: str, milliseconds: float, instance: str = ""
    ) -> None:
        """The same, its actions being run at that time (GlideSystem, `eventQueueScheduled`)."""
        event = self._insert(name, parm1, parm2, instance)
        wait = milliseconds / 1000 - self._records.clock().timestamp()
        self._jobs.put_later(lambda: self._process(event), max(wait, 0))

    def _insert(self, name: str, parm1: str, parm2: str, instance: str) -> str:
        values = {
            "name": name,
            "parm1": parm1,
            "parm2": parm2,
            "instance": instance,
            "table": "sys_user_session" if name in _LOGINS else "",
            "state": "ready",
        }
        return self._records.insert("sysevent", values, SYSTEM)["sys_id"]

    def _hold(self, event: str) -> None:
        """Run it after the next event; if none comes, some time later, for no event is lost."""
        with self._holding:
            self._held.append(event)
        self._jobs.put_later(self._let_go, _HELD_SECONDS)

    def _let_go(self) -> None:
        with self._holding:
            held, self._held = self._held, []
        for event in held:
            self._jobs.put(lambda event=event: self._process(event))  # type: ignore[misc]

    def _process(self, sys_id: str) -> None:
        event = self._records.find("sysevent", sys_id)
        if event is None:
            return
        failed = not self._run_actions(event)
        transferred = not failed and self._misbehaves(EVENT_TRANSFERRED)
        state = "transferred" if transferred else "error" if failed else "processed"
        told = {"state": state, "processed": self._records.now()}
        self._records.update("sysevent", sys_id, told, SYSTEM)
        if transferred:
            self._run_copy(event)

    def _run_copy(self, event: Row) -> None:
        copy = self._insert(event["name"], event["parm1"], event["parm2"], event["instance"])
        self._run_actions(event)
        told = {"state": "processed", "processed": self._records.now()}
        self._records.update("sysevent", copy, told, SYSTEM)

    def _run_actions(self, event: Row) -> bool:
        actions = [a for a in self._actions if a["event_name"] == event["name"] and a["active"]]
        told = self._records.full("sysevent", event)
        done = [self._run(action, event=told, current=None) for action in actions]
        return all(done)

    def _after_write(self, change: Change) -> None:
        for rule in self._rules:
            if self._applies(rule, change):
                self._queue_rule(rule, change.table, change.after["sys_id"])

    def _applies(self, rule: Mapping[str, Any], change: Change) -> bool:
        if rule["table"] != change.table or not rule["active"]:
            return False
        if not rule.get(f"action_{change.operation}", False):
            return False
        evaluator = Evaluator(self._records)
        return evaluator.matches(change.table, change.after, rule["condition"], change.before)

    def _queue_rule(self, rule: Mapping[str, Any], table: str, sys_id: str) -> None:
        """The script sees the record as it is when the job runs, and `previous` not at all."""
        then = self._records.find(table, sys_id)

        def job() -> None:
            present = self._records.switches.async_rules_see_the_present
            row = self._records.find(table, sys_id) if present else then
            if row is not None:
                self._run(rule, current=(table, row), previous=None)

        self._jobs.put(job)

    def _run(self, metadata: Mapping[str, Any], **arguments: object) -> bool:
        assert self.engine is not None
        try:
            self.engine.run_file(metadata["file"], **arguments)
        except ScriptFailed as error:
            self.engine.log("error", str(error), metadata["name"])
            return False
        return True


def _read(folder: Path) -> list[dict[str, Any]]:
    found = [(path, json.loads(path.read_text())) for path in sorted(folder.glob("*.json"))]
    return [meta | {"file": f"{path.parent.name}/{meta['script']}"} for path, meta in found]
