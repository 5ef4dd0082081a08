"""One seeded company that all sandbox servers share, so that their stories agree."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

from sandbox.world.cast import RESERVED
from sandbox.world.catalogue import build_desk_items, build_items
from sandbox.world.history import SeededHistory
from sandbox.world.holdings import holdings_of
from sandbox.world.model import (
    DeskItem,
    DeskVariable,
    History,
    World,
    WorldHolding,
    WorldItem,
    WorldPerson,
    WorldRequest,
    WorldTask,
    sys_id,
)
from sandbox.world.people import build_people
from sandbox.world.route import ADMINISTRATORS, IT_SECURITY, approval_route, manager_on

__all__ = [
    "ADMINISTRATORS",
    "IT_SECURITY",
    "DeskItem",
    "DeskVariable",
    "History",
    "World",
    "WorldHolding",
    "WorldItem",
    "WorldPerson",
    "WorldRequest",
    "WorldTask",
    "approval_route",
    "build_world",
    "holdings_of",
    "manager_on",
    "sys_id",
]
_SECURITY_ANALYSTS, _DELEGATING = 4, 23


def build_world(
    seed: int = 7,
    people: int = 120,
    requests: int = 400,
    open_share: float = 0.1,
    now: datetime | None = None,
) -> World:
    """A company of `people` with `requests` behind and before it, `open_share` of them open.

    The same arguments give the same company; `now` (aware, default: the present) is the moment
    that all its dates are counted back from. Its history is made while it is read.
    """
    moment = (now or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    staff = build_people(Random(f"{seed}:people"), people, moment.date())
    items = build_items(staff, moment.date())
    queues = {IT_SECURITY: _security(staff), ADMINISTRATORS: ()}
    return World(
        seed=seed,
        now=moment,
        people=staff,
        items=items,
        desk_items=build_desk_items(items),
        history=SeededHistory(seed, staff, items, queues, requests, open_share, moment),
        delegates=_delegates(staff),
        queues=queues,
    )


def _security(staff: dict[str, WorldPerson]) -> tuple[str, ...]:
    """Cho, the head of IT, and some analysts."""
    head = next(p.key for p in staff.values() if p.title == "Chief Information Officer")
    analysts = [p.key for p in staff.values() if p.title == "Security Analyst" and p.active]
    return ("cho", head, *analysts[:_SECURITY_ANALYSTS])


def _delegates(staff: dict[str, WorldPerson]) -> dict[str, str]:
    """Ben's is finn; here and there another lead has a colleague of the same level stand in."""
    found = {"ben": "finn"}
    leads = [p for p in staff.values() if p.leads_since and p.active and p.key not in found]
    for lead, other in zip(leads[::_DELEGATING], leads[1::_DELEGATING], strict=False):
        if lead.manager == other.manager and {lead.key, other.key}.isdisjoint(RESERVED):
            found[lead.key] = other.key
    return found
