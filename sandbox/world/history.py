"""Years of requests: who asked for what, who decided, what came of it. Told anew at each pass."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

from sandbox.world.model import WorldItem, WorldPerson, WorldRequest
from sandbox.world.slots import Slot, slots
from sandbox.world.story import Told, story
from sandbox.world.writer import FIRST_ID, Writer


@dataclass(frozen=True)
class SeededHistory:
    """`how_many` requests, or the demo's own few if that is less; `open_share` of them are open.

    Each pass draws the same ones in the order of their ids. What it keeps meanwhile grows with
    the number of people, not of requests.
    """

    seed: int
    people: Mapping[str, WorldPerson]
    items: Mapping[tuple[str, str], WorldItem]
    queues: Mapping[str, Sequence[str]]
    how_many: int
    open_share: float
    now: datetime

    def __len__(self) -> int:
        return max(self.how_many, len(story(0)))

    def __iter__(self) -> Iterator[WorldRequest]:
        now = int(self.now.timestamp())
        told = story(now)
        drawn = max(0, self.how_many - len(told))
        opened = round(drawn * self.open_share)
        writer = Writer(Random(f"{self.seed}:history"), self, now, opened, drawn - opened)
        moments: Iterator[Told | Slot] = slots(f"{self.seed}:slots", drawn, self.open_share, now)
        for at in heapq.merge(told, moments, key=_at):
            yield from writer.told(at) if isinstance(at, Told) else writer.drawn(at)

    def __repr__(self) -> str:
        return f"{len(self)} requests from {FIRST_ID} on, seed {self.seed}"


def _at(moment: Told | Slot) -> int:
    return moment.at
