"""Proofs: for each switch and fault, plain HTTP that fails when it is flipped or switched on.

A module of this folder has `PROOFS`, by the switch's or the fault's name with dashes. A proof
asserts how the product behaves; it gets a fresh site, and runs as it is, and flipped.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

from tests.sandbox.oim.sites import Site

Proof = Callable[[Site], None]


def collect() -> dict[str, Proof]:
    """Every module's proofs; no name may have two."""
    proofs: dict[str, Proof] = {}
    for module in pkgutil.iter_modules(__path__):
        found = importlib.import_module(f"{__name__}.{module.name}").PROOFS
        assert not proofs.keys() & found.keys(), f"{module.name} proves what is proved already"
        proofs |= found
    return proofs
