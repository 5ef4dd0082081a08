"""Approval tasks as people read them, and what somebody may do with each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sandbox.oim import rendering
from sandbox.oim.finding import tasks_of
from sandbox.oim.records import Oim, Request, Task, User
from sandbox.oim.rows import INFO_REQUESTED, SUSPENDED

CLAIM, RESUME, ANSWER = "claim", "resume", "submit information"
APPROVE, REJECT, RELEASE = "approve", "reject", "release"
REASSIGN, ASK, ESCALATE, SUSPEND = "reassign", "request information", "escalate", "suspend"
_DECIDING = (APPROVE, REJECT, REASSIGN, ASK, ESCALATE, SUSPEND)
_OUTCOMES = {"APPROVE": "Approved", "REJECT": "Rejected"}
_STATES = {"INFO_REQUESTED": "Information requested"}


@dataclass(frozen=True)
class Said:
    """A comment: who said it and when; `deciding` is the outcome it went with, if any."""

    author: str
    at: datetime
    text: str
    deciding: str = ""


@dataclass(frozen=True)
class TaskView:
    """One task with its request. `stands_in_for` names whose task a proxy sees, `claimed_by` who
    took it out of a queue, `asked` who is to give information; `actions` is what the reader may do
    now.
    """

    request: Request
    task: Task
    title: str
    assignee: str
    stands_in_for: str
    claimed_by: str
    decided_by: str
    asked: str
    state: str
    outcome: str
    actions: tuple[str, ...]
    said: tuple[Said, ...]


def inbox_of(oim: Oim, user: User) -> list[tuple[Request, Task]]:
    """The tasks that wait for this person, the longest waiting first."""
    found = tasks_of(oim, user, past=False)
    waiting = [(row, task) for row, task in found if task.open]
    return sorted(waiting, key=lambda pair: (pair[1].assigned_at, pair[1].task_id))


def views(oim: Oim, user: User, rows: Iterable[tuple[Request, Task]]) -> list[TaskView]:
    """Tasks as this user reads them."""
    return [_view(oim, user, request, task) for request, task in rows]


def _view(oim: Oim, user: User, request: Request, task: Task) -> TaskView:
    return TaskView(
        request=request,
        task=task,
        title=rendering.title(request, task),
        assignee=assignee_names(oim, task.assignees),
        stands_in_for=_stood_in_for(oim, user, task),
        claimed_by=name_of(oim, task.acquired_by),
        decided_by=name_of(oim, task.decided_by),
        asked=name_of(oim, task.asked),
        state=_STATES.get(task.state, task.state.capitalize()),
        outcome=_OUTCOMES.get(task.outcome, task.outcome.capitalize()),
        actions=_actions(oim, user, task),
        said=tuple(_said(oim, task)),
    )


def _stood_in_for(oim: Oim, user: User, task: Task) -> str:
    """Whose task this is, where the user may act on it as that person's proxy only."""
    holder = task.asked or task.acquired_by or task.assignee
    proxy = task.open and holder in oim.stands_in_for(user) - {user.key}
    return name_of(oim, holder) if proxy else ""


def _actions(oim: Oim, user: User, task: Task) -> tuple[str, ...]:
    if not task.open or not oim.may_act(user, task):
        return ()
    if task.state in (INFO_REQUESTED, SUSPENDED):
        return (ANSWER,) if task.state == INFO_REQUESTED else (RESUME,)
    if task.offered:
        return (CLAIM,)
    return (*_DECIDING, RELEASE) if task.acquired_by else _DECIDING


def _said(oim: Oim, task: Task) -> Iterable[Said]:
    for comment in task.comments:
        yield Said(name_of(oim, comment.author), comment.at, comment.text)
    if task.comment and task.decided_at:
        outcome = _OUTCOMES.get(task.outcome, task.outcome).lower()
        yield Said(name_of(oim, task.decided_by), task.decided_at, task.comment, outcome)


def name_of(oim: Oim, key: str | None) -> str:
    """A user's name; empty where there is nobody."""
    user = oim.users.get(key or "")
    return user.display_name if user else ""


def assignee_names(oim: Oim, assignees: Iterable[str]) -> str:
    """People with their logins, and the names of queues."""
    return ", ".join(_assignee_name(oim, assignee) for assignee in assignees)


def _assignee_name(oim: Oim, assignee: str) -> str:
    user = oim.users.get(assignee)
    return f"{user.display_name} ({user.login})" if user else rendering.assignee_name(oim, assignee)
