"""From a verified answer to a session: whom it names, what they may do, for how long."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from broker import linking
from broker.context import Broker
from broker.domain.errors import ConnectorError
from broker.domain.people import Account
from broker.domain.visibility import Role
from broker.settings import Settings
from broker.store import audit, sign_in
from broker.store.people import PersonRow
from broker.sync import wanted
from webui.auth.saml.identity import Identity


class NobodyKnown(Exception):
    """The identity provider knows this person, but the IGA does not, or not for certain."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is kept of an identity until its browser comes for it."""

    idp: str
    subject: str
    login: str
    email: str
    employee_number: str
    display_name: str
    groups: tuple[str, ...]
    ends_at: datetime | None

    @property
    def account(self) -> Account:
        """The person as the identity provider knows them, to be linked by the one rule."""
        return Account(
            system=f"saml:{self.idp}",
            key=self.subject,
            login=self.login,
            display_name=self.display_name,
            email=self.email,
            employee_number=self.employee_number,
        )


def kept(identity: Identity) -> dict[str, object]:
    """The part of an identity that a session needs, for JSON."""
    answer = Answer(
        identity.idp, identity.subject, identity.login, identity.email,
        identity.employee_number, identity.display_name, identity.groups,
        identity.session_not_on_or_after,
    )  # fmt: skip
    ends_at = answer.ends_at.isoformat() if answer.ends_at else None
    return asdict(answer) | {"ends_at": ends_at, "groups": list(answer.groups)}


def read_again(content: Mapping[str, Any]) -> Answer:
    """The inverse of `kept`."""
    ends_at = datetime.fromisoformat(content["ends_at"]) if content["ends_at"] else None
    groups = tuple(content["groups"])
    return Answer(**{**content, "groups": groups, "ends_at": ends_at})


def roles_of(settings: Settings, groups: tuple[str, ...]) -> frozenset[Role]:
    """The roles that the identity provider's groups give."""
    mapping = {Role.OPERATOR: settings.operator_groups, Role.AUDITOR: settings.auditor_groups}
    return frozenset(role for role, wanted in mapping.items() if set(groups) & set(wanted))


def open_session(broker: Broker, answer: Answer, earlier: str) -> tuple[str, int]:
    """Start a session, ending the browser's earlier one; returns its secret and its seconds.

    Raises NobodyKnown for somebody with neither a person nor a role, and the IGA's
    ConnectorError if a stranger without a role cannot be looked up just now.
    """
    roles = roles_of(broker.settings, answer.groups)
    person_id = _person(broker, answer, roles)
    now = broker.clock.now()
    ends_at = now + timedelta(hours=broker.settings.session_hours)
    ends_at = min(ends_at, answer.ends_at or ends_at)
    with broker.sessions.begin() as session:
        if earlier:
            sign_in.end_session(session, earlier)
        person = session.get(PersonRow, person_id) if person_id else None
        name = answer.display_name or answer.login
        secret = sign_in.open_session(session, person, name, ",".join(sorted(roles)), now, ends_at)
        _note(session, now, person_id, roles)
    if person_id:
        wanted.refresh_person(broker, person_id)
    return secret, max(0, int((ends_at - now).total_seconds()))


def _person(broker: Broker, answer: Answer, roles: frozenset[Role]) -> str | None:
    try:
        person_id, _reason = linking.person_of(broker, answer.account)
    except ConnectorError:
        # An operator must get in just when a system is down.
        if not roles:
            raise
        return None
    if person_id is None and not roles:
        raise NobodyKnown
    return person_id


def _note(session: Session, at: datetime, person_id: str | None, roles: frozenset[Role]) -> None:
    actor = audit.Actor("person", person_id or "unlinked")
    details = {"roles": ",".join(sorted(roles))}
    audit.record(session, at, actor, "sign_in", ("person", actor.id), "done", details)


def note_refusal(broker: Broker, reason: str) -> None:
    """Tell the audit trail that a sign-in was refused, by its code and nothing else."""
    nobody = audit.Actor("anonymous", "-")
    with broker.sessions.begin() as session:
        audit.record(
            session, broker.clock.now(), nobody, "sign_in", ("browser", "-"), "refused",
            {"reason": reason},
        )  # fmt: skip
