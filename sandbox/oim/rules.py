"""Who has to agree to what: an ordered list of rules, of which the first that fits counts.

Administering guide, "Managing Workflows": rules are evaluated by operation, on the requester and
the beneficiary; "direct" carries an operation out at once, without a request, but not one for
several people or items, nor one for a later day. A bulk request itself is approved by itself
unless a rule for the operation `BULK` says otherwise; what that operation is called is our own
reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sandbox.oim.rows import QUEUE, User
from sandbox.world import WorldItem

DIRECT = ("direct",)  # carried out at once, and nothing in Track Requests
AUTOMATIC: tuple[str, ...] = ()
ROUTE = "route"
BULK = "Bulk Request"
USER = "user:"
MANAGER, REQUESTERS_MANAGER, OWNER = "manager", "requester's manager", "owner"
_WORDS = frozenset({MANAGER, REQUESTERS_MANAGER, OWNER})


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
        means = [word for s in self.stages if s not in alone for word in words_of(s)]
        for word in means:
            if word not in _WORDS and not word.startswith((QUEUE, USER)):
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


def words_of(stage: str) -> list[str]:
    """Whom a stage is asked of, word by word."""
    return [word.strip() for word in stage.split("+")]
