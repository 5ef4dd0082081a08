"""The bell on Redis, through RQ: an unimportant little job that says "look at this queue"."""

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

from broker.ports.queue import CALLABLE, QueueName
from broker.settings import BadSettings

MISSING = (
    "BROKER_REDIS_URL is missing: several processes need Redis to wake each other; without it"
    " everything runs inside request-broker web."
)
_log = structlog.get_logger()
# A ring must never hold a web request up: the clock process rings again anyway.
_PATIENCE_SECONDS = 0.5
# One job settles rows until its time budget ends; this is the hard stop behind it.
_JOB = {"job_timeout": 3600, "result_ttl": 0, "failure_ttl": 3600}
# A ring that waits is heard by whoever comes next; more of them would only cost forks.
_ENOUGH = 2


class RqBell:
    """Rings by putting a job that names only the queue."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis

    def ring(self, queue: QueueName) -> None:
        """Best effort: what is owed stays in the database, whatever happens to Redis."""
        try:
            bells = Queue(queue, connection=self._redis, serializer=JSONSerializer)
            if bells.count < _ENOUGH:
                bells.enqueue(CALLABLE, queue.value, **_JOB)
        except (RedisError, OSError) as error:
            _log.warning("the bell did not ring", queue=queue, error=str(error))


def connect(url: str) -> "Redis":
    """A connection that gives up quickly."""
    return Redis.from_url(
        url,
        socket_timeout=_PATIENCE_SECONDS,
        socket_connect_timeout=_PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def bell(url: str | None) -> RqBell:
    """The bell for this Redis; without one, start must be refused."""
    if url is None:
        raise BadSettings([MISSING])
    return RqBell(connect(url))
