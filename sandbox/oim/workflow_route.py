"""Whom a request has to ask, by name: what the rules say, and who that is."""

from __future__ import annotations

from sandbox.oim.records import Oim
from sandbox.oim.rows import QUEUE, Request, User
from sandbox.oim.rules import (
    AUTOMATIC,
    BULK,
    DIRECT,
    OWNER,
    REQUESTERS_MANAGER,
    ROUTE,
    USER,
    Case,
    words_of,
)
from sandbox.world import ADMINISTRATORS, IT_SECURITY, WorldItem, approval_route

Stages = tuple[tuple[str, ...], ...]


def case_of(oim: Oim, request: Request) -> Case:
    """What a request asks the rules."""
    item = request.targets[0].item if request.targets and not request.bulk else None
    operation = BULK if request.bulk else request.type
    beneficiary = oim.users[request.beneficiaries[0]]
    return Case(operation, oim.users[request.requester], beneficiary, item)


def chosen(oim: Oim, case: Case) -> tuple[str, ...]:
    """The stages of the first rule that fits, as they are written; AUTOMATIC if none does."""
    return next((rule.stages for rule in oim.rules if rule.fits(case)), AUTOMATIC)


def resolved(oim: Oim, case: Case, stages: tuple[str, ...]) -> Stages:
    """The assignees of each stage: usr_keys and `role:NAME`; none for DIRECT."""
    found: list[tuple[str, ...]] = []
    for stage in () if stages == DIRECT else stages:
        if stage == ROUTE:
            found += usual_route(oim, case)
        else:
            names = [_assignee(oim, case, word) for word in words_of(stage)]
            found.append(tuple(dict.fromkeys(names)))
    return tuple(found)


def usual_route(oim: Oim, case: Case) -> Stages:
    """What the company does where no rule says more: a manager, and a second for what is risky."""
    person = case.beneficiary.person
    if person is None or case.item is None:
        return ((_manager(oim, case.beneficiary),),)
    people = oim.world.people
    names = approval_route(people, case.item, person.key)
    return tuple((n if n.startswith(QUEUE) else people[n].usr_key or "",) for n in names)


def _assignee(oim: Oim, case: Case, word: str) -> str:
    if word.startswith(QUEUE):
        return word
    if word.startswith(USER):
        user = oim.by_login.get(word.removeprefix(USER).upper())
        return user.key if user else f"{QUEUE}{ADMINISTRATORS}"
    if word == OWNER:
        return _owner(oim, case.item)
    return _manager(oim, case.requester if word == REQUESTERS_MANAGER else case.beneficiary)


def _owner(oim: Oim, item: WorldItem | None) -> str:
    user = oim.user_of(item.owner) if item is not None and item.owner else None
    return user.key if user else f"{QUEUE}{IT_SECURITY}"


def _manager(oim: Oim, user: User) -> str:
    """The manager's usr_key; the administrators where there is none who could act."""
    boss = oim.users.get(user.manager_key or "")
    return boss.key if boss and boss.active else f"{QUEUE}{ADMINISTRATORS}"
