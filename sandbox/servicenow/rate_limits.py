"""Rules that limit the calls of an hour (ServiceNow docs, "Inbound REST API rate limiting").

Rules are active rows of `sys_rate_limit_rules`. One for a single user counts before those for a
role, of which the lowest counts, and those before the ones for all users. A `path` limits the rule
to addresses that begin so, `http_methods` to those verbs. Each user is counted alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.servicenow.accounts import Account
from sandbox.servicenow.records import Records, Row

RULES = "sys_rate_limit_rules"
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Verdict:
    """The rule that a call falls under, and whether the calls of this hour are used up."""

    rule: str
    limit: int
    reset_at: datetime
    exceeded: bool
    retry_after: int

    def headers(self) -> dict[str, str]:
        """What the answer tells about it."""
        told = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Reset": str(int(self.reset_at.timestamp())),
            "X-RateLimit-Rule": self.rule,
        }
        return told | ({"Retry-After": str(self.retry_after)} if self.exceeded else {})


class RateLimits:
    """Counts calls by rule and user, from each full hour anew."""

    def __init__(self, records: Records, clock: Callable[[], datetime]) -> None:
        self._records = records
        self.clock = clock
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, int, str, datetime], int] = {}

    def is_any(self) -> bool:
        """Whether there is a rule at all; a fresh instance has none."""
        return bool(self._records.where(RULES, active="true"))

    def count(self, account: Account, method: str, path: str) -> Verdict | None:
        """Count a call; None when no rule is about it. A refused call is not counted."""
        rule = self._rule(account, method, path)
        if rule is None:
            return None
        now = self.clock()
        hour, limit = now.replace(minute=0, second=0, microsecond=0), _limit(rule)
        key = (rule["sys_id"], limit, account.sys_id, hour)
        with self._lock:
            exceeded = self._counts.get(key, 0) >= limit
            if not exceeded:
                self._counts[key] = self._counts.get(key, 0) + 1
        wait = int((hour + _HOUR - now).total_seconds()) + 1
        return Verdict(rule["sys_id"], limit, hour + _HOUR, exceeded, wait)

    def _rule(self, account: Account, method: str, path: str) -> Row | None:
        about = [
            (rank, _limit(rule), rule["sys_id"], rule)
            for rule in self._records.where(RULES, active="true")
            if (rank := self._rank(rule, account)) is not None and _is_about(rule, method, path)
        ]
        return min(about)[3] if about else None

    def _rank(self, rule: Row, account: Account) -> int | None:
        """How closely the rule is about the caller: 0 by name, 1 by role, 2 as everybody."""
        if rule["user"]:
            return 0 if rule["user"] == account.sys_id else None
        if rule["role"]:
            role = self._records.find("sys_user_role", rule["role"])
            return 1 if role is not None and role["name"] in account.roles else None
        return 2


def _limit(rule: Row) -> int:
    return int(rule["request_limit_per_hour"] or 0)


def _is_about(rule: Row, method: str, path: str) -> bool:
    methods = [part.strip().upper() for part in rule["http_methods"].split(",") if part.strip()]
    return path.startswith(rule["path"]) and (not methods or method in methods)
