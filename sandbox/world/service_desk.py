"""Orders that ServiceNow had approved and the service desk typed into the IGA by hand."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from math import ceil
from random import Random

from sandbox.world.model import WorldPerson
from sandbox.world.workdays import day_of

FIRST_FREE = 10_001  # a running sandbox numbers its orders from here
_BY_HAND, _ORDERS_A_REQUEST, _MOST = 0.06, 0.3, 8_500
ANALYST = "Service Desk Analyst"


def order_numbers(requests: int) -> range:
    """The numbers of the orders that people placed while so many requests were made."""
    return range(FIRST_FREE - 1 - ceil(_orders(requests)), FIRST_FREE)


def _orders(requests: int) -> float:
    return min(requests * _ORDERS_A_REQUEST, _MOST)


class ServiceDesk:
    """Gives out the numbers of such orders: growing with time, and the last ones just below
    those of the running system. The numbers between them belong to other orders.
    """

    def __init__(self, rng: Random, people: Mapping[str, WorldPerson], requests: int) -> None:
        self._rng, self._turns_left = rng, requests
        self._rate = _orders(requests) / max(requests, 1)
        self._last = 0
        able = (p for p in people.values() if p.title == ANALYST and p.iga_active)
        self._analysts = sorted(able, key=lambda person: (person.hired_on, person.key))
        self._hired = [day_of(person.hired_on) for person in self._analysts]

    def turn(self) -> None:
        """Another request is being made."""
        self._turns_left -= 1

    def order(self, day: int) -> tuple[int, str]:
        """An order's number and the key of who types it; or no key, if nobody does."""
        here = bisect_right(self._hired, day)
        number = FIRST_FREE - 1 - ceil(self._turns_left * self._rate)
        if not here or number <= self._last or self._rng.random() >= _BY_HAND:
            return 0, ""
        self._last = number
        return number, self._analysts[int(self._rng.random() * here)].key
