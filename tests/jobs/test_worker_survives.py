"""A worker outlives its Redis: RQ's own loop ends when Redis goes away in the middle of a job."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis as Client
from rq import Queue
from rq.serializers import JSONSerializer

from broker.ports.queue import QueueName
from jobs.worker import heard
from tests.conftest import or_skip
from tools.redis_server import Redis
from tools.servers import wait_until

ROOT = Path(__file__).resolve().parents[2]
HOST = "here.example"
# Two harmless callables in the place of ours: one that takes a while, one that leaves a mark.
SCRIPT = f"""
import socket, sys
from broker.ports.queue import QueueName
from jobs import worker
socket.gethostname = lambda: "{HOST}"
worker.ALLOWED = frozenset({{"time.sleep", "os.mkdir"}})
worker.listen(QueueName.ORDERS, sys.argv[1])
"""
pytestmark = pytest.mark.slow


@pytest.fixture
def redis() -> Iterator[Redis]:
    """A Redis of this test's own, to be killed."""
    server = or_skip(Redis.start)
    yield server
    server.stop()


@contextmanager
def listening(redis: Redis) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, redis.url], cwd=ROOT, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: age(redis) is not None, "the worker's start", 60)
        yield process
    finally:
        process.kill()
        process.wait()


def age(redis: Redis, host: str = HOST) -> float | None:
    return heard(redis.url, QueueName.ORDERS, host)


def give(redis: Redis, callable_name: str, argument: object) -> None:
    with Client.from_url(redis.url) as client:
        Queue("orders", connection=client, serializer=JSONSerializer).enqueue(
            callable_name, argument
        )


def started(redis: Redis) -> bool:
    with Client.from_url(redis.url) as client:
        queue = Queue("orders", connection=client, serializer=JSONSerializer)
        return bool(queue.started_job_registry.count)


def children(pid: int) -> str:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text()


def test_a_worker_goes_on_when_redis_was_killed_during_its_job(
    redis: Redis, tmp_path: Path
) -> None:
    with listening(redis) as process:
        give(redis, "time.sleep", 1)
        wait_until(lambda: started(redis), "the job's start", 60)
        redis.process.kill()
        wait_until(lambda: not children(process.pid), "the end of the job without Redis", 60)
        redis.restart()
        give(redis, "os.mkdir", str(tmp_path / "mark"))

        wait_until((tmp_path / "mark").exists, "the next job", 60)

        assert process.poll() is None


def test_a_worker_that_waits_for_redis_ends_when_asked(redis: Redis) -> None:
    with listening(redis) as process:
        give(redis, "time.sleep", 1)
        wait_until(lambda: started(redis), "the job's start", 60)
        redis.process.kill()
        process.send_signal(signal.SIGTERM)

        assert process.wait(60) == 0


def test_a_worker_that_has_done_its_job_ends_when_asked(redis: Redis, tmp_path: Path) -> None:
    with listening(redis) as process:
        give(redis, "os.mkdir", str(tmp_path / "mark"))
        wait_until((tmp_path / "mark").exists, "the job", 60)
        process.send_signal(signal.SIGTERM)

        assert process.wait(60) == 0


def test_a_redis_that_lost_everything_hears_of_its_workers_again(redis: Redis) -> None:
    with listening(redis):
        redis.clear()
        give(redis, "time.sleep", 0)

        wait_until(lambda: age(redis) is not None, "a sign of life", 60)


def test_nobody_is_heard_of_where_nobody_listens(redis: Redis) -> None:
    with listening(redis):
        assert age(redis, "elsewhere.example") is None
        assert heard(redis.url, QueueName.SYNC, HOST) is None
