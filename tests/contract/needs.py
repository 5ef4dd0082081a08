"""Which cases a product must pass, by the capabilities that its connector declares.

A case marked `needs` is put to those products that declare the capability, one marked `lacks` to
those that do not. What is left out is named in pytest's last lines, and is no skip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from _pytest.mark.structures import ParameterSet

from broker.domain.access import ItemKind
from broker.ports.iga import IgaCapabilities

DELTA_READS = "delta reads"
ACTING_AS_A_USER = "acting as a user"
HOLDINGS = "holdings"
TAKING_AWAY = {kind: f"taking away {kind.value}s" for kind in ItemKind}
CAPABILITIES = frozenset({DELTA_READS, ACTING_AS_A_USER, HOLDINGS, *TAKING_AWAY.values()})


def needs(capability: str) -> pytest.MarkDecorator:
    """The case is for products that can do this."""
    return pytest.mark.needs(capability)


def lacks(capability: str) -> pytest.MarkDecorator:
    """The case proves that what is declared absent is absent."""
    return pytest.mark.lacks(capability)


def kinds(marked: Callable[[str], pytest.MarkDecorator]) -> list[ParameterSet]:
    """Each kind of item as a case of its own, for those who can take it away, or cannot."""
    return [pytest.param(kind, marks=marked(TAKING_AWAY[kind]), id=kind) for kind in ItemKind]


def declared(capabilities: IgaCapabilities) -> frozenset[str]:
    """The capabilities in the words of this suite."""
    said = {
        DELTA_READS: capabilities.delta_reads,
        ACTING_AS_A_USER: capabilities.acts_as_user,
        HOLDINGS: capabilities.holdings,
    }
    said |= {word: kind in capabilities.revokes for kind, word in TAKING_AWAY.items()}
    return frozenset(word for word, able in said.items() if able)


def fits(needed: Iterable[str], lacking: Iterable[str], able: frozenset[str]) -> bool:
    """Whether a case with these marks is for a product that is able to do this."""
    return able.issuperset(needed) and able.isdisjoint(lacking)
