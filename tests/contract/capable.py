"""A product that can do more than the installed ones, in memory: the cases are tried on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import cast

from broker.domain.access import ItemKind, ItemName
from broker.domain.access_requests import RequestHeader
from broker.domain.people import Person, normal
from tests.contract.subject import Calls, Hands, Subject
from tests.faults.proxy import FaultProxy
from tests.use_cases.fakes import CAPABILITIES, FakeIga, awaiting

ADA = Person("1", "ADA", "Ada Moreno", "ada@example.com", "1001")
BEN = Person("2", "BEN", "Ben Okafor", "ben@example.com", "1002")
ABLE = replace(CAPABILITIES, delta_reads=True, acts_as_user=True)
ROLE = ItemName("role", "Finance Reporting")


@dataclass
class Capable(FakeIga):
    """Tells what changed, and what waits for whom."""

    changed_at: dict[str, datetime] = field(default_factory=dict)

    def changes(self, since: datetime) -> Iterator[RequestHeader]:
        for request_id, at in self.changed_at.items():
            if at >= since:
                yield self.requests[request_id].header

    def pending_for(self, person: Person) -> Sequence[str]:
        return [
            request_id
            for request_id, request in self.requests.items()
            if normal(person.login) in [normal(task.assignee) for task in request.waiting]
        ]

    def ask(self) -> str:
        """Somebody asks, and ben has to decide."""
        return self._waits_for(BEN, str(100 + len(self.requests)))

    def end(self, request_id: str) -> None:
        """It is carried out."""
        self.changed_at[request_id] = datetime.now(UTC)
        self.finish(request_id)

    def reassign(self, request_id: str) -> str:
        """Ada has to decide now."""
        self._waits_for(ADA, request_id)
        return ADA.login

    def _waits_for(self, person: Person, request_id: str) -> str:
        self.requests[request_id] = awaiting(request_id, "3", person.login)
        self.changed_at[request_id] = datetime.now(UTC)
        return request_id


def subject(iga: Capable) -> Subject:
    """It, as far as those cases ask; there is neither a server nor a proxy."""
    iga.staff, iga.capabilities = [ADA, BEN], ABLE
    nothing = cast("FaultProxy", None)
    hands = Hands(
        accepted=list,
        asked_of=lambda _id: (ADA.key, [ROLE]),
        ask=iga.ask,
        quote=lambda _words: iga.ask(),
        finish=iga.end,
        reassign=iga.reassign,
        vanish=lambda _id: None,
        carry_out=lambda: None,
        end_tokens=lambda: None,
        hold_back=lambda: None,
        give=lambda kind: ItemName(ItemKind(kind), ROLE.name),
    )
    never = [lambda _call: False] * 5
    return Subject(iga, nothing, lambda: iga, ADA.login, (ROLE, ROLE), {}, {}, hands, Calls(*never))
