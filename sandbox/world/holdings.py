"""Who holds what: what everybody gets, and what past requests gave and took away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time

from sandbox.world.model import World, WorldHolding, WorldRequest

EVERYBODY = (("role", "Employee"), ("account", "Active Directory"), ("account", "ServiceNow"))
GIVING = frozenset({"Assign Roles", "Provision ApplicationInstance", "Provision Entitlement"})
_DONE = "Request Completed"


class Ledger:
    """What is held after the requests taken so far; as large as what is held, not as those."""

    def __init__(self, world: World) -> None:
        self._today = world.now.date()
        self._held: dict[str, dict[tuple[str, str], WorldHolding]] = {}
        for person in world.people.values():
            if person.iga_login is not None and person.active:
                since = datetime.combine(person.hired_on, time(6, 30), UTC)
                self._held[person.key] = {
                    item: WorldHolding(person.key, *item, since) for item in EVERYBODY
                }
        self._active = frozenset(self._held)

    def take(self, request: WorldRequest) -> None:
        """The next request, in the order of the history; gaining twice changes nothing."""
        if request.status != _DONE or request.children:
            return
        if request.ends_on is not None and request.ends_on < self._today:
            return
        held = self._held.setdefault(request.beneficiary, {})
        for item in request.items:
            if request.request_type not in GIVING:
                held.pop(item, None)
            elif item not in held:
                held[item] = WorldHolding(
                    request.beneficiary, *item, request.modified_at, request.request_id
                )

    def holdings(self) -> Iterator[WorldHolding]:
        """Of those who work here, in the order in which each gained them."""
        for key in self._held:
            if key in self._active:
                yield from self._held[key].values()


def holdings_of(world: World) -> list[WorldHolding]:
    """What everybody holds now; this walks through the whole history."""
    ledger = Ledger(world)
    for request in world.history:
        ledger.take(request)
    return list(ledger.holdings())
