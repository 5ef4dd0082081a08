"""Which person an account elsewhere belongs to: known links first, then the one rule."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from broker.context import Broker
from broker.domain.people import Account, Match, Person, match
from broker.store import people, requests
from broker.store.base import Turn, take_turn

Find = Callable[[str, str], Sequence[Person]]


def person_of(broker: Broker, account: Account, *, fresh: bool = False) -> tuple[str | None, str]:
    """Our id of the person that `account` belongs to, or None and the reason (a sentence).

    `fresh` asks the IGA even about people we know, as anything that grants access must; it
    raises the IGA's ConnectorError. Otherwise the IGA is asked only about strangers.
    """
    iga = broker.iga()
    known = _known(broker, account)
    if known and not fresh:
        return _remember(broker, account, _alive(account, known))
    if known and (now := iga.person(known.login)) and now.key == known.key:
        return _remember(broker, account, _alive(account, now))
    stored = match(account, broker.settings.person_match, _stored(broker))
    if stored.person and not fresh:
        return _remember(broker, account, stored)
    found = match(account, broker.settings.person_match, iga.find_people)
    return _remember(broker, account, _same(account, known, found))


def link_everybody(broker: Broker, accounts: Sequence[Account]) -> int:
    """Link each account by what is stored about people; returns how many stay unmatched."""
    find = _stored(broker)
    without = 0
    for account in accounts:
        known = _known(broker, account)
        if known is None and _left(broker, account, find):
            continue
        found = (
            _alive(account, known) if known else match(account, broker.settings.person_match, find)
        )
        without += _remember(broker, account, found)[0] is None
    return without


def _left(broker: Broker, account: Account, find: Find) -> bool:
    """Disabled at the desk, and nobody active in the IGA: somebody who left, and no riddle."""
    if account.active:
        return False
    return match(replace(account, active=True), broker.settings.person_match, find).person is None


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


def _alive(account: Account, person: Person) -> Match:
    if not account.active:
        return Match(None, f"{account.login} is disabled in {account.system}")
    if not person.active:
        return Match(None, f"{person.login} is disabled in the IGA")
    return Match(person)


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
        iga = broker.settings.iga
        if found.person:
            people.remember(session, iga, [found.person], at)
        before = people.link_of(session, account.system, account.key)
        owner = before.person if before else None
        row = people.remember_link(session, iga, account, found, at)
        if row.person is not owner:
            requests.mirror_people(session, iga, list(filter(None, (owner, row.person))))
        session.flush()
        return (row.person.id if row.person else None), found.reason
