"""`python -m bench.reader FOLDER URL fill|idle`: reads an OIM as the timer does, in a process of
its own, and tells in one line of JSON what that took.

`fill` reads people and open requests into the database of that folder; `idle` reads what is open
again, some times, when nothing has changed.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.installation import broker_in
from bench.measuring import counted
from broker.context import Broker
from broker.store import pictures
from broker.sync import engine

_IDLE_RUNS = 3
_STATUS = Path("/proc/self/status")
_KIBIBYTE = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Taken:
    """What one run took. `due` are the requests whose details have to be looked at though nothing
    has changed, `read` the details that were; `bytes` is the most memory that the process has had
    up to its end.
    """

    calls: int
    due: int
    read: int
    changed: int
    open: int
    seconds: float
    bytes: int


def main(argv: Sequence[str] | None = None) -> int:
    """Read, and tell of each run."""
    parser = argparse.ArgumentParser(prog="bench.reader", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("url")
    parser.add_argument("what", choices=["fill", "idle"])
    options = parser.parse_args(argv)
    with broker_in(options.folder, options.url, {}) as broker:
        if options.what == "fill":
            engine.sync_people(broker)
        runs = 1 if options.what == "fill" else _IDLE_RUNS
        print(json.dumps([asdict(_run(broker)) for _ in range(runs)]))
    return 0


def _run(broker: Broker) -> Taken:
    due = _due(broker)
    began = time.perf_counter()
    with counted() as sent:
        counts = engine.sync_changes(broker)
    spent = time.perf_counter() - began
    with broker.sessions() as session:
        still_open = len(pictures.still_open(session, "oim"))
    changed = sum(counts.get(word, 0) for word in ("new", "changed", "gone"))
    return Taken(sent.calls, due, counts["read"], changed, still_open, spent, _peak())


def _due(broker: Broker) -> int:
    """Whatever waits for a decision, which may be somebody else's by now, and whatever is still to
    be split: no list tells of either.
    """
    with broker.sessions() as session:
        waiting = pictures.awaiting(session, "oim", broker.clock.now(), most=sys.maxsize)
        return len({*waiting, *pictures.undivided(session, "oim")})


def _peak() -> int:
    """Of this program alone: what Linux says of the process counts who started it, too."""
    if _STATUS.exists():
        (line,) = (each for each in _STATUS.read_text().splitlines() if each.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIBIBYTE


if __name__ == "__main__":
    sys.exit(main())
