"""Manual fulfilment: what no connector provides is done by people, who say here that it is.

Administering guide, "Managing Provisioning Tasks". The addresses are our own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import redirect, render_template, request, url_for

from sandbox.oim.access import state
from sandbox.oim.console.frame import Page, console, me, refused, say
from sandbox.oim.console.people import find_assignee
from sandbox.oim.console.tasks import assignee_names, name_of
from sandbox.oim.fulfilment import Fulfilment
from sandbox.oim.provisioning_tasks import COMPLETED, PENDING, REJECTED, ProvisioningTask
from sandbox.oim.workflow import NotPossible

_ADDRESS = "/identity/faces/provisioning-tasks"
_STATES = {PENDING: "To be done", REJECTED: "Rejected", COMPLETED: "Done"}


@dataclass(frozen=True)
class ManualTask:
    """A provisioning task as people read it."""

    task: ProvisioningTask
    title: str
    user: str
    assignee: str

    @property
    def state(self) -> str:
        """Where it stands, in a word."""
        return _STATES[self.task.status]


def _view(task: ProvisioningTask) -> ManualTask:
    item, oim = task.target.item, state()
    verb = "Take away" if task.takes else "Provide"
    return ManualTask(
        task, f"{verb} {item.display_name}", name_of(oim, task.user),
        assignee_names(oim, [task.assignee]),
    )  # fmt: skip


@console.get(_ADDRESS)
def manual_tasks() -> Page:
    """The reader's tasks: what is to be done first, then what was."""
    tasks = [_view(task) for task in Fulfilment(state()).seen_by(me())]
    todo = [one for one in tasks if one.task.status != COMPLETED]
    done = [one for one in reversed(tasks) if one.task.status == COMPLETED]
    return render_template("oim/manual_tasks.html", todo=todo, done=done)


@console.get(f"{_ADDRESS}/<key>")
def manual_task(key: str) -> Page:
    """One task, to those to whom it is assigned."""
    try:
        found = Fulfilment(state()).find(me(), key)
    except NotPossible:
        return _no_task()
    return render_template("oim/manual_task.html", one=_view(found))


def _no_task() -> Page:
    return refused("There is no such task, or it is not yours.", 404, "Task not found")


@console.post(f"{_ADDRESS}/<key>")
def act_by_hand(key: str) -> Page:
    """Say that it is done, or cannot be; write beside it; pass it on; let it be tried again."""
    step = _STEPS.get(request.form.get("action", ""))
    if step is None:
        return refused("There is no such action.", 409)
    try:
        Fulfilment(state()).find(me(), key)
    except NotPossible:
        return _no_task()
    try:
        say(step(key, request.form.get("text", "").strip()))
    except NotPossible as error:
        return refused(str(error), 409)
    return redirect(url_for("oim_console.manual_tasks"), 303)


def _complete(key: str, text: str) -> str:
    if text:
        Fulfilment(state()).note(me(), key, text)
    Fulfilment(state()).complete(me(), key)
    return "The task is done."


def _reject(key: str, text: str) -> str:
    Fulfilment(state()).reject(me(), key, text)
    return "The task has been rejected."


def _note(key: str, text: str) -> str:
    Fulfilment(state()).note(me(), key, text)
    return "Your note has been kept."


def _pass_on(key: str, text: str) -> str:
    Fulfilment(state()).reassign(me(), key, find_assignee(text))
    return "The task has been passed on."


def _retry(key: str, _: str) -> str:
    Fulfilment(state()).retry(me(), key)
    done = Fulfilment(state()).find(me(), key).status == COMPLETED
    return "The task is done." if done else "It was tried again, and refused again."


_STEPS: dict[str, Callable[[str, str], str]] = {
    "complete": _complete, "reject": _reject, "note": _note, "reassign": _pass_on, "retry": _retry,
}  # fmt: skip
