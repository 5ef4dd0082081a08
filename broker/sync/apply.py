"""Writes what was seen: rows, audit and outbox in the caller's one transaction."""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from broker.context import Broker
from broker.domain.access_requests import AccessRequest
from broker.domain.errors import ConnectorError
from broker.ports.queue import QueueName
from broker.store import audit, outbox, requests
from broker.store.base import Turn, take_turn
from broker.store.requests import RequestRow
from broker.sync.reconcile import goes_on, print_of

_log = logging.getLogger(__name__)
# A request just raised has no approver yet; its approval starts a moment later.
_MOMENT = timedelta(seconds=2)


@dataclass(slots=True)
class Reading:
    """What reading some requests brought. `began_at`, by request id, is when each was asked for;
    `down` is why reading stopped before all were asked for.
    """

    seen: list[AccessRequest] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    unread: dict[str, ConnectorError] = field(default_factory=dict)
    began_at: dict[str, datetime] = field(default_factory=dict)
    down: ConnectorError | None = None


def apply(session: Session, broker: Broker, iga: str, reading: Reading) -> dict[str, int]:
    """Write each request that changed; returns how many were new, changed, the same or gone.

    Runs overlap: a picture older than the one we have counts as the same.
    """
    take_turn(session, Turn.REQUESTS)
    now = broker.clock.now()
    seen = [request for request in reading.seen if _fits(iga, request)]
    known = requests.known(session, iga, [request.header.id for request in seen] + reading.gone)
    counts = {"new": 0, "changed": 0, "same": 0, "gone": 0}
    for request in seen:
        began_at = reading.began_at[request.header.id]
        outcome = _write(session, iga, known.get(request.header.id), request, now, began_at)
        counts[outcome] += 1
        if outcome != "same" and goes_on(request):
            outbox.owe_look(session, iga, request.header.id, now + _MOMENT)
    for request_id in reading.gone:
        counts["gone"] += _leave(session, known.get(request_id), now, reading.began_at[request_id])
    if counts["new"] or counts["changed"] or counts["gone"]:
        owe_mirror(session, broker, now)
    return counts


def _fits(iga: str, request: AccessRequest) -> bool:
    column = requests.overlong(request)
    if column:
        name = request.header.id[:64]
        _log.warning("request %s of %s is left out: its %s is too long", name, iga, column)
    return not column


def owe_mirror(session: Session, broker: Broker, now: datetime) -> None:
    """Let every desk hear of it."""
    for desk in broker.desks:
        outbox.owe(session, QueueName.INTERACTIVE, "mirror", desk, now, {"desk": desk})


def _write(
    session: Session,
    iga: str,
    row: RequestRow | None,
    seen: AccessRequest,
    now: datetime,
    began_at: datetime,
) -> str:
    print_ = print_of(seen)
    if row is not None and began_at < row.seen_at:
        return "same"
    if row is not None and row.fingerprint == print_ and row.gone_at is None:
        row.seen_at = began_at
        return "same"
    outcome = "changed" if row else "new"
    row = row or RequestRow(iga=iga, request_id=seen.header.id)
    requests.write(row, seen, print_, now)
    row.seen_at = began_at
    session.add(row)
    session.flush()
    facts = {"iga_request": seen.header.id, "fingerprint": print_}
    subject = ("request", row.id)
    audit.record(session, now, audit.SYSTEM, f"request.{outcome}", subject, row.state, facts)
    return outcome


def _leave(session: Session, row: RequestRow | None, now: datetime, began_at: datetime) -> int:
    """The IGA no longer shows it: keep the row, out of the open lists, and never call it done."""
    if row is None or row.gone_at is not None or began_at < row.seen_at:
        return 0
    row.gone_at, row.seen_at, row.mirror_due = now, began_at, True
    audit.record(session, now, audit.SYSTEM, "request.gone", ("request", row.id), row.state)
    return 1
