"""Through the broker's own submission step: however a call ends, an order becomes one request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import pytest

from broker import relay
from broker.domain.access import CatalogueMapping, Grant, ItemKind, ItemName, MappingEntry
from broker.domain.orders import Action, LineState
from broker.domain.people import Account, Person
from broker.orders import submission
from broker.ports.desk import OrderRef
from broker.ports.queue import QueueName
from broker.store import outbox
from broker.store.orders import OrderLineRow
from tests.contract.needs import kinds, lacks, needs
from tests.contract.subject import Subject
from tests.contract.test_iga import AFTER_ACCEPTANCE, BUSY, JSON
from tests.faults.proxy import (
    Exchange,
    Fault,
    Stale,
    When,
    answering,
    lost_answer,
    lost_call,
)
from tests.use_cases.conftest import House, house_on
from tests.use_cases.fakes import FakeClock, FakeDesk, FakeIga


class Ordering:
    """A broker between the product and a desk, where one person orders."""

    def __init__(self, house: House, subject: Subject, person: Person) -> None:
        login = person.login.lower()
        self.who = Account(
            "servicenow", "sys-1", login, person.display_name, person.email, person.employee_number
        )
        house.desk.users[:] = [self.who]
        self.house, self.subject, self.person = house, subject, person
        self.sent = 0

    def order(self, name: ItemName, action: Action = Action.GRANT) -> OrderRef:
        """An approved item of the desk that gives this access, or takes it away."""
        catalogue = self.house.broker.catalogue.entries
        key = f"{action} {name}"
        entry = MappingEntry(
            "servicenow", key, key, [Grant(ItemKind(name.kind), name.name)], action
        )
        mapping = CatalogueMapping({**catalogue, ("servicenow", key): entry})
        self.house.broker = replace(self.house.broker, catalogue=mapping)
        ref = self.house.item(key)
        self.house.change(ref, requested_for=self.who, opened_by=self.who)
        return ref

    def tell(self, ref: OrderRef, action: Action = Action.GRANT) -> dict[str, object]:
        """The desk announces it."""
        told = {"user_name": self.who.login}
        return self.house.post(ref, beneficiary=told, requested_by=told, action=action)

    def post(self) -> dict[str, object]:
        """The first item of the subject is ordered and announced."""
        return self.tell(self.order(self.subject.items[0]))

    def count(self, when: When, fault: Fault | None = None) -> None:
        """Count these calls from now on; the first meets the fault."""

        def counted(call: Exchange) -> None:
            self.sent += 1
            first = fault if self.sent == 1 else None
            (first or (lambda met: met.answer(met.forward())))(call)

        self.subject.proxy.meet(counted, when, times=None)

    def owed_submission(self) -> outbox.Message:
        """Everything up to the step that submits is done; that step's message, claimed."""
        broker = self.house.broker
        while True:
            with broker.sessions.begin() as session:
                now = broker.clock.now()
                message = outbox.claim(session, QueueName.ORDERS, now, broker.lease)
            assert message is not None
            if message.topic == "order.submit":
                return message
            relay.pay(broker, message)

    def wait_for_the_search(self) -> None:
        """Until the product's search can be trusted, and whatever is tried again has been."""
        delay = self.subject.iga.capabilities.search_delay_seconds
        self.house.wait(rounds=4, seconds=120 + delay)

    def is_one_request(self, answer: dict[str, object]) -> None:
        """The order has its request, the only one, for the right person and item."""
        assert self.house.state(answer) == "submitted"
        (line,) = self.house.order(answer).lines
        assert self.subject.hands.accepted() == [line.iga_request_id]
        asked_of = self.subject.hands.asked_of(str(line.iga_request_id))
        assert asked_of == (self.person.key, [self.subject.items[0]])


@pytest.fixture
def ordering(database_url: str, subject: Subject, person: Person) -> Iterator[Ordering]:
    iga = cast("FakeIga", subject.iga)  # the broker asks for no more than the port has
    with house_on(database_url, iga, FakeDesk(users=[]), FakeClock()) as house:
        yield Ordering(house, subject, person)


def test_an_order_announced_twice_becomes_one_request(ordering: Ordering) -> None:
    ref = ordering.order(ordering.subject.items[0])
    first, second = ordering.tell(ref), ordering.tell(ref)
    ordering.house.work()
    assert first["order_id"] == second["order_id"]
    ordering.is_one_request(first)


@pytest.mark.parametrize("intent", ["kept", "lost"])
def test_a_submission_step_taken_twice_makes_one_request(ordering: Ordering, intent: str) -> None:
    """The first worker ends before it can store the answer; a database that was restored from a
    back-up does not even have its intent.
    """
    house, answer = ordering.house, ordering.post()
    message = ordering.owed_submission()
    ordering.count(ordering.subject.calls.submitting)
    submission.submit(house.broker, message)
    assert ordering.sent == 1
    if intent == "lost":
        with house.broker.sessions.begin() as session:
            line = session.get_one(OrderLineRow, message.payload["line_id"])
            line.state = LineState.VERIFIED
    house.clock.forward(seconds=house.broker.lease.total_seconds() + 1)
    ordering.wait_for_the_search()
    assert ordering.sent == 1
    ordering.is_one_request(answer)


def test_two_orders_become_two_requests(ordering: Ordering) -> None:
    answers = [ordering.tell(ordering.order(name)) for name in ordering.subject.items]
    ordering.house.work()
    made = [ordering.house.order(each).lines[0].iga_request_id for each in answers]
    assert sorted(map(str, made)) == sorted(ordering.subject.hands.accepted())
    assert len(set(made)) == 2


@AFTER_ACCEPTANCE
def test_an_order_that_was_accepted_is_not_sent_again(ordering: Ordering, fault: Fault) -> None:
    ordering.subject.proxy.meet(fault, ordering.subject.calls.submitting)
    answer = ordering.post()
    ordering.house.work()
    assert ordering.house.state(answer) == "uncertain"
    ordering.wait_for_the_search()
    ordering.is_one_request(answer)


def test_an_order_whose_call_was_lost_is_sent_again(ordering: Ordering) -> None:
    ordering.subject.proxy.meet(lost_call, ordering.subject.calls.submitting)
    answer = ordering.post()
    ordering.house.work()
    assert ordering.house.state(answer) == "uncertain"
    ordering.wait_for_the_search()
    ordering.is_one_request(answer)


@BUSY
def test_an_order_waits_as_long_as_a_busy_system_says(ordering: Ordering, status: int) -> None:
    busy = answering(status, b"{}", Retry_After="1700", Content_Type=JSON)
    ordering.subject.proxy.meet(busy, ordering.subject.calls.submitting)
    answer = ordering.post()
    ordering.house.work()
    ordering.house.wait(seconds=1600)
    assert ordering.subject.hands.accepted() == []
    ordering.wait_for_the_search()
    ordering.is_one_request(answer)


def test_a_search_that_lags_behind_leads_to_no_second_request(ordering: Ordering) -> None:
    subject = ordering.subject
    subject.proxy.meet(Stale(), subject.calls.listing, times=None)
    subject.proxy.meet(lost_answer, subject.calls.submitting)
    answer = ordering.post()
    ordering.house.work()
    ordering.house.clock.forward(seconds=subject.iga.capabilities.search_delay_seconds - 1)
    ordering.house.work()
    assert ordering.house.state(answer) == "uncertain"
    subject.proxy.heal()
    ordering.wait_for_the_search()
    ordering.is_one_request(answer)


# ---- carried out at once, and taken away ---------------------------------------------------------


@AFTER_ACCEPTANCE
def test_what_was_carried_out_at_once_is_not_sent_again(ordering: Ordering, fault: Fault) -> None:
    """Who always makes a request is asked for one here, as everywhere."""
    if ordering.subject.hands.at_once:
        ordering.subject.hands.at_once()
    ordering.count(ordering.subject.calls.submitting, fault)
    ordering.post()
    ordering.house.work()
    ordering.wait_for_the_search()
    assert ordering.sent == 1
    if ordering.subject.hands.at_once:
        held = ordering.subject.iga.holdings(ordering.person)
        assert ordering.subject.items[0].name in [each.name for each in held]
        assert ordering.subject.hands.accepted() == []


@AFTER_ACCEPTANCE
@pytest.mark.parametrize("kind", kinds(needs))
def test_an_order_to_take_away_becomes_one_request(
    ordering: Ordering, kind: ItemKind, fault: Fault
) -> None:
    ref = ordering.order(ordering.subject.hands.give(kind), Action.REVOKE)
    ordering.count(ordering.subject.calls.revoking, fault)
    first, second = (ordering.tell(ref, Action.REVOKE) for _ in range(2))
    ordering.house.work()
    ordering.wait_for_the_search()
    assert first["order_id"] == second["order_id"]
    (line,) = ordering.house.order(first).lines
    assert ordering.subject.hands.accepted() == [line.iga_request_id]
    assert ordering.sent == 1


@pytest.mark.parametrize("kind", kinds(lacks))
def test_an_order_to_take_away_what_cannot_be_is_refused(
    ordering: Ordering, kind: ItemKind
) -> None:
    ref = ordering.order(ordering.subject.hands.give(kind), Action.REVOKE)
    answer = ordering.tell(ref, Action.REVOKE)
    ordering.house.work()
    assert ordering.house.order(answer).lines[0].state in ("refused", "closed")
    assert ordering.subject.hands.accepted() == []
