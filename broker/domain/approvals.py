"""Decisions that wait for somebody, and decisions made."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TaskState(StrEnum):
    """Where one approval task stands; `UNKNOWN` keeps a word we do not know visible."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ApprovalTask:
    """One decision waiting for, or made by, `assignee` (login or role name, as the IGA says).

    `comment` has a line for each comment, "LOGIN: text" where its author is known.
    """

    id: str
    assignee: str
    state: TaskState
    raw_state: str
    stage: str = ""
    assigned_at: datetime | None = None
    decided_at: datetime | None = None
    comment: str = ""


def stage_words(stage: str) -> str:
    """ "Stage1" as "Stage 1": vendors name their stages for machines."""
    return re.sub(r"(?<=[a-z])(?=\d)", " ", stage)
