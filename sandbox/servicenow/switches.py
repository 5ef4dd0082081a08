"""Behaviours of an instance that a test may turn off, to see whether a client minds.

Each is on by default, as instances behave. `instance.switches.flip("shuffled-ties")` turns one;
`request-broker sandbox servicenow --faults shuffled-ties` does the same from the command line.
A misbehaviour of a moment is no switch but a fault (`faults.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any


def _usual(about: str) -> Any:  # noqa: ANN401 - a dataclass field stands where its value will
    """On, as instances behave; `about` says what."""
    return field(default=True, metadata={"about": about})


@dataclass
class Switches:
    """One bool for each behaviour; readable and settable at any time."""

    shuffled_ties: bool = _usual("rows that a query does not tell apart come in any order")
    long_urls_refused: bool = _usual("an address of more than 8,192 bytes is answered 414")

    def flip(self, name: str) -> None:
        """Turn a switch, named with dashes or underscores. Raises KeyError for another name."""
        column = name.replace("-", "_")
        if column not in _COLUMNS:
            raise KeyError(name)
        setattr(self, column, not getattr(self, column))


_COLUMNS = frozenset(each.name for each in fields(Switches))
# What each switch is about, by its name with dashes, as people write it.
SWITCHES: dict[str, str] = {
    each.name.replace("_", "-"): str(each.metadata["about"]) for each in fields(Switches)
}
