"""What mirroring costs: as many questions to the database for thirty requests as for three."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from broker.sync import engine
from tests.use_cases.conftest import ADA, House
from tests.use_cases.fakes import awaiting

pytestmark = pytest.mark.both


def questions(house: House) -> int:
    """How many times paying what is owed reads from the database."""
    asked: list[str] = []

    def note(*call: object) -> None:
        asked.append(str(call[2]))

    store = house.broker.sessions.kw["bind"]
    event.listen(store, "before_cursor_execute", note)
    house.work()
    event.remove(store, "before_cursor_execute", note)
    return len([statement for statement in asked if statement.lstrip().startswith("SELECT")])


def due(house: House, first: int, many: int) -> None:
    """So many requests, read from the IGA and not yet mirrored."""
    for number in range(first, first + many):
        house.iga.requests[str(number)] = awaiting(str(number), ADA.key, "BEN")
    engine.sync_changes(house.broker)


def test_many_requests_are_mirrored_with_as_many_questions_as_a_few(house: House) -> None:
    engine.sync_people(house.broker)
    house.work()
    due(house, 100, 3)
    few = questions(house)
    due(house, 200, 30)
    assert questions(house) <= few
    assert len(house.desk.mirrored) == 2 * (3 + 30)
