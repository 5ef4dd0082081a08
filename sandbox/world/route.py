"""Who has to agree to what: the approval rule that history and the running IGA share."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.world.model import WorldItem, WorldPerson

ADMINISTRATORS = "SYSTEM ADMINISTRATORS"
IT_SECURITY = "IT SECURITY"


def approval_route(
    people: Mapping[str, WorldPerson], item: WorldItem, beneficiary: str
) -> tuple[str, ...]:
    """The assignees, one a stage: the beneficiary's manager, then the owner of a risky item.

    An assignee is a person's key, or `role:NAME` for a queue whose members must claim the task.
    """
    first = _manager(people, beneficiary)
    if item.risk != "High":
        return (first,)
    second = item.owner or f"role:{IT_SECURITY}"
    return (first,) if second in (first, beneficiary) else (first, second)


def _manager(people: Mapping[str, WorldPerson], beneficiary: str) -> str:
    """The manager if they can act in the IGA, else the administrators' queue."""
    manager = people.get(people[beneficiary].manager or "")
    able = manager is not None and manager.iga_active and manager.iga_login is not None
    return manager.key if able and manager is not None else f"role:{ADMINISTRATORS}"
