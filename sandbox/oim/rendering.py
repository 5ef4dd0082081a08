"""The product's JSON: thin lists, keys instead of logins, absent instead of null.

REST API for OIG Self Service, "Requests". The insides of requestTaskDetails are not shown there;
they follow the names of its schemas.
"""

from __future__ import annotations

from sandbox.oim import forms
from sandbox.oim.access import state
from sandbox.oim.envelope import Json, links, moment, page, present, selected
from sandbox.oim.records import QUEUE, Oim, Request, Task
from sandbox.oim.rows import Comment
from sandbox.oim.workflow import Workflow

__all__ = ["KIND_WORDS", "Json", "links", "moment", "page", "present", "selected"]
KIND_WORDS = {"role": "Role", "account": "ApplicationInstance", "entitlement": "Entitlement"}


def status_word(request: Request) -> str:
    """Where it stands; installations were seen that write one of the words without its capital."""
    capital = state().switches.child_capitalized
    return request.status if capital else request.status.replace(" Child ", " child ")


def request_row(request: Request) -> Json:
    """A request in the Track Requests list: no items, no approvers, no date of change."""
    return present(
        links=links(f"/requests/{request.id}"),
        id=request.id,
        reqStatus=status_word(request),
        reqType=request.type,
        reqCreatedOn=moment(request.created_at),
        reqExpireOn=moment(request.expires_at) if request.expires_at else None,
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


def listed_row(oim: Oim, request: Request) -> Json:
    """The same, unless a switch lets lists say more or say it otherwise."""
    row, switches = request_row(request), oim.switches
    if not switches.lists_are_thin:
        row["reqModifiedOnDate"] = moment(request.modified_at)
        row["reqTargetEntities"] = _entities(oim, request)
    if not switches.people_are_keys:
        row["requester"]["value"] = oim.users[request.requester].login
    return row


def _entities(oim: Oim, request: Request) -> list[Json]:
    return [
        present(
            entityType=KIND_WORDS[target.item.kind],
            entityId=target.item.key,
            startDate=target.start_date,
            endDate=target.end_date,
            appFormData=forms.shown(oim, request, target),
        )
        for target in request.targets
    ]


def request_detail(oim: Oim, request: Request, *, approvers: bool) -> Json:
    """One request with its items; who decides is shown to those who may know."""
    detail = request_row(request) | {
        "reqModifiedOnDate": moment(request.modified_at),
        "reqTargetEntities": _entities(oim, request),
        "childRequests": [
            {"id": child, "reqStatus": status_word(oim.requests[child])}
            for child in request.children
        ],
    }
    if approvers and request.tasks:
        detail["requestTaskDetails"] = [_task_details(oim, request)]
    return detail


def _task_details(oim: Oim, request: Request) -> Json:
    past = [task for task in request.tasks if not task.open]
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
    return [
        {"approvers": assignee_name(oim, assignee), "stage": f"Stage{number}"}
        for number, assignees in Workflow(oim).ahead(request)
        for assignee in assignees
    ]


def _approver(oim: Oim, task: Task) -> Json:
    who = task.asked or task.acquired_by or (task.decided_by if not task.open else None)
    names = [assignee_name(oim, name) for name in ((who,) if who else task.assignees)]
    return present(
        approvers=names[0] if len(names) == 1 else names,
        status=task.outcome or task.state,
        stage=f"Stage{task.stage}",
        taskId=task.task_id,
        assignedDate=moment(task.assigned_at),
        completedDate=moment(task.decided_at) if task.decided_at else None,
        comments=_comments(oim, task),
    )


def _comments(oim: Oim, task: Task) -> str | list[Json]:
    """The words of a decision; where more was said, who said what and when. What comments look
    like here is not documented: this is our own reading.
    """
    if not task.comments or not oim.switches.comments_in_detail:
        return task.comment
    said = list(task.comments)
    if task.comment and task.decided_by and task.decided_at:
        said.append(Comment(task.decided_by, task.decided_at, task.comment))
    return [
        {
            "comment": each.text,
            "addedBy": oim.users[each.author].login,
            "addedOn": moment(each.at),
        }
        for each in said
    ]


def assignee_name(oim: Oim, assignee: str) -> str:
    """A login, or the name of a queue; both in capitals."""
    if assignee.startswith(QUEUE):
        return assignee.removeprefix(QUEUE)
    return oim.users[assignee].login


def title(request: Request, task: Task) -> str:
    """The task's title in the inbox. Installations word these as they like."""
    return f"{_kind_of_approval(request, task)} for Request ID {request.id}"


def _kind_of_approval(request: Request, task: Task) -> str:
    oim = state()
    if oim.profile == "11g":
        operational = bool(request.parent) or task.stage > 1
        return f"Default {'operational' if operational else 'request'} level approval"
    bosses = {oim.users[key].manager_key for key in request.beneficiaries}
    by_boss = not bosses.isdisjoint(task.assignees)
    return "Beneficiary manager approval" if by_boss else "Item owner approval"


def pending_row(oim: Oim, request: Request, task: Task) -> Json:
    """A task in `view=pendingApprovals`: no beneficiary, no items, no justification."""
    return present(
        links=links(f"/requests/{request.id}"),
        id=request.id,
        title=title(request, task),
        creator=oim.users[request.requester].login.lower(),
        taskId=task.task_id,
        state=task.state,
        status=status_word(request),
        assignee=", ".join(assignee_name(oim, name) for name in task.assignees),
        created=moment(task.assigned_at),
        acquiredBy=oim.users[task.acquired_by].login if task.acquired_by else None,
        expires=moment(task.expires_at) if task.expires_at else None,
    )
