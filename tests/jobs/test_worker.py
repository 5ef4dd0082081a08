"""The RQ worker: one queue, our callable and nothing else, a Redis that forgets nothing."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue
from rq.job import Callback, Job
from rq.serializers import JSONSerializer

from broker.ports.queue import CALLABLE, QueueName
from broker.queue.rq import bell
from broker.settings import BadSettings
from jobs.worker import AllowedJob, NotAllowed, OneQueueWorker, redis_fault, waiting, worker

ROOT = Path(__file__).resolve().parents[2]
BURST = """
import sys
from redis import Redis
from jobs.worker import OneQueueWorker
OneQueueWorker("orders", Redis.from_url(sys.argv[1])).work(burst=True, logging_level="CRITICAL")
"""
TRAP = "from pathlib import Path\nPath({mark!r}).touch()\ndef spring(*_): pass\n"


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module `trap` that leaves a mark as soon as somebody imports it."""
    mark = tmp_path / "imported"
    (tmp_path / "trap.py").write_text(TRAP.format(mark=str(mark)))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
    return mark


def work_off(url: str) -> subprocess.CompletedProcess[str]:
    """Let a real worker do all that waits in the queue `orders`."""
    return subprocess.run(
        [sys.executable, "-c", BURST, url], cwd=ROOT, capture_output=True, text=True, check=True
    )


def queue(url: str) -> Queue:
    return Queue("orders", connection=Redis.from_url(url), serializer=JSONSerializer)


def test_the_name_that_the_bell_rings_can_be_called() -> None:
    module, _, function = CALLABLE.rpartition(".")

    assert callable(getattr(import_module(module), function))


def test_a_foreign_callable_is_refused_before_its_module_is_imported(
    redis_url: str, trap: Path
) -> None:
    job = queue(redis_url).enqueue("trap.spring")

    said = work_off(redis_url)

    assert not trap.exists()
    assert "a job was refused" in said.stdout + said.stderr
    assert Job.fetch(job.id, Redis.from_url(redis_url), JSONSerializer).is_failed


def test_a_jobs_own_callbacks_are_not_imported_either(redis_url: str, trap: Path) -> None:
    queue(redis_url).enqueue(CALLABLE, "no such queue", on_failure=Callback("trap.spring"))
    queue(redis_url).enqueue("trap.spring", on_success=Callback("trap.spring"))

    work_off(redis_url)

    assert not trap.exists()


def test_an_allowed_job_gives_our_function(redis_url: str) -> None:
    connection = Redis.from_url(redis_url)
    job = AllowedJob.create(CALLABLE, ["orders"], connection=connection, serializer=JSONSerializer)

    assert job.func is getattr(import_module("jobs.tasks"), "settle")  # noqa: B009 - what RQ does


@pytest.mark.parametrize(
    "name", ["os.system", "jobs.tasks", "jobs.tasks.settle.x", "builtins.eval"]
)
def test_nothing_but_the_exact_name_is_allowed(name: str, redis_url: str) -> None:
    connection = Redis.from_url(redis_url)
    job = AllowedJob.create(name, ["orders"], connection=connection, serializer=JSONSerializer)

    with pytest.raises(NotAllowed, match="not on the list"):
        _ = job.func


def test_a_worker_takes_one_queue_only(redis_url: str) -> None:
    with pytest.raises(ValueError, match="one queue"):
        OneQueueWorker(["orders", "sync"], Redis.from_url(redis_url))  # type: ignore[arg-type]  # the misuse


def test_a_redis_that_evicts_is_refused_with_a_sentence(redis_url: str) -> None:
    connection = Redis.from_url(redis_url)
    connection.config_set("maxmemory-policy", "allkeys-lru")
    try:
        with pytest.raises(BadSettings) as bad:
            worker(QueueName.ORDERS, redis_url)
    finally:
        connection.config_set("maxmemory-policy", "noeviction")

    assert str(bad.value) == (
        "BROKER_REDIS_URL: this Redis may evict jobs (maxmemory-policy is allkeys-lru):"
        " set it to noeviction."
    )


def test_a_redis_that_does_not_answer_is_named() -> None:
    fault = redis_fault(Redis(port=1))

    assert fault is not None
    assert fault.startswith("BROKER_REDIS_URL: Redis does not answer")


def test_a_worker_without_redis_says_what_is_missing() -> None:
    with pytest.raises(BadSettings, match="BROKER_REDIS_URL is missing"):
        worker(QueueName.ORDERS, None)


def test_a_good_redis_gives_a_worker_that_misses_dead_ones_soon(redis_url: str) -> None:
    ready = worker(QueueName.SYNC, redis_url)

    assert ready.queue_names() == ["sync"]
    assert (ready.job_monitoring_interval, ready.maintenance_interval) == (5, 10)


def test_a_ring_is_one_job_that_names_the_queue_only(redis_url: str) -> None:
    bell(redis_url).ring(QueueName.ORDERS)

    (job,) = queue(redis_url).get_jobs()
    assert (job.func_name, job.args) == (CALLABLE, ["orders"])
    assert waiting(Redis.from_url(redis_url), QueueName.ORDERS) == 1
    assert waiting(Redis.from_url(redis_url), QueueName.SYNC) == 0
