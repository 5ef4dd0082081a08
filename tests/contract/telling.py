"""What pytest's last lines say of the contract: cases run and left out, connector by connector."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

Tell = Callable[[str, object], None]
# Names of the properties that cases leave in their reports.
RUN, LEAVES_OUT = "contract run", "contract leaves out"


def lines(properties: Iterable[tuple[str, object]]) -> list[str]:
    """One line for each connector that had a case; `properties` are those of all reports."""
    run: Counter[str] = Counter()
    spared: dict[str, dict[str, int]] = {}
    for name, value in properties:
        if name == RUN:
            run[str(value)] += 1
        elif name == LEAVES_OUT and isinstance(value, list):
            product, counts = value
            spared[product] = counts
    return [
        f"{name}: {count} cases run{_without(spared.get(name, {}))}"
        for name, count in sorted(run.items())
    ]


def _without(spared: dict[str, int]) -> str:
    listed = ", ".join(f"{name} ({count})" for name, count in sorted(spared.items()))
    return f"; left out for what it has not: {listed}" if listed else "; nothing left out"
