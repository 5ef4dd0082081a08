"""Redis: whether it answers, keeps what it is given, and has somebody who listens."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from redis.exceptions import AuthenticationError, NoPermissionError, RedisError

from broker.doctor.findings import Finding, note, ok, one_line, warning, wrong
from broker.ports.queue import QueueName
from broker.queue.state import RedisState, state_of
from broker.settings import Settings

# RQ's floor (its README), and the first Redis with BLMOVE, which moves a ring without losing it.
_OLDEST, _ATOMIC = (5, 0, 0), (6, 2, 0)
_NEARLY_FULL, _FULL = 0.8, 0.95
# An idle worker is heard of every 15 seconds, a busy one every 5.
_SILENT = timedelta(seconds=60)


def bell(settings: Settings) -> Iterator[Finding]:
    """Everything about Redis."""
    url = settings.redis_url
    if url is None:
        yield note("redis", "is not set: the queue runs inside request-broker web, which is alone.")
        return
    try:
        state = state_of(url)
    except (RedisError, OSError) as error:
        yield wrong("redis", _silence(url, error))
        return
    yield from _version(state)
    yield from _memory(state)
    yield from _listeners(state.heard)


def _silence(url: str, error: Exception) -> str:
    parts = urlsplit(url)
    said, whom = one_line(error), f"the user {parts.username}" if parts.username else "us"
    if isinstance(error, AuthenticationError):
        return f"does not take {whom} with this password: correct BROKER_REDIS_URL ({said})."
    if isinstance(error, NoPermissionError):
        return f"lets {whom} in, but not ask about it: allow INFO and RQ's commands ({said})."
    where = f"{parts.hostname}:{parts.port or 6379}" if parts.hostname else parts.path
    return f"does not answer at {where}: start it, or correct BROKER_REDIS_URL ({said})."


def _version(state: RedisState) -> Iterator[Finding]:
    version = ".".join(map(str, state.version))
    if state.version < _OLDEST:
        yield wrong("redis", f"is version {version}, older than 5.0, which RQ needs: renew it.")
    elif state.version < _ATOMIC:
        yield warning("redis", f"is version {version}: from 6.2 on no ring is lost; renew it.")
    elif state.policy == "noeviction":
        yield ok("redis", f"answers, is version {version}, and never evicts.")


def _memory(state: RedisState) -> Iterator[Finding]:
    if state.policy != "noeviction":
        yield wrong(
            "redis",
            f"may throw jobs away when its memory is short (maxmemory-policy is {state.policy}):"
            " set maxmemory-policy to noeviction.",
        )
    share = state.used / state.allowed if state.allowed else 0.0
    if share > _NEARLY_FULL:
        finding = wrong if share > _FULL else warning
        says = f"{share:.0%} of its memory is used: raise maxmemory, or see who else uses it."
        yield finding("redis", says)


def _listeners(heard: Mapping[QueueName, timedelta]) -> Iterator[Finding]:
    """Where nobody at all listens, the installation is probably not started yet."""
    deaf = [queue for queue in QueueName if heard.get(queue, _SILENT) >= _SILENT]
    if not deaf:
        yield ok("workers", "somebody listens to every queue.")
        return
    finding = wrong if len(deaf) < len(QueueName) else warning
    for queue in deaf:
        yield finding("workers", f"nobody listens to {queue}: start request-broker worker {queue}.")
