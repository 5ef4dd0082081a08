"""How long a soak is, which chance it meets, and where its figures go.

`SOAK_SCALE` is the size, 1 for the whole and a fiftieth by default; `SOAK_SEED` decides every
chance. Figures are printed at once (`pytest -s`) and again in pytest's last lines.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable

import pytest

from sandbox.world import World, build_world

Figures = Callable[[str], None]


def scaled(whole: int, least: int = 1) -> int:
    """So many of `whole` as this soak does."""
    return max(least, math.ceil(whole * float(os.environ.get("SOAK_SCALE", "0.02"))))


@pytest.fixture(scope="session")
def seed() -> int:
    """Decides every chance of this soak."""
    return int(os.environ.get("SOAK_SEED", "20260301"))


@pytest.fixture(scope="session")
def world() -> World:
    return build_world()


@pytest.fixture
def figures(record_property: Callable[[str, object], None]) -> Figures:
    """Tell a figure: it is printed at once, and in the last lines of the run."""

    def tell(line: str) -> None:
        record_property("figure", line)
        print(f"\n{line}", end="")

    return tell
