"""What is carried out once a request is approved, by the systems themselves or by hand.

Administering guide, "Managing Application Instances": a connected application is provisioned by its
connector; a disconnected one by a person, who is given a manual fulfilment task. REST API for OIG
Self Service, "Requests": an entitlement is attached to `parentAccountId`, by default to the user's
primary account. That a task of a failed provisioning stays, to be tried again, is our own reading
of "Provisioning Tasks".
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from sandbox.oim.rows import QUEUE, Request, Target
from sandbox.world import IT_SECURITY, WorldItem

if TYPE_CHECKING:  # the state holds what this module keeps
    from sandbox.oim.records import Oim

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


def carry_out(oim: Oim, request: Request, at: datetime) -> Outcome:
    """Give or take what the request is for, at the moment `at`.

    DONE: it is so. WAITING: a task for a person is open, whose end the workflow will hear of by
    `Workflow.executed`. Otherwise it failed, with a reason, and nothing was changed.
    """
    change = oim.provisioning.changes.pop(request.id, None)
    if change is not None:
        return change(at)
    steps = list(_steps(request))
    reasons = (_obstacle(oim, request, user, target) for user, target in steps)
    reason = next(filter(None, reasons), "")
    if reason:
        _leave_rejected(oim, request, steps, reason, at)
        return failed(reason)
    manual = [_leave_to_people(oim, request, step, at) for step in steps if _asks(oim, step[1])]
    for user, target in steps:
        if not _asks(oim, target):
            apply(oim, request, user, target, at)
    return WAITING if manual else DONE


def _steps(request: Request) -> Iterator[tuple[str, Target]]:
    return itertools.product(request.beneficiaries, request.targets)


def _asks(oim: Oim, target: Target) -> bool:
    return oim.switches.disconnected_wait and oim.provisioning.by_hand(target.item)


def apply(oim: Oim, request: Request, user: str, target: Target, at: datetime) -> None:
    """Give the access, or take it; with an account go the entitlements in its application."""
    item = target.item
    if request.type not in TAKING:
        oim.hold(user, item, at, request.id or None)
        return
    held = oim.holdings.get(user, {})
    held.pop((item.kind, item.key), None)
    if item.kind == "account" and oim.switches.entitlements_go_with_accounts:
        for place in [p for p, one in held.items() if one.item.application == item.name]:
            held.pop(place)


def _obstacle(oim: Oim, request: Request, user: str, target: Target) -> str:
    """Why it cannot be done now; empty if it can."""
    item = target.item
    reason = oim.provisioning.refusal(item)
    return reason or ("" if request.type in TAKING else account_missing(oim, user, target))


def account_missing(oim: Oim, user: str, target: Target) -> str:
    """Why the entitlement cannot be attached to an account of this user; empty if it can be, and
    for everything that is no entitlement.
    """
    item = target.item
    application = oim.provisioning.application(item)
    needed = item.kind == "entitlement" and oim.switches.entitlements_need_accounts
    if not needed or not application:
        return ""
    login = oim.users[user].login
    account = oim.holdings.get(user, {}).get(("account", application))
    if account is None:
        return f"{login} has no account in {item.application}."
    if target.parent_account and target.parent_account != account.id:
        return f"{target.parent_account} is no account of {login} in {item.application}."
    return ""


def _leave_to_people(
    oim: Oim, request: Request, step: tuple[str, Target], at: datetime
) -> ProvisioningTask:
    user, target = step
    task = ProvisioningTask(
        oim.provisioning.next_key(),
        request,
        user,
        target,
        oim.provisioning.fulfillers,
        at,
        by_hand=True,
    )
    oim.provisioning.open_task(task)
    return task


def _leave_rejected(
    oim: Oim, request: Request, steps: list[tuple[str, Target]], reason: str, at: datetime
) -> None:
    for user, target in steps:
        task = ProvisioningTask(
            oim.provisioning.next_key(), request, user, target, oim.provisioning.fulfillers, at,
            by_hand=False, status=REJECTED, reason=reason,
        )  # fmt: skip
        oim.provisioning.open_task(task)
