"""Who acts for whom while they are away, and when.

REST API for OIG Self Service, "View Proxies", "Update Proxies".
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.world import World

_BEFORE, _AFTER = timedelta(days=3), timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Proxy:
    """`user` (a usr_key) acts for `boss` from `start` until `end`."""

    id: str
    boss: str
    user: str
    start: datetime
    end: datetime

    def when(self, at: datetime) -> str:
        """`past`, `current` or `future`."""
        if at < self.start:
            return "future"
        return "current" if at < self.end else "past"


class Proxies:
    """All of them, in the order in which they were added. Who acts for somebody is asked for each
    open task, so they are kept by user as well.
    """

    def __init__(self, world: World, keys: Mapping[str, str]) -> None:
        """`keys` has the usr_key of each person of the world that has one."""
        self._ids = itertools.count(1)
        self._kept: dict[str, Proxy] = {}
        self._by_user: dict[str, dict[str, Proxy]] = {}
        for boss, proxy in world.delegates.items():
            if boss in keys and proxy in keys:
                start, end = world.now - _BEFORE, world.now + _AFTER
                self.add(keys[boss], keys[proxy], start, end)

    def add(self, boss: str, user: str, start: datetime, end: datetime) -> Proxy:
        """One more."""
        made = Proxy(str(next(self._ids)), boss, user, start, end)
        self.put(made)
        return made

    def put(self, proxy: Proxy) -> None:
        """Take over one, or one that is known with other dates."""
        self._kept[proxy.id] = proxy
        self._by_user.setdefault(proxy.user, {})[proxy.id] = proxy

    def drop(self, proxy_id: str) -> None:
        """Forget one."""
        del self._by_user[self._kept.pop(proxy_id).user][proxy_id]

    def of(self, boss: str) -> list[Proxy]:
        """Those who act for this user, ever."""
        return [proxy for proxy in self._kept.values() if proxy.boss == boss]

    def bosses(self, user: str, at: datetime) -> set[str]:
        """Whom this user acts for at that moment."""
        mine = self._by_user.get(user)
        return {p.boss for p in mine.values() if p.when(at) == "current"} if mine else set()
