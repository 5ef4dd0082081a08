"""OIM's words for where a request or a task stands, and ours.

The request words are those of the product's REQUEST_STAGES table and of its Java constants
(Oracle, Java API reference, `RequestStage`); installations write them in varying case.
"""

from collections.abc import Iterable

from broker.domain.access_requests import RequestState
from broker.domain.approvals import TaskState

_OPEN = {
    RequestState.REQUESTED: (
        "Request Initialized",
        "Request Created",
        "SoD check not initiated",
        "SoD check result pending",
        "SoD check completed",
    ),
    RequestState.AWAITING_APPROVAL: (
        "Request Awaiting Approval",
        "Provide Information",
        "Obtaining Request Approval",
        "Obtaining Operation Approval",
    ),
    RequestState.IN_PROGRESS: (
        "Request Approved",
        "Request Auto Approved",
        "Request Approval Approved",
        "Operation Approval Approved",
        "Request Approval Auto Approved",
        "Operation Approval Auto Approved",
        "Operation Initiated",
        "Operation Completed",
        "Post Operation Processing Initiated",
        "Request Approved Fulfillment Pending",
        "Request Awaiting Completion",
        "Request Awaiting Child Requests Completion",
        "Request Awaiting child Requests Completion",
        "Request Awaiting Dependent Request Completion",
        "Request Awaiting Execution",
    ),
}
_OTHERS = {
    RequestState.REQUESTED: ("Request Draft Created",),
    RequestState.COMPLETED: ("Request Completed",),
    RequestState.REJECTED: (
        "Request Rejected",
        "Request Approval Rejected",
        "Operation Approval Rejected",
    ),
    RequestState.WITHDRAWN: ("Request Withdrawn",),
    RequestState.FAILED: (
        "Request Failed",
        "Request Partially Failed",
        "Request Completed With Errors",
    ),
    RequestState.CLOSED: ("Request Closed",),
}
_REQUESTS = {
    word.casefold(): state
    for table in (_OPEN, _OTHERS)
    for state, words in table.items()
    for word in words
}
_TASKS = {
    TaskState.REQUESTED: (
        "assigned",
        "reassigned",
        "alerted",
        "suspended",
        "information required",
        "information requested",
        "info_requested",
    ),
    TaskState.APPROVED: ("approve", "approved"),
    TaskState.REJECTED: ("reject", "rejected"),
    TaskState.WITHDRAWN: ("withdraw", "withdrawn"),
}
_TASK_STATES = {word: state for state, words in _TASKS.items() for word in words}

# states of a task in which nobody decides any more, and nobody has (REST API for OIG Self
# Service, "Requests", view pendingApprovals); STALE is the workflow engine's
OVER = frozenset({"completed", "expired", "errored", "stale", "deleted"})


def open_words(further: Iterable[str] = ()) -> tuple[str, ...]:
    """Every status, in OIM's spelling, that a request which is not final may have."""
    return tuple(dict.fromkeys([*(word for words in _OPEN.values() for word in words), *further]))


def request_state(word: str) -> RequestState:
    """Our word; one that we do not know counts as in progress, never as done."""
    return _REQUESTS.get(word.strip().casefold(), RequestState.IN_PROGRESS)


def task_state(word: str) -> TaskState:
    """Our word for a task's state or outcome."""
    return _TASK_STATES.get(word.strip().casefold(), TaskState.UNKNOWN)
