"""Behaviours of a sandbox server that a test may turn off, to see whether a client minds.

Each is on by default, as the product behaves. A server's own board is a dataclass that inherits
`Switchboard`, with a bool for each behaviour; a misbehaviour of a moment is no switch but a fault.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Self


def usual(about: str) -> Any:  # noqa: ANN401 - a dataclass field stands where its value will
    """On, as the product behaves; `about` says what."""
    return field(default=True, metadata={"about": about})


@dataclass
class Switchboard:
    """One bool for each behaviour; readable and settable at any time."""

    @classmethod
    def flipped(cls, names: Iterable[str]) -> Self:
        """Everything as usual but for these."""
        made = cls()
        for name in names:
            made.flip(name)
        return made

    @classmethod
    def about(cls) -> dict[str, str]:
        """What each switch is about, by its name with dashes, as people write it."""
        return {each.name.replace("_", "-"): str(each.metadata["about"]) for each in fields(cls)}

    def flip(self, name: str) -> None:
        """Turn a switch, named with dashes or underscores. Raises KeyError for another name."""
        column = name.replace("-", "_")
        if column not in {each.name for each in fields(self)}:
            raise KeyError(name)
        setattr(self, column, not getattr(self, column))
