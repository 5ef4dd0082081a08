"""`request-broker health`: whether one process of this installation does its work just now.

For container engines and supervisors, which ask every few seconds: exit code 0, or 1 with a
sentence. Each answer rests on something that only a working process leaves behind.
"""

import argparse
import http.client
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from redis.exceptions import RedisError

from broker import settings
from broker.ports.queue import QueueName
from cli.families import command, family
from cli.installation import redis_url
from cli.terminal import Fault, say

if TYPE_CHECKING:
    from cli.families import Commands

_PATIENCE_SECONDS = 8.0
# An idle worker says every 15 seconds that it listens, a busy one every 5.
_WORKER_SECONDS = 45.0
_CLOCK_SECONDS = 30.0


def add(commands: "Commands") -> None:
    """Add the family to the command line."""
    health = family(commands, "health", "Say whether one process does its work; for supervisors.")
    page = command(health, "web", web, "The web application answers and has its database.")
    page.add_argument("--at", default="127.0.0.1:8000", metavar="HOST:PORT",
                      help="where it listens (127.0.0.1:8000)")  # fmt: skip
    listen = command(health, "worker", worker, "A worker on this machine listens to the queue.")
    listen.add_argument("queue", choices=[queue.value for queue in QueueName], metavar="QUEUE",
                        help=", ".join(QueueName))  # fmt: skip
    tick = command(health, "clock", clock, "The clock has lately done all its steps.")
    tick.add_argument("--pulse", type=Path, required=True, metavar="FILE",
                      help="the file that `request-broker clock --pulse FILE` touches")  # fmt: skip


def web(args: argparse.Namespace) -> int:
    """Ask /readyz as the proxy would: only our own host name is answered."""
    host = urlsplit(settings.load().base_url).netloc
    connection = http.client.HTTPConnection(args.at, timeout=_PATIENCE_SECONDS)
    try:
        connection.request("GET", "/readyz", headers={"Host": host})
        answer = connection.getresponse()
        if answer.status != http.client.OK:
            raise Fault(f"/readyz answers {answer.status}: {answer.read(500).decode()}")
    except http.client.HTTPException as error:
        raise Fault(f"/readyz does not answer: {error!r}") from None
    finally:
        connection.close()
    say("ready")
    return 0


def worker(args: argparse.Namespace) -> int:
    """Look for a recent sign of life from this machine."""
    from jobs.worker import heard

    url = redis_url()
    if not url:
        raise Fault("BROKER_REDIS_URL is missing: a worker listens to Redis.")
    try:
        age = heard(url, QueueName(args.queue), socket.gethostname())
    except RedisError as error:
        raise Fault(f"BROKER_REDIS_URL: Redis does not answer: {error}") from None
    return _judge(age, _WORKER_SECONDS, f"a worker for {args.queue} on this machine")


def clock(args: argparse.Namespace) -> int:
    """Look at the time of the file that the clock touches after each good round."""
    age = time.time() - args.pulse.stat().st_mtime if args.pulse.exists() else None
    return _judge(age, _CLOCK_SECONDS, "the clock")


def _judge(age: float | None, limit: float, what: str) -> int:
    if age is None:
        raise Fault(f"Nothing was heard of {what}.")
    if age > limit:
        raise Fault(f"Nothing was heard of {what} for {age:.0f} seconds.")
    say(f"heard {max(age, 0):.0f} seconds ago")
    return 0
