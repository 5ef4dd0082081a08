"""Texts that do not fit, and what an error may show."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from broker.domain.access import CatalogueItem, Holding, ItemKind
from broker.domain.orders import LineEvent, LineState
from broker.domain.people import Person
from broker.store import access, people
from broker.store.base import Sessions
from broker.store.orders import OrderLineRow, move
from tests.store.conftest import NOON

pytestmark = pytest.mark.both


def test_an_error_of_the_database_does_not_show_what_was_written(sessions: Sessions) -> None:
    with sessions() as session, pytest.raises(DBAPIError) as error:
        session.execute(text("SELECT nowhere FROM people WHERE login = :l"), {"l": "secret"})
    assert "secret" not in str(error.value)


def test_the_reason_of_a_line_is_cut_to_its_column() -> None:
    line = OrderLineRow(state=LineState.RECEIVED)
    move(line, LineEvent.REJECT, NOON, "x" * 5000)
    assert len(line.reason) == 1000


def test_long_names_of_holdings_are_clipped_and_long_keys_left_out(
    sessions: Sessions, caplog: pytest.LogCaptureFixture
) -> None:
    held = [Holding(ItemKind.ROLE, "1", "n" * 300), Holding(ItemKind.ROLE, "k" * 65, "Long")]
    with sessions.begin() as session:
        (ada,) = people.remember(session, "oim", [Person("1", "ADA", "Ada")], NOON)
        access.replace_holdings(session, ada.id, held, NOON)
    with sessions() as session:
        (row,) = access.holdings_of(session, ada.id)
    assert row.name == "n" * 255
    assert "a holding is left out: its key is too long" in caplog.text


def test_a_catalogue_item_with_a_name_too_long_to_compare_is_not_kept(sessions: Sessions) -> None:
    with sessions.begin() as session:
        access.remember_item(session, "oim", CatalogueItem(ItemKind.ROLE, "1", "n" * 256), NOON)
        assert session.query(access.CatalogueItemRow).all() == []


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("a\0b", "ab"),
        ("half \ud83d", "half \ufffd"),
        ("pair \ud83d\ude00", "pair \U0001f600"),
        ("plain é", "plain é"),
    ],
)
def test_what_no_database_can_hold_is_left_out_of_texts(
    sessions: Sessions, said: str, kept: str
) -> None:
    with sessions.begin() as session:
        (ada,) = people.remember(session, "oim", [Person("1", "ADA", said)], NOON)
    with sessions() as session:
        row = session.get_one(people.PersonRow, ada.id)
        assert row.display_name == kept
        found = session.scalars(select(people.PersonRow).filter_by(display_name=said)).all()
        assert [person.id for person in found] == [ada.id]


def test_odd_texts_of_many_rows_are_cleaned_too(sessions: Sessions) -> None:
    many = [Person(str(n), f"P{n}", f"name\0{n}") for n in range(3)]
    with sessions.begin() as session:
        people.remember(session, "oim", many, NOON)
        names = session.scalars(select(people.PersonRow.display_name)).all()
    assert sorted(names) == ["name0", "name1", "name2"]
