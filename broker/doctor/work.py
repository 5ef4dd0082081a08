"""What is owed, what waits for an operator, and whether anybody is at work."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from broker.doctor.findings import Finding, note, ok, warning, wrong
from broker.settings import Settings
from broker.store.vitals import Vitals, vitals

# A worker takes what is due within seconds; the clock rings every second for what was missed.
_LONGEST_WAIT = timedelta(minutes=5)


def work(connection: Connection, settings: Settings) -> Iterator[Finding]:
    """The state of the work, as the rows have it."""
    now, page = datetime.now(UTC), f"{settings.base_url}/operations"
    with Session(connection) as session:
        figures = vitals(session, now)
    yield _owed(figures, now)
    if figures.given_up:
        says = f"{_count(figures.given_up, 'message')} given up, and not tried again: see {page}."
        yield warning("outbox", says)
    if figures.stuck_orders:
        says = f"{_count(figures.stuck_orders, 'order')} waiting for an operator: see {page}."
        yield note("orders", says)
    yield _clock(figures, timedelta(minutes=settings.sync_interval_minutes), now)


def _owed(figures: Vitals, now: datetime) -> Finding:
    since = figures.neglected_since
    if since is not None and now - since > _LONGEST_WAIT:
        return wrong(
            "outbox",
            f"{_count(figures.owed, 'message')} owed, and nobody has come for one that has been due"
            f" since {since:%Y-%m-%d %H:%M} UTC: start the workers and the clock.",
        )
    if figures.owed:
        return note("outbox", f"{_count(figures.owed, 'message')} owed, and none of them late.")
    return ok("outbox", "nothing is owed.")


def _clock(figures: Vitals, interval: timedelta, now: datetime) -> Finding:
    """The timer's beat is the only trace that a clock leaves, and it beats seldom."""
    beat = figures.beat_at
    if beat is None:
        return note("clock", "has never beaten here: start request-broker clock.")
    if now - beat > 2 * interval:
        since = f"{beat:%Y-%m-%d %H:%M} UTC"
        return wrong("clock", f"has not beaten since {since}: start request-broker clock.")
    return ok("clock", f"beat at {beat:%Y-%m-%d %H:%M} UTC.")


def _count(number: int, thing: str) -> str:
    return f"1 {thing} is" if number == 1 else f"{number} {thing}s are"
