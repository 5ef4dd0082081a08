"""One request for access, as the IGA knows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from broker.domain.approvals import ApprovalTask, TaskState


class RequestState(StrEnum):
    """Our words for where a request stands. An unknown word of the IGA is never final."""

    REQUESTED = "requested"
    AWAITING_APPROVAL = "awaiting approval"
    IN_PROGRESS = "in progress"
    COMPLETED = "completed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"
    CLOSED = "closed"

    @property
    def final(self) -> bool:
        """Nothing will change any more."""
        return self in _FINAL


_FINAL = frozenset(
    {
        RequestState.COMPLETED,
        RequestState.REJECTED,
        RequestState.WITHDRAWN,
        RequestState.FAILED,
        RequestState.CLOSED,
    }
)


@dataclass(frozen=True, slots=True)
class RequestedItem:
    """One catalogue item for one beneficiary (both by the IGA's keys)."""

    kind: str
    key: str
    name: str
    beneficiary_key: str
    start_at: datetime | None = None
    end_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RequestHeader:
    """What a list says: enough to see that something changed, not what."""

    id: str
    state: RequestState
    raw_status: str
    requester_key: str
    beneficiary_keys: tuple[str, ...]
    request_type: str
    created_at: datetime
    justification: str = ""

    @property
    def takes_away(self) -> bool:
        """Whether it takes access away."""
        return takes_away(self.request_type)


def takes_away(request_type: str) -> bool:
    """Whether such requests take access away, by the IGA's own word: OIM's "Revoke Account" and
    what else begins so (Java API reference, `RequestConstants`).
    """
    return request_type.casefold().startswith(("revoke", "remove"))


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """All that the IGA tells about one request.

    `children` are the ids of the requests it was split into: often none until it is approved.
    """

    header: RequestHeader
    items: Sequence[RequestedItem] = ()
    tasks: Sequence[ApprovalTask] = ()
    modified_at: datetime | None = None
    children: tuple[str, ...] = ()

    @property
    def waiting(self) -> tuple[ApprovalTask, ...]:
        """The tasks somebody still has to decide."""
        return tuple(task for task in self.tasks if task.state is TaskState.REQUESTED)
