"""Files and addresses attached to a request, each beside one of its tasks or beside none."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

LARGEST_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file with its content, or an address; `task_id` is empty for what came with the request."""

    id: str
    task_id: str
    name: str
    added_by: str
    added_at: datetime
    url: str = ""
    content: bytes = b""
    media_type: str = ""


class Attachments:
    """All attachments, by the id of their request."""

    def __init__(self) -> None:
        self._kept: dict[str, list[Attachment]] = {}
        self._ids = map(str, itertools.count(1))

    def next_id(self) -> str:
        """An id that no attachment has."""
        return next(self._ids)

    def of(self, request_id: str) -> list[Attachment]:
        """Those of one request, in the order in which they were added."""
        return list(self._kept.get(request_id, ()))

    def add(self, request_id: str, attachment: Attachment) -> None:
        """One more."""
        self._kept.setdefault(request_id, []).append(attachment)

    def remove(self, request_id: str, ids: Iterable[str]) -> None:
        """These are no more."""
        gone = set(ids)
        self._kept[request_id] = [each for each in self.of(request_id) if each.id not in gone]
