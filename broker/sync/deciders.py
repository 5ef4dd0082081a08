"""Learns who may decide what is assigned to somebody: members of a role, stand-ins of a person.

The IGA is asked when a name turns up for the first time, and again with every reading of the
people and at the sign-in of those concerned; in between what is stored is believed.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from broker.context import Broker
from broker.domain.access_requests import AccessRequest
from broker.domain.errors import ConnectorError, NotFound
from broker.domain.people import normal
from broker.ports.iga import Iga
from broker.store import deciders, pictures, requests
from broker.sync.reading import Patience, Readers, reasons

_log = logging.getLogger(__name__)
# A name is asked about before the request that waits for it is written.
_BEING_WRITTEN = timedelta(minutes=5)
# What was asked so recently is not asked again for somebody who signs in: a role has many members.
_FRESH = timedelta(minutes=1)
# By name: when it was asked about, and the logins that were said.
Answers = dict[str, tuple[datetime, Sequence[str]]]


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
        deciders.forget(session, iga.name, names, broker.clock.now() - _BEING_WRITTEN)
    with Readers(iga.capabilities.readers) as readers:
        renew(broker, iga, readers, names)
    return len(names)


def renew_for(broker: Broker, iga: Iga, login: str) -> set[str]:
    """Ask anew about the names for which this person decides, and who decides for them; returns
    the names (as compared) whose decisions they may make, their own included.
    """
    with broker.sessions() as session:
        names = list(deciders.decided_by(session, iga.name, login).values())
        names += [login] if deciders.is_known(session, iga.name, login) else []
        before = broker.clock.now() - _FRESH
        stale = deciders.asked_before(session, iga.name, names, before)
    with Readers(iga.capabilities.readers) as readers:
        renew(broker, iga, readers, stale)
    with broker.sessions() as session:
        return {normal(login), *deciders.decided_by(session, iga.name, login)}


def renew(broker: Broker, iga: Iga, readers: Readers, names: Sequence[str]) -> None:
    """Ask about these names and store what is said. What cannot be read stays as it was: whoever
    is missing is found with a later reading.
    """
    answers, unread = _ask(broker, iga, readers, names)
    with broker.sessions.begin() as session:
        _store(session, iga.name, answers)
    if unread:
        _log.warning("who else may decide could not be read of %s: %s", iga.name, reasons(unread))


def _ask(
    broker: Broker, iga: Iga, readers: Readers, names: Sequence[str]
) -> tuple[Answers, dict[str, ConnectorError]]:
    def ask(name: str) -> tuple[datetime, Sequence[str]] | ConnectorError:
        asked_at = broker.clock.now()
        try:
            return asked_at, iga.deciders(name)
        except NotFound:
            return asked_at, ()
        except ConnectorError as error:
            return error

    answers: Answers = {}
    unread: dict[str, ConnectorError] = {}
    patience = Patience(iga)
    for name, answer in zip(names, readers.map(ask, names), strict=False):
        if isinstance(answer, ConnectorError):
            unread[name] = answer
        else:
            answers[name] = answer
        if patience.ends(failed=name in unread):
            break
    return answers, unread


def _store(session: Session, iga: str, answers: Answers) -> None:
    changed = [
        normal(name)
        for name, (asked_at, logins) in sorted(answers.items())
        if deciders.remember(session, iga, name, logins, asked_at)
    ]
    if changed:
        requests.mirror_waiting(session, iga, changed)
