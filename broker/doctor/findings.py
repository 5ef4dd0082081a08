"""What a look finds, and how many looks go on at once without waiting for each other."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Level(StrEnum):
    """How bad it is. Only what is wrong makes the whole installation unwell."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about one part; where something is wrong, it says what to do."""

    what: str
    level: Level
    says: str


Look = Callable[[], Iterator[Finding]]


def ok(what: str, says: str) -> Finding:
    """All is well."""
    return Finding(what, Level.OK, says)


def note(what: str, says: str) -> Finding:
    """Worth knowing; nothing to do."""
    return Finding(what, Level.NOTE, says)


def warning(what: str, says: str) -> Finding:
    """It works, but not for long, or not as well as it could."""
    return Finding(what, Level.WARNING, says)


def wrong(what: str, says: str) -> Finding:
    """It does not work, or is not safe."""
    return Finding(what, Level.WRONG, says)


def examine(looks: Mapping[str, Look], seconds: float) -> list[Finding]:
    """What every look finds, in their order. All go on at once, and none stops another.

    A look that is not through after so many `seconds` says so; what it had found by then counts.
    """
    under_way = [Going(name, look) for name, look in looks.items()]
    deadline = time.monotonic() + seconds
    return [finding for going in under_way for finding in going.wait(deadline, seconds)]


def at_once(work: Callable[[T], R], items: Sequence[T], threads: int = 8) -> list[R]:
    """What `work`, which must not raise, gives for every item, in their order."""
    done: dict[int, R] = {}

    def share(first: int) -> None:
        for index in range(first, len(items), threads):
            done[index] = work(items[index])

    helpers = [threading.Thread(target=share, args=(n,), daemon=True) for n in range(threads)]
    for helper in helpers:
        helper.start()
    for helper in helpers:
        helper.join()
    return [done[index] for index in range(len(items))]


class Going:
    """A look in a thread of its own, which ends with the process if it never ends by itself."""

    def __init__(self, name: str, look: Look) -> None:
        self._name, self._look, self._found = name, look, list[Finding]()
        self._thread = threading.Thread(target=self._run, name=f"look at {name}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            for finding in self._look():
                self._found.append(finding)
        except Exception as error:  # noqa: BLE001 - one look that fails must not hide the others
            self._found.append(
                wrong(self._name, f"cannot be looked at: {type(error).__name__}: {one_line(error)}")
            )

    def wait(self, deadline: float, seconds: float) -> list[Finding]:
        """What it has found by `deadline` (monotonic), which is `seconds` after its start."""
        self._thread.join(max(0.0, deadline - time.monotonic()))
        found = list(self._found)
        if self._thread.is_alive():
            found.append(
                wrong(
                    self._name,
                    f"was not done within {seconds:g} seconds: see why it answers so slowly.",
                )
            )
        return found


def one_line(error: BaseException) -> str:
    """What an error says, in one line."""
    return " ".join(str(error).split()) or type(error).__name__


def listed(names: list[str], most: int = 8) -> str:
    """Names for a sentence; of very many, the first few and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
