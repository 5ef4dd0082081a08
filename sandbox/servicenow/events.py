"""The event queue: what the platform runs later, on its own threads, in no promised order.

ServiceNow docs, "Event states", "Business rules" (async), "Script actions". Nothing is tried again
unless a script asks for it.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sandbox.servicenow.engine import SYSTEM, Engine, ScriptFailed
from sandbox.servicenow.queries import Evaluator
from sandbox.servicenow.records import Change, Records

WORKERS = 2
log = logging.getLogger(__name__)
Job = Callable[[], None]


class JobQueue:
    """A few daemon threads that run what is put in."""

    def __init__(self, workers: int = WORKERS) -> None:
        self._jobs: queue.Queue[Job | None] = queue.Queue()
        self._later: list[threading.Timer] = []
        self._workers = [threading.Thread(target=self._work, daemon=True) for _ in range(workers)]
        for worker in self._workers:
            worker.start()

    def put(self, job: Job) -> None:
        """Run it soon."""
        self._jobs.put(job)

    def put_later(self, job: Job, seconds: float) -> None:
        """Run it after so many seconds; not at all once the queue is closed."""
        timer = threading.Timer(seconds, self.put, [job])
        timer.daemon = True
        self._later = [*(each for each in self._later if each.is_alive()), timer]
        timer.start()

    def wait_idle(self, seconds: float = 10.0) -> bool:
        """Wait until nothing is queued or running; False when that takes too long."""
        deadline = time.monotonic() + seconds
        while self._jobs.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.005)
        return not self._jobs.unfinished_tasks

    def close(self) -> None:
        """Let the threads end once they have run what is queued; what is for later is dropped."""
        for timer in self._later:
            timer.cancel()
        for _ in self._workers:
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception:  # one bad job must not end the thread for all others
                log.exception("a queued job failed")
            finally:
                self._jobs.task_done()
        self._jobs.task_done()


class Automation:
    """The scoped app's async business rules and script actions, read from its metadata files."""

    def __init__(self, records: Records, jobs: JobQueue, folder: Path) -> None:
        self._records = records
        self._jobs = jobs
        self._rules = _read(folder / "business_rules")
        self._actions = _read(folder / "script_actions")
        self.engine: Engine | None = None
        records.rules.append(self._after_write)

    def raise_event(self, name: str, parm1: str, parm2: str = "") -> None:
        """Insert a `sysevent` row and queue the script actions registered for the event."""
        event = self._insert(name, parm1, parm2)
        self._jobs.put(lambda: self._process(event))

    def raise_event_at(self, name: str, parm1: str, parm2: str, milliseconds: float) -> None:
        """The same, its actions being run at that time (GlideSystem, `eventQueueScheduled`)."""
        event = self._insert(name, parm1, parm2)
        wait = milliseconds / 1000 - self._records.clock().timestamp()
        self._jobs.put_later(lambda: self._process(event), max(wait, 0))

    def _insert(self, name: str, parm1: str, parm2: str) -> str:
        values = {"name": name, "parm1": parm1, "parm2": parm2, "state": "ready"}
        return self._records.insert("sysevent", values, SYSTEM)["sys_id"]

    def _process(self, sys_id: str) -> None:
        event = self._records.find("sysevent", sys_id)
        if event is None:
            return
        actions = [a for a in self._actions if a["event_name"] == event["name"] and a["active"]]
        failed = [
            a
            for a in actions
            if not self._run(a, event=self._records.full("sysevent", event), current=None)
        ]
        state = {"state": "error" if failed else "processed", "processed": self._records.now()}
        self._records.update("sysevent", sys_id, state, SYSTEM)

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

        def job() -> None:
            row = self._records.find(table, sys_id)
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
