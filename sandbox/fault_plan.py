"""A schedule of faults: each of them once for certain, the rest by chance."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from random import Random


class FaultPlan:
    """Decides, opportunity by opportunity, which fault of `names` happens.

    Each fault happens once at a moment that only `seed` decides: at one of the first `within`
    opportunities that it gets (later where another takes its turn). Besides, a fault happens with
    the chance `rate` (0 to 1) at each opportunity. `fired` counts how often each happened. Threads
    may share a plan; which of their calls meets a fault then depends on their order.
    """

    def __init__(self, seed: int, names: Iterable[str], rate: float, *, within: int = 4) -> None:
        self.seed, self.names, self.rate = seed, frozenset(names), rate
        self.fired: Counter[str] = Counter(dict.fromkeys(sorted(self.names), 0))
        self._chance = Random(f"{seed}/{' '.join(sorted(self.names))}")
        self._moments = {
            name: Random(f"{seed}/{name}").randint(1, within) for name in sorted(self.names)
        }
        self._opportunities: Counter[str] = Counter()
        self._lock = threading.Lock()

    def choose(self, possible: Iterable[str]) -> str | None:
        """The fault that happens now, of those that could; None if all goes well."""
        with self._lock:
            known = sorted(self.names.intersection(possible))
            self._opportunities.update(known)
            chosen = self._due(known) or self._by_chance(known)
            if chosen is not None:
                self.fired[chosen] += 1
            return chosen

    def take_back(self, name: str) -> None:
        """What was chosen could not happen after all: it is due again, after the others."""
        with self._lock:
            self.fired[name] -= 1
            self._moments[name] = self._opportunities[name] + 1

    def unfired(self) -> list[str]:
        """The faults that have not happened yet."""
        with self._lock:
            return sorted(name for name, count in self.fired.items() if not count)

    def _due(self, known: list[str]) -> str | None:
        due = [n for n in known if not self.fired[n] and self._opportunities[n] >= self._moments[n]]
        return min(due, key=lambda name: (self._moments[name], name), default=None)

    def _by_chance(self, known: list[str]) -> str | None:
        lucky = known and self._chance.random() < self.rate
        return self._chance.choice(known) if lucky else None
