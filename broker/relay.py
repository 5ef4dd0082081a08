"""Pays what the outbox owes: claim, do, settle. The only ledger of what is tried again."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from broker.connectors.tally import calls
from broker.context import Broker
from broker.domain.errors import (
    ConnectorError,
    Misconfigured,
    NotFound,
    Postponed,
    Refused,
    Unavailable,
)
from broker.orders import (
    back_reference,
    cancellation,
    closure,
    submission,
    sweep,
    tracking,
    verification,
    withdrawal,
)
from broker.orders.help import ask_for_help
from broker.ports.queue import QueueName
from broker.store import audit, connector_calls, outbox, pruning, sign_in, sync_runs
from broker.store.outbox import Effect, LostClaim, Message
from broker.sync import engine, mirror, wanted

_log = structlog.get_logger()
_LONGEST_WAIT = timedelta(minutes=30)
_PATIENCE = timedelta(hours=24)
# A fault of ours does not heal by waiting: an operator should hear of it soon.
_TRIES_OF_A_FAULT = 5
# A step that kills its workers must not be handed to them for ever.
_CRASHES = 3


def _say_nothing(_session: Session, _message: Message, _why: str, _broker: Broker) -> None:
    """Giving up is visible in the outbox; there is no record to mark."""


@dataclass(frozen=True, slots=True)
class Handler:
    """What pays for a topic, and what happens when it cannot be paid."""

    run: Callable[[Broker, Message], Effect]
    give_up: Callable[[Session, Message, str, Broker], None] = _say_nothing


HANDLERS: dict[str, Handler] = {
    "order.verify": Handler(verification.verify, ask_for_help),
    "order.submit": Handler(submission.submit, ask_for_help),
    "order.refer_back": Handler(back_reference.refer_back, back_reference.give_up),
    "order.track": Handler(tracking.track, ask_for_help),
    "order.note": Handler(closure.note),
    "order.recall": Handler(cancellation.recall),
    "order.withdraw": Handler(withdrawal.withdraw, ask_for_help),
    "order.close": Handler(closure.close, ask_for_help),
    "orders.sweep": Handler(sweep.sweep),
    "sync.login": Handler(wanted.pay_login),
    "sync.person": Handler(engine.pay_person),
    "sync.changes": Handler(engine.pay_changes),
    "sync.people": Handler(engine.pay_people),
    "sync.awaiting": Handler(engine.pay_awaiting),
    "sync.request": Handler(engine.pay_request),
    "mirror": Handler(mirror.pay),
}


def settle_due(broker: Broker, queue: QueueName, seconds: float) -> int:
    """Pay what is due in `queue` until nothing is left or the time is over; returns how many."""
    paid = _settle_due(broker, queue, seconds)
    _sum_up_calls(broker)
    return paid


def _settle_due(broker: Broker, queue: QueueName, seconds: float) -> int:
    until = time.monotonic() + seconds
    paid = 0
    while time.monotonic() < until:
        with broker.sessions.begin() as session:
            message = outbox.claim(session, queue, broker.clock.now(), broker.lease)
        if message is None:
            return paid
        pay(broker, message)
        paid += 1
        # We go on with our own queue; what a step has just owed to another must not wait for us.
        ring_due(broker, except_for=queue)
    ring_due(broker)
    return paid


def _sum_up_calls(broker: Broker) -> None:
    """Store how the calls of this process went; a worker's process may end any moment."""
    counts = calls.take()
    if not counts:
        return
    with broker.sessions.begin() as session:
        for (connection, outcome), count in sorted(counts.items()):
            connector_calls.add(session, connection, outcome, count.calls, count.seconds)


def pay(broker: Broker, message: Message) -> None:
    """Do one thing that is owed, and settle, postpone or give it up. Never raises: what could
    not even be noted stays claimed until its lease ends, and is then tried again.
    """
    try:
        _pay(broker, message)
    except LostClaim as lost:
        _log.info("somebody else took over", topic=message.topic, key=message.key, why=str(lost))
    except Exception:  # noqa: BLE001 - a fault of ours must not stop the others
        _log.exception("a step could not be noted", topic=message.topic, key=message.key)


def _pay(broker: Broker, message: Message) -> None:
    handler = HANDLERS[message.topic]
    if message.crashes >= _CRASHES:
        return _give_up(broker, message, handler, f"{_CRASHES} workers in a row died at this step")
    try:
        with _kept(broker, message):
            effect = handler.run(broker, message)
        return _settle(broker, message, effect)
    except Postponed as wait:
        return _postpone(broker, message, wait)
    except (Refused, NotFound) as error:
        return _give_up(broker, message, handler, error.reason)
    except LostClaim:
        raise
    except ConnectorError as error:
        return _later(broker, message, handler, error)
    except Exception as error:  # noqa: BLE001 - it is counted, and given up after some tries
        _log.exception("a step failed", topic=message.topic, key=message.key)
        return _later(broker, message, handler, error)


@contextmanager
def _kept(broker: Broker, message: Message) -> Iterator[None]:
    """Renew the claim while the step runs, however long: a lease ends only with its worker."""
    done = threading.Event()
    keeper = threading.Thread(target=_keep, args=(broker, message, done), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()


def _keep(broker: Broker, message: Message, done: threading.Event) -> None:
    while not done.wait(broker.lease.total_seconds() / 3):
        try:
            with broker.sessions.begin() as session:
                outbox.renew(session, message, broker.clock.now(), broker.lease)
        except (LostClaim, SQLAlchemyError) as error:
            _log.warning("a claim could not be renewed", topic=message.topic, error=str(error))


def _settle(broker: Broker, message: Message, effect: Effect) -> None:
    with broker.sessions.begin() as session:
        # First, so that whoever lost the claim stores nothing.
        outbox.settle(session, message, broker.clock.now())
        effect(session)


def _postpone(broker: Broker, message: Message, wait: Postponed) -> None:
    until = broker.clock.now() + timedelta(seconds=wait.seconds)
    with broker.sessions.begin() as session:
        outbox.postpone(session, message, until, str(wait), forgives=wait.forgives)


def _later(broker: Broker, message: Message, handler: Handler, error: Exception) -> None:
    now = broker.clock.now()
    if isinstance(error, Unavailable | Misconfigured):
        with broker.sessions.begin() as session:
            sync_runs.silent(session, error.system, now, error.reason)
    if _tired(message, error, now):
        return _give_up(broker, message, handler, str(error))
    with broker.sessions.begin() as session:
        outbox.fail(session, message, now, now + _delay(message, error), str(error))
    return None


def _tired(message: Message, error: Exception, now: datetime) -> bool:
    if isinstance(error, ConnectorError):
        return now - (message.failing_since or now) > _PATIENCE
    return message.failures + 1 >= _TRIES_OF_A_FAULT


def _delay(message: Message, error: Exception) -> timedelta:
    """Full-jitter back-off, or what the system asked for if that is longer."""
    asked = timedelta(seconds=getattr(error, "retry_after", None) or 0)
    ceiling = min(_LONGEST_WAIT, timedelta(seconds=2 ** min(message.failures, 12)))
    jittered = ceiling * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, protects nothing
    return min(max(asked, jittered), _LONGEST_WAIT)


def _give_up(broker: Broker, message: Message, handler: Handler, why: str) -> None:
    now = broker.clock.now()
    with broker.sessions.begin() as session:
        outbox.give_up(session, message, now, why)
        handler.give_up(session, message, why, broker)
        subject = ("outbox", message.id)
        audit.record(session, now, audit.SYSTEM, "outbox.give_up", subject, "failed")


def ring_due(broker: Broker, except_for: QueueName | None = None) -> None:
    """Ring for every queue in which something is due."""
    with broker.sessions() as session:
        queues = outbox.due_queues(session, broker.clock.now())
    for queue in queues:
        if queue != except_for:
            broker.bell.ring(queue)


def housekeeping(broker: Broker) -> None:
    """Seal audit events, forget expired sign-in rows, and now and then what is old. Cheap; call
    it every second.
    """
    now = broker.clock.now()
    with broker.sessions.begin() as session:
        audit.seal(session, broker.audit_key, now)
    with broker.sessions.begin() as session:
        sign_in.sweep(session, now)
    pruning.prune(broker.sessions, now)
