"""A throw-away Redis for tests and the local stack, kept as `tools.servers` keeps PostgreSQL."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import redis

from tools.servers import (
    RECOVERY_SECONDS,
    Process,
    dying_with_us,
    free_port,
    program,
    wait_until,
)

_KEEPS_NOTHING = ("--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction")


@dataclass
class Redis:
    """A server that keeps nothing on disk and never evicts, as RQ needs it."""

    process: Process
    port: int

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @classmethod
    def start(cls, options: Sequence[str] = _KEEPS_NOTHING, inside: Path | None = None) -> "Redis":
        """Start a server; `NotInstalled` when the program is missing."""
        called = program("Redis", "redis-server")
        port = free_port()
        folder = Path(tempfile.mkdtemp(prefix="broker-redis-", dir=inside))
        here = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
        command = [*dying_with_us(), called, *options, *here, "--daemonize", "no"]
        server = cls(Process(command, folder), port)
        wait_until(server.answers, "Redis's start", RECOVERY_SECONDS)
        return server

    def restart(self) -> None:
        """Start it again after a kill; it remembers nothing."""
        self.process.launch()
        wait_until(self.answers, "Redis's restart", RECOVERY_SECONDS)

    def answers(self) -> bool:
        if self.process.popen.poll() is not None:
            raise RuntimeError(f"Redis ended: {self.process.log()}")
        try:
            with redis.Redis(port=self.port, socket_timeout=1) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    def clear(self) -> None:
        with redis.Redis(port=self.port, socket_timeout=5) as client:
            client.flushall()

    def stop(self) -> None:
        self.process.stop()
