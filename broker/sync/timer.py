"""Every half hour somebody refreshes everybody; the slot row says who."""

from datetime import UTC, datetime, timedelta

from broker.context import Broker
from broker.ports.queue import QueueName
from broker.store import outbox, sync_runs


def beat(broker: Broker) -> bool:
    """Take the present slot, if nobody has, and owe its runs. Harmless however often called."""
    now = broker.clock.now()
    slot = _slot(now, timedelta(minutes=broker.settings.sync_interval_minutes))
    with broker.sessions.begin() as session:
        taken = sync_runs.take_slot(session, "sync", slot)
        if taken:
            outbox.owe(session, QueueName.SYNC, "sync.people", broker.settings.iga, now)
            outbox.owe(session, QueueName.SYNC, "sync.changes", broker.settings.iga, now)
            for desk in broker.desks if broker.settings.order_sweep else ():
                outbox.owe(session, QueueName.SYNC, "orders.sweep", desk, now, {"desk": desk})
    if taken:
        broker.bell.ring(QueueName.SYNC)
    return taken


def _slot(now: datetime, interval: timedelta) -> datetime:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + (now - epoch) // interval * interval
