"""A sandbox in a process of its own, calls counted on their way out, and lines of ratios."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from requests.adapters import HTTPAdapter

ROOT = Path(__file__).resolve().parent.parent
# A piece of work: which change of the rows, and which rows; what it gives back is timed.
Way = Callable[[int, range], Callable[[], object]]
HEAD = f"{'what':<42} {'ratio':>7}  {'target':<13} {'':<7} measured"


@dataclass(frozen=True)
class Line:
    """One line of the table: a ratio, and the target that it is to keep."""

    name: str
    told: str
    ratio: float
    least: float | None = None
    most: float | None = None  # below 1 a part, such as 1/40; from 1 on a multiple

    @property
    def kept(self) -> bool:
        """Whether the target is met; a line without one is for information."""
        low = self.least is None or self.ratio >= self.least
        return low and (self.most is None or self.ratio <= self.most)

    def __str__(self) -> str:
        target = f"at least {self.least:.0%}" if self.least else ""
        target = f"at most {_told(self.most)}" if self.most else target
        ratio = _told(self.ratio) if self.most else f"{self.ratio:.0%}"
        if self.most and self.most >= 1:
            ratio = f"{self.ratio:.2f}"
        verdict = ("kept" if self.kept else "MISSED") if target else ""
        return f"{self.name:<42} {ratio:>7}  {target:<13} {verdict:<7} {self.told}"


def _told(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio >= 1 else f"1/{1 / ratio:.0f}"


@contextmanager
def sandbox(product: str, **options: object) -> Iterator[str]:
    """The address of a product of its own, in a process of its own; options as on its command
    line.
    """
    command = [sys.executable, "-m", "sandbox", product, "--port", "0", "--parent-pipe"]
    chosen = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    pipe = subprocess.PIPE
    with subprocess.Popen(  # noqa: S603 - our own sandbox, no shell
        [*command, *chosen], stdin=pipe, stdout=pipe, cwd=ROOT, text=True
    ) as process:
        assert process.stdout
        assert process.stdin
        said = process.stdout.readline().split()
        if said[:1] != ["ready"]:
            raise RuntimeError("the sandbox did not start")
        yield said[-1]
        process.stdin.close()  # it ends with its standard input


@dataclass
class Sent:
    """How many calls have left this process, by all its threads."""

    calls: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def counted() -> Iterator[Sent]:
    """Count every call that anybody here makes, below whatever they count themselves."""
    sent, send = Sent(), HTTPAdapter.send

    def counting(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - handed on as they are
        with sent.lock:
            sent.calls += 1
        return send(*given, **named)

    HTTPAdapter.send = counting  # type: ignore[method-assign]
    try:
        yield sent
    finally:
        HTTPAdapter.send = send  # type: ignore[method-assign]


@dataclass
class Contest:
    """The same work done in several ways by turns, in slices so short that a busy moment of the
    machine hits all ways alike.

    A way gets the number of its turn and the rows' places, prepares, and gives back the work that
    is to be timed.
    """

    ways: dict[str, Way]
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def run(self, rows: int, slices: int) -> None:
        """Let each way write every row once, slice by slice; who begins changes."""
        size, names = -(-rows // slices), list(self.ways)
        for turn, first in enumerate(range(0, rows, size)):
            for name in names:
                work = self.ways[name](turn * len(names), range(first, min(first + size, rows)))
                started = time.perf_counter()
                work()
                self.seconds.setdefault(name, []).append(time.perf_counter() - started)
            names.append(names.pop(0))

    def rate(self, name: str, rows: int) -> float:
        """Rows a second, over all its slices."""
        return rows / sum(self.seconds[name])

    def ratio(self, name: str, other: str) -> float:
        """Its rate beside the other's: the median of the slices' ratios."""
        pairs = zip(self.seconds[other], self.seconds[name], strict=True)
        return median(others / own for others, own in pairs)
