"""Posts are hints and may be lost; the desk's own record counts. So it is looked through now and
then for approved items that nobody announced, and these go the way of every order.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from broker.context import Broker
from broker.domain.errors import ConnectorError, NotFound, Refused
from broker.domain.orders import SWEEP, LineState
from broker.orders import intake
from broker.orders.announcing import post_of
from broker.orders.operate import NotPossible
from broker.ports.desk import DeskApproval, DeskOrder, OrderRef
from broker.store import audit, orders, sync_runs
from broker.store.base import new_id
from broker.store.orders import OrderRow
from broker.store.outbox import Effect, Message

CLIENT, KIND = SWEEP, "orders"
_log = structlog.get_logger()
# A post may take a minute each way through a MID Server: it shall not meet our own.
_GRACE = timedelta(minutes=2)
# Clocks differ, and a change is seen only when the desk has stored it.
_OVERLAP = timedelta(minutes=10)


def sweep(broker: Broker, message: Message) -> Effect:
    """Take in every approved item of one desk that was changed since the last sweep and was lost.

    The first sweep of a desk only remembers when it was: what was approved before the broker
    came is not its business. Raises the desk's ConnectorError; the next sweep then begins earlier.
    """
    desk, at = message.payload["desk"], broker.clock.now()
    with broker.sessions.begin() as session:
        first, since = sync_runs.span_of_kind(session, desk, KIND)
        run = sync_runs.start(session, desk, KIND, at)
    try:
        window = (first - _OVERLAP, since - _OVERLAP, at - _GRACE) if first and since else None
        counts = _swept(broker, desk, *window) if window else {}
    except ConnectorError as error:
        with broker.sessions.begin() as session:
            sync_runs.finish(session, run, broker.clock.now(), error=error.reason)
        raise
    return lambda session: sync_runs.finish(session, run, broker.clock.now(), counts)


def _swept(
    broker: Broker, desk: str, first: datetime, since: datetime, until: datetime
) -> dict[str, int]:
    found = list(broker.desk(desk).approved(_about_access(broker, desk), since, until))
    lost = [ref for ref in found if _is_lost(broker, ref)]
    taken = [ref for ref in lost if _take_in(broker, ref, first)]
    return {"approved": len(found), "lost": len(lost), "new": len(taken)}


def _about_access(broker: Broker, desk: str) -> Sequence[str]:
    """The catalogue items of this desk that stand for access."""
    entries = broker.catalogue.entries.items()
    return [item for (source, item), entry in entries if source == desk and entry.grants]


def _is_lost(broker: Broker, ref: OrderRef) -> bool:
    with broker.sessions() as session:
        known = orders.of_item(session, ref.source, ref.item_id)
        return all(_was_a_lie(order) for order in known)


def _was_a_lie(order: OrderRow) -> bool:
    """Whether somebody's post was refused; what we found ourselves is not found again."""
    refused = all(line.state is LineState.REJECTED for line in order.lines)
    return refused and order.carried_item is None and order.client != CLIENT


def _take_in(broker: Broker, ref: OrderRef, first: datetime) -> bool:
    """Announce one item. What is wrong with it concerns no other item."""
    try:
        seen = broker.desk(ref.source).order(ref)
        if seen.approval is not DeskApproval.APPROVED or not seen.active or _is_old(seen, first):
            return False
        post = post_of(broker, seen)
    except (NotFound, NotPossible, Refused) as error:
        _log.warning("an approved item cannot be taken in", item=ref.item_number, why=str(error))
        return False
    body = post.model_dump_json().encode()
    intake.receive(broker, CLIENT, f"{CLIENT}-{new_id()}", body, post, audit.SYSTEM)
    return True


def _is_old(seen: DeskOrder, first: datetime) -> bool:
    """Whether it was approved before the first sweep; a comment changes an item, not that."""
    decided = [each.at for each in seen.decisions if each.decision == "approved" and each.at]
    approved_at = max(decided, default=seen.opened_at)
    return approved_at is not None and approved_at < first
