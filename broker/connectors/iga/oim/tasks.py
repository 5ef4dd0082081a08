"""Who decided on a request, and who has to, out of its detail.

The manual names `requestTaskDetails` with a `history` of three lists, and shows one entry: title,
stage, status and approvers (REST API for OIG Self Service, "View Request Details"). Whatever else
is understood here is our own reading: names or objects, one or several, at any of these places.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from broker.connectors.iga.oim.states import OVER, task_state
from broker.connectors.iga.oim.values import Row, entries, first, moment, rows, texts
from broker.domain.approvals import ApprovalTask, TaskState

_PAST, _NOW = "previousApprovers", "currentApprovers"
_WHO = ("acquiredBy", "approvers", "approver", "assignee", "assignees")
_SAYS, _AUTHOR = ("comment", "text", "value"), ("addedBy", "author", "userLogin", "login", "name")


def tasks(row: Row, request_id: str, *, final: bool) -> tuple[ApprovalTask, ...]:
    """Decisions made and waiting, each with an id of its own. Approvers of later stages have
    nothing to decide yet, and nobody has where the request is final.
    """
    found = [
        decision
        for task in rows(row.get("requestTaskDetails"))
        for decision in _of_task(task, request_id)
    ]
    return tuple(map(_over, _told_apart(found)) if final else _told_apart(found))


def _of_task(task: Row, request_id: str) -> Iterator[ApprovalTask]:
    histories = rows(task.get("history")) or [task]
    past = [entry for history in histories for entry in _listed(history, _PAST)]
    now = [entry for history in histories for entry in _listed(history, _NOW)]
    to_come = [entry for history in histories for entry in _listed(history, "futureApprovers")]
    alone = len(past + now + to_come) == 1
    for entry in past:
        for decision in _decisions(entry, task, request_id, alone=alone):
            yield _decided(decision)
    for entry in now:
        for decision in _decisions(entry, task, request_id, alone=alone):
            yield _asked(decision)


def _listed(history: Row, name: str) -> list[Row]:
    """The entries of one of the lists; a bare name is an entry that says nothing else."""
    return [
        entry if isinstance(entry, dict) else {"approvers": entry}
        for entry in entries(history.get(name))
    ]


def _decisions(entry: Row, task: Row, request_id: str, *, alone: bool) -> Iterator[ApprovalTask]:
    """One decision for each name. Ids stay while stages come and go: only what is certain to
    be alone in its task is called like the task.
    """
    own, raw = first(entry, "taskId"), first(entry, "status", "state", "outcome")
    shared, stage = first(task, "taskId"), first(entry, "stage")
    people = next((found for name in _WHO if (found := list(texts(entry.get(name))))), [])
    for who in people:
        single = len(people) == 1 and (own or (alone and shared))
        yield ApprovalTask(
            id=(own or shared) if single else _made_up(own or shared or request_id, stage, who),
            assignee=who,
            state=task_state(raw),
            raw_state=raw,
            stage=_stage(stage),
            assigned_at=moment(first(entry, "assignedDate", "assignedOn", "created", "startDate")),
            decided_at=moment(first(entry, "completedDate", "completedOn", "decidedOn", "endDate")),
            comment=_comment(entry),
        )


def _decided(decision: ApprovalTask) -> ApprovalTask:
    """Of the past: whoever handed it on, or was asked in vain, decides nothing any more."""
    if decision.state is TaskState.REQUESTED:
        return replace(decision, state=TaskState.UNKNOWN)
    return decision


def _asked(decision: ApprovalTask) -> ApprovalTask:
    """Of the present: it waits, whatever this installation calls that, unless its word is one of
    an end.
    """
    if decision.state is TaskState.UNKNOWN and decision.raw_state.casefold() not in OVER:
        return replace(decision, state=TaskState.REQUESTED)
    return decision


def _over(decision: ApprovalTask) -> ApprovalTask:
    if decision.state is TaskState.REQUESTED:
        return replace(decision, state=TaskState.WITHDRAWN)
    return decision


def _told_apart(found: list[ApprovalTask]) -> Iterator[ApprovalTask]:
    """Somebody may be asked twice in one stage, where nothing tells one task from the other."""
    seen = Counter[str]()
    for decision in found:
        seen[decision.id] += 1
        times = seen[decision.id]
        yield decision if times == 1 else replace(decision, id=f"{decision.id}-{times}")


def _made_up(task_id: str, stage: str, who: str) -> str:
    return f"{task_id}-{hashlib.sha256(f'{stage}/{who}'.encode()).hexdigest()[:8]}"


def _stage(word: str) -> str:
    """ "defaultOperationalApproval.approvalTask.assignee" as "Default operational approval"."""
    process, *task = word.split(".")
    if not task:
        return word
    return re.sub(r"(?<=[a-z])[A-Z]", lambda found: f" {found[0].lower()}", process).capitalize()


def _comment(entry: Row) -> str:
    said = next(
        (entry[name] for name in ("comments", "actionComment", *_SAYS) if entry.get(name)), ""
    )
    return "\n".join(filter(None, map(_line, entries(said))))


def _line(comment: object) -> str:
    if not isinstance(comment, dict):
        return next(texts(comment), "")
    said, author = first(comment, *_SAYS), first(comment, *_AUTHOR)
    return f"{author}: {said}" if said and author else said
