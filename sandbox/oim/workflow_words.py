"""In which words a request says where it stands, in both generations of the product.

The words are those of REQUEST_STAGES and of `RequestStage` (Java API reference). Administering
guide, "Managing Workflows": 11.1.2.3 and 12c know one level of approval; installations that came
from before it, the `11g` profile here, ask at the level of the request and again at that of the
operation. Which words follow each other there is our own reading of their names.
"""

from __future__ import annotations

from typing import NamedTuple

CREATED, DRAFT = "Request Created", "Request Draft Created"
SOD_NOT_INITIATED = "SoD check not initiated"
SOD_PENDING, SOD_CHECKED = "SoD check result pending", "SoD check completed"
AWAITING_APPROVAL, INFORMATION = "Request Awaiting Approval", "Provide Information"
AWAITING_CHILDREN = "Request Awaiting Child Requests Completion"
AWAITING_DATE = "Request Awaiting Completion"
AWAITING_DEPENDENT = "Request Awaiting Dependent Request Completion"
PENDING = "Request Approved Fulfillment Pending"
INITIATED = "Operation Initiated"
COMPLETED, FAILED = "Request Completed", "Request Failed"
REJECTED, WITHDRAWN, CLOSED = "Request Rejected", "Request Withdrawn", "Request Closed"
WITH_ERRORS, PARTLY_FAILED = "Request Completed With Errors", "Request Partially Failed"
UNDOCUMENTED = "Request Execution Deferred"
# As long as a request says one of these, nobody has approved it.
BEFORE_APPROVAL = frozenset(
    {CREATED, DRAFT, AWAITING_APPROVAL, INFORMATION, SOD_PENDING, SOD_CHECKED,
     SOD_NOT_INITIATED, "Obtaining Operation Approval", "Obtaining Request Approval"}
)  # fmt: skip
REQUEST_LEVEL, OPERATION_LEVEL = 0, 1


class Words(NamedTuple):
    """What is said on the way; pairs are for the level of the request and of the operation."""

    asking: tuple[str, str]
    approved: tuple[str, str]
    auto_approved: tuple[str, str]
    rejected: tuple[str, str]
    manual: str
    done: tuple[str, ...]
    mixed_ends: str
    levels: int

    def level(self, stage: int, *, child: bool, bulk: bool) -> int:
        """At which level a stage, from 0, is: the request's own is asked first, and only of what
        was raised, not of the children made from it.
        """
        if self.levels == 1 or bulk:
            return REQUEST_LEVEL
        return OPERATION_LEVEL if child or stage else REQUEST_LEVEL

    def unasked(self, *, child: bool, bulk: bool) -> tuple[str, ...]:
        """What a request says in turn for which nobody has to be asked."""
        first = self.level(0, child=child, bulk=bulk)
        return self.auto_approved[first : 1 if bulk else self.levels]

    def granted(self, last: int, *, bulk: bool) -> tuple[str, ...]:
        """What it says in turn once everybody agreed, `last` being the level asked last."""
        rest = () if bulk else self.auto_approved[last + 1 : self.levels]
        return (self.approved[last], *rest)


ONE_LEVEL = Words(
    (AWAITING_APPROVAL, AWAITING_APPROVAL),
    ("Request Approved", "Request Approved"),
    ("Request Auto Approved", "Request Auto Approved"),
    (REJECTED, REJECTED),
    PENDING, (), WITH_ERRORS, levels=1,
)  # fmt: skip
TWO_LEVELS = Words(
    ("Obtaining Request Approval", "Obtaining Operation Approval"),
    ("Request Approval Approved", "Operation Approval Approved"),
    ("Request Approval Auto Approved", "Operation Approval Auto Approved"),
    ("Request Approval Rejected", "Operation Approval Rejected"),
    INITIATED, ("Operation Completed", "Post Operation Processing Initiated"), PARTLY_FAILED,
    levels=2,
)  # fmt: skip


def spoken(profile: str) -> Words:
    """The words of a generation, `12c` or `11g`."""
    return TWO_LEVELS if profile == "11g" else ONE_LEVEL
