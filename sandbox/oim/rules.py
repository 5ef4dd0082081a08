"""Who has to agree to what: an ordered list of rules, of which the first that fits counts.

Administering guide, "Managing Workflows": rules are evaluated by operation, on the requester and
the beneficiary; "direct" carries an operation out at once, without a request, but not one for
several people or items, nor one for a later day. A bulk request itself is approved by itself
unless a rule for the operation `BULK` says otherwise; what that operation is called is our own
reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sandbox.oim.rows import QUEUE, Request, User
from sandbox.world import ADMINISTRATORS, IT_SECURITY, WorldItem, approval_route

if TYPE_CHECKING:  # the state holds what this module keeps
    from sandbox.oim.records import Oim

DIRECT = ("direct",)  # carried out at once, and nothing in Track Requests
AUTOMATIC: tuple[str, ...] = ()
ROUTE = "route"
BULK = "Bulk Request"
_USER = "user:"
_MANAGER, _REQUESTERS, _OWNER = "manager", "requester's manager", "owner"
_WORDS = frozenset({_MANAGER, _REQUESTERS, _OWNER})

Stages = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """Whom to ask where these conditions hold; an empty one always does. Case does not count.

    `stages` is DIRECT, AUTOMATIC, or for each stage whom to ask: `manager` (the beneficiary's),
    `requester's manager`, `owner` (of the item), `role:NAME`, `user:LOGIN`, or `route` (the
    company's usual stages). Several joined by `+` are asked at once, and all have to agree.
    `requester` and `beneficiary` are logins, `item` is a name, `organization` the beneficiary's
    department. What would go to somebody who is not there goes to the administrators.
    """

    stages: tuple[str, ...]
    operation: str = ""
    requester: str = ""
    organization: str = ""
    beneficiary: str = ""
    item: str = ""

    def __post_init__(self) -> None:
        """Raises ValueError for a word that means nobody."""
        alone = (*DIRECT, ROUTE)
        words = [word for s in self.stages if s not in alone for word in _words(s)]
        for word in words:
            if word not in _WORDS and not word.startswith((QUEUE, _USER)):
                msg = f"nobody is {word!r}"
                raise ValueError(msg)

    def fits(self, case: Case) -> bool:
        """Whether this rule decides on the case."""
        asked = (self.operation, self.requester, self.organization, self.beneficiary, self.item)
        if case.operation == BULK and not self.operation:
            return False
        return all(
            not wanted or wanted.casefold() == found.casefold()
            for wanted, found in zip(asked, case.facts(), strict=True)
        )


class Case(NamedTuple):
    """What is asked: `item` is None for several, and for what is no access."""

    operation: str
    requester: User
    beneficiary: User
    item: WorldItem | None

    def facts(self) -> tuple[str, str, str, str, str]:
        """What conditions are compared with, in the order in which a rule has them."""
        person = self.beneficiary.person
        return (
            self.operation,
            self.requester.login,
            person.department if person else "",
            self.beneficiary.login,
            self.item.name if self.item else "",
        )


DEFAULT = (Rule(AUTOMATIC, requester="BROKER"), Rule((ROUTE,)))


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
            names = [_assignee(oim, case, word) for word in _words(stage)]
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


def _words(stage: str) -> list[str]:
    return [word.strip() for word in stage.split("+")]


def _assignee(oim: Oim, case: Case, word: str) -> str:
    if word.startswith(QUEUE):
        return word
    if word.startswith(_USER):
        user = oim.by_login.get(word.removeprefix(_USER).upper())
        return user.key if user else f"{QUEUE}{ADMINISTRATORS}"
    if word == _OWNER:
        return _owner(oim, case.item)
    return _manager(oim, case.requester if word == _REQUESTERS else case.beneficiary)


def _owner(oim: Oim, item: WorldItem | None) -> str:
    user = oim.user_of(item.owner) if item is not None and item.owner else None
    return user.key if user else f"{QUEUE}{IT_SECURITY}"


def _manager(oim: Oim, user: User) -> str:
    """The manager's usr_key; the administrators where there is none who could act."""
    boss = oim.users.get(user.manager_key or "")
    return boss.key if boss and boss.active else f"{QUEUE}{ADMINISTRATORS}"
