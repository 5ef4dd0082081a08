"""Telling that an item was cancelled: a knock on the door that says nothing in return."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from broker.context import Broker
from broker.store.audit import AuditEventRow
from broker.store.outbox import OutboxRow
from tests.webui.api.posts import (
    EVENTS_KEY,
    NOTHING,
    ORDERS_KEY,
    Program,
    an_order,
    code_of,
    stored,
)

CANCELLED = "/api/v1/events/order"


def a_cancellation(**changes: object) -> dict[str, Any]:
    """The item of `an_order` was cancelled."""
    item = {"number": "RITM0010007", "sys_id": "2" * 32}
    return {"source": "servicenow", "item": item, "event": "cancelled"} | changes


def recalls(broker: Broker) -> list[str]:
    """The orders about which the desk will be asked."""
    with broker.sessions() as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.topic == "order.recall"))
        return [row.key for row in rows]


def test_a_cancelled_item_owes_a_question_to_the_desk(
    desk: Program, events: Program, broker: Broker
) -> None:
    order = desk.post(an_order()).get_json()["order_id"]
    response = events.post(a_cancellation(), CANCELLED)
    assert (response.status_code, response.get_json()) == (202, {"state": "accepted"})
    assert recalls(broker) == [order]
    with broker.sessions() as session:
        query = select(AuditEventRow).where(AuditEventRow.action == "order.recall")
        (noted,) = session.scalars(query)
    assert (noted.actor_kind, noted.actor_id, noted.subject_id) == ("client", "servicenow", order)


@pytest.mark.both
def test_many_repetitions_owe_one_question(desk: Program, events: Program, broker: Broker) -> None:
    desk.post(an_order())
    for number in range(5):
        answer = events.post(a_cancellation(), CANCELLED, webhook_id=f"msg_{number % 2}")
        assert answer.status_code == 202
    assert len(recalls(broker)) == 1


def test_an_item_without_an_order_gets_the_same_answer_and_leaves_no_trace(
    desk: Program, events: Program, broker: Broker
) -> None:
    unknown = events.post(a_cancellation(), CANCELLED)
    assert stored(broker) == NOTHING
    desk.post(an_order())
    known = events.post(a_cancellation(), CANCELLED)
    assert (unknown.status_code, unknown.data) == (known.status_code, known.data)


@pytest.mark.parametrize(
    "item",
    [
        {"number": "RITM0010007", "sys_id": "9" * 32},
        {"number": "RITM0010008", "sys_id": "2" * 32},
    ],
)
def test_number_and_id_must_both_be_right(
    desk: Program, events: Program, broker: Broker, item: dict[str, str]
) -> None:
    desk.post(an_order())
    assert events.post(a_cancellation(item=item), CANCELLED).status_code == 202
    assert recalls(broker) == []


def test_the_same_numbers_of_another_desk_are_other_items(
    emea: Program, events: Program, broker: Broker
) -> None:
    emea.post(an_order(source="servicenow-emea"))
    events.post(a_cancellation(), CANCELLED)
    assert recalls(broker) == []


def test_a_source_of_another_client_is_refused(
    emea: Program, events: Program, broker: Broker
) -> None:
    emea.post(an_order(source="servicenow-emea"))
    refused = events.post(a_cancellation(source="servicenow-emea"), CANCELLED)
    assert code_of(refused) == (403, "source_not_allowed")
    assert recalls(broker) == []


def test_the_keys_of_orders_do_not_sign_events(events: Program, broker: Broker) -> None:
    wrong = replace(events, key=ORDERS_KEY)
    assert code_of(wrong.post(a_cancellation(), CANCELLED)) == (401, "signature_invalid")
    forged = events.post(a_cancellation(), CANCELLED, changed=b"{}")
    assert code_of(forged) == (401, "signature_invalid")
    assert EVENTS_KEY != ORDERS_KEY
    assert stored(broker) == NOTHING


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"event": "approved"}, "invalid_field"),
        ({"event": None}, "invalid_field"),
        ({"item": None}, "invalid_field"),
        ({"item": {"number": "RITM0010007"}}, "invalid_field"),
        ({"item": {"number": "RITM0010007", "sys_id": "2" * 31}}, "invalid_field"),
        ({"item": {"number": "a\nb", "sys_id": "2" * 32}}, "invalid_field"),
        ({"source": "Service Now"}, "invalid_field"),
        ({"reason": "changed my mind"}, "unknown_field"),
    ],
)
def test_an_event_that_cannot_be_read_is_refused(
    desk: Program, events: Program, broker: Broker, changes: dict[str, object], code: str
) -> None:
    desk.post(an_order())
    assert code_of(events.post(a_cancellation(**changes), CANCELLED)) == (400, code)
    assert recalls(broker) == []


def test_only_json_is_read(events: Program) -> None:
    plain = events.post(a_cancellation(), CANCELLED, Content_Type="text/plain")
    assert code_of(plain) == (415, "unsupported_media_type")
    assert code_of(events.http.get(CANCELLED)) == (405, "method_not_allowed")
