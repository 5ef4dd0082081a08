"""What Redis says of itself, and who listens there."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Worker
from rq.utils import utcparse

from broker.ports.queue import QueueName

_PATIENCE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class RedisState:
    """Its version; what it does when memory is short; bytes used, and allowed (0: no limit);
    and how long ago a worker was heard of, for each queue that has one.
    """

    version: tuple[int, ...]
    policy: str
    used: int
    allowed: int
    heard: Mapping[QueueName, timedelta]


def state_of(url: str) -> RedisState:
    """Ask the Redis at `url`; raises redis.RedisError, within seconds."""
    patience = {
        "socket_timeout": _PATIENCE_SECONDS,
        "socket_connect_timeout": _PATIENCE_SECONDS,
    }
    with closing(Redis.from_url(url, retry=Retry(NoBackoff(), 0), **patience)) as redis:
        server, memory = redis.info("server"), redis.info("memory")
        return RedisState(
            version=tuple(int(part) for part in str(server["redis_version"]).split(".")[:3]),
            policy=str(memory.get("maxmemory_policy")),
            used=int(memory.get("used_memory", 0)),
            allowed=int(memory.get("maxmemory", 0)),
            heard=_heard(redis),
        )


def _heard(redis: "Redis") -> dict[QueueName, timedelta]:
    """By the workers' own records, which end with them; RQ's list is written at starts only."""
    found: dict[QueueName, timedelta] = {}
    for key in redis.scan_iter(match=f"{Worker.redis_worker_namespace_prefix}*", count=1000):
        queues, beat = redis.hmget(key, "queues", "last_heartbeat")
        if isinstance(queues, bytes) and isinstance(beat, bytes):
            age = datetime.now(UTC) - utcparse(beat.decode())
            for name in set(queues.decode().split(",")) & set(QueueName):
                queue = QueueName(name)
                found[queue] = min(age, found.get(queue, age))
    return found
