"""What a list costs: as many statements for two hundred orders as for two."""

from collections.abc import Callable

import pytest
from sqlalchemy import event

from broker.domain.access_requests import RequestState
from broker.domain.orders import LineState
from broker.domain.visibility import Role
from broker.store.base import Sessions
from broker.store.views import lists, orders
from tests.store.rows import order_of, request_of, staff_row, viewer

pytestmark = pytest.mark.both
OPERATOR = viewer("1", "oim", Role.OPERATOR)


def populate(sessions: Sessions, first: int, many: int, state: RequestState) -> None:
    """So many orders that wait for an operator, each of two people of its own, with the request
    that it became.
    """
    with sessions.begin() as session:
        for number in range(first, first + many):
            people = [staff_row("oim", f"{number}{part}", None) for part in "ab"]
            session.add_all(people)
            session.flush()
            order = order_of(f"R{number}", people[0].id, people[1].id, request_id=str(number))
            order.lines[0].state = LineState.NEEDS_ATTENTION
            session.add(order)
            session.add(request_of(str(number), requester="1", state=state))


def statements(sessions: Sessions, ask: Callable[..., object]) -> int:
    """How many statements a question costs."""
    asked: list[str] = []

    def count(*call: object) -> None:
        asked.append(str(call[2]))

    engine = sessions.kw["bind"]
    event.listen(engine, "before_cursor_execute", count)
    with sessions() as session:
        ask(session)
    event.remove(engine, "before_cursor_execute", count)
    return len(asked)


@pytest.mark.parametrize(
    "ask",
    [
        lambda session: orders.orders(session, OPERATOR),
        lambda session: orders.needing_attention(session, OPERATOR),
        lambda session: lists.history(session, OPERATOR, everybody=True),
        lambda session: lists.open_requests(session, viewer("1")),
    ],
    ids=["orders", "attention", "history", "open requests"],
)
@pytest.mark.parametrize("state", [RequestState.AWAITING_APPROVAL, RequestState.COMPLETED])
def test_a_long_list_costs_no_more_statements_than_a_short_one(
    sessions: Sessions, ask: Callable[..., object], state: RequestState
) -> None:
    populate(sessions, 100, 2, state)
    few = statements(sessions, ask)
    populate(sessions, 200, 20, state)
    assert statements(sessions, ask) == few
