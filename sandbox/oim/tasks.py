"""What people do with the human tasks of a request: claim, decide, pass on, ask back.

REST API for OIG Self Service, "Requests", lists the actions; SOA's Workflow Service guide says
what they do. Passing a task back for information has no action there, only the status "Provide
Information"; the console does it under `REQUESTINFORMATION` and `SUBMITINFORMATION`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sandbox.oim.records import Oim, Request, Task, User
from sandbox.oim.rows import ASSIGNED, COMPLETED, INFO_REQUESTED, QUEUE, SUSPENDED, Comment
from sandbox.oim.workflow_life import Life
from sandbox.oim.workflow_words import INFORMATION
from sandbox.world import ADMINISTRATORS

_REPEATABLE = frozenset({"APPROVE", "REJECT"})
_ANSWERS = frozenset({"SUBMITINFORMATION", "SAVE"})
_PASSING_ON = frozenset({"REASSIGN", "ESCALATE", "SUSPEND", "RESUME", "SKIPASSIGNMENT"})


class NotPossible(Exception):
    """The product refuses; the message is its sentence."""


class Act:
    """One action of somebody on one task, at a moment."""

    def __init__(
        self, user: User, request: Request, task: Task, at: datetime, comment: str,
        assignees: Sequence[str],
    ) -> None:  # fmt: skip
        self.user, self.request, self.task, self.at = user, request, task, at
        self.comment, self.assignees = comment, assignees


class Tasks:
    """Acts on the tasks of one installation."""

    def __init__(self, oim: Oim, life: Life) -> None:
        self._oim, self._life = oim, life
        self._actions: dict[str, Callable[[Act], None]] = {
            "APPROVE": self._approve,
            "REJECT": self._reject,
            "CLAIM": self._claim,
            "RELEASE": self._release,
            "REASSIGN": self._reassign,
            "ESCALATE": self._escalate,
            "SUSPEND": self._suspend,
            "RESUME": self._resume,
            "SAVE": self._save,
            "SKIPASSIGNMENT": self._skip,
            "CREATESUBTASK": self._divide,
            "REQUESTINFORMATION": self._ask_back,
            "SUBMITINFORMATION": self._answer,
        }

    def act(
        self, user: User, request: Request, action: str, task_id: str, comment: str,
        assignees: Sequence[str],
    ) -> None:  # fmt: skip
        """Do it. Raises NotPossible."""
        do = self._actions.get(action)
        if do is None:
            raise NotPossible(f"IAM-2050024: The action {action!r} is not supported.")
        task = self._task(user, request, task_id)
        if not task.open:
            if action in _REPEATABLE and not self._oim.switches.decided_once:
                return
            raise NotPossible("IAM-2050023: The task has been completed already.")
        self._demand(user, task, action)
        do(Act(user, request, task, self._oim.clock.now(), comment, assignees))

    def _task(self, user: User, request: Request, task_id: str) -> Task:
        """The task of that id; without one the first that is open, whoever's it is."""
        found = [task for task in request.tasks if not task_id or task.task_id == task_id]
        if not task_id:
            found = request.open_tasks or found
            if not self._oim.switches.first_task_without_id:
                found = [t for t in found if self._oim.may_act(user, t)] or found
        if not found:
            raise NotPossible("IAM-2050022: The request has no such task.")
        return found[0]

    def _demand(self, user: User, task: Task, action: str) -> None:
        """The right to do it: one's own task, or for passing it on the administrator's."""
        by_right = user.admin and action in _PASSING_ON
        if not self._oim.may_act(user, task) and not by_right:
            raise NotPossible("IAM-2050021: The task is not assigned to you.")
        if action == "SKIPASSIGNMENT" and not user.admin:
            raise NotPossible("IAM-2050027: Only an administrator may skip an assignment.")
        if task.state == SUSPENDED and action not in ("RESUME", "SAVE"):
            raise NotPossible("IAM-2050028: The task is suspended.")
        if task.state == INFO_REQUESTED and action not in _ANSWERS and not by_right:
            raise NotPossible("IAM-2050029: The task waits for information.")

    def _claim(self, act: Act) -> None:
        if not act.task.offered:
            raise NotPossible("IAM-2050040: The task is somebody's already.")
        act.task.acquired_by = act.user.key
        self._noted(act)

    def _release(self, act: Act) -> None:
        if act.task.acquired_by is None:
            raise NotPossible("IAM-2050041: The task is not claimed.")
        act.task.acquired_by = None
        self._noted(act)

    def _decided(self, act: Act, outcome: str) -> None:
        if act.task.offered and self._oim.switches.claim_needed:
            raise NotPossible("IAM-2050025: Claim the task first.")
        task = act.task
        task.state, task.outcome, task.comment = COMPLETED, outcome, act.comment
        task.decided_at, task.decided_by = act.at, act.user.key

    def _approve(self, act: Act) -> None:
        self._decided(act, "APPROVE")
        self._life.agreed(act.request, act.at)

    def _reject(self, act: Act) -> None:
        self._decided(act, "REJECT")
        self._life.refused(act.request, act.at)

    def _skip(self, act: Act) -> None:
        task = act.task
        task.state, task.outcome, task.comment = COMPLETED, "SKIPPED", act.comment
        task.decided_at, task.decided_by = act.at, act.user.key
        self._life.agreed(act.request, act.at)

    def _reassign(self, act: Act) -> None:
        self._give(act, self._named(act))

    def _divide(self, act: Act) -> None:
        """Others have to agree, too: everybody named gets a task of the same stage. That it is so
        is our own reading.
        """
        for name in self._named(act):
            self._life.add_task(act.request, act.task.stage, name, act.at)
        self._life.pace.watch(act.request)
        self._noted(act)

    def _named(self, act: Act) -> list[str]:
        names = [self._assignee(name) for name in act.assignees]
        if not names:
            raise NotPossible("IAM-2050042: Nobody was named to give the task to.")
        return names

    def _assignee(self, name: str) -> str:
        """A usr_key or `role:NAME` for what a caller wrote: a key, a login, the name of a role."""
        user = self._oim.users.get(name) or self._oim.by_login.get(name.upper())
        if user is not None:
            if not user.active:
                raise NotPossible(f"IAM-2050012: User {user.login} is disabled.")
            return user.key
        role = name.removeprefix(QUEUE).upper()
        if role not in {queue.upper() for queue in self._oim.world.queues}:
            raise NotPossible(f"IAM-2050043: There is no user or role {name}.")
        return f"{QUEUE}{role}"

    def _escalate(self, act: Act) -> None:
        """To the manager of who has it; a role's, and the topmost one's, to the administrators."""
        user = self._oim.users.get(act.task.acquired_by or act.task.assignee)
        boss = self._oim.users.get(user.manager_key or "") if user else None
        able = boss is not None and boss.active
        self._give(act, [boss.key if boss and able else f"{QUEUE}{ADMINISTRATORS}"])

    def _give(self, act: Act, names: list[str]) -> None:
        task = act.task
        task.assignee, task.others = names[0], tuple(names[1:])
        task.acquired_by, task.asked = None, None
        self._reopen(act)

    def _suspend(self, act: Act) -> None:
        act.task.state = SUSPENDED
        self._noted(act)

    def _resume(self, act: Act) -> None:
        if act.task.state != SUSPENDED:
            raise NotPossible("IAM-2050044: The task is not suspended.")
        act.task.state = ASSIGNED
        self._life.pace.watch(act.request)
        self._noted(act)

    def _save(self, act: Act) -> None:
        self._noted(act)

    def _ask_back(self, act: Act) -> None:
        """Of the requester, or of who is named; the task is theirs until they answer."""
        asked = self._assignee((*act.assignees, act.request.requester)[0])
        act.task.asked, act.task.state = asked, INFO_REQUESTED
        self._life.pace.move(act.request, INFORMATION, act.at)
        self._life.pace.watch(act.request)
        self._noted(act)

    def _answer(self, act: Act) -> None:
        if act.task.state != INFO_REQUESTED:
            raise NotPossible("IAM-2050045: No information was asked for.")
        act.task.asked = None
        self._reopen(act)

    def _reopen(self, act: Act) -> None:
        """The task waits for a decision again, and so does its request."""
        act.task.state = ASSIGNED
        if not any(task.asked for task in act.request.open_tasks):
            level = self._life.level(act.request, act.task.stage - 1)
            self._life.pace.move(act.request, self._life.words.asking[level], act.at)
        self._life.pace.watch(act.request)
        self._noted(act)

    def _noted(self, act: Act) -> None:
        if act.comment:
            act.task.comments.append(Comment(act.user.key, act.at, act.comment))
        self._life.pace.touch(act.request, act.at)
