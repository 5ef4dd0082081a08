"""How a request lives: created, decided on, provisioned. Time is real, steps are taken when looked.

Oracle, Administering guide, "Managing Workflows": a request for several items or people becomes a
parent whose children each run their own approval; the one-level approval of 11.1.2.3 and 12c.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from sandbox.oim.records import BROKER_KEY, QUEUE, Oim, Request, Target, Task, User
from sandbox.oim.rows import FINAL
from sandbox.world import approval_route
from sandbox.world.writer import request_type

CREATED = "Request Created"
AWAITING_APPROVAL = "Request Awaiting Approval"
AWAITING_CHILDREN = "Request Awaiting Child Requests Completion"
AUTO_APPROVED = "Request Auto Approved"
APPROVED = "Request Approved"
PENDING = "Request Approved Fulfillment Pending"
INITIATED = "Operation Initiated"
COMPLETED = "Request Completed"
REJECTED = "Request Rejected"
WITHDRAWN = "Request Withdrawn"
CLOSED = "Request Closed"
PARTIAL = "Request Completed With Errors"
BULK = "Heterogeneous Request"
_BEFORE_APPROVAL = frozenset(
    {CREATED, AWAITING_APPROVAL, "Provide Information", "SoD check result pending",
     "Obtaining Operation Approval", "Obtaining Request Approval", "Request Draft Created"}
)  # fmt: skip
JUSTIFICATION_LIMIT = 4000


class NotPossible(Exception):
    """The product refuses; the message is its sentence."""


class Workflow:
    """Everything that changes a request."""

    def __init__(self, oim: Oim) -> None:
        self._oim = oim

    def submit(
        self,
        requester: User,
        beneficiaries: Sequence[str],
        targets: Sequence[Target],
        justification: str,
    ) -> Request:
        """Raise a request; raises NotPossible for what the product would refuse at once."""
        self._check(beneficiaries, targets, justification)
        with self._oim.lock:
            request = self._create(requester.key, tuple(beneficiaries), tuple(targets),
                                   justification, None)  # fmt: skip
            self._oim.ledger.append(request.id)
            return request

    def _check(self, beneficiaries: Sequence[str], targets: Sequence[Target], text: str) -> None:
        if not beneficiaries or not targets:
            raise NotPossible("IAM-2050010: A request needs a beneficiary and a target entity.")
        for key in beneficiaries:
            user = self._oim.users.get(key)
            if user is None:
                raise NotPossible(f"IAM-2050011: User with key {key} does not exist.")
            if not user.active:
                raise NotPossible(f"IAM-2050012: User {user.login} is disabled.")
        if len(text) > JUSTIFICATION_LIMIT:
            raise NotPossible("IAM-2050013: The justification is too long.")

    def _create(
        self,
        requester: str,
        beneficiaries: tuple[str, ...],
        targets: tuple[Target, ...],
        justification: str,
        parent: str | None,
    ) -> Request:
        at = self._oim.clock.now()
        kinds = tuple((target.item.kind, target.item.name) for target in targets)
        request = Request(
            id=self._oim.next_id(),
            type=request_type(kinds),
            status=CREATED,
            requester=requester,
            beneficiaries=beneficiaries,
            targets=targets,
            created_at=at,
            modified_at=at,
            justification=justification,
            parent=parent,
            next_at=at + timedelta(seconds=self._oim.delays.start),
        )
        self._oim.requests[request.id] = request
        self._touch(request, at)
        return request

    def advance(self) -> None:
        """Take every step that is due by now."""
        with self._oim.lock:
            moment = self._oim.clock.now()
            for request_id in sorted(self._oim.moving, key=int):
                request = self._oim.requests[request_id]
                while request.next_at is not None and request.next_at <= moment:
                    self._step(request, request.next_at)

    def _step(self, request: Request, at: datetime) -> None:
        steps = {
            CREATED: self._begin,
            AUTO_APPROVED: self._initiate,
            APPROVED: self._initiate,
            INITIATED: self._complete,
            PENDING: self._complete,
        }
        steps[request.status](request, at)

    def _begin(self, request: Request, at: datetime) -> None:
        if len(request.beneficiaries) * len(request.targets) > 1:
            self._split(request, at)
        elif request.requester == BROKER_KEY:
            self._move(request, AUTO_APPROVED, at, self._oim.delays.after(at, 1 / 3))
        else:
            self._ask(request, 0, at)

    def _split(self, request: Request, at: datetime) -> None:
        for key, target in itertools.product(request.beneficiaries, request.targets):
            child = self._create(request.requester, (key,), (target,), request.justification,
                                 request.id)  # fmt: skip
            request.children.append(child.id)
        self._move(request, AWAITING_CHILDREN, at, None)

    def route(self, request: Request) -> list[str]:
        """Who has to agree, in order: usr_keys, or `role:NAME`."""
        person = self._oim.users[request.beneficiaries[0]].person
        if person is None:
            return [f"{QUEUE}SYSTEM ADMINISTRATORS"]
        people, item = self._oim.world.people, request.targets[0].item
        route = approval_route(people, item, person.key)
        return [name if name.startswith(QUEUE) else people[name].usr_key or "" for name in route]

    def _ask(self, request: Request, stage: int, at: datetime) -> None:
        assignee = self.route(request)[stage]
        request.tasks.append(Task(str(uuid4()), stage + 1, assignee, at))
        self._move(request, AWAITING_APPROVAL, at, None)

    def _initiate(self, request: Request, at: datetime) -> None:
        account = request.targets[0].item.kind == "account"
        status = PENDING if account else INITIATED
        self._move(request, status, at, self._oim.delays.after(at, 2 / 3))

    def _complete(self, request: Request, at: datetime) -> None:
        for target in request.targets:
            for key in request.beneficiaries:
                self._oim.hold(key, target.item, at, request.id)
        self._end(request, COMPLETED, at)

    def _move(self, request: Request, status: str, at: datetime, next_at: datetime | None) -> None:
        request.status, request.next_at = status, next_at
        self._touch(request, at)

    def _touch(self, request: Request, at: datetime) -> None:
        request.modified_at = at
        self._oim.version += 1
        moving = self._oim.moving
        (moving.discard if request.next_at is None else moving.add)(request.id)

    def _end(self, request: Request, status: str, at: datetime) -> None:
        for task in request.open_tasks:
            task.state, task.decided_at = "WITHDRAWN", at
        self._move(request, status, at, None)
        if request.parent is not None:
            self._child_ended(self._oim.requests[request.parent], at)

    def _child_ended(self, parent: Request, at: datetime) -> None:
        ends = {self._oim.requests[child].status for child in parent.children}
        if ends <= FINAL and parent.status == AWAITING_CHILDREN:
            self._end(parent, COMPLETED if ends == {COMPLETED} else PARTIAL, at)

    def act(self, user: User, request: Request, action: str, task_id: str, comment: str) -> None:
        """One of the approval actions; without a task id the first task of the request is meant."""
        with self._oim.lock:
            if action == "close":
                self._close(user, request)
                return
            task = self._task(request, task_id)
            if not self._oim.may_act(user, task):
                raise NotPossible("IAM-2050021: The task is not assigned to you.")
            if action == "claim":
                task.acquired_by = user.key
                self._touch(request, self._oim.clock.now())
            else:
                self._decide(user, request, task, action, comment)

    def _task(self, request: Request, task_id: str) -> Task:
        found = [task for task in request.tasks if not task_id or task.task_id == task_id]
        if not task_id:
            found = request.open_tasks or found
        if not found:
            raise NotPossible("IAM-2050022: The request has no such task.")
        if found[0].state != "ASSIGNED":
            raise NotPossible("IAM-2050023: The task has been completed already.")
        return found[0]

    def _decide(self, user: User, request: Request, task: Task, action: str, comment: str) -> None:
        if action not in ("approve", "reject"):
            raise NotPossible(f"IAM-2050024: The action {action!r} is not supported.")
        if task.assignee.startswith(QUEUE) and task.acquired_by is None:
            raise NotPossible("IAM-2050025: Claim the task first.")
        at = self._oim.clock.now()
        task.state, task.outcome, task.comment = "COMPLETED", action.upper(), comment
        task.decided_at, task.decided_by = at, user.key
        if action == "reject":
            self._end(request, REJECTED, at)
        elif task.stage < len(self.route(request)):
            self._ask(request, task.stage, at)
        else:
            self._move(request, APPROVED, at, self._oim.delays.after(at, 1 / 3))

    def _close(self, user: User, request: Request) -> None:
        if not user.admin or request.status in FINAL:
            raise NotPossible("IAM-2050026: The request cannot be closed.")
        self._end(request, CLOSED, self._oim.clock.now())

    def withdraw(self, user: User, request: Request) -> None:
        """Take back a request that nobody has approved yet; its requester's right."""
        with self._oim.lock:
            if not user.admin and user.key != request.requester:
                raise NotPossible("IAM-2050031: Only the requester may withdraw a request.")
            if request.status not in _BEFORE_APPROVAL:
                raise NotPossible("IAM-2050032: The request can no longer be withdrawn.")
            self._end(request, WITHDRAWN, self._oim.clock.now())
