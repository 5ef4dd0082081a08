"""The inbox: what waits for the reader's decision, and what is done with it."""

from __future__ import annotations

from flask import render_template, request

from sandbox.oim.access import state
from sandbox.oim.console import tasks
from sandbox.oim.console.frame import Page, console, me, refused, say, to_request
from sandbox.oim.console.people import find_assignee
from sandbox.oim.records import Request
from sandbox.oim.workflow import NotPossible, Workflow

_SAID = {
    tasks.CLAIM: "The task is yours now.",
    tasks.RELEASE: "The task is back where you took it from.",
    tasks.APPROVE: "You have approved.",
    tasks.REJECT: "You have rejected.",
    tasks.REASSIGN: "The task has been passed on.",
    tasks.ESCALATE: "The task has been passed to the manager.",
    tasks.ASK: "Your question has been sent.",
    tasks.ANSWER: "Your answer has been sent.",
    tasks.SUSPEND: "The task is suspended.",
    tasks.RESUME: "The task goes on.",
}
_GONE = "This task is not in your inbox, or has been completed already."


def pending_approvals() -> Page:
    """What waits for the reader, the longest waiting first."""
    oim = state()
    waiting = tasks.inbox_of(oim, me())
    return render_template("oim/inbox.html", tasks=tasks.views(oim, me(), waiting))


@console.post("/identity/faces/approvals/<task_id>")
def decide(task_id: str) -> Page:
    """Act on a task of one's own; `action` says how."""
    waiting = tasks.inbox_of(state(), me())
    found = next((row for row, task in waiting if task.task_id == task_id), None)
    if found is None:
        return refused(_GONE, 404)
    try:
        return _act(found, task_id, request.form.get("action", ""))
    except NotPossible as error:
        return refused(str(error), 409)


def _act(found: Request, task_id: str, action: str) -> Page:
    if action not in _SAID:
        raise NotPossible("There is no such action.")
    comment = request.form.get("comment", "").strip()
    assignee = request.form.get("assignee", "").strip()
    named = (find_assignee(assignee),) if assignee and action == tasks.REASSIGN else ()
    Workflow(state()).act(me(), found, action, task_id, comment, named)
    say(_SAID[action])
    return to_request(found.id, "comments" if comment else "")
