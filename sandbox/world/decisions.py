"""Approval tasks of one request: who had to decide, when they did, and what they said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from random import Random
from uuid import UUID

from sandbox.world.model import WorldItem, WorldPerson, WorldTask
from sandbox.world.reasons import Reasons
from sandbox.world.route import approval_route
from sandbox.world.workdays import HOUR, in_hours

# how an approval ended
APPROVED, REJECTED, LATE, WITHDRAWN, WAITING, HALF, NONE = (
    "APPROVE", "REJECT", "late", "WITHDRAWN", "", "part", "none"
)  # fmt: skip
_LATE_REFUSAL = 0.4
# of a hundred decisions so many take from so long to so long, in hours
_PATIENCE = ((34, 0.05, 3), (33, 3, 26), (24, 26, 96), (9, 96, 340))


def moment(at: int) -> datetime:
    """A time as the world tells it."""
    return datetime.fromtimestamp(at, UTC)


def patience(rng: Random) -> int:
    """How many seconds somebody takes to decide, nights not counted."""
    at = rng.random() * 100
    for share, low, high in _PATIENCE:
        if at < share:
            return int((low + (high - low) * rng.random()) * HOUR)
        at -= share
    return _PATIENCE[-1][1] * HOUR


class Decisions:
    """Decides on requests as the company's managers did; `queues` names who acts for a queue."""

    def __init__(
        self,
        rng: Random,
        people: Mapping[str, WorldPerson],
        queues: Mapping[str, Sequence[str]],
        reasons: Reasons,
        now: int,
    ) -> None:
        self._rng, self._people, self._queues = rng, people, queues
        self._reasons, self._now = reasons, now

    def tasks(
        self, created: int, requester: str, beneficiary: str, item: WorldItem, ending: str
    ) -> tuple[tuple[WorldTask, ...], int]:
        """The tasks, and the second of the last thing that happened in them."""
        if ending == NONE:
            return (), created
        on, at = moment(created).date(), created + 4 + int(self._rng.random() * 40)
        route = approval_route(self._people, item, beneficiary, on)
        tasks: list[WorldTask] = []
        for stage, assignee in enumerate(route, 1):
            outcome = self._outcome(ending, last=stage == len(route))
            at, task = self._task(stage, assignee, min(at, self._now), outcome,
                                  (requester, beneficiary, item, on))  # fmt: skip
            tasks.append(task)
            if outcome != APPROVED:
                break
        return tuple(tasks), at

    def _outcome(self, ending: str, *, last: bool) -> str:
        """What a stage ended with; a refusal may come at the first stage or at the last."""
        if ending == HALF:
            return WAITING if last else APPROVED
        if ending == LATE:
            return REJECTED if last else APPROVED
        if ending == REJECTED and not last and self._rng.random() < _LATE_REFUSAL:
            return APPROVED
        return ending

    def _task(
        self, stage: int, assignee: str, at: int, outcome: str,
        case: tuple[str, str, WorldItem, date],
    ) -> tuple[int, WorldTask]:  # fmt: skip
        task_id, assigned = self._id(), moment(at)
        if outcome == WAITING:
            return at, WorldTask(task_id, stage, assignee, "ASSIGNED", assigned)
        requester, beneficiary, item, on = case
        decided = self._decided(at, quick=requester == assignee)
        if outcome == WITHDRAWN:
            return decided, WorldTask(task_id, stage, assignee, "WITHDRAWN", assigned, "",
                                      moment(decided))  # fmt: skip
        occasion = "refuse" if outcome == REJECTED else "agree"
        if requester == assignee and outcome == APPROVED:
            occasion = "quick"
        who = self._people[beneficiary]
        comment = self._reasons.comment(occasion, assignee, who, item, on)
        decider = self._decider(assignee, on)
        return decided, WorldTask(task_id, stage, assignee, "COMPLETED", assigned, outcome,
                                  moment(decided), decider, comment)  # fmt: skip

    def _id(self) -> str:
        return str(UUID(int=self._rng.getrandbits(128), version=4))

    def _decided(self, at: int, *, quick: bool) -> int:
        """In working hours, and in the past: who is quick decides on what they asked for."""
        wait = 60 + int(self._rng.random() * 900) if quick else patience(self._rng)
        decided = in_hours(self._rng, at + wait)
        if decided <= self._now:
            return decided
        return at + int((self._now - at) * (0.1 + 0.8 * self._rng.random()))

    def _decider(self, assignee: str, on: date) -> str | None:
        if not assignee.startswith("role:"):
            return assignee
        listed = self._queues.get(assignee.removeprefix("role:"), ())
        able = [key for key in listed if self._people[key].hired_on <= on]
        return able[int(self._rng.random() * len(able))] if able else None
