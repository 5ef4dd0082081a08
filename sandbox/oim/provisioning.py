"""What is carried out once a request is approved, by the systems themselves or by hand.

REST API for OIG Self Service, "Requests": an entitlement is attached to `parentAccountId`, by
default to the user's primary account. That it fails only when it is carried out is our own reading.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime

from sandbox.oim.provisioning_tasks import (
    DONE,
    REJECTED,
    TAKING,
    WAITING,
    Outcome,
    ProvisioningTask,
    failed,
)
from sandbox.oim.records import Oim
from sandbox.oim.rows import Request, Target


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
