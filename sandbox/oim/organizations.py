"""Organisations: the topmost one, and a department each."""

from __future__ import annotations

from collections.abc import Iterable

TOP = "Xellerate Users"


class Organizations:
    """Their names by key, and their keys by name."""

    def __init__(self, departments: Iterable[str]) -> None:
        names = [TOP, *sorted(set(departments))]
        self.names = {str(key): name for key, name in enumerate(names, 1)}
        self._keys = {name: key for key, name in self.names.items()}

    def key_of(self, name: str) -> str:
        """The key of the organisation with this name, by default of the topmost."""
        return self._keys.get(name, self._keys[TOP])
