"""The timer's run when nothing has changed: what it asks OIM, and what memory it takes.

Both must follow what is open, and not what has been: a long past is beside a short one here, with
as many open requests, and beside a company that has few of either.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.measuring import ROOT, Line, sandbox
from bench.reader import Taken
from broker.connectors.registry import iga_products

PAST, OPEN = 1_000_000, 5_000
SMALL = 10_000
PEOPLE = 2_000
# Of what is not final some are drafts, which no list shows.
_WITH_DRAFTS = 1.03
# New rows on one of OIM's pages, where nobody has set another.
PAGE = int(iga_products()["oim"].settings.model_fields["page_size"].default)
MOST_MEMORY = 1.2


def run(scale: float) -> Iterator[Line]:
    """Each line as soon as it is measured; `scale` shrinks every world."""
    past, waiting, small = (int(scale * number) for number in (PAST, OPEN, SMALL))
    people = max(120, int(scale * PEOPLE))
    long = _measured(past + waiting, waiting, people)
    yield _calls(f"{past:,} past requests", long)
    short = _measured(small, waiting, people)
    yield _calls(f"{small - waiting:,} past requests", short)
    yield _memory(f"{small:,} requests, as many open", long, short)
    few = _measured(small, max(1, waiting * small // (past + waiting)), people)
    yield _memory(f"{small:,} requests, few open", long, few)


def _calls(name: str, runs: list[Taken]) -> Line:
    """At most one for each page of the open list, and one for each detail that is due. Of several
    runs the last: the first of a day reads the names of things anew.
    """
    taken = runs[-1]
    pages = math.ceil(taken.open / PAGE)
    allowed = pages + taken.due
    told = (
        f"{taken.calls:,} calls; {taken.open:,} open are {pages} pages, {taken.due:,} details due,"
        f" {taken.read:,} read, {taken.changed} changed, {taken.seconds:.1f} s"
    )
    return Line(f"idle calls, {name}", told, taken.calls / allowed, most=1.0)


def _memory(name: str, long: list[Taken], short: list[Taken]) -> Line:
    """The most that the processes have had, after as many runs."""
    runs = ", ".join(_mebibytes(taken) for taken in long)
    told = f"{runs} MiB after each run, there {_mebibytes(short[-1])}"
    return Line(f"idle memory beside {name}", told, long[-1].bytes / short[-1].bytes,
                most=MOST_MEMORY)  # fmt: skip


def _mebibytes(taken: Taken) -> str:
    return f"{taken.bytes / 2**20:.0f}"


def _measured(requests: int, waiting: int, people: int) -> list[Taken]:
    """The idle runs of a broker that has read this world before."""
    share = min(1.0, waiting * _WITH_DRAFTS / requests)
    with (
        sandbox("oim", people=people, requests=requests, open_share=share) as url,
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
    ):
        _reader(Path(folder), url, "fill")
        return _reader(Path(folder), url, "idle")


def _reader(folder: Path, url: str, what: str) -> list[Taken]:
    command = [sys.executable, "-m", "bench.reader", str(folder), url, what]
    done = subprocess.run(  # noqa: S603 - our own program, no shell
        command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True
    )
    return [Taken(**taken) for taken in json.loads(done.stdout.splitlines()[-1])]
