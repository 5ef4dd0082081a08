"""When a question that was put to several people is decided, and how.

ServiceNow docs, "Approval - User activity" and "Approval - Group activity": who has to approve
("wait for"), and what a rejection does while others have not answered.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

ANYONE, EVERYONE, FIRST = "any", "all", "first"
OPEN = frozenset({"requested", "not requested"})
DECIDED = frozenset({"approved", "rejected"})


@dataclass(frozen=True)
class DecisionRule:
    """Who has to approve; whether the first rejection is the end, or the others are heard."""

    wait_for: str = ANYONE
    hears_all: bool = False

    def outcome(self, states: Collection[str]) -> str | None:
        """`approved`, `rejected`, or None while it is open."""
        answered = not OPEN.intersection(states)
        if "rejected" in states and (answered or self.wait_for == FIRST or not self.hears_all):
            kept = self.wait_for == ANYONE and self.hears_all and "approved" in states
            return "approved" if kept else "rejected"
        if "approved" not in states or (self.wait_for == EVERYONE and not answered):
            return None
        return "approved"


# A workflow's activity by its name; what has no activity asks anyone.
ACTIVITIES = {
    "Anyone approves": DecisionRule(ANYONE),
    "Everyone approves": DecisionRule(EVERYONE),
    "Everyone answers": DecisionRule(EVERYONE, hears_all=True),
    "First response": DecisionRule(FIRST),
}
