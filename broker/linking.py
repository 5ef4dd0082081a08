"""Which person an account elsewhere belongs to: known links first, then the one rule."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from broker.context import Broker
from broker.domain.people import ATTRIBUTES, Account, Match, Person, match, normal, still
from broker.store import audit, people, requests
from broker.store.base import Turn, take_turn
from broker.store.people import PersonLinkRow, PersonRow

_NO_ROOM = "its login or id is too long to be compared with anybody's"
_AT_ONCE = 200
Find = Callable[[str, str], Sequence[Person]]


def person_of(broker: Broker, account: Account, *, fresh: bool = False) -> tuple[str | None, str]:
    """Our id of the person that `account` belongs to, or None and the reason (a sentence).

    `fresh` asks the IGA even about people we know, as anything that grants access must; it
    raises the IGA's ConnectorError. Otherwise the IGA is asked only about strangers.
    """
    if not people.account_fits(account):
        return None, _NO_ROOM
    iga, rule = broker.iga(), broker.settings.person_match
    known = _known(broker, account)
    if known and not fresh:
        return _remember(broker, account, still(account, known, rule))
    if known and (now := iga.person(known.login)) and now.key == known.key:
        return _remember(broker, account, still(account, now, rule))
    stored = match(account, rule, _stored(broker))
    if stored.person and not fresh:
        return _remember(broker, account, stored)
    found = match(account, rule, iga.find_people)
    return _remember(broker, account, _same(account, known, found))


def link_everybody(broker: Broker, accounts: Sequence[Account]) -> int:
    """Link each account by what is stored about people; returns how many stay unmatched."""
    with broker.sessions() as session:
        everybody = [row.person for row in people.all_of(session, broker.settings.iga)]
    find, fitting = _among(everybody), [a for a in accounts if people.account_fits(a)]
    without = len(accounts) - len(fitting)
    for first in range(0, len(fitting), _AT_ONCE):
        without += _link(broker, fitting[first : first + _AT_ONCE], find)
    return without


def _link(broker: Broker, accounts: Sequence[Account], find: Find) -> int:
    """Link some accounts in one transaction; returns how many stay unmatched."""
    rule, without = broker.settings.person_match, 0
    with broker.sessions.begin() as session:
        take_turn(session, Turn.PEOPLE)
        links = people.links_of(session, accounts)
        for account in accounts:
            link = links.get((account.system, account.key))
            known = link.person.person if link and link.person else None
            if known is None and _left(rule, account, find):
                continue
            found = still(account, known, rule) if known else match(account, rule, find)
            link = links[account.system, account.key] = _write(
                session, broker, account, found, link
            )
            without += link.person is None
    return without


def _among(everybody: Sequence[Person]) -> Find:
    """Finds people in memory: thousands of accounts are not worth a query each."""
    found: dict[tuple[str, str], list[Person]] = {}
    for person in everybody:
        for attribute in ATTRIBUTES:
            found.setdefault((attribute, normal(getattr(person, attribute))), []).append(person)
    return lambda attribute, value: found.get((attribute, normal(value)), [])


def _left(rule: Sequence[str], account: Account, find: Find) -> bool:
    """Disabled at the desk, and nobody active in the IGA: somebody who left, and no riddle."""
    if account.active:
        return False
    return match(replace(account, active=True), rule, find).person is None


def _known(broker: Broker, account: Account) -> Person | None:
    with broker.sessions() as session:
        link = people.link_of(session, account.system, account.key)
        return link.person.person if link and link.person else None


def _stored(broker: Broker) -> Find:
    def find(attribute: str, value: str) -> list[Person]:
        with broker.sessions() as session:
            rows = people.find(session, broker.settings.iga, attribute, value)
            return [row.person for row in rows]

    return find


def _same(account: Account, known: Person | None, found: Match) -> Match:
    if known and found.person and found.person.key != known.key:
        return Match(
            None,
            f"{account.login} was linked to {known.login}, but the rule now finds"
            f" {found.person.login}",
        )
    return found


def _remember(broker: Broker, account: Account, found: Match) -> tuple[str | None, str]:
    at = broker.clock.now()
    with broker.sessions.begin() as session:
        take_turn(session, Turn.PEOPLE)
        if found.person:
            people.remember(session, broker.settings.iga, [found.person], at)
        before = people.link_of(session, account.system, account.key)
        row = _write(session, broker, account, found, before)
        return (row.person.id if row.person else None), row.reason


def _write(
    session: Session, broker: Broker, account: Account, found: Match, link: PersonLinkRow | None
) -> PersonLinkRow:
    """Write whose account this is; whoever gains or loses it is mirrored anew."""
    iga, at = broker.settings.iga, broker.clock.now()
    owner = link.person if link else None
    row = people.remember_link(session, iga, account, found, at, link)
    if row.person is not owner:
        session.flush()
        requests.mirror_people(session, iga, list(filter(None, (owner, row.person))))
        _note(session, at, row, owner)
    return row


def _note(session: Session, at: datetime, row: PersonLinkRow, before: PersonRow | None) -> None:
    """Who an account belongs to decides who may see and ask for what: the audit must tell."""
    facts = {"system": row.system, "link": row.id}
    for action, person in (("link.lost", before), ("link.set", row.person)):
        if person is not None:
            subject = ("person", person.id)
            audit.record(session, at, audit.SYSTEM, action, subject, details=facts)
