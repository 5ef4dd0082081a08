"""`/provtasks`; REST API for OIG Self Service, "Provisioning Task", and as clients read it.

Attributes have the names of database columns, and their values are not always strings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, jsonify

from sandbox.oim.access import caller, no_such, state
from sandbox.oim.envelope import Json, links, moment
from sandbox.oim.fulfilment import Fulfilment
from sandbox.oim.provisioning_tasks import ProvisioningTask
from sandbox.oim.query import Values
from sandbox.oim.resource_rows import chosen_pairs
from sandbox.oim.resources import listing, matching, named, resource_api, wanted
from sandbox.oim.rows import QUEUE
from sandbox.oim.service import body, objects
from sandbox.oim.workflow import NotPossible

provtasks_api = resource_api("provtasks")
_KEY, _CATEGORY = "Process Instance.Task Details.Key", "Status.Category"
_NOTE = "Process Instance.Task Details.Note"


def _values(task: ProvisioningTask) -> Json:
    """The attributes of a task; keys and levels are numbers."""
    user, item = state().users[task.user], task.target.item
    word = "Revoke" if task.takes else "Create"
    values: Json = {
        _KEY: int(task.key),
        _CATEGORY: task.status,
        "Process Definition.Tasks.Task Name": f"{word} {item.kind.title()}",
        "Process Instance.Descriptive Data": user.login.lower(),
        "Process Instance.Task Information.Creation Date": moment(task.opened_at),
        "Process Instance.Task Information.Assignee": _assignee(task),
        "Process Instance.Task Information.Target User": user.login,
        "Process Instance.Task Details.Reason": task.reason,
        "Process Instance.Task Details.System level": 0,
        _NOTE: task.note,
        "Objects.Name": item.application or item.name,
        "Request.Request Key": int(task.request.id or 0),
    }
    if not state().switches.task_values_typed:
        return {name: str(value) for name, value in values.items()}
    return values


def _assignee(task: ProvisioningTask) -> str:
    if task.assignee.startswith(QUEUE):
        return task.assignee.removeprefix(QUEUE)
    return state().users[task.assignee].login


def _row(task: ProvisioningTask) -> Json:
    fields = chosen_pairs(_values(task), wanted())
    return {"links": links(f"/provtasks/{task.key}"), "fields": fields}


_ATTRIBUTES: dict[str, Values[ProvisioningTask]] = {
    _CATEGORY.lower(): lambda task: (task.status,),
    _KEY.lower(): lambda task: (task.key,),
    "objects.name": lambda task: (task.target.item.application or task.target.item.name,),
}


@provtasks_api.get("/provtasks")
def list_tasks() -> Json:
    """One's own tasks; an administrator's list has everybody's."""
    test = matching(_ATTRIBUTES)
    rows = [_row(task) for task in Fulfilment(state()).seen_by(caller()) if test(task)]
    return listing("tasks", rows, "/provtasks")


@provtasks_api.get("/provtasks/<key>")
def show_task(key: str) -> Json:
    """One task."""
    return {"id": key} | _row(_seen(key))


def _seen(key: str) -> ProvisioningTask:
    try:
        return Fulfilment(state()).find(caller(), key)
    except NotPossible:
        no_such("provisioning task")


@provtasks_api.put("/provtasks/<key>")
def act_on_task(key: str) -> Response:
    """Retry, complete, reassign or note one task."""
    _seen(key)
    _act(key, body())
    return jsonify(links=links(f"/provtasks/{key}"), id=key, status="SUCCESS")


@provtasks_api.put("/provtasks")
def act_on_tasks() -> Response:
    """Several at once, each with its result."""
    results = [_result(entry) for entry in objects(body().get("tasks"))]
    return jsonify(links=links("/provtasks"), tasks=results)


def _result(entry: Mapping[str, Any]) -> Json:
    key = str(entry.get("id"))
    base = {"links": links(f"/provtasks/{key}"), "id": key, "requestId": entry.get("requestId")}
    try:
        _act(key, entry)
    except NotPossible as error:
        return base | {"status": "FAILURE", "errorMessage": str(error)}
    return base | {"status": "SUCCESS"}


def _act(key: str, entry: Mapping[str, Any]) -> None:
    fields, user = named(objects(entry.get("fields"))), caller()
    tasks = Fulfilment(state())
    actions: dict[str, Callable[[], None]] = {
        "retry": lambda: tasks.retry(user, key),
        "manualcomplete": lambda: tasks.complete(user, key),
        "setnote": lambda: tasks.note(user, key, str(fields.get(_NOTE, ""))),
        "reassign": lambda: tasks.reassign(user, key, _named_assignee(fields)),
    }
    action = actions.get(str(entry.get("action", "")).lower())
    if action is None:
        raise NotPossible(f"IAM-4050004: There is no action {entry.get('action')}.")
    action()


def _named_assignee(fields: Mapping[str, Any]) -> str:
    """`type` is `user` with a key, or else a group with its name."""
    name = str(fields.get("assignee", ""))
    return name if str(fields.get("type", "user")).lower() == "user" else f"{QUEUE}{name}"
