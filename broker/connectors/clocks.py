"""What another system's clock says: dates in the headers of its answers."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


def http_date(value: str | None) -> datetime | None:
    """The moment that an HTTP date means (RFC 9110, 5.6.7), or None if it is no date."""
    try:
        at = parsedate_to_datetime(value or "")
    except (ValueError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def ahead(date: str | None, sent_at: datetime, received_at: datetime) -> timedelta | None:
    """How far the clock that wrote `date` is ahead of ours, or None if it wrote none.

    The answer was written at some moment between the two of ours: their middle is taken.
    """
    at = http_date(date)
    return None if at is None else at - (sent_at + (received_at - sent_at) / 2)
