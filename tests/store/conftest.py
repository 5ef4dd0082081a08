"""Sessions on a fresh database."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from broker.store.base import Sessions, open_store, sessions_of

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def sessions(database_url: str) -> Iterator[Sessions]:
    engine = open_store(database_url)
    yield sessions_of(engine)
    engine.dispose()


@pytest.fixture
def staff(sessions: Sessions) -> Sessions:
    """Sessions on a database that knows the people of both IGAs."""
    from tests.store import rows  # it needs NOON from here

    with sessions.begin() as session:
        for iga, everybody in rows.STAFF.items():
            session.add_all(rows.staff_row(iga, *who) for who in everybody)
    return sessions
