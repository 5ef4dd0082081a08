"""Gathers the proofs of a sandbox's switches and faults from the modules of a folder."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from typing import Any


def gathered(package: str, path: Iterable[str]) -> dict[str, Any]:
    """The `PROOFS` of every module, by name; no name may have two."""
    proofs: dict[str, Any] = {}
    for module in pkgutil.iter_modules(path):
        found = importlib.import_module(f"{package}.{module.name}").PROOFS
        assert not proofs.keys() & found.keys(), f"{module.name} proves what is proved already"
        proofs |= found
    return proofs
