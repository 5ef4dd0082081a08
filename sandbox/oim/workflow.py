"""What people do with requests: raise, decide, comment on, withdraw, close.

REST API for OIG Self Service, "Requests"; Administering guide, "Managing Workflows". What happens
by itself is in `workflow_life.py`, what happens to human tasks in `tasks.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sandbox.oim import workflow_route as route
from sandbox.oim.provisioning import carry_out
from sandbox.oim.provisioning_tasks import Outcome
from sandbox.oim.records import Oim, Request, Target, User
from sandbox.oim.rows import FINAL, Comment
from sandbox.oim.rules import DIRECT
from sandbox.oim.tasks import NotPossible, Tasks
from sandbox.oim.workflow_life import Life
from sandbox.oim.workflow_words import (
    AWAITING_CHILDREN,
    BEFORE_APPROVAL,
    CLOSED,
    COMPLETED,
    FAILED,
    WITHDRAWN,
)

__all__ = ["NotPossible", "Workflow"]
JUSTIFICATION_LIMIT = 4000

Change = Callable[[datetime], Outcome]


class Workflow:
    """Everything that changes a request."""

    def __init__(self, oim: Oim) -> None:
        self._oim = oim
        self._life = Life(oim)
        self._tasks = Tasks(oim, self._life)

    def submit(
        self,
        requester: User,
        beneficiaries: Sequence[str],
        targets: Sequence[Target],
        justification: str,
        operation: str = "",
        change: Change | None = None,
    ) -> Request:
        """Raise a request, or carry it out at once where a rule says direct: its id is empty then.

        `operation` is the product's name of what is asked, by default to be given the targets;
        `change` does it, where it is not about access. Raises NotPossible for what the product
        would refuse at once, and for what was to be done at once and failed.
        """
        self._check(beneficiaries, targets, justification, operation)
        with self._oim.lock:
            request = self._life.make(
                requester.key, tuple(beneficiaries), tuple(targets), justification, operation
            )
            if self._direct(request):
                self._do_now(request, change)
            else:
                self._raise(request, change)
            return request

    def _check(
        self, beneficiaries: Sequence[str], targets: Sequence[Target], text: str, operation: str
    ) -> None:
        if not beneficiaries or not (targets or operation):
            raise NotPossible("IAM-2050010: A request needs a beneficiary and a target entity.")
        for key in beneficiaries:
            user = self._oim.users.get(key)
            if user is None:
                raise NotPossible(f"IAM-2050011: User with key {key} does not exist.")
            if not user.active and not operation:
                raise NotPossible(f"IAM-2050012: User {user.login} is disabled.")
        if len(text) > JUSTIFICATION_LIMIT:
            raise NotPossible("IAM-2050013: The justification is too long.")
        for target in targets:
            _dates(target)

    def _direct(self, request: Request) -> bool:
        """Not for several at once, and not for a later day ("Managing Workflows")."""
        if not self._oim.switches.direct_rules or request.effective_at is not None:
            return False
        if request.bulk and self._oim.switches.bulk_never_direct:
            return False
        case = route.case_of(self._oim, request)._replace(operation=request.type)
        return route.chosen(self._oim, case) == DIRECT

    def _do_now(self, request: Request, change: Change | None) -> None:
        at = self._oim.clock.now()
        outcome = change(at) if change is not None else carry_out(self._oim, request, at)
        if outcome.reason:
            raise NotPossible(f"IAM-2050016: {outcome.reason}")
        request.status = COMPLETED
        self._oim.version += 1

    def _raise(self, request: Request, change: Change | None) -> None:
        self._life.raise_(request)
        self._oim.ledger.append(request.id)
        if change is not None:
            self._oim.provisioning.changes[request.id] = change
        if request.bulk and not self._oim.switches.children_late:
            self._life.split(request, request.created_at)
        while not self._oim.switches.steps_asynchronous and _under_way(request):
            self._life.step(request, request.created_at)

    def advance(self) -> None:
        """Take every step that is due by now."""
        with self._oim.lock:
            self._life.advance(self._oim.clock.now())

    def executed(self, request: Request, failure: str = "") -> None:
        """What a person was asked to do by hand is done, or cannot be, for this reason."""
        with self._oim.lock:
            if request.id and request.status not in FINAL:
                self._life.executed(request, failure, self._oim.clock.now())

    def ahead(self, request: Request) -> list[tuple[int, tuple[str, ...]]]:
        """The stages that nobody was asked yet, with their numbers from 1 on and assignees."""
        asked = request.tasks[-1].stage if request.tasks else 0
        return list(enumerate(self._life.stages(request), 1))[asked:]

    def act(
        self,
        user: User,
        request: Request,
        action: str,
        task_id: str = "",
        comment: str = "",
        assignees: Sequence[str] = (),
    ) -> None:
        """One of the approval actions, in any case; without a task id the first open task of the
        request is meant. `assignees` are usr_keys, logins or names of roles. Raises NotPossible.
        """
        word = action.upper().replace(" ", "").replace("_", "")
        with self._oim.lock:
            if word == "CLOSE":
                self.close(user, request)
            elif word == "WITHDRAW":
                self.withdraw(user, request)
            else:
                self._tasks.act(user, request, word, task_id, comment, assignees)

    def comment(self, user: User, request: Request, text: str, task_id: str = "") -> None:
        """Say something beside a task, by default the last. Comments live in SOA's tasks: where
        there is none, NotPossible is raised.
        """
        with self._oim.lock:
            found = [task for task in request.tasks if task_id in ("", task.task_id)]
            if not found:
                raise NotPossible("IAM-2050046: The request has no task to comment on.")
            at = self._oim.clock.now()
            found[-1].comments.append(Comment(user.key, at, text))
            self._life.pace.touch(request, at)

    def close(self, user: User, request: Request) -> None:
        """The administrator's end of a request; a parent takes its children with it, unless some
        of them are closed or failed already.
        """
        with self._oim.lock:
            if not user.admin or request.status in FINAL:
                raise NotPossible("IAM-2050026: The request cannot be closed.")
            children = [self._oim.requests[child] for child in request.children]
            over = {child.status for child in children} & {CLOSED, FAILED}
            if over and self._oim.switches.closed_children_block_closing:
                raise NotPossible(
                    "IAM-2050084: Some child requests are closed or failed already. Close the"
                    " open ones one by one."
                )
            self._end_all(request, children, CLOSED)

    def _end_all(self, request: Request, children: list[Request], status: str) -> None:
        at = self._oim.clock.now()
        self._life.end(request, status, at)
        for child in children:
            if child.status not in FINAL:
                self._life.end(child, status, at)

    def withdraw(self, user: User, request: Request) -> None:
        """Take back a request that nobody has approved yet; its requester's right. A parent goes
        with its children, if none of them is approved; that is our own reading.
        """
        with self._oim.lock:
            if not user.admin and user.key != request.requester:
                raise NotPossible("IAM-2050031: Only the requester may withdraw a request.")
            children = [self._oim.requests[child] for child in request.children]
            if not self.withdrawable(request):
                raise NotPossible("IAM-2050032: The request can no longer be withdrawn.")
            self._end_all(request, children, WITHDRAWN)

    def withdrawable(self, request: Request) -> bool:
        """Whether it can still be taken back, by those who have the right."""
        children = [self._oim.requests[child] for child in request.children]
        if not self._oim.switches.withdrawal_ends_with_approval:
            return request.status not in FINAL
        if children:
            waiting = all(child.status in BEFORE_APPROVAL for child in children)
            return request.status == AWAITING_CHILDREN and waiting
        return request.status in BEFORE_APPROVAL


def _under_way(request: Request) -> bool:
    waits = request.next_at is None or request.then == "lapse"
    return not waits and request.status not in FINAL


def _dates(target: Target) -> None:
    try:
        _ = target.starts_at, target.ends_at
    except ValueError as error:
        raise NotPossible("IAM-2050015: A date is not in the format of ISO 8601.") from error
