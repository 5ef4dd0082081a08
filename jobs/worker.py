"""An RQ worker for one queue that runs nothing but our own callable.

RQ takes the name of what to import from Redis, so whoever can write to Redis could run any
function on our machine. Here that name is compared with the one that we use, before anything
is imported; callbacks and webhooks, which RQ would run as well, are not used at all.
"""

import secrets
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.utils import utcparse

from broker.ports.queue import CALLABLE, QueueName
from broker.settings import BadSettings

_log = structlog.get_logger()

ALLOWED = frozenset({CALLABLE})

# With these a job whose worker and child were both killed is missed after little more than a
# minute, RQ's floor; its defaults need 13 minutes. What is owed stays in the database anyway,
# and the clock rings again within seconds.
JOB_MONITORING_SECONDS = 5
MAINTENANCE_SECONDS = 10
WORKER_TTL_SECONDS = 30
# RQ waits twice as long each time that Redis is not there; after an hour's outage nobody should
# wait a minute more.
LONGEST_WAIT_SECONDS = 5.0
_PAUSE_SECONDS = 1.0


class NotAllowed(Exception):
    """The job names something that this worker does not run."""


class AllowedJob(Job):
    """A job that imports nothing but what is on the list."""

    @property
    def func(self) -> Callable[..., Any]:
        """The callable to run; NotAllowed, without an import, for any other name."""
        name = self.func_name
        if self.instance or name not in ALLOWED:
            _log.error("a job was refused", job=self.id, callable=str(name))
            raise NotAllowed(f"{name} is not on the list of what may run here")
        function: Callable[..., Any] = super().func
        return function

    @property
    def success_callback(self) -> None:
        """None: we use no callbacks, and a job must not bring its own."""

    @property
    def failure_callback(self) -> None:
        """None, as above."""

    @property
    def stopped_callback(self) -> None:
        """None, as above."""

    def send_webhooks(self, *_: object, **__: object) -> None:
        """Nothing: a job must not make us call an address of its choice."""


class OneQueueWorker(Worker):
    """RQ's forking worker, for exactly one queue: only then RQ moves a job atomically."""

    job_class = AllowedJob
    max_connection_wait_time = LONGEST_WAIT_SECONDS
    asked_to_end = False

    def __init__(self, queue: str, connection: "Redis", **options: Any) -> None:  # noqa: ANN401 - RQ's own options
        """Listens to `queue` only. RQ hands lists over when it looks up other workers."""
        options.setdefault("serializer", JSONSerializer)
        options.setdefault("job_monitoring_interval", JOB_MONITORING_SECONDS)
        options.setdefault("maintenance_interval", MAINTENANCE_SECONDS)
        options.setdefault("worker_ttl", WORKER_TTL_SECONDS)
        super().__init__(queue, connection=connection, **options)
        if len(self.queues) > 1:
            raise ValueError("one worker listens to one queue")

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """End when the job at hand is done, whether Redis can be told or not."""
        self.asked_to_end = True
        with suppress(RedisError):
            super().request_stop(signum, frame)  # type: ignore[no-untyped-call]  # RQ's

    def teardown(self) -> None:
        """Say good-bye, if Redis is there to hear it, and listen to no more commands."""
        if thread := getattr(self, "pubsub_thread", None):
            thread.stop()
        with suppress(RedisError):
            super().teardown()  # type: ignore[no-untyped-call]  # RQ's


def worker(queue: QueueName, url: str | None) -> OneQueueWorker:
    """The worker for `queue`; BadSettings if Redis is missing, silent or may forget jobs."""
    if url is None:
        raise BadSettings(["BROKER_REDIS_URL is missing: a worker listens to Redis."])
    connection = Redis.from_url(url)
    if fault := redis_fault(connection):
        raise BadSettings([fault])
    name = f"{_prefix(queue, socket.gethostname())}{secrets.token_hex(4)}"
    return OneQueueWorker(queue.value, connection, name=name, log_job_description=False)


def listen(queue: QueueName, url: str | None) -> None:
    """Work until SIGTERM or SIGINT; BadSettings as `worker`.

    RQ's loop ends when Redis goes away in the middle of a job. Ours waits for Redis, and begins
    anew: what the job did is in the database, and so is what is still owed.
    """
    at_work: OneQueueWorker | None = worker(queue, url)
    while at_work is not None and not _ended_as_asked(at_work):
        _log.warning("Redis was lost during a job; the worker begins anew", queue=queue.value)
        at_work = _when_redis_is_back(at_work, queue, url)


def _ended_as_asked(at_work: OneQueueWorker) -> bool:
    with suppress(RedisError):
        at_work.work(logging_level="WARNING")
    if at_work.horse_pid:
        at_work.wait_for_horse()
    return at_work.asked_to_end


def _when_redis_is_back(
    lost: OneQueueWorker, queue: QueueName, url: str | None
) -> OneQueueWorker | None:
    """Another worker; None when the one that lost Redis is asked to end meanwhile."""
    with suppress(StopRequested):
        while not lost.asked_to_end:
            time.sleep(_PAUSE_SECONDS)
            with suppress(BadSettings):
                return worker(queue, url)
    return None


def heard(url: str, queue: QueueName, host: str) -> float | None:
    """How many seconds ago a worker on `host` said that it listens to `queue`; None if none did.

    Looked up by name, not in RQ's list: a Redis that has lost everything hears of its workers
    again, but the list is written at their start only.
    """
    with Redis.from_url(url) as connection:
        pattern = f"{Worker.redis_worker_namespace_prefix}{_prefix(queue, host)}*"
        keys = list(connection.scan_iter(match=pattern, count=1000))
        beats = [connection.hget(key, "last_heartbeat") for key in keys]
    times = [utcparse(beat.decode()).timestamp() for beat in beats if isinstance(beat, bytes)]
    return time.time() - max(times) if times else None


def _prefix(queue: QueueName, host: str) -> str:
    return f"{queue.value}.{host}."


def redis_fault(connection: "Redis") -> str | None:
    """What is wrong with this Redis, in a sentence, or None.

    A Redis that evicts keys when memory is short loses rings without a word (Redis manual,
    "Key eviction": only `noeviction` keeps everything).
    """
    try:
        policy = str(connection.info("memory").get("maxmemory_policy"))
    except RedisError as error:
        return f"BROKER_REDIS_URL: Redis does not answer: {str(error).rstrip('.')}."
    if policy == "noeviction":
        return None
    return (
        f"BROKER_REDIS_URL: this Redis may evict jobs (maxmemory-policy is {policy}):"
        " set it to noeviction."
    )


def waiting(connection: "Redis", queue: QueueName) -> int:
    """How many rings wait in `queue`."""
    return Queue(queue.value, connection=connection, serializer=JSONSerializer).count
