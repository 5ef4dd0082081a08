"""Through the broker's own submission step: however a call ends, an order becomes one request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest

from broker.domain.people import Account, Person
from tests.contract.subject import Subject
from tests.contract.test_iga import AFTER_ACCEPTANCE, BUSY, JSON
from tests.faults.proxy import Fault, Stale, answering, lost_answer, lost_call
from tests.use_cases.conftest import House, house_on
from tests.use_cases.fakes import FakeClock, FakeDesk, FakeIga


class Ordering:
    """A broker between the product and a desk, where the person has ordered the first item."""

    def __init__(self, house: House, subject: Subject, person: Person) -> None:
        login = person.login.lower()
        who = Account(
            "servicenow", "sys-1", login, person.display_name, person.email, person.employee_number
        )
        house.desk.users[:] = [who]
        self.house, self.who, self.subject, self.person = house, who, subject, person
        self.ref = house.item(role=subject.items[0].name)
        house.change(self.ref, requested_for=who, opened_by=who)

    def post(self) -> dict[str, object]:
        """The desk announces the order."""
        told = {"user_name": self.who.login}
        return self.house.post(self.ref, beneficiary=told, requested_by=told)

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
    first, second = ordering.post(), ordering.post()
    ordering.house.work()
    assert first["order_id"] == second["order_id"]
    ordering.is_one_request(first)


def test_two_orders_of_one_item_become_two_requests(ordering: Ordering) -> None:
    first = ordering.post()
    other = ordering.house.item(role=ordering.subject.items[1].name)
    ordering.house.change(other, requested_for=ordering.who, opened_by=ordering.who)
    told = {"user_name": ordering.who.login}
    second = ordering.house.post(other, beneficiary=told, requested_by=told)
    ordering.house.work()
    made = [ordering.house.order(each).lines[0].iga_request_id for each in (first, second)]
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
