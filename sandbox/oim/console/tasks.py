"""Approval tasks as people read them, and what somebody may do with each."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.oim import rendering
from sandbox.oim.finding import tasks_of
from sandbox.oim.records import QUEUE, Oim, Request, Task, User

_CLAIM = ("claim",)
_DECIDE = ("approve", "reject")


@dataclass(frozen=True)
class TaskView:
    """One task with its request. `stands_in_for` names whose task a proxy sees, `claimed_by` who
    took it out of a queue; `actions` is what the reader may do now.
    """

    request: Request
    task: Task
    title: str
    assignee: str
    stands_in_for: str
    claimed_by: str
    decided_by: str
    actions: tuple[str, ...]


def inbox_of(oim: Oim, user: User) -> list[tuple[Request, Task]]:
    """The tasks this person may decide on, the longest waiting first."""
    found = tasks_of(oim, user, past=False)
    waiting = [(row, task) for row, task in found if task.state == "ASSIGNED"]
    return sorted(waiting, key=lambda pair: (pair[1].assigned_at, pair[1].task_id))


def views(oim: Oim, user: User, rows: list[tuple[Request, Task]]) -> list[TaskView]:
    """Tasks as this user reads them."""
    return [_view(oim, user, request, task) for request, task in rows]


def _view(oim: Oim, user: User, request: Request, task: Task) -> TaskView:
    return TaskView(
        request=request,
        task=task,
        title=rendering.title(request, task),
        assignee=assignee_name(oim, task.assignee),
        stands_in_for=_stood_in_for(oim, user, task),
        claimed_by=name_of(oim, task.acquired_by),
        decided_by=name_of(oim, task.decided_by),
        actions=_actions(oim, user, task),
    )


def _stood_in_for(oim: Oim, user: User, task: Task) -> str:
    """Whose task this is, where the user may act on it as that person's proxy only."""
    proxy = task.acquired_by is None and task.assignee in oim.stands_in_for(user) - {user.key}
    return name_of(oim, task.assignee) if proxy else ""


def _actions(oim: Oim, user: User, task: Task) -> tuple[str, ...]:
    if task.state != "ASSIGNED" or not oim.may_act(user, task):
        return ()
    if task.acquired_by is None and task.assignee.startswith(QUEUE):
        return _CLAIM
    return _DECIDE


def name_of(oim: Oim, key: str | None) -> str:
    """A user's name; empty where there is nobody."""
    user = oim.users.get(key or "")
    return user.display_name if user else ""


def assignee_name(oim: Oim, assignee: str) -> str:
    """A person with the login, or the name of a queue."""
    user = oim.users.get(assignee)
    return f"{user.display_name} ({user.login})" if user else rendering.assignee_name(oim, assignee)
