"""`/requests/{id}/attachments`: listed task by task; a file as a form, an address as JSON.

REST API for OIG Self Service, "Request Attachments", names the methods, that they are grouped by
task, and both kinds. Field names, and who may remove what, are our own reading; there is no
documented way to read a file back.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from flask import Response, abort, jsonify, request

from sandbox.oim.access import caller, failure, state
from sandbox.oim.attachments import LARGEST_BYTES, Attachment
from sandbox.oim.envelope import Json, links, moment, present
from sandbox.oim.records import Request
from sandbox.oim.requests_api import visible
from sandbox.oim.rows import FINAL
from sandbox.oim.service import body, objects, service

_PATH = "/requests/<request_id>/attachments"
_FORM = "multipart/form-data"

attachments_api = service("attachments", _FORM)


@attachments_api.get(_PATH)
def list_attachments(request_id: str) -> Json:
    """All that is attached, by task."""
    visible(request_id)
    kept = sorted(state().attachments.of(request_id), key=_task)
    here = {"links": links(f"/requests/{request_id}/attachments"), "id": request_id}
    if not state().switches.attachments_by_task:
        return here | {"attachments": [_row(each) for each in kept]}
    tasks = [
        present(taskId=task_id, attachments=[_row(each) for each in group])
        for task_id, group in itertools.groupby(kept, key=_task)
    ]
    return here | {"requestTasks": tasks}


def _task(attachment: Attachment) -> str:
    return attachment.task_id


def _row(attachment: Attachment) -> Json:
    return present(
        id=attachment.id,
        attachmentName=attachment.name,
        attachmentType="URL" if attachment.url else "FILE",
        url=attachment.url,
        mimeType=attachment.media_type,
        size=len(attachment.content) or None,
        addedBy=state().users[attachment.added_by].login,
        addedOn=moment(attachment.added_at),
    )


@attachments_api.post(_PATH)
def attach(request_id: str) -> Response:
    """Add a file, or an address, to a request that is not over."""
    found = visible(request_id)
    form = request.mimetype == _FORM
    sent: Mapping[str, Any] = request.form if form else body()
    task_id = str(sent.get("taskId") or "")
    added = _file(task_id) if form else _address(task_id, sent)
    refusal = _refusal(found, added)
    if refusal:
        return failure(400, refusal)
    state().attachments.add(request_id, added)
    answer = present(id=added.id, attachmentName=added.name, status="SUCCESS")
    return jsonify({"links": links(f"/requests/{request_id}/attachments")} | answer)


def _refusal(found: Request, added: Attachment) -> str:
    if found.status in FINAL:
        return "IAM-2050061: The request is over."
    if added.task_id and added.task_id not in {task.task_id for task in found.tasks}:
        return "IAM-2050022: The request has no such task."
    if len(added.content) > LARGEST_BYTES:
        return "IAM-2050062: The file is too large."
    return ""


def _file(task_id: str) -> Attachment:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        abort(400)
    return Attachment(
        state().attachments.next_id(), task_id, sent.filename, caller().key, state().clock.now(),
        content=sent.read(), media_type=sent.mimetype,
    )  # fmt: skip


def _address(task_id: str, sent: Mapping[str, Any]) -> Attachment:
    url = str(sent.get("url") or "")
    if not url:
        abort(400)
    name = str(sent.get("attachmentName") or url)
    return Attachment(
        state().attachments.next_id(), task_id, name, caller().key, state().clock.now(), url=url
    )


@attachments_api.delete(_PATH)
def detach(request_id: str) -> Response:
    """Remove those that are named by id: one's own, an administrator any; a result for each."""
    visible(request_id)
    removable = {
        each.id
        for each in state().attachments.of(request_id)
        if caller().admin or each.added_by == caller().key
    }
    asked = [str(each.get("id")) for each in objects(body().get("attachments"))]
    state().attachments.remove(request_id, removable.intersection(asked))
    results = [
        {"id": each, "status": "SUCCESS" if each in removable else "FAILURE"} for each in asked
    ]
    return jsonify(links=links(f"/requests/{request_id}/attachments"), attachments=results)
