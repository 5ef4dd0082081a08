"""Telling of logins: noted once, for whomever."""

import pytest
from sqlalchemy import select

from broker.context import Broker
from broker.store.outbox import OutboxRow
from tests.webui.api.posts import LOGINS, NOTHING, Program, a_login, code_of, stored


def test_a_login_owes_a_refresh(events: Program, broker: Broker) -> None:
    assert events.post(a_login(), LOGINS).status_code == 202
    with broker.sessions() as session:
        assert [row.queue for row in session.scalars(select(OutboxRow))] == ["interactive"]


def test_many_logins_of_one_person_owe_one_refresh(events: Program, broker: Broker) -> None:
    for number in range(30):
        events.post(a_login(occurred_at=f"2026-01-31T08:15:{number:02}Z"), LOGINS)
    assert stored(broker)[2] == 1


def test_a_repeated_event_is_fine(events: Program, broker: Broker) -> None:
    for _ in range(2):
        assert events.post(a_login(), LOGINS, webhook_id="msg_1").status_code == 202
    assert stored(broker)[2] == 1


def test_people_we_do_not_know_get_the_same_answer(events: Program) -> None:
    known = events.post(a_login(), LOGINS)
    unknown = events.post(a_login(user_name="nobody"), LOGINS)
    assert (known.status_code, known.data) == (unknown.status_code, unknown.data)


def test_a_source_of_another_client_is_refused(events: Program, broker: Broker) -> None:
    refused = events.post(a_login(source="servicenow-emea"), LOGINS)
    assert code_of(refused) == (403, "source_not_allowed")
    assert stored(broker) == NOTHING


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"occurred_at": "yesterday"}, "invalid_field"),
        ({"occurred_at": "2026-01-31T08:15:30"}, "invalid_field"),
        ({"occurred_at": 1769847330}, "invalid_field"),
        ({"user_name": ""}, "invalid_field"),
        ({"user_name": "a\nb"}, "invalid_field"),
        ({"user_name": None}, "invalid_field"),
        ({"session": "1"}, "unknown_field"),
    ],
)
def test_an_event_that_cannot_be_read_is_refused(
    events: Program, broker: Broker, changes: dict[str, object], code: str
) -> None:
    assert code_of(events.post(a_login(**changes), LOGINS)) == (400, code)
    assert stored(broker) == NOTHING
