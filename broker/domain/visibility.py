"""Who may see what: the one rule behind every page, list and fragment."""

from dataclasses import dataclass, field
from enum import StrEnum

from broker.domain.people import normal


class Role(StrEnum):
    """What a person may see beyond their own."""

    OPERATOR = "operator"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who is signed in. Without a person, only the roles open anything.

    `key` and `login` are the person's in the IGA named `iga`; `person_id` is our opaque id.
    """

    person_id: str | None
    key: str | None
    login: str
    roles: frozenset[Role] = frozenset()
    display_name: str = ""
    iga: str = ""

    def has(self, role: Role) -> bool:
        """Whether the identity provider's groups gave this role."""
        return role in self.roles

    @property
    def sees_all(self) -> bool:
        """Operators and auditors see everybody's requests and orders."""
        return bool(self.roles)


@dataclass(frozen=True, slots=True)
class Parties:
    """The people of one request or order: keys in the IGA, and assignees' logins."""

    iga: str
    keys: frozenset[str] = field(default_factory=frozenset)
    manager_keys: frozenset[str] = field(default_factory=frozenset)
    assignees: frozenset[str] = field(default_factory=frozenset)


def may_see(viewer: Viewer, parties: Parties) -> bool:
    """Beneficiary, requester, approver (past ones too), a manager of one of the first two,
    an operator or an auditor; nobody else.
    """
    if viewer.sees_all:
        return True
    if viewer.key is None or viewer.iga != parties.iga:
        return False
    close = viewer.key in parties.keys or viewer.key in parties.manager_keys
    return close or normal(viewer.login) in {normal(login) for login in parties.assignees}
