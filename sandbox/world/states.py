"""Every word in which OIM says where a request stands, with its share, age and approval.

The words are those of the product's request stages; the two-level ones ("Obtaining Operation
Approval" and its like) belong to requests from before the company's upgrade.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from random import Random
from typing import NamedTuple

from sandbox.world.decisions import APPROVED, HALF, NONE, REJECTED, WAITING, WITHDRAWN

COMPLETED, AWAITING = "Request Completed", "Request Awaiting Approval"
AWAITING_CHILDREN = "Request Awaiting Child Requests Completion"
WITH_ERRORS = "Request Completed With Errors"
FORGOTTEN_DAYS = 270  # nothing else is open for so long
UPGRADED_DAYS = 800
_ANY_AGE = 9999


class State(NamedTuple):
    """A word, how often of a thousand, how its approval ended, and for which ages in days."""

    word: str
    share: int
    ending: str
    youngest: float = 0
    oldest: float = _ANY_AGE


CLOSED = (
    State(COMPLETED, 800, APPROVED),
    State("Request Rejected", 95, REJECTED, 0, UPGRADED_DAYS),
    State("Request Withdrawn", 52, WITHDRAWN),
    State("Request Failed", 14, APPROVED),
    State("Request Partially Failed", 5, APPROVED),
    State(WITH_ERRORS, 9, APPROVED),
    State("Request Closed", 12, WITHDRAWN),
    State("Request Approval Rejected", 55, REJECTED, UPGRADED_DAYS),
    State("Operation Approval Rejected", 40, REJECTED, UPGRADED_DAYS),
)
OPEN = (
    State(AWAITING, 700, WAITING),
    State(AWAITING, 70, HALF, 0.3),
    State("Provide Information", 35, WAITING, 0.2, 60),
    State("Request Approved Fulfillment Pending", 80, APPROVED, 0.05, 14),
    State("Operation Initiated", 18, APPROVED, 0, 4),
    State("Request Awaiting Dependent Request Completion", 12, APPROVED, 0.1, 20),
    State("SoD check result pending", 12, NONE, 0, 6),
    State("SoD check not initiated", 3, NONE, 0, 4),
    State("SoD check completed", 3, NONE, 0, 4),
    State("Request Draft Created", 16, NONE, 0, 200),
    State("Request Initialized", 2, NONE, 0, 4),
    State("Request Created", 2, NONE, 0, 4),
    State("Request Approved", 5, APPROVED, 0, 4),
    State("Request Auto Approved", 3, NONE, 0, 4),
    State("Operation Completed", 4, APPROVED, 0, 4),
    State("Post Operation Processing Initiated", 4, APPROVED, 0, 4),
    State("Request Awaiting Completion", 5, APPROVED, 0, 40),
)
FORGOTTEN = (
    State(AWAITING, 400, WAITING, FORGOTTEN_DAYS),
    State("Request Awaiting Dependent Request Completion", 60, APPROVED, FORGOTTEN_DAYS),
    State("Request Draft Created", 100, NONE, FORGOTTEN_DAYS),
    State("Obtaining Request Approval", 40, WAITING, FORGOTTEN_DAYS),
    State("Obtaining Operation Approval", 60, WAITING, FORGOTTEN_DAYS),
    State("Request Approval Approved", 20, APPROVED, FORGOTTEN_DAYS),
    State("Operation Approval Approved", 20, APPROVED, FORGOTTEN_DAYS),
    State("Request Approval Auto Approved", 10, NONE, FORGOTTEN_DAYS),
    State("Operation Approval Auto Approved", 10, NONE, FORGOTTEN_DAYS),
)
_SEEK_RARE, _SEEK_FORGOTTEN = 0.3, 0.85


class States:
    """Draws by share among those that fit an age; each word that fits at all comes early on."""

    def __init__(self, rng: Random, states: Sequence[State]) -> None:
        self._rng, self._states = rng, states
        self._missing = [state for state in states if state.share < 100]  # noqa: PLR2004 -- rare
        self._seek = _SEEK_FORGOTTEN if states is FORGOTTEN else _SEEK_RARE
        self._bounds = list(accumulate(state.share for state in states))

    def draw(self, age: float) -> State:
        """For something so many days old."""
        if self._missing and self._rng.random() < self._seek:
            for state in self._missing:
                if state.youngest <= age <= state.oldest:
                    self._missing.remove(state)
                    return state
        for _ in range(12):
            at = int(self._rng.random() * self._bounds[-1])
            state = self._states[bisect_right(self._bounds, at)]
            if state.youngest <= age <= state.oldest:
                return state
        return self._states[0]
