"""The Broker of this installation, for a command that does one thing and ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from broker.bootstrap import build
from broker.context import Broker
from broker.ports.queue import QueueName
from broker.settings import given
from broker.store import migrations
from cli.terminal import Fault


class NobodyToWake:
    """A bell for installations without Redis: the process that works looks every second anyway."""

    def ring(self, queue: QueueName) -> None:
        """Nothing: what is owed stays in the database."""


def redis_url() -> str | None:
    """The address of Redis, from the environment or the file that it names."""
    return given(os.environ).values.get("BROKER_REDIS_URL")


@contextmanager
def this_broker(*, alone: bool = True) -> Iterator[Broker]:
    """The Broker as the environment describes it, its database being up to date. A process that
    works beside others is not `alone`: BadSettings if there is no Redis.
    """
    bell = NobodyToWake() if alone and not redis_url() else None
    with closing(build(bell=bell)) as broker:
        demand_newest(broker)
        yield broker


@contextmanager
def closing(broker: Broker) -> Iterator[Broker]:
    """The Broker for a while; its connections to the database are closed afterwards."""
    try:
        yield broker
    finally:
        broker.sessions.kw["bind"].dispose()


def demand_newest(broker: Broker) -> None:
    """Fault unless the database has the tables that this version needs."""
    has, needs = revision_of(broker), migrations.newest()
    if has != needs:
        raise Fault(
            f"The database is at revision {has or 'none'}, this version needs {needs}:"
            " run request-broker db upgrade."
        )


def revision_of(broker: Broker) -> str | None:
    """The revision of the database."""
    return migrations.revision_of(broker.sessions.kw["bind"])
