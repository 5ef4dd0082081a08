"""`request-broker web`, `worker` and `clock`: the processes of an installation."""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from broker.bootstrap import build
from broker.context import Broker
from broker.ports.queue import QueueName
from broker.queue.embedded import EmbeddedBell
from cli.families import command
from cli.installation import closing, demand_newest, redis_url, this_broker
from cli.terminal import Fault, say

if TYPE_CHECKING:
    from types import FrameType

    from flask import Flask

    from cli.families import Commands

_THREADS = 12


class Server(Protocol):
    """What we use of waitress's server."""

    def run(self) -> None:
        """Serve until a signal."""

    def close(self) -> None:
        """Stop listening."""


def add(commands: "Commands") -> None:
    """Add the commands to the command line."""
    page = command(
        commands,
        "web",
        web,
        "Serve the pages and the machine API. Without BROKER_REDIS_URL the queue runs inside.",
    )
    page.add_argument("--port", type=int, default=8080, help="port to listen on (8080)")
    page.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    page.add_argument("--parent-pipe", action="store_true", help=argparse.SUPPRESS)
    listen = command(commands, "worker", worker, "Do the work of one queue, woken by Redis.")
    listen.add_argument("queue", choices=[queue.value for queue in QueueName], metavar="QUEUE",
                        help=", ".join(QueueName))  # fmt: skip
    tick = command(
        commands, "clock", clock, "Beat the timer and ring for what is due. Any number may run."
    )
    tick.add_argument("--pulse", type=Path, metavar="FILE",
                      help="touch this file after each good round, for `health clock`")  # fmt: skip


def web(args: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    from webui.app import create_app

    signal.signal(signal.SIGTERM, _interrupt)
    if args.parent_pipe:
        end_with_parent()
    bell = None if redis_url() else EmbeddedBell()
    with closing(build(bell=bell)) as broker:
        demand_newest(broker)
        server = _listen(create_app(broker), args.host, args.port)
        return _serve(server, broker, bell, f"http://{args.host}:{args.port}")


def _listen(app: "Flask", host: str, port: int) -> Server:
    import waitress  # type: ignore[import-untyped]  # publishes no types

    try:
        server: Server = waitress.create_server(
            app, host=host, port=port, threads=_THREADS, ident=None
        )
    except OSError as error:
        raise Fault(
            f"Port {port} on {host} cannot be used ({error.strerror}): choose another with --port."
        ) from None
    return server


def _serve(server: Server, broker: Broker, bell: EmbeddedBell | None, url: str) -> int:
    from jobs.embedded import EmbeddedJobs

    jobs = EmbeddedJobs(broker, bell) if bell else None
    if jobs:
        jobs.start()
    say(f"ready broker {url}")
    try:
        # waitress ends its loop without a word on Ctrl-C and on SystemExit.
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        if jobs:
            jobs.stop()
        server.close()
    return 0


def worker(args: argparse.Namespace) -> int:
    """Work until SIGTERM; the job at hand is finished first."""
    from jobs.worker import listen

    # Settings and tables are looked at here; each job's own process builds what it works with.
    with this_broker(alone=False):
        pass
    listen(QueueName(args.queue), redis_url())
    return 0


def clock(args: argparse.Namespace) -> int:
    """Tick until SIGTERM or Ctrl-C."""
    from jobs import clock as ticking

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with this_broker(alone=False) as broker:
        say("ready clock")
        ticking.run(broker, stop, pulse=args.pulse.touch if args.pulse else lambda: None)
    return 0


def _interrupt(_: int, __: "FrameType | None") -> None:
    raise KeyboardInterrupt


def end_with_parent() -> None:
    """End this process when whoever holds our standard input is gone, even if it was killed."""

    def wait() -> None:
        sys.stdin.buffer.read()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()
