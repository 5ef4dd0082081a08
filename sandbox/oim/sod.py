"""Preventive segregation of duties: pairs of items that nobody should have both of.

REST API for OIG Self Service has no call for it: a check shows as the status of a request alone.
What a violation leads to is our own reading: one approval more, by those who review them.
"""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.oim.provisioning_tasks import TAKING
from sandbox.oim.records import Oim
from sandbox.oim.rows import Place, Request


def concerned(oim: Oim, request: Request) -> bool:
    """Whether the request asks for an item of any pair, and so has to be checked."""
    if not oim.sod or not oim.switches.sod_checked or request.type in TAKING:
        return False
    wanted = set(_wanted(request))
    return any(wanted & set(pair) for pair in oim.sod)


def violated(oim: Oim, request: Request) -> str:
    """The sentence of the first pair that the beneficiary would have both of; empty if none."""
    parent = oim.requests.get(request.parent or "")
    wanted = set(_wanted(request))
    has = wanted | set(oim.holdings.get(request.beneficiaries[0], ()))
    has |= set(_wanted(parent)) if parent else set()
    found = (why for pair, why in oim.sod.items() if set(pair) <= has and wanted & set(pair))
    return next(found, "")


def _wanted(request: Request) -> Iterator[Place]:
    return ((target.item.kind, target.item.key) for target in request.targets)
