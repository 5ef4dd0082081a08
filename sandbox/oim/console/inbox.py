"""The inbox: what waits for the reader's decision, and the decisions themselves."""

from __future__ import annotations

from flask import render_template, request

from sandbox.oim.access import state
from sandbox.oim.console.frame import Page, console, me, refused, say, to_request
from sandbox.oim.console.tasks import inbox_of, views
from sandbox.oim.records import Request
from sandbox.oim.workflow import NotPossible, Workflow

_SAID = {
    "claim": "The task is yours now.",
    "release": "The task is back in its queue.",
    "approve": "You have approved.",
    "reject": "You have rejected.",
    "reassign": "The task has been passed on.",
}
_GONE = "This task is not in your inbox, or has been completed already."


def pending_approvals() -> Page:
    """What waits for the reader, the longest waiting first."""
    oim = state()
    return render_template("oim/inbox.html", tasks=views(oim, me(), inbox_of(oim, me())))


@console.post("/identity/faces/approvals/<task_id>")
def decide(task_id: str) -> Page:
    """Act on a task of one's own; `action` says how."""
    found = next((row for row, task in inbox_of(state(), me()) if task.task_id == task_id), None)
    if found is None:
        return refused(_GONE, 404)
    try:
        return _act(found, task_id, request.form.get("action", ""))
    except NotPossible as error:
        return refused(str(error), 409)


def _act(found: Request, task_id: str, action: str) -> Page:
    comment = request.form.get("comment", "").strip()
    Workflow(state()).act(me(), found, action, task_id, comment)
    say(_SAID.get(action, "Done."))
    return to_request(found.id)
