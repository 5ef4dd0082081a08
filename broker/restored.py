"""After a restore: the database is behind the world.

Orders are safe without this step: before anything is submitted the IGA is searched for it, and
an old word of the desk is not believed. What only forgetting can harm is put right here:
sessions that were ended since would live again, and screens and mirrors would show the past.
The clock does it by itself where PostgreSQL tells one cluster from another; an operator does it
before the start, so that no session lives for even a second.
"""

from dataclasses import asdict, dataclass
from datetime import timedelta

import structlog
from sqlalchemy.orm import Session

from broker.context import Broker
from broker.ports.queue import QueueName
from broker.store import audit, installation, orders, outbox, requests, sign_in
from broker.store.audit import Actor

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in the restored database, in numbers."""

    sessions_ended: int
    claims_freed: int
    orders_to_ask_about: int
    requests_to_mirror: int


def after_restore(broker: Broker, actor: Actor) -> Report:
    """End every session, free the claims of workers that are gone, ask the desk anew about every
    order under way, and owe fresh readings and mirrors. Harmless as often as it is repeated.
    """
    with broker.sessions.begin() as session:
        report = _put_right(session, broker, actor)
    _ring(broker)
    return report


def notice(broker: Broker) -> Report | None:
    """The same by itself, once, where the database finds itself in another place than before."""
    with broker.sessions.begin() as session:
        moved = installation.woke_elsewhere(session)
        report = _put_right(session, broker, audit.SYSTEM) if moved else None
    if report is not None:
        _log.warning("this database was restored from a back-up", **asdict(report))
        _ring(broker)
    return report


def _put_right(session: Session, broker: Broker, actor: Actor) -> Report:
    now, iga = broker.clock.now(), broker.iga()
    installation.settle_in(session)
    report = Report(
        sessions_ended=sign_in.end_all(session),
        claims_freed=outbox.release_lost(session, now),
        orders_to_ask_about=orders.doubt_what_was_heard(session),
        requests_to_mirror=requests.mirror_anew(session, iga.name),
    )
    # A request made in the last moment before the loss may not be found sooner; nor may one whose
    # order is verified or posted again only now, which submitting sees to by itself.
    installation.keep_restored_at(session, now)
    searchable = now + timedelta(seconds=iga.capabilities.search_delay_seconds)
    outbox.hold_back(session, "order.submit", searchable)
    for topic in ("sync.people", "sync.changes"):
        outbox.owe(session, QueueName.SYNC, topic, iga.name, now)
    subject = ("installation", "database")
    facts = {"sessions": report.sessions_ended, "orders": report.orders_to_ask_about}
    audit.record(session, now, actor, "installation.restored", subject, details=facts)
    return report


def _ring(broker: Broker) -> None:
    for queue in (QueueName.SYNC, QueueName.ORDERS):
        broker.bell.ring(queue)
