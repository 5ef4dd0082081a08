"""Who has to agree to what: the approval rule that history and the running IGA share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sandbox.world.model import WorldItem, WorldPerson

ADMINISTRATORS = "SYSTEM ADMINISTRATORS"
IT_SECURITY = "IT SECURITY"


def approval_route(
    people: Mapping[str, WorldPerson], item: WorldItem, beneficiary: str, on: date | None = None
) -> tuple[str, ...]:
    """The assignees, one a stage: the beneficiary's manager, then the owner of a risky item.

    An assignee is a person's key, or `role:NAME` for a queue whose members must claim the task.
    `on` is the day whose organisation counts, the present by default.
    """
    first = _first(people, beneficiary, on)
    if item.risk != "High":
        return (first,)
    second = item.owner if item.kind == "role" and item.owner else f"role:{IT_SECURITY}"
    return (first,) if second in (first, beneficiary) else (first, second)


def manager_on(people: Mapping[str, WorldPerson], key: str, on: date) -> WorldPerson | None:
    """Who led this person on that day: before a lead took over it was the predecessor, and
    where there was none, the lead's own superior.
    """
    person = people[key]
    moved = person.moved_on is not None and on < person.moved_on
    boss = people.get((person.former_manager if moved else person.manager) or "")
    while boss is not None and boss.leads_since is not None and on < boss.leads_since:
        before = people.get(boss.predecessor or "")
        was_there = before is not None and before.hired_on <= on < (before.left_on or date.max)
        boss = before if was_there else people.get(boss.manager or "")
    return boss


def _first(people: Mapping[str, WorldPerson], beneficiary: str, on: date | None) -> str:
    """The manager if they can act in the IGA, else the administrators' queue."""
    if on is None:
        boss = people.get(people[beneficiary].manager or "")
        able = boss is not None and boss.iga_active
    else:
        boss = manager_on(people, beneficiary, on)
        able = boss is not None and on < (boss.left_on or date.max)
    if not able or boss is None or boss.iga_login is None:
        return f"role:{ADMINISTRATORS}"
    return boss.key
