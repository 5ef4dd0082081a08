"""Proofs: for each switch and fault, plain HTTP that fails when it is flipped or switched on.

A module of this folder has `PROOFS`, by the switch's or the fault's name with dashes. A proof
asserts how instances behave; it gets a fresh desk, and runs as it is, and flipped.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.sandbox.proving import gathered
from tests.sandbox.servicenow.desks import Desk

Proof = Callable[[Desk], None]


def collect() -> dict[str, Proof]:
    """Every proof by its name."""
    return gathered(__name__, __path__)
