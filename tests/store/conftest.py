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
