"""One seeded company that all sandbox servers share, so that their stories agree."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

from sandbox.world.catalogue import build_desk_items, build_items
from sandbox.world.history import build_history
from sandbox.world.holdings import build_holdings
from sandbox.world.model import (
    DeskItem,
    DeskVariable,
    World,
    WorldHolding,
    WorldItem,
    WorldPerson,
    WorldRequest,
    WorldTask,
    sys_id,
)
from sandbox.world.people import build_people
from sandbox.world.route import ADMINISTRATORS, IT_SECURITY, approval_route

__all__ = [
    "ADMINISTRATORS",
    "IT_SECURITY",
    "DeskItem",
    "DeskVariable",
    "World",
    "WorldHolding",
    "WorldItem",
    "WorldPerson",
    "WorldRequest",
    "WorldTask",
    "approval_route",
    "build_world",
    "sys_id",
]


def build_world(
    seed: int = 7,
    people: int = 120,
    requests: int = 400,
    open_share: float = 0.1,
    now: datetime | None = None,
) -> World:
    """A company of `people` with `requests` behind and before it, `open_share` of them open.

    The same arguments give the same company; `now` (aware, default: the present) is the moment
    that all its dates are counted back from.
    """
    moment = (now or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    rng = Random(seed)
    staff = build_people(rng, people)
    heads = [p.key for p in staff.values() if p.title.startswith(("Head of", "Chief", "Finance D"))]
    items = build_items(heads)
    history = build_history(rng, staff, items, requests, open_share, moment)
    it_head = next(p.key for p in staff.values() if p.title == "Chief Information Officer")
    return World(
        seed=seed,
        now=moment,
        people=staff,
        items=items,
        desk_items=build_desk_items(items),
        history=history,
        holdings=build_holdings(staff, history, moment),
        delegates={"ben": "finn"},
        queues={IT_SECURITY: ("cho", it_head), ADMINISTRATORS: ()},
    )
