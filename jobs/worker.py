"""An RQ worker for one queue that runs nothing but our own callable.

RQ takes the name of what to import from Redis, so whoever can write to Redis could run any
function on our machine. Here that name is compared with the one that we use, before anything
is imported; callbacks and webhooks, which RQ would run as well, are not used at all.
"""

import secrets
import socket
import time
from collections.abc import Callable
from typing import Any

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
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

    def __init__(self, queue: str, connection: "Redis", **options: Any) -> None:  # noqa: ANN401 - RQ's own options
        """Listens to `queue` only. RQ hands lists over when it looks up other workers."""
        options.setdefault("serializer", JSONSerializer)
        options.setdefault("job_monitoring_interval", JOB_MONITORING_SECONDS)
        options.setdefault("maintenance_interval", MAINTENANCE_SECONDS)
        options.setdefault("worker_ttl", WORKER_TTL_SECONDS)
        super().__init__(queue, connection=connection, **options)
        if len(self.queues) > 1:
            raise ValueError("one worker listens to one queue")


def worker(queue: QueueName, url: str | None) -> OneQueueWorker:
    """The worker for `queue`; BadSettings if Redis is missing, silent or may forget jobs."""
    if url is None:
        raise BadSettings(["BROKER_REDIS_URL is missing: a worker listens to Redis."])
    connection = Redis.from_url(url)
    if fault := redis_fault(connection):
        raise BadSettings([fault])
    name = f"{_prefix(queue, socket.gethostname())}{secrets.token_hex(4)}"
    return OneQueueWorker(queue.value, connection, name=name, log_job_description=False)


def heard(url: str | None, queue: QueueName, host: str) -> float | None:
    """How many seconds ago a worker on `host` said that it listens to `queue`; None if none did.

    Looked up by name, not in RQ's list: a Redis that has lost everything hears of its workers
    again, but the list is written at their start only.
    """
    with Redis.from_url(url or "") as connection:
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
        return f"BROKER_REDIS_URL: Redis does not answer: {error}."
    if policy == "noeviction":
        return None
    return (
        f"BROKER_REDIS_URL: this Redis may evict jobs (maxmemory-policy is {policy}):"
        " set it to noeviction."
    )


def waiting(connection: "Redis", queue: QueueName) -> int:
    """How many rings wait in `queue`."""
    return Queue(queue.value, connection=connection, serializer=JSONSerializer).count
