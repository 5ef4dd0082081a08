"""What the broker relies on in every identity governance system, put to each over HTTP."""

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import pytest

from broker.connectors.registry import iga_products
from broker.domain.errors import Misconfigured, NotFound, Unavailable, UnknownOutcome
from broker.domain.people import Account, Person
from broker.ports.iga import Submission
from tests.contract.subjects import PRODUCTS, Subject
from tests.faults.proxy import Exchange, Fault, Stale, answering, broken_off, lost_answer, lost_call
from tests.use_cases.conftest import House, house_on
from tests.use_cases.fakes import FakeClock, FakeDesk, FakeIga


def test_every_installed_product_is_under_the_contract() -> None:
    assert set(iga_products()) == set(PRODUCTS)


# ---- people --------------------------------------------------------------------------------------


def test_a_login_is_known_in_any_case(subject: Subject, person: Person) -> None:
    assert subject.iga.person(subject.login.swapcase()) == person


def test_an_unknown_login_is_nobody(subject: Subject) -> None:
    assert subject.iga.person("nobody.at.all") is None


def test_everybody_is_read_once(subject: Subject, person: Person) -> None:
    keys = [each.key for each in subject.connect(**subject.small_pages).people()]
    assert len(keys) == len(set(keys))
    assert person.key in keys


# ---- requests ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("come", "go"), [(1, 0), (3, 1), (1, 3), (0, 2)])
def test_paging_neither_misses_nor_repeats_while_requests_come_and_go(
    subject: Subject, come: int, go: int
) -> None:
    for _ in range(30):
        subject.ask()
    before = [head.id for head in subject.iga.open_requests()]
    leaving = before[:30]  # from the front: what has been read already moves the rest up

    def meanwhile(call: Exchange) -> None:
        for _ in range(come):
            subject.ask()
        for _ in range(min(go, len(leaving))):
            subject.finish(leaving.pop(0))
        call.answer(call.forward())

    subject.proxy.meet(meanwhile, subject.lists, times=None)
    read = [head.id for head in subject.connect(**subject.small_pages).open_requests()]
    assert len(read) == len(set(read))
    assert set(before[30:] + leaving) <= set(read)


def test_a_request_that_is_not_there_is_not_found(subject: Subject) -> None:
    with pytest.raises(NotFound):
        subject.iga.request("99999999")


def test_a_new_request_is_among_the_open_ones_and_a_finished_one_is_not(subject: Subject) -> None:
    asked = subject.ask()
    assert asked in [head.id for head in subject.iga.open_requests()]
    subject.finish(asked)
    assert asked not in [head.id for head in subject.iga.open_requests()]
    assert subject.iga.request(asked).header.state.final


# ---- submitting ----------------------------------------------------------------------------------


def test_what_was_submitted_is_found_again(subject: Subject, submission: Submission) -> None:
    assert subject.iga.find_submitted(submission) is None
    receipt = subject.iga.submit(submission)
    assert subject.iga.find_submitted(submission) == receipt.request_id
    assert subject.accepted() == [receipt.request_id]


def test_a_reference_is_a_whole_word(subject: Subject, submission: Submission) -> None:
    subject.iga.submit(submission)
    assert subject.iga.find_submitted(replace(submission, reference="RITM0010023-L")) is None
    assert subject.iga.find_submitted(replace(submission, reference="RITM001002")) is None


def test_a_lost_answer_is_an_unknown_outcome_and_the_request_is_found(
    subject: Subject, submission: Submission
) -> None:
    subject.proxy.meet(lost_answer, subject.submits)
    with pytest.raises(UnknownOutcome):
        subject.iga.submit(submission)
    assert [subject.iga.find_submitted(submission)] == subject.accepted()


def test_an_answer_that_breaks_off_is_an_unknown_outcome(
    subject: Subject, submission: Submission
) -> None:
    subject.proxy.meet(broken_off, subject.submits)
    with pytest.raises(UnknownOutcome):
        subject.iga.submit(submission)
    assert len(subject.accepted()) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_system_is_unavailable_and_says_for_how_long(
    subject: Subject, submission: Submission, status: int
) -> None:
    busy = answering(status, b"{}", Retry_After="17", Content_Type="application/json")
    subject.proxy.meet(busy, subject.submits)
    with pytest.raises(Unavailable) as told:
        subject.iga.submit(submission)
    assert told.value.retry_after == 17
    assert subject.accepted() == []


def test_a_wrong_secret_is_misconfigured(subject: Subject) -> None:
    stranger = subject.connect(**subject.wrong_secret)
    with pytest.raises(Misconfigured):
        stranger.check()
    with pytest.raises(Misconfigured):
        list(stranger.open_requests())


# ---- through the broker's own step ---------------------------------------------------------------


class Ordering:
    """A broker between the product and a desk, where the person has ordered the item."""

    def __init__(self, house: House, subject: Subject, person: Person) -> None:
        login = person.login.lower()
        who = Account(
            "servicenow", "sys-1", login, person.display_name, person.email, person.employee_number
        )
        house.desk.users[:] = [who]
        self.house, self.who, self.subject = house, who, subject
        self.ref = house.item(role=subject.item.name)
        house.change(self.ref, requested_for=who, opened_by=who)

    def post(self) -> dict[str, object]:
        """The desk announces the order."""
        told = {"user_name": self.who.login}
        return self.house.post(self.ref, beneficiary=told, requested_by=told)


@pytest.fixture
def ordering(database_url: str, subject: Subject, person: Person) -> Iterator[Ordering]:
    iga = cast("FakeIga", subject.iga)  # the broker asks for no more than the port has
    with house_on(database_url, iga, FakeDesk(users=[]), FakeClock()) as house:
        yield Ordering(house, subject, person)


def test_an_order_announced_twice_becomes_one_request(ordering: Ordering) -> None:
    first, second = ordering.post(), ordering.post()
    ordering.house.work()
    assert first["order_id"] == second["order_id"]
    assert ordering.house.state(first) == "submitted"
    assert len(ordering.subject.accepted()) == 1


@pytest.mark.parametrize("fault", [lost_answer, broken_off, lost_call])
def test_an_order_whose_call_breaks_becomes_one_request(ordering: Ordering, fault: Fault) -> None:
    ordering.subject.proxy.meet(fault, ordering.subject.submits)
    answer = ordering.post()
    ordering.house.work()
    assert ordering.house.state(answer) == "uncertain"
    ordering.house.wait(rounds=4, seconds=120)
    assert ordering.house.state(answer) == "submitted"
    assert len(ordering.subject.accepted()) == 1


def test_a_search_that_lags_behind_leads_to_no_second_request(ordering: Ordering) -> None:
    subject = ordering.subject
    subject.proxy.meet(Stale(), subject.lists, times=None)
    subject.proxy.meet(lost_answer, subject.submits)
    answer = ordering.post()
    ordering.house.work()
    ordering.house.clock.forward(seconds=subject.iga.capabilities.search_delay_seconds - 1)
    ordering.house.work()
    assert ordering.house.state(answer) == "uncertain"
    subject.proxy.heal()
    ordering.house.wait(rounds=4, seconds=120)
    assert ordering.house.state(answer) == "submitted"
    assert len(subject.accepted()) == 1
