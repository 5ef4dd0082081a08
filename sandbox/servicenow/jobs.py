"""The platform's worker threads: they run what is queued, now or later."""

from __future__ import annotations

import heapq
import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable

WORKERS = 2
# As whom the platform itself writes.
SYSTEM = "system"
log = logging.getLogger(__name__)
Job = Callable[[], None]


class JobQueue:
    """A few daemon threads, started when first needed, that run what is put in."""

    def __init__(self, workers: int = WORKERS) -> None:
        self._jobs: queue.Queue[Job | None] = queue.Queue()
        self._later: list[tuple[float, int, Job]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._workers = workers
        self._closed = False

    def put(self, job: Job) -> None:
        """Run it soon; not at all once the queue is closed."""
        with self._changed:
            if self._closed:
                return
            self._start()
            self._jobs.put(job)

    def put_later(self, job: Job, seconds: float) -> None:
        """Run it after so many seconds; not at all once the queue is closed."""
        with self._changed:
            if self._closed:
                return
            self._start()
            heapq.heappush(self._later, (time.monotonic() + seconds, next(self._order), job))
            self._changed.notify()

    @property
    def waiting(self) -> int:
        """How much is there for later."""
        with self._changed:
            return len(self._later)

    def wait_idle(self, seconds: float = 60.0) -> bool:
        """Wait until nothing is queued or running; False when that takes too long."""
        deadline = time.monotonic() + seconds
        while self._jobs.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.005)
        return not self._jobs.unfinished_tasks

    def close(self) -> None:
        """Let the threads end once they have run what is queued; what is for later is dropped."""
        with self._changed:
            self._closed = True
            self._later.clear()
            self._changed.notify_all()
            for _ in self._threads[1:]:
                self._jobs.put(None)

    def _start(self) -> None:
        if self._threads:
            return
        targets = [self._watch_the_clock, *[self._work] * self._workers]
        self._threads = [threading.Thread(target=target, daemon=True) for target in targets]
        for thread in self._threads:
            thread.start()

    def _watch_the_clock(self) -> None:
        with self._changed:
            while not self._closed:
                self._changed.wait(self._until_next())
                self._queue_what_is_due()

    def _until_next(self) -> float | None:
        return max(self._later[0][0] - time.monotonic(), 0) if self._later else None

    def _queue_what_is_due(self) -> None:
        while self._later and self._later[0][0] <= time.monotonic():
            self._jobs.put(heapq.heappop(self._later)[2])

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception:  # one bad job must not end the thread for all others
                log.exception("a queued job failed")
            finally:
                self._jobs.task_done()
        self._jobs.task_done()
