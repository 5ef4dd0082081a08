"""What the desks themselves ask of somebody: asked while they wait, and stored nowhere."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from broker.context import Broker
from broker.domain.errors import ConnectorError
from broker.domain.visibility import Viewer
from broker.ports.desk import DecisionsPort, DeskWaiting
from broker.store import people


@dataclass(frozen=True, slots=True)
class AtTheDesk:
    """One desk's decisions for a person; `answers` is false while it does not say."""

    desk: str
    has_account: bool
    answers: bool = True
    decisions: Sequence[DeskWaiting] = ()


def deciding(broker: Broker) -> list[DecisionsPort]:
    """The desks that have approvals of their own."""
    return [desk for desk in broker.desks.values() if isinstance(desk, DecisionsPort)]


def waiting(broker: Broker, viewer: Viewer) -> Iterator[AtTheDesk]:
    """What waits for the viewer at each of them, now."""
    for desk in deciding(broker):
        with broker.sessions() as session:
            keys = [viewer.key] if viewer.key else []
            accounts = people.desk_keys(session, desk.name, viewer.iga, keys)
        key = accounts.get(viewer.key or "")
        yield _asked(broker, desk, key) if key else AtTheDesk(desk.name, has_account=False)


def _asked(broker: Broker, desk: DecisionsPort, key: str) -> AtTheDesk:
    try:
        decisions = desk.waiting_for(key, broker.clock.now())
    except ConnectorError:
        return AtTheDesk(desk.name, has_account=True, answers=False)
    return AtTheDesk(desk.name, has_account=True, decisions=decisions)
