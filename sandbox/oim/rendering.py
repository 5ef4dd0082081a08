"""The product's JSON: thin lists, keys instead of logins, absent instead of null.

REST API for OIG Self Service, "Requests". The insides of requestTaskDetails are not shown there;
they follow the names of its schemas.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sandbox.oim.records import QUEUE, Oim, Request, Task
from sandbox.oim.workflow import Workflow

Json = dict[str, Any]

# Real answers name hosts that callers cannot reach, and paths of another service: nobody should
# read ids out of links.
_FOREIGN = "https://oim-managed1.internal.example:14001/iam/governance/adminservice/api/v1"
KIND_WORDS = {"role": "Role", "account": "ApplicationInstance", "entitlement": "Entitlement"}


def moment(at: datetime) -> str:
    """ISO 8601, UTC, seconds, Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def links(path: str, *relations: str) -> list[Json]:
    """Links as the product gives them, under its own host."""
    return [{"rel": rel, "href": _FOREIGN + path} for rel in relations or ("self",)]


def present(**fields: Any) -> Json:  # noqa: ANN401 -- any JSON value
    """Only the fields that say something: optional ones are absent, not null."""
    return {name: value for name, value in fields.items() if value not in (None, "")}


def page(name: str, rows: Sequence[Any], offset: int, limit: int, path: str) -> Json:
    """One page of a list; `rows` is all of it. Offsets count from 1, there is no total."""
    found = list(rows[offset - 1 : offset - 1 + limit])
    more = len(rows) > offset - 1 + limit
    here = f"{path}?offset={offset}&limit={limit}"
    return {
        "links": links(here, "self", "first"),
        "count": len(found),
        "hasMore": more,
        "totalResult": -1,
        name: found,
    }


def selected(row: Json, wanted: str) -> Json:
    """Only the fields asked for with `fields=`; id and links stay."""
    names = {name.strip() for name in wanted.split(",")} | {"id", "links"}
    return {name: value for name, value in row.items() if not wanted or name in names}


def request_row(request: Request) -> Json:
    """A request in the Track Requests list: no items, no approvers, no date of change."""
    return present(
        links=links(f"/requests/{request.id}"),
        id=request.id,
        reqStatus=request.status,
        reqType=request.type,
        reqCreatedOn=moment(request.created_at),
        reqJustification=request.justification,
        requester={
            "name": "requesterId",
            "value": request.requester,
            "link": links(f"/users/{request.requester}")[0],
        },
        reqBeneficiaryList=[
            {"id": key, "links": links(f"/users/{key}")} for key in request.beneficiaries
        ],
    )


def request_detail(oim: Oim, request: Request, *, approvers: bool) -> Json:
    """One request with its items; who decides is shown to those who may know."""
    detail = request_row(request) | {
        "reqModifiedOnDate": moment(request.modified_at),
        "reqTargetEntities": [
            present(
                entityType=KIND_WORDS[target.item.kind],
                entityId=target.item.key,
                startDate=target.start_date,
                endDate=target.end_date,
            )
            for target in request.targets
        ],
        "childRequests": [
            {"id": child, "reqStatus": oim.requests[child].status} for child in request.children
        ],
    }
    if approvers and request.tasks:
        detail["requestTaskDetails"] = [_task_details(oim, request)]
    return detail


def _task_details(oim: Oim, request: Request) -> Json:
    past = [task for task in request.tasks if task.state != "ASSIGNED"]
    waiting = request.open_tasks
    future = _future(oim, request) if waiting else []
    return {
        "taskId": (waiting or past)[-1].task_id,
        "history": {
            "previousApprovers": [_approver(oim, task) for task in past],
            "currentApprovers": [_approver(oim, task) for task in waiting],
            "futureApprovers": future,
        },
    }


def _future(oim: Oim, request: Request) -> list[Json]:
    route = Workflow(oim).route(request)
    stage = request.tasks[-1].stage
    return [
        {"approvers": assignee_name(oim, assignee), "stage": f"Stage{number}"}
        for number, assignee in enumerate(route[stage:], stage + 1)
    ]


def _approver(oim: Oim, task: Task) -> Json:
    who = task.acquired_by or (task.decided_by if task.state == "COMPLETED" else None)
    return present(
        approvers=assignee_name(oim, who or task.assignee),
        status=task.outcome or task.state,
        stage=f"Stage{task.stage}",
        taskId=task.task_id,
        assignedDate=moment(task.assigned_at),
        completedDate=moment(task.decided_at) if task.decided_at else None,
        comments=task.comment,
    )


def assignee_name(oim: Oim, assignee: str) -> str:
    """A login, or the name of a queue; both in capitals."""
    if assignee.startswith(QUEUE):
        return assignee.removeprefix(QUEUE)
    return oim.users[assignee].login


def title(request: Request, task: Task) -> str:
    """The task's title in the inbox."""
    words = "Beneficiary manager approval" if task.stage == 1 else "Item owner approval"
    return f"{words} for Request ID {request.id}"


def pending_row(oim: Oim, request: Request, task: Task) -> Json:
    """A task in `view=pendingApprovals`: no beneficiary, no items, no justification."""
    return present(
        links=links(f"/requests/{request.id}"),
        id=request.id,
        title=title(request, task),
        creator=oim.users[request.requester].login.lower(),
        taskId=task.task_id,
        state=task.state,
        status=request.status,
        assignee=assignee_name(oim, task.assignee),
        created=moment(task.assigned_at),
        acquiredBy=oim.users[task.acquired_by].login if task.acquired_by else None,
    )
