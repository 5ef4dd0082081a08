"""Who holds what at the start: what everybody gets, and what past requests gave."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count

from sandbox.world.model import WorldHolding, WorldPerson, WorldRequest

_EVERYBODY = (("role", "Employee"), ("account", "Active Directory"), ("account", "ServiceNow"))
_GIVING = ("Assign Roles", "Provision ApplicationInstance", "Provision Entitlement")


def build_holdings(
    people: dict[str, WorldPerson], history: list[WorldRequest], now: datetime
) -> list[WorldHolding]:
    """Holdings in the order in which they were gained; gaining one twice changes nothing."""
    gained: dict[tuple[str, str, str], WorldHolding] = {}
    for person, number in zip(people.values(), count()):
        if person.iga_login is not None and person.active:
            hired_at = now - timedelta(days=1500 + number % 900)
            for kind, name in _EVERYBODY:
                gained[person.key, kind, name] = WorldHolding(person.key, kind, name, hired_at)
    for request in history:
        _replay(request, gained)
    return list(gained.values())


def _replay(request: WorldRequest, gained: dict[tuple[str, str, str], WorldHolding]) -> None:
    if request.status != "Request Completed":
        return
    for kind, name in request.items:
        place = (request.beneficiary, kind, name)
        if request.request_type not in _GIVING:
            gained.pop(place, None)
        elif place not in gained:
            gained[place] = WorldHolding(*place, request.modified_at, request.request_id)
