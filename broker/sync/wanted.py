"""Somebody wants a refresh: noted, coalesced, and done by a job."""

from sqlalchemy.orm import Session

from broker import linking
from broker.context import Broker
from broker.ports.queue import QueueName
from broker.store import outbox, people


def login_seen(broker: Broker, source: str, user_name: str) -> None:
    """A login at a desk. Who it is may need the desk and the IGA, so a job finds out."""
    with broker.sessions.begin() as session:
        payload = {"desk": source, "user_name": user_name}
        key = f"{source}/{user_name.casefold()}"[:255]
        outbox.owe(session, QueueName.INTERACTIVE, "sync.login", key, broker.clock.now(), payload)
    broker.bell.ring(QueueName.INTERACTIVE)


def refresh_person(broker: Broker, person_id: str) -> None:
    """Owe a refresh of one person, and hurry it."""
    with broker.sessions.begin() as session:
        outbox.owe_person(session, person_id, broker.clock.now())
    broker.bell.ring(QueueName.INTERACTIVE)


def pay_login(broker: Broker, message: outbox.Message) -> outbox.Effect:
    """Find out whose login it was. Strangers are listed for the operator, not refreshed."""
    desk, user_name = broker.desk(message.payload["desk"]), message.payload["user_name"]
    person_id = _known(broker, desk.name, user_name)
    if person_id is None and (account := desk.account_named(user_name)):
        person_id, _ = linking.person_of(broker, account)

    def store(session: Session) -> None:
        if person_id is not None:
            outbox.owe_person(session, person_id, broker.clock.now())

    return store


def _known(broker: Broker, desk: str, user_name: str) -> str | None:
    with broker.sessions() as session:
        links = people.links_named(session, desk, user_name)
        return links[0].person_id if len(links) == 1 else None
