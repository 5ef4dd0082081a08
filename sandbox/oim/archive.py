"""Requests by id: those that may still change as they are, those of the past packed.

A request that is final never changes. A million of them take some hundred megabytes, and are
found by status and person without being looked at.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, MutableMapping
from datetime import UTC, date, datetime
from uuid import UUID

from sandbox.oim.rows import Request, Target, Task
from sandbox.world import WorldItem

_HEAD = struct.Struct("<IIIIIIIBBB")
_ITEM, _NUMBER = struct.Struct("<HI"), struct.Struct("<I")
_TASK = struct.Struct("<16sBIIIIIII")


class _Pool:
    """Each text once, by number; 0 is the empty one."""

    def __init__(self) -> None:
        self._texts, self._numbers = [""], {"": 0}

    def number(self, text: str | None) -> int:
        found = self._numbers.setdefault(text or "", len(self._texts))
        if found == len(self._texts):
            self._texts.append(text or "")
        return found

    def __getitem__(self, number: int) -> str:
        return self._texts[number]


class Index:
    """Numbers of requests by a word, such as a status or somebody's key; in order."""

    def __init__(self) -> None:
        self._found: dict[str, array[int]] = {}

    def note(self, word: str | None, number: int) -> None:
        """One more request with this word."""
        if word:
            self._found.setdefault(word, array("I")).append(number)

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __getitem__(self, word: str) -> Iterable[int]:
        return self._found.get(word, ())


class Archive:
    """Final requests, packed, with what is needed to find them."""

    def __init__(self, items: Iterable[WorldItem]) -> None:
        self._items = list(items)
        self._places = {(item.kind, item.key): at for at, item in enumerate(self._items)}
        self._bytes, self._starts = bytearray(), array("Q")
        self._words, self._texts = _Pool(), _Pool()
        self.numbers = array("I")
        self.by_status, self.by_requester = Index(), Index()
        self.by_beneficiary, self.by_approver = Index(), Index()

    def add(self, request: Request) -> None:
        """Keep one; its number must be larger than all before."""
        number = int(request.id)
        self._starts.append(len(self._bytes))
        self.numbers.append(number)
        self._pack(request)
        self.by_status.note(request.status, number)
        self.by_requester.note(request.requester, number)
        for key in request.beneficiaries:
            self.by_beneficiary.note(key, number)
        for name in {name for task in request.tasks for name in (task.assignee, task.decided_by)}:
            self.by_approver.note(name, number)

    def find(self, number: int) -> Request | None:
        """One of them, made anew."""
        at = bisect_left(self.numbers, number)
        if at == len(self.numbers) or self.numbers[at] != number:
            return None
        return self._unpacked(number, self._starts[at])

    def _pack(self, request: Request) -> None:
        word, out = self._words.number, self._bytes
        out += _HEAD.pack(
            word(request.type), word(request.status), word(request.requester),
            _seconds(request.created_at), _seconds(request.modified_at),
            self._texts.number(request.justification), int(request.parent or 0),
            len(request.targets), len(request.tasks), len(request.children),
        )  # fmt: skip
        out += _NUMBER.pack(word(request.beneficiaries[0]))
        for target in request.targets:
            ends = date.fromisoformat(target.end_date).toordinal() if target.end_date else 0
            out += _ITEM.pack(self._places[target.item.kind, target.item.key], ends)
        for child in request.children:
            out += _NUMBER.pack(int(child))
        for task in request.tasks:
            self._pack_task(task)

    def _pack_task(self, task: Task) -> None:
        word = self._words.number
        self._bytes += _TASK.pack(
            UUID(task.task_id).bytes, task.stage, word(task.assignee), word(task.state),
            _seconds(task.assigned_at), word(task.outcome), _seconds(task.decided_at),
            word(task.decided_by), self._texts.number(task.comment),
        )  # fmt: skip

    def _unpacked(self, number: int, at: int) -> Request:
        kind, status, requester, created, modified, why, parent, targets, tasks, children = (
            _HEAD.unpack_from(self._bytes, at)
        )
        word, at = self._words, at + _HEAD.size
        (beneficiary,) = _NUMBER.unpack_from(self._bytes, at)
        at += _NUMBER.size
        items = [_ITEM.unpack_from(self._bytes, at + _ITEM.size * n) for n in range(targets)]
        at += _ITEM.size * targets
        below = [_NUMBER.unpack_from(self._bytes, at + _NUMBER.size * n) for n in range(children)]
        at += _NUMBER.size * children
        return Request(
            id=str(number), type=word[kind], status=word[status], requester=word[requester],
            beneficiaries=(word[beneficiary],), created_at=_moment(created),
            targets=tuple(Target(self._items[i], None, _day(ends)) for i, ends in items),
            modified_at=_moment(modified), justification=self._texts[why],
            parent=str(parent) if parent else None, children=[str(child) for (child,) in below],
            tasks=[self._task(at + _TASK.size * n) for n in range(tasks)],
        )  # fmt: skip

    def _task(self, at: int) -> Task:
        task_id, stage, assignee, state, assigned, outcome, decided, decider, comment = (
            _TASK.unpack_from(self._bytes, at)
        )
        word = self._words
        return Task(
            task_id=str(UUID(bytes=task_id)), stage=stage, assignee=word[assignee],
            state=word[state], assigned_at=_moment(assigned), outcome=word[outcome],
            decided_at=_moment(decided) if decided else None, decided_by=word[decider] or None,
            comment=self._texts[comment],
        )  # fmt: skip


class Requests(MutableMapping[str, Request]):
    """All requests by id, in the order of their numbers; `live` are those that may change."""

    def __init__(self, items: Iterable[WorldItem]) -> None:
        self.past, self.live = Archive(items), dict[str, Request]()

    def keep(self, request: Request, *, final: bool) -> None:
        """Take over one from before; its number must be larger than all before."""
        if final:
            self.past.add(request)
        else:
            self.live[request.id] = request

    def __getitem__(self, key: str) -> Request:
        found = self.live.get(key)
        if found is None and key.isdecimal():
            found = self.past.find(int(key))
        if found is None:
            raise KeyError(key)
        return found

    def __setitem__(self, key: str, request: Request) -> None:
        self.live[key] = request

    def __delitem__(self, key: str) -> None:
        del self.live[key]

    def __len__(self) -> int:
        return len(self.past.numbers) + len(self.live)

    def __iter__(self) -> Iterator[str]:
        return map(str, self.numbers())

    def numbers(self) -> list[int]:
        """Every number, in order."""
        return sorted([*self.past.numbers, *map(int, self.live)])


def _seconds(at: datetime | None) -> int:
    return int(at.timestamp()) if at else 0


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _day(ordinal: int) -> str | None:
    return date.fromordinal(ordinal).isoformat() if ordinal else None
