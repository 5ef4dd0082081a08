"""What is wrong with settings: one sentence a fault, and all of them at once."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from pydantic import ValidationError

T = TypeVar("T")


class BadSettings(Exception):
    """The settings do not do; `faults` holds one sentence each."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = list(faults)
        super().__init__("\n".join(self.faults))


class Faults:
    """Gathers what is wrong with several parts, so that an operator hears of it in one go."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def of(self, part: Callable[[], T]) -> T | None:
        """What `part` gives; None if it raised BadSettings, whose sentences are kept."""
        try:
            return part()
        except BadSettings as bad:
            self._found += bad.faults
            return None

    def demand_none(self) -> None:
        """Raise BadSettings with every sentence, once each."""
        if self._found:
            raise BadSettings(dict.fromkeys(self._found))


def sentences(error: ValidationError, prefix: str) -> list[str]:
    """One sentence per fault, beginning with the name of the setting."""
    return [
        _sentence(prefix, fault["loc"], fault["type"], fault["msg"]) for fault in error.errors()
    ]


def _sentence(prefix: str, where: tuple[int | str, ...], kind: str, message: str) -> str:
    name = prefix + str(where[0]).upper() if where else "Settings"
    if kind == "missing":
        return f"{name} is missing: set it."
    said = message.removeprefix("Value error, ")
    # what compares several settings names them itself
    return f"{name}: {said}." if where else f"{said}."
