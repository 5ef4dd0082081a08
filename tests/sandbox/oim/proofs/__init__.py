"""Proofs: for each switch and fault, plain HTTP that fails when it is flipped or switched on.

A module of this folder has `PROOFS`, by the switch's or the fault's name with dashes. A proof
asserts how the product behaves; it gets a fresh site, and runs as it is, and flipped.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.sandbox.oim.sites import Site
from tests.sandbox.proving import gathered

Proof = Callable[[Site], None]


def collect() -> dict[str, Proof]:
    """Every proof by its name."""
    return gathered(__name__, __path__)
