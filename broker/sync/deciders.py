"""Learns who may decide what is assigned to somebody: members of a role, stand-ins of a person.

The IGA is asked when a name turns up for the first time, and again with every reading of the
people and at the sign-in of those concerned; in between what is stored is believed.
"""

import logging
from collections.abc import Iterable, Sequence
from itertools import islice

from sqlalchemy.orm import Session

from broker.context import Broker
from broker.domain.access_requests import AccessRequest
from broker.domain.errors import ConnectorError, NotFound
from broker.domain.people import normal
from broker.ports.iga import Iga
from broker.store import deciders, pictures, requests
from broker.sync.reading import DOWN, Readers

_log = logging.getLogger(__name__)
_NAMED = 3
# By name: the logins that were said.
Answers = dict[str, Sequence[str]]


def learn(broker: Broker, iga: Iga, readers: Readers, seen: Iterable[AccessRequest]) -> None:
    """Ask about every name for which these requests wait, unless it was asked about before."""
    names = {task.assignee for request in seen for task in request.waiting}
    with broker.sessions() as session:
        new = deciders.unasked(session, iga.name, names)
    if new:
        renew(broker, iga, readers, new)


def renew_awaited(broker: Broker, iga: Iga) -> int:
    """Ask anew about every name for which something waits, and forget the others; returns how
    many names that are.
    """
    with broker.sessions.begin() as session:
        names = pictures.awaited(session, iga.name)
        deciders.forget(session, iga.name, names)
    with Readers(iga.capabilities.readers) as readers:
        renew(broker, iga, readers, names)
    return len(names)


def renew_for(broker: Broker, iga: Iga, login: str) -> set[str]:
    """Ask anew about the names for which this person decides, and who decides for them; returns
    the names (as compared) whose decisions they may make, their own included.
    """
    with broker.sessions() as session:
        names = deciders.decided_by(session, iga.name, login)
        own = [login] if deciders.is_known(session, iga.name, login) else []
    with Readers(iga.capabilities.readers) as readers:
        renew(broker, iga, readers, [*names.values(), *own])
    with broker.sessions() as session:
        return {normal(login), *deciders.decided_by(session, iga.name, login)}


def renew(broker: Broker, iga: Iga, readers: Readers, names: Sequence[str]) -> None:
    """Ask about these names and store what is said. What cannot be read stays as it was: whoever
    is missing is found with a later reading.
    """
    answers, unread = _ask(iga, readers, names)
    with broker.sessions.begin() as session:
        _store(session, broker, iga.name, answers)
    if unread:
        told = "; ".join(
            f"{name} ({error.reason})" for name, error in islice(unread.items(), _NAMED)
        )
        _log.warning("who else may decide could not be read of %s: %s", iga.name, told)


def _ask(
    iga: Iga, readers: Readers, names: Sequence[str]
) -> tuple[Answers, dict[str, ConnectorError]]:
    def ask(name: str) -> Sequence[str] | ConnectorError:
        try:
            return iga.deciders(name)
        except NotFound:
            return ()
        except ConnectorError as error:
            return error

    answers: Answers = {}
    unread: dict[str, ConnectorError] = {}
    in_a_row = 0
    for name, answer in zip(names, readers.map(ask, names), strict=False):
        if isinstance(answer, ConnectorError):
            unread[name], in_a_row = answer, in_a_row + 1
        else:
            answers[name], in_a_row = answer, 0
        if in_a_row == DOWN:
            break
    return answers, unread


def _store(session: Session, broker: Broker, iga: str, answers: Answers) -> None:
    now = broker.clock.now()
    changed = [
        normal(name)
        for name, logins in sorted(answers.items())
        if deciders.remember(session, iga, name, logins, now)
    ]
    if changed:
        requests.mirror_waiting(session, iga, changed)
