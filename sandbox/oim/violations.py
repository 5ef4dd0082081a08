"""Detective identity audit: who holds what nobody should have both of, and what was done about it.

Administering guide, "Managing Identity Audit": policies are checked against existing access; each
violation has causes, one a rule, and a remediator, who is the manager of the one concerned.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from sandbox.oim.records import Oim
from sandbox.oim.rows import Place

ACTIVE = "ACTIVE"
ACTIONS = {"FIXED_MANUALLY": "MANUALLY FIXED", "ACCEPT_RISK": "RISK ACCEPTED"}
# The company's own policies, by the names of the items; those of `oim.sod` are checked, too.
_POLICIES = (
    ("Supplier master and invoices", ("role", "Supplier Master Editor"),
     ("role", "Accounts Payable Clerk")),
    ("Orders and goods receipts", ("role", "Buyer"), ("role", "Goods Receipt")),
    ("Payments by two people", ("entitlement", "Payments Prepare"),
     ("entitlement", "Payments Release")),
    ("Payroll and personnel files", ("role", "Payroll Viewer"), ("role", "Personnel File Reader")),
)  # fmt: skip


class Policy(NamedTuple):
    """Two items, by kind and key, that nobody should have both of."""

    name: str
    first: Place
    second: Place
    text: str


class Violation(NamedTuple):
    """One policy that one user violates; the ids are 32 hexadecimal digits."""

    id: str
    cause: str
    user: str
    remediator: str
    policy: Policy


class Violations:
    """Looks at what is held whenever it is asked; what was done is in `oim.remedies`, by cause."""

    def __init__(self, oim: Oim) -> None:
        self._oim = oim

    def all(self) -> list[Violation]:
        """Every violation there is at present, by the user's key."""
        found = [
            self._one(user, policy) for policy in self._policies() for user in self._who(policy)
        ]
        return sorted(found, key=lambda violation: (int(violation.user), violation.id))

    def status(self, violation: Violation) -> str:
        """ACTIVE, or what was done about its cause."""
        remedy = self._oim.remedies.get(violation.cause)
        return remedy.status if remedy else ACTIVE

    def pending(self) -> list[Violation]:
        """Those about which nothing was done yet."""
        return [violation for violation in self.all() if self.status(violation) == ACTIVE]

    def _policies(self) -> Iterator[Policy]:
        items = self._oim.world.items
        for name, first, second in _POLICIES:
            one, other = items.get(first), items.get(second)
            if one is not None and other is not None:
                text = f"Nobody holds {one.display_name} and {other.display_name}."
                yield Policy(name, (one.kind, one.key), (other.kind, other.key), text)
        for (left, right), text in self._oim.sod.items():
            yield Policy("Segregation of duties", left, right, text)

    def _who(self, policy: Policy) -> list[str]:
        held = self._oim.holdings.items()
        return [user for user, has in held if policy.first in has and policy.second in has]

    def _one(self, user: str, policy: Policy) -> Violation:
        words = f"{user}:{policy.first}:{policy.second}"
        boss = self._oim.users[user].manager_key or "1"
        return Violation(_hex(words), _hex(f"cause:{words}"), user, boss, policy)


def _hex(words: str) -> str:
    return hashlib.md5(words.encode(), usedforsecurity=False).hexdigest().upper()
