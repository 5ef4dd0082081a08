"""What provisioning leaves to people, and what the target systems are like.

Administering guide, "Managing Application Instances": a connected application is provisioned by its
connector; a disconnected one by a person, who is given a manual fulfilment task. That a task of a
failed provisioning stays, to be tried again, is our own reading of "Provisioning Tasks".
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sandbox.oim.rows import QUEUE, Request, Target
from sandbox.world import IT_SECURITY, WorldItem

TAKING = frozenset({"Remove from Roles", "Revoke Account", "Revoke Entitlement"})
FULFILLERS = f"{QUEUE}{IT_SECURITY}"  # who makes by hand what no connector makes
PENDING, REJECTED, COMPLETED = "Pending", "Rejected", "Completed"
_FIRST_TASK = 5001


class Outcome(NamedTuple):
    """What became of it; `reason` is a sentence where it failed, and empty elsewhere."""

    word: str
    reason: str = ""


DONE, WAITING = Outcome("done"), Outcome("waiting")


def failed(reason: str) -> Outcome:
    """It was tried, and this is why nothing was changed."""
    return Outcome("failed", reason)


@dataclass(slots=True)
class ProvisioningTask:
    """One step that a person must look at: to be done by hand, or rejected by the target system.

    The assignee is a usr_key, or `role:NAME`. `status` is Pending, Rejected or Completed.
    """

    key: str
    request: Request
    user: str
    target: Target
    assignee: str
    opened_at: datetime
    by_hand: bool
    status: str = PENDING
    reason: str = ""
    note: str = ""
    ended_at: datetime | None = None

    @property
    def takes(self) -> bool:
        """Whether access is to be taken away."""
        return self.request.type in TAKING


class Provisioning:
    """What the target systems of one installation are like, and the tasks they left to people.

    `failing` gives the reason for which an item (kind and key) cannot be provisioned at present,
    `disconnected` has the keys of the applications that are provisioned by hand, `changes` by the
    request's id what is carried out for a request without items, such as a change of a user.
    """

    def __init__(self, items: Iterable[WorldItem]) -> None:
        items = list(items)
        self.applications = {item.name: item.key for item in items if item.kind == "account"}
        self.disconnected = {item.key for item in items if item.kind == "account" and item.by_hand}
        self.failing: dict[tuple[str, str], str] = {}
        self.changes: dict[str, Callable[[datetime], Outcome]] = {}
        self.tasks: dict[str, ProvisioningTask] = {}
        self.fulfillers = FULFILLERS
        self._keys = itertools.count(_FIRST_TASK)

    def by_hand(self, item: WorldItem) -> bool:
        """Whether a person has to do it: accounts and entitlements of disconnected applications."""
        return self.application(item) in self.disconnected

    def application(self, item: WorldItem) -> str:
        """The key of the application an item belongs to; empty for roles."""
        return item.key if item.kind == "account" else self.applications.get(item.application, "")

    @property
    def fulfiller_name(self) -> str:
        """The role that is given what has to be made by hand."""
        return self.fulfillers.removeprefix(QUEUE)

    def refusal(self, item: WorldItem) -> str:
        """Why an item cannot be provisioned at present; empty if it can."""
        return self.failing.get((item.kind, item.key), "")

    def open_task(self, task: ProvisioningTask) -> None:
        """One more task."""
        self.tasks[task.key] = task

    def next_key(self) -> str:
        """A task's key, larger than all before."""
        return str(next(self._keys))
