"""What people do with provisioning tasks: fulfil by hand, refuse, try again, pass on, note.

Administering guide, "Managing Provisioning Tasks". What follows for the request is our own reading:
it ends with its last manual task, and a request that has failed stays failed, though a task that is
tried again may still bring the access.
"""

from __future__ import annotations

from sandbox.oim.provisioning import apply
from sandbox.oim.provisioning_tasks import COMPLETED, PENDING, REJECTED, ProvisioningTask
from sandbox.oim.records import Oim, User
from sandbox.oim.rows import QUEUE
from sandbox.oim.workflow import NotPossible, Workflow


class Fulfilment:
    """The provisioning tasks of one installation."""

    def __init__(self, oim: Oim) -> None:
        self._oim = oim

    def seen_by(self, user: User) -> list[ProvisioningTask]:
        """What is assigned to this user, in the order of their keys; an administrator sees all."""
        tasks = list(self._oim.provisioning.tasks.values())
        return [task for task in tasks if user.admin or self._assigned(user, task)]

    def waiting_for(self, user: User) -> list[ProvisioningTask]:
        """What this user is to do by hand now, the longest waiting first."""
        mine = [task for task in self.seen_by(user) if self._assigned(user, task)]
        return [task for task in mine if task.by_hand and task.status == PENDING]

    def find(self, user: User, key: str) -> ProvisioningTask:
        """The task of this key; NotPossible if there is none that this user sees."""
        task = self._oim.provisioning.tasks.get(key)
        if task is None or not (user.admin or self._assigned(user, task)):
            raise NotPossible(f"IAM-4050001: There is no task {key}.")
        return task

    def complete(self, user: User, key: str) -> None:
        """It was done by hand: the access is there, or gone. Raises NotPossible."""
        with self._oim.lock:
            task = self._open(user, key, PENDING, REJECTED)
            self._done(task)

    def reject(self, user: User, key: str, reason: str) -> None:
        """It cannot be done by hand, and so its request fails. Raises NotPossible."""
        with self._oim.lock:
            task = self._open(user, key, PENDING)
            task.reason = reason.strip() or f"{user.display_name} could not fulfil it."
            self._end(task, REJECTED)
            self._tell(task)

    def retry(self, user: User, key: str) -> None:
        """Try a rejected one again; it stays rejected while its target refuses it."""
        with self._oim.lock:
            task = self._open(user, key, REJECTED)
            reason = self._oim.provisioning.refusal(task.target.item)
            if reason:
                task.reason = reason
            else:
                self._done(task)

    def reassign(self, user: User, key: str, assignee: str) -> None:
        """Give it to another user (a usr_key) or a group (`role:NAME`). Raises NotPossible."""
        with self._oim.lock:
            task = self._open(user, key, PENDING, REJECTED)
            if not self._exists(assignee):
                raise NotPossible(f"IAM-4050003: There is no assignee {assignee}.")
            task.assignee = assignee

    def note(self, user: User, key: str, text: str) -> None:
        """Write something beside it, in place of what was there. Raises NotPossible."""
        with self._oim.lock:
            self.find(user, key).note = text

    def _open(self, user: User, key: str, *states: str) -> ProvisioningTask:
        task = self.find(user, key)
        if task.status not in states:
            raise NotPossible(f"IAM-4050002: Task {key} is {task.status}.")
        return task

    def _done(self, task: ProvisioningTask) -> None:
        at = self._oim.clock.now()
        apply(self._oim, task.request, task.user, task.target, at)
        self._oim.version += 1
        self._end(task, COMPLETED)
        self._tell(task)

    def _end(self, task: ProvisioningTask, status: str) -> None:
        task.status, task.ended_at = status, self._oim.clock.now()

    def _tell(self, task: ProvisioningTask) -> None:
        """The request ends once nothing of it is pending any more."""
        if not task.by_hand:
            return
        tasks = [one for one in self._oim.provisioning.tasks.values()
                 if one.request is task.request]  # fmt: skip
        if not any(one.status == PENDING for one in tasks):
            reasons = [one.reason for one in tasks if one.status == REJECTED]
            Workflow(self._oim).executed(task.request, " ".join(reasons))

    def _assigned(self, user: User, task: ProvisioningTask) -> bool:
        if task.assignee.startswith(QUEUE):
            return self._oim.is_member(user, task.assignee.removeprefix(QUEUE))
        return task.assignee == user.key

    def _exists(self, assignee: str) -> bool:
        if assignee.startswith(QUEUE):
            return assignee.removeprefix(QUEUE) in self._oim.world.queues
        return assignee in self._oim.users
