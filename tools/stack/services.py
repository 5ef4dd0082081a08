"""One service of the stack as a process here: killed, started again, asked for its health."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cli.children import Child
from tools.redis_server import Redis
from tools.servers import PostgreSQL, dying_with_us
from tools.stack.compose import ROOT


class Engine(Protocol):
    """What runs a service."""

    @property
    def pid(self) -> int:
        """The number of its process."""

    def kill(self) -> None:
        """End this one process as a power cut would."""

    def restart(self) -> None:
        """Start it again."""

    def ask_to_end(self) -> None:
        """Send what ends it when its work at hand is done."""

    def stop(self) -> None:
        """End it, and whatever it has left behind."""

    def tail(self) -> str:
        """Its last words; empty while it runs well."""


@dataclass
class Service:
    """A service by its name in docker-compose.yml."""

    name: str
    environment: Mapping[str, str]
    health: Sequence[str]
    engine: Engine

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self.engine.pid

    def kill(self) -> None:
        """SIGKILL this one process: its children, if it has any, are on their own."""
        self.engine.kill()

    def restart(self) -> None:
        """Start it again after a kill. It is at work when `healthy` says so."""
        self.engine.restart()

    def healthy(self) -> bool:
        """What the compose file's own health check says."""
        done = subprocess.run(
            self.health, env=dict(self.environment), cwd=ROOT, capture_output=True, check=False
        )
        return done.returncode == 0


class OurProcess:
    """A process of the broker."""

    def __init__(
        self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str]
    ) -> None:
        self._name, self._log, self._environment = name, log, environment
        self._command = [*dying_with_us("TERM"), *command]
        self._children: set[int] = set()
        self._child = self._start()

    def _start(self) -> Child:
        return Child(self._name, self._command, self._log, self._environment)

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._child.pid

    def kill(self) -> None:
        """SIGKILL."""
        self._note_children()
        self._child.kill()

    def restart(self) -> None:
        """Another process with the same command. What the killed one has left behind goes first,
        as it goes with its container.
        """
        self.stop()
        self._child = self._start()

    def ask_to_end(self) -> None:
        """SIGTERM."""
        self._child.ask_to_end()

    def stop(self) -> None:
        """End it; then what it has left behind, if it was killed."""
        if not self._child.ended():
            self._note_children()
        self._child.stop()
        for pid in self._children & members(self.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _note_children(self) -> None:
        """While it lives: afterwards its number could be somebody else's."""
        self._children = members(self.pid) - {self.pid}

    def tail(self) -> str:
        """Its last words, if it has ended."""
        return self._child.tail() if self._child.ended() else ""


class Server:
    """PostgreSQL or Redis."""

    def __init__(self, server: PostgreSQL | Redis) -> None:
        self._server = server

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._server.process.popen.pid

    def kill(self) -> None:
        """SIGKILL."""
        self._server.process.kill()

    def restart(self) -> None:
        """On the same port; PostgreSQL recovers what was committed."""
        self._server.restart()

    def ask_to_end(self) -> None:
        """Nothing: it ends when its clients have."""

    def stop(self) -> None:
        """End it and remove its folder."""
        self._server.stop()

    def tail(self) -> str:
        """Its last words, if it has ended."""
        process = self._server.process
        return "" if process.popen.poll() is None else process.log()


def members(session: int) -> set[int]:
    """The processes of a session (each service begins one of its own)."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # proc(5): "pid (name) state ppid pgrp session …"; a name may hold anything.
            fields = stat.read_text(errors="replace").rpartition(")")[2].split()
            if int(fields[3]) == session:
                found.add(int(stat.parent.name))
    return found
