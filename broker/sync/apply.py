"""Writes what was seen: rows, audit and outbox in the caller's one transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from broker.context import Broker
from broker.domain.access_requests import AccessRequest, RequestState
from broker.ports.queue import QueueName
from broker.store import audit, outbox, requests
from broker.store.base import Turn, take_turn
from broker.store.requests import RequestRow
from broker.sync.reconcile import print_of

# A request just raised has no approver yet; its approval starts a moment later.
_MOMENT = timedelta(seconds=2)


def apply(
    session: Session,
    broker: Broker,
    iga: str,
    seen: Sequence[AccessRequest],
    gone: Sequence[str] = (),
) -> dict[str, int]:
    """Write each request that changed; returns how many were new, changed, the same or gone."""
    take_turn(session, Turn.REQUESTS)
    now = broker.clock.now()
    known = requests.known(session, iga, [request.header.id for request in seen] + list(gone))
    counts = {"new": 0, "changed": 0, "same": 0, "gone": 0}
    for request in seen:
        outcome = _write(session, iga, known.get(request.header.id), request, now)
        counts[outcome] += 1
        if outcome != "same" and request.header.state is RequestState.REQUESTED:
            owe_look(session, iga, request.header.id, now + _MOMENT)
    for request_id in gone:
        counts["gone"] += _leave(session, known.get(request_id), now)
    if counts["new"] or counts["changed"] or counts["gone"]:
        owe_mirror(session, broker, now)
    return counts


def owe_look(session: Session, iga: str, request_id: str, at: datetime) -> None:
    """Look at one request again: something is about to happen to it, or just has."""
    payload = {"iga": iga, "request_id": request_id}
    key = f"{iga}/{request_id}"
    outbox.owe(session, QueueName.INTERACTIVE, "sync.request", key, at, payload)


def owe_mirror(session: Session, broker: Broker, now: datetime) -> None:
    """Let every desk hear of it."""
    for desk in broker.desks:
        outbox.owe(session, QueueName.INTERACTIVE, "mirror", desk, now, {"desk": desk})


def _write(
    session: Session, iga: str, row: RequestRow | None, seen: AccessRequest, now: datetime
) -> str:
    print_ = print_of(seen)
    if row is not None and row.fingerprint == print_ and row.gone_at is None:
        row.seen_at = now
        return "same"
    outcome = "changed" if row else "new"
    row = row or RequestRow(iga=iga, request_id=seen.header.id)
    requests.write(row, seen, print_, now)
    row.seen_at = now
    session.add(row)
    session.flush()
    facts = {"iga_request": seen.header.id, "fingerprint": print_}
    subject = ("request", row.id)
    audit.record(session, now, audit.SYSTEM, f"request.{outcome}", subject, row.state, facts)
    return outcome


def _leave(session: Session, row: RequestRow | None, now: datetime) -> int:
    """The IGA no longer shows it: keep the row, out of the open lists, and never call it done."""
    if row is None or row.gone_at is not None:
        return 0
    row.gone_at, row.mirror_due = now, True
    audit.record(session, now, audit.SYSTEM, "request.gone", ("request", row.id), row.state)
    return 1
