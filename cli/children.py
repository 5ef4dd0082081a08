"""Processes that a command starts, and that never outlive it, even if it is killed.

Each child's standard input is a pipe whose other end only we hold: when we are gone, however
that came, it reads the end of its input and ends too.
"""

import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from cli.terminal import Fault, complain

_PATIENCE_SECONDS = 8.0
_LAST_LINES = 15


class Child:
    """One started process and what it wrote."""

    def __init__(
        self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str]
    ) -> None:
        self.name, self.log = name, log
        with log.open("ab") as file:
            self._process = subprocess.Popen(  # noqa: S603 - our own programs, no shell
                command,
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                cwd=Path(__file__).resolve().parent.parent,
                # Ctrl-C goes to us alone: we stop the children one after the other.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    def text(self) -> str:
        """All that it wrote."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def tail(self) -> str:
        """Its last lines."""
        return "\n".join(self.text().splitlines()[-_LAST_LINES:])

    def ended(self) -> bool:
        """Whether it runs no more."""
        return self._process.poll() is not None

    def ask_to_end(self) -> None:
        """Send what ends it when its work at hand is done."""
        self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End it; at once if it does not want to."""
        self.ask_to_end()
        try:
            self._process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        if self._process.stdin:
            self._process.stdin.close()


class Children:
    """All children of one command, stopped in the reverse order of their start."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder, self._environment = folder, environment
        self._children: list[Child] = []

    def start(self, name: str, command: Sequence[str]) -> Child:
        """Start a process that runs on."""
        child = Child(name, command, self._folder / f"{name}.log", self._environment)
        self._children.append(child)
        return child

    def do(self, name: str, command: Sequence[str]) -> None:
        """Run a process to its end; Fault with its words if it fails."""
        done = subprocess.run(  # noqa: S603 - our own programs, no shell
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            env=dict(self._environment),
            cwd=Path(__file__).resolve().parent.parent,
        )
        if done.returncode:
            raise Fault(f"The {name} could not be made ready:\n{done.stderr.strip()}")

    def watch(self) -> None:
        """Until Ctrl-C; a Fault if a child ends by itself."""
        while True:
            for child in self._children:
                if child.ended():
                    raise Fault(f"The {child.name} ended. Its last words:\n{child.tail()}")
            time.sleep(0.5)

    def explain(self) -> None:
        """The last words of each, when something went wrong."""
        for child in self._children:
            complain(f"--- the {child.name}'s last words ({child.log})\n{child.tail()}")

    def stop(self) -> None:
        """End all of them."""
        while self._children:
            self._children.pop().stop()
